import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import type { Job, JobResult } from './worker.ts'

/** Runs test files, one after the other, against changed code; a run that does not end is ended. */
export interface Runner {
  run(job: Job, limitMillis: number): Promise<JobResult>
  stop(): void
}

export function createRunner(root: string): Runner {
  let worker: ChildProcess | undefined
  return {
    async run(job, limitMillis) {
      worker ??= await startWorker(root)
      const begin = performance.now()
      const result = await answerOf(worker, job, limitMillis)
      if (typeof result !== 'string') return result
      killGroup(worker)
      worker = undefined
      return { failed: result, imports: [], millis: performance.now() - begin }
    },
    stop() {
      if (worker !== undefined) killGroup(worker)
      worker = undefined
    },
  }
}

/** Type stripping is experimental as an interface, and says so. */
const quiet = ['--disable-warning=ExperimentalWarning']

async function startWorker(root: string): Promise<ChildProcess> {
  const file = fileURLToPath(new URL('./worker.ts', import.meta.url))
  const started = fork(file, { cwd: root, detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: quiet })
  await once(started, 'message')
  return started
}

function answerOf(worker: ChildProcess, job: Job, limitMillis: number): Promise<JobResult | string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle('does not end'), limitMillis)
    const onMessage = (message: unknown): void => settle(message as JobResult)
    const onExit = (): void => settle('the process of the tests died')
    function settle(result: JobResult | string): void {
      clearTimeout(timer)
      worker.off('message', onMessage)
      worker.off('exit', onExit)
      resolve(result)
    }
    worker.on('message', onMessage)
    worker.on('exit', onExit)
    worker.send(job)
  })
}

/** One run of the simulator with one file changed; `args` as on its command line. */
export function simulate(
  root: string,
  changed: Pick<Job, 'path' | 'text'> | undefined,
  args: readonly string[],
  limitMillis: number,
): Promise<JobResult> {
  const begin = performance.now()
  const hook = fileURLToPath(new URL('./hook.ts', import.meta.url))
  const flags = [...quiet, '--max-old-space-size=768', '--import', hook]
  const child = spawn(process.execPath, [...flags, 'test/sim/main.ts', ...args], {
    cwd: root,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, MUTANT_PATH: changed?.path ?? '' },
  })
  child.stdin.on('error', () => undefined)
  child.stdin.end(changed?.text ?? '')
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      said = (said + text).slice(0, 20_000)
    })
  }
  return new Promise((resolve) => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      killGroup(child)
    }, limitMillis)
    child.once('close', (code) => {
      clearTimeout(timer)
      const fault = isLate ? 'does not end' : firstFault(said)
      const failed = code === 0 ? undefined : `the simulator: ${fault}`
      resolve({ failed, imports: [], millis: performance.now() - begin })
    })
  })
}

function firstFault(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '')
  return (lines.find((line) => /^(?:seed|scenario) |Error|Bug/.test(line)) ?? lines[0] ?? 'it failed').slice(0, 200)
}

/** The process and those that it started: it leads a group of its own. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
