import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { launcher, startPeer, temporaryFolder } from './processes.ts'
import { run } from './run.ts'

/** A command line in a shell, with `gavelring` as it is. Prints the exit code of its first program last. */
async function shell(line: string): Promise<{ readonly out: string; readonly errors: string }> {
  const text = `gavelring() { '${process.execPath}' '${launcher}' "$@"; }\n${line}\necho "exit $\{PIPESTATUS[0]}"`
  const child = spawn('bash', ['-c', text], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, errors] = ['', '']
  child.stdout.on('data', (chunk) => {
    out += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    errors += String(chunk)
  })
  await once(child, 'close')
  return { out, errors }
}

test.skipIf(process.platform === 'win32')(
  'a reader that goes away ends a command silently, with the exit code of what was done',
  async () => {
    const profile = temporaryFolder()
    await startPeer(profile)
    const call = (...args: readonly string[]) => run([...args, '--profile', profile])
    for (const id of ['a', 'b', 'c', 'd']) await call('account', 'open', id, '--holder', 'x'.repeat(64))
    const folder = `--profile ${profile}`
    const first = /^ {5}0 .* founds room classroom\nexit 0\n$/
    expect(await shell(`gavelring log tail ${folder} | head -1`)).toEqual({ out: expect.stringMatching(first), errors: '' })
    for (const line of [
      `gavelring log tail --json ${folder} | true`,
      `gavelring log export ${folder} | true`,
      `gavelring account list ${folder} | true`,
      'gavelring --help | true',
      'gavelring completion bash | true',
    ]) {
      const { out, errors } = await shell(line)
      expect([line, out, errors.replace(/^\d+ blocks exported\.\n$/, '')]).toEqual([line, 'exit 0\n', ''])
    }
    expect(await shell(`gavelring account show nobody ${folder} 2>&1 | true`)).toEqual({ out: 'exit 1\n', errors: '' })
    expect(await shell(`gavelring statsu 2>&1 | true`)).toEqual({ out: 'exit 2\n', errors: '' })
  },
)

test.skipIf(!existsSync('/dev/full'))('a result that could not be written is no success', async () => {
  const { out, errors } = await shell('gavelring --help > /dev/full')
  expect([out, errors]).toEqual(['exit 3\n', 'The result could not be written (ENOSPC).\n'])
})
