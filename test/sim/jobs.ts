import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What exploring some seeds came to. */
export interface Explored {
  readonly start: number
  readonly runs: number
  readonly seconds: number
  /** Of all cores, with what the engine does beside: compiling and collecting garbage. */
  readonly cpuSeconds: number
  readonly steps: number
  readonly blocks: number
  readonly epochs: number
  readonly violations: readonly string[]
}

/**
 * For a process that plays seeds. What one of them makes fits into the nursery, and is collected when it is over and nothing of it is
 * left to be kept: that spares a tenth of the time. Threads that help to collect it would take the cores that other seeds are played on.
 * And such a process is over soon: to compile a third as much of what is called into each caller spares more than it costs.
 */
export const nodeFlags: readonly string[] = [
  '--min-semi-space-size=128',
  '--max-semi-space-size=128',
  '--single-threaded-gc',
  '--expose-gc',
  '--max-inlined-bytecode-size-cumulative=300',
]

/** Splits seeds over so many processes; each tells what it finds as it finds it. Rejects where one of them breaks off. */
export async function exploreInJobs(start: number, runs: number, jobs: number, flags: readonly string[]): Promise<Explored> {
  const begin = process.hrtime.bigint()
  const share = Math.ceil(runs / jobs)
  const parts: Promise<Explored>[] = []
  for (let first = 0; first < runs; first += share) {
    parts.push(exploreElsewhere(start + first, Math.min(share, runs - first), flags))
  }
  const explored = await Promise.all(parts)
  const sum = (of: (part: Explored) => number): number => explored.reduce((total, part) => total + of(part), 0)
  return {
    start,
    runs: sum((part) => part.runs),
    seconds: Number(process.hrtime.bigint() - begin) / 1e9,
    cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds),
    steps: sum(({ steps }) => steps),
    blocks: sum(({ blocks }) => blocks),
    epochs: sum(({ epochs }) => epochs),
    violations: explored.flatMap(({ violations }) => violations),
  }
}

function exploreElsewhere(start: number, runs: number, flags: readonly string[]): Promise<Explored> {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const child = spawn(
    process.execPath,
    [...nodeFlags, main, '--jobs', '1', '--runs', String(runs), '--start', String(start), '--json', ...flags],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0 || code === 1) resolve(JSON.parse(text) as Explored)
      else reject(new Error(`seeds ${start} to ${start + runs - 1} ended with exit code ${code}`))
    })
  })
}
