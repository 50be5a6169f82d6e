import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fill, mountMemory, whyNoDisks } from '../faults/disk.ts'

const script = fileURLToPath(new URL('./archive-writer.ts', import.meta.url))

describe.skipIf(process.platform === 'win32')('the archive of a log', () => {
  /** No file may be longer than so many KiB: a write that crosses that is cut short, as on a disk that is full. */
  function archive(kibibytes: number | 'unlimited') {
    const folder = mkdtempSync(join(tmpdir(), 'gavelring-test-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const limited = `trap '' XFSZ; ulimit -f ${kibibytes === 'unlimited' ? kibibytes : 2 * kibibytes}; exec "$0" "$@"`
    const text = execFileSync('sh', ['-c', limited, process.execPath, script, join(folder, 'evening')], { encoding: 'utf8' })
    return { text, folder }
  }

  test('is whole, or it is not there, and says that the disk is full', () => {
    const whole = archive('unlimited')
    expect(readdirSync(whole.folder)).toEqual([expect.stringMatching(/^evening\.[0-9a-f]{8}\.jsonl$/)])
    const lines = readFileSync(whole.text, 'utf8').split('\n')
    expect([lines.length, new Set(lines.slice(0, -1)).size]).toEqual([41, 1])
    const cut = archive(4)
    expect([cut.text, readdirSync(cut.folder)]).toEqual(['disk-full', []])
  })

  test('leaves the room on the disk that a peer needs to go on', (context) => {
    const folder = whyNoDisks === undefined ? mountMemory(12) : undefined
    if (folder === undefined) return context.skip(whyNoDisks ?? 'no disk can be mounted here')
    const write = () => execFileSync(process.execPath, [script, join(folder, 'evening')], { encoding: 'utf8' })
    const filler = fill(folder, 8 * 2 ** 20 - 4096)
    expect([write(), readdirSync(folder)]).toEqual(['disk-full', [basename(filler)]])
    rmSync(filler)
    expect(write()).toContain('evening.')
  })
})
