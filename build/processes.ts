import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

export interface Ended {
  readonly exitCode: number | null
  readonly out: string
  readonly errors: string
}

/** Runs a program of Node's to its end; rejects with what it said where it fails. */
export async function runNode(args: readonly string[], cwd: string): Promise<Ended> {
  const ended = await new Promise<Ended>((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, errors] = ['', '']
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    child.stderr.on('data', (chunk) => {
      errors += chunk
    })
    child.on('error', reject)
    child.on('close', (exitCode) => resolve({ exitCode, out, errors }))
  })
  if (ended.exitCode !== 0) throw new Error(`${args.join(' ')} ended with ${ended.exitCode}:\n${ended.out}${ended.errors}`)
  return ended
}
