import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished, vi } from 'vitest'
import { run } from './run.ts'

export const launcher = fileURLToPath(new URL('../../src/cli/gavelring.mjs', import.meta.url))

export interface Finished {
  readonly exitCode: number | null
  readonly out: string
  readonly errors: string
}

export interface Running {
  readonly child: ChildProcess
  /** Resolves with the first line, of stdout or stderr, that matches. */
  said(pattern: RegExp): Promise<string>
  readonly finished: Promise<Finished>
}

/** A real `gavelring` process; gone when the test is over. */
export function gavelring(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [launcher, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  let [out, errors] = ['', '']
  child.stdout.on('data', (chunk) => {
    out += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    errors += String(chunk)
  })
  const finished = once(child, 'close').then(([exitCode]): Finished => ({ exitCode, out, errors }))
  return {
    child,
    finished,
    async said(pattern) {
      const lineOf = (): string | undefined => `${out}\n${errors}`.split('\n').find((line) => pattern.test(line))
      const isOver = finished.then((): never => {
        throw new Error(`it ended without saying ${pattern}:\n${out}${errors}`)
      })
      isOver.catch(() => {})
      const found = new Promise<string>((resolve) => {
        const look = (): void => {
          const line = lineOf()
          if (line !== undefined) resolve(line)
        }
        for (const stream of [child.stdout, child.stderr]) stream.on('data', look)
        look()
      })
      return Promise.race([found, isOver])
    },
  }
}

export const peerArgs = (profile: string, ...more: readonly string[]): string[] => [
  ...['peer', '--create', '--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0', '--name', 'Ana', '--profile', profile],
  ...more,
]

/** A room of one, whose API answers. */
export async function startPeer(profile: string): Promise<Running> {
  const running = gavelring(peerArgs(profile))
  await running.said(/^Others join with/)
  return running
}

/** A second member of that peer's room. */
export async function joinPeer(peer: Running, profile: string, ...more: readonly string[]): Promise<Running> {
  const address = /\/ip4[^\s"]+/.exec(await peer.said(/^Listening at|"event":"peer-started"/))?.[0] ?? ''
  const joining = ['peer', '--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0', '--bootstrap', address, '--profile', profile]
  const other = gavelring([...joining, ...more])
  await other.said(/^Others join with/)
  await vi.waitUntil(async () => {
    const { out } = await run(['status', '--json', '--profile', profile])
    const status = JSON.parse(out.join('')) as { role?: string; members?: string[] }
    return status.role === 'member' && status.members?.length === 2
  }, 60_000)
  return other
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}
