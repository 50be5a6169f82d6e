import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const launcher = fileURLToPath(new URL('../../src/cli/gavelring.mjs', import.meta.url))

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
export function gavelring(args: readonly string[]): Running {
  const child = spawn(process.execPath, [launcher, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
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

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}
