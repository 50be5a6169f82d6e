import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const pageFile = fileURLToPath(new URL('../../docs/http.md', import.meta.url))
const launcher = fileURLToPath(new URL('../../src/cli/gavelring.mjs', import.meta.url))

interface Step {
  readonly command: string
  /** As the page shows it; `…` stands for anything. */
  readonly shown: string
}

/** All commands of the page in their order, with what it says that they answer. */
function stepsOf(page: string): readonly Step[] {
  const blocks = [...page.matchAll(/^```console\n([\s\S]*?)^```/gm)].map(([, block = '']) => block)
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((step) => {
        const end = step.indexOf('\n')
        return { command: step.slice(0, end), shown: step.slice(end + 1).trimEnd() }
      }),
  )
}

const mark = (at: number): string => `---- step ${at} ----`

/** One shell for the whole page, in a home of its own where `gavelring` is installed. Resolves with what each step said. */
async function runAll(steps: readonly Step[]): Promise<readonly string[]> {
  const home = mkdtempSync(join(tmpdir(), 'gavelring-page-'))
  const programs = join(home, 'bin')
  mkdirSync(programs)
  writeFileSync(join(programs, 'gavelring'), `#!/bin/sh\nexec "${process.execPath}" "${launcher}" "$@"\n`)
  chmodSync(join(programs, 'gavelring'), 0o755)
  const script = steps.map(({ command }, at) => `echo '${mark(at)}'\n${command}`).join('\n')
  const shell = spawn('bash', ['-c', script], {
    cwd: home,
    // Whatever else is on the network of this machine stays out of it.
    env: { HOME: home, PATH: `${programs}:${process.env.PATH}`, GAVELRING_NO_MDNS: '1', GAVELRING_LISTEN: '127.0.0.1:0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  onTestFinished(() => {
    try {
      // With the peer, where the page did not come to its end.
      if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL')
    } catch {
      // All of them have ended.
    }
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  })
  let out = ''
  for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (chunk) => (out += String(chunk)))
  await new Promise((resolve) => shell.on('close', resolve))
  return steps.map((_, at) => {
    const from = out.indexOf(mark(at)) + mark(at).length + 1
    const to = out.indexOf(mark(at + 1))
    return out.slice(from, to < 0 ? undefined : to).trimEnd()
  })
}

const patternOf = (shown: string): RegExp =>
  new RegExp(`^${shown.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '[\\s\\S]*')}$`)

test('the page about the HTTP API does what it says, command by command', async () => {
  const steps = stepsOf(readFileSync(pageFile, 'utf8'))
  expect(steps.length).toBeGreaterThan(30)
  const said = await runAll(steps)
  for (const [at, { command, shown }] of steps.entries()) {
    if (!patternOf(shown).test(said[at] ?? '')) expect(said[at], command).toBe(shown)
  }
})
