import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createNewFile } from '../../src/cli/new-file.ts'
import { gavelring, startPeer, temporaryFolder } from './processes.ts'
import { run } from './run.ts'

/** Both write beside the place that FILE has. */
const commands = ['backup', 'log export -o'] as const
const namesIn = (folder: string): readonly string[] => readdirSync(folder).filter((name) => name !== 'file')

describe.each(commands)('%s', (command) => {
  const told = async (path: string) => {
    const { exitCode, out } = await run([...command.split(' '), path, '--json'])
    const { error } = JSON.parse(out.join('')) as { readonly error: { readonly code: string; readonly hint: string } }
    return [exitCode, error.code]
  }

  test('tells what the disk says by its own name', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'file'), '')
    expect(await told(join(folder, 'x'.repeat(300)))).toEqual([3, 'name-too-long'])
    expect(await told(join(folder, 'file', 'below'))).toEqual([3, 'path-taken'])
    expect(await told(join(folder, 'none', 'file'))).toEqual([3, 'path-missing'])
    expect(namesIn(folder)).toEqual([])
  })

  test.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)(
    'tells of a full disk, and of one that can only be read',
    async (context) => {
      const folder = temporaryFolder()
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,nr_inodes=2', 'tmpfs', folder], { stdio: 'ignore' })
      } catch {
        context.skip('no file system can be mounted here')
      }
      try {
        writeFileSync(join(folder, 'file'), '')
        expect(await told(join(folder, 'new'))).toEqual([3, 'disk-full'])
        execFileSync('mount', ['-o', 'remount,ro', folder], { stdio: 'ignore' })
        expect(await told(join(folder, 'new'))).toEqual([3, 'disk-read-only'])
      } finally {
        execFileSync('umount', ['-l', folder], { stdio: 'ignore' })
      }
    },
  )
})

test('a disk that is full half-way is told by its name', async (context) => {
  const folder = temporaryFolder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    context.skip('no file system can be mounted here')
  }
  try {
    const file = await createNewFile(join(folder, 'new'), false)
    await expect(file.write('x'.repeat(1_000_000))).rejects.toMatchObject({ exit: 3, code: 'disk-full' })
    await file.discard()
    expect(readdirSync(folder)).toEqual([])
  } finally {
    execFileSync('umount', ['-l', folder], { stdio: 'ignore' })
  }
})

test('a file that is in its place, or that is no more wanted, leaves nobody listening for signals', async () => {
  const folder = temporaryFolder()
  const listeners = (): readonly number[] => ['SIGINT', 'SIGTERM', 'SIGHUP', 'exit'].map((name) => process.listenerCount(name))
  const before = listeners()
  const [first, second] = [await createNewFile(join(folder, 'first'), false), await createNewFile(join(folder, 'second'), false)]
  expect(listeners()).toEqual(before.map((count) => count + 1))
  await first.finish()
  await first.discard()
  await second.discard()
  await expect(createNewFile(join(folder, 'none', 'third'), false)).rejects.toMatchObject({ code: 'path-missing' })
  expect(listeners()).toEqual(before)
  expect(readdirSync(folder)).toEqual(['first'])
})

describe.skipIf(process.platform === 'win32')('a command that a signal ends half-way leaves nothing beside FILE', () => {
  test.each(commands.flatMap((words) => (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => [words, signal] as const)))(
    '%s by %s',
    async (words, signal) => {
      const [profile, folder] = [temporaryFolder(), temporaryFolder()]
      const peer = await startPeer(profile)
      // It answers nothing, so that the command waits, with the file begun.
      peer.child.kill('SIGSTOP')
      onTestFinished(() => void peer.child.kill('SIGCONT'))
      const command = gavelring([...words.split(' '), join(folder, 'evening'), '--profile', profile])
      const ended = once(command.child, 'exit')
      await vi.waitUntil(() => readdirSync(folder).some((name) => name.endsWith('.new')), 30_000)
      command.child.kill(signal)
      expect(await ended).toEqual([null, signal])
      expect(readdirSync(folder)).toEqual([])
    },
    60_000,
  )
})
