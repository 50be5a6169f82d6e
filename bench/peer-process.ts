import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { readApiAddress } from '../src/api/api-files.ts'
import type { PeerConfig } from '../src/app/config.ts'
import { type RunningSeat, startSeat } from '../src/app/start.ts'
import type { Operation } from '../src/market/operation.ts'
import type { ExperimentSetting } from '../src/mutex/setting.ts'
import type { Receipt } from '../src/peer/peer.ts'

/** One peer in a process of its own, told by the bench what to do. Callers are closed loops in here that call `submit`. */
export type Order =
  | { readonly kind: 'start'; readonly config: PeerConfig }
  | { readonly kind: 'open-accounts' }
  /** One more, of this name. */
  | { readonly kind: 'open-account'; readonly account: string }
  /** `callers` closed loops for so long; `pauseMillis` between two calls of one of them. */
  | { readonly kind: 'load'; readonly callers: number; readonly millis: number; readonly pauseMillis: number }
  /** One transfer, now. */
  | { readonly kind: 'once' }
  | { readonly kind: 'status' }
  /** Watches the ring from inside; when that ends, how many steps were told, and how many frames missed. */
  | { readonly kind: 'watch'; readonly isOn: boolean }
  /** After what can be collected is. */
  | { readonly kind: 'memory' }
  /** The longest time for which the event loop stood still since the last of these orders; the first one begins to look. */
  | { readonly kind: 'delay' }
  /** What this process has used of the processors since it began, and its event loop's thread of that. */
  | { readonly kind: 'cpu' }
  /** Runs an experiment of the lab with all members, to its end: by the host. */
  | { readonly kind: 'lab'; readonly setting: ExperimentSetting }
  /** Where its API answers, and the account to use. */
  | { readonly kind: 'api' }
  /** The same of its gateway. */
  | { readonly kind: 'gateway' }
  | { readonly kind: 'stop' }

export interface LoadReport {
  readonly committed: number
  readonly millis: number
  /** Of all cores, that this process took meanwhile. */
  readonly cpuMillis: number
  /** Milliseconds from `submit` to its result, sorted. */
  readonly latencies: readonly number[]
}

export interface LabReport {
  readonly entriesPerSecond: number
  readonly messagesPerEntry: number
  readonly entries: number
  /** Events that did not come to the host, of all that parts told. */
  readonly missed: number
  readonly violations: number
}

export interface MemoryReport {
  readonly residentMiB: number
  /** Without pages of files: the program's own. */
  readonly ownMiB: number
  /** Of it, what the program holds. */
  readonly usedMiB: number
}

let running: RunningSeat | undefined
let account = ''
let profile = ''

process.on('message', (order: Order & { readonly id: number }) => {
  carryOut(order).then(
    (answer) => process.send?.({ id: order.id, answer }),
    (error: unknown) => process.send?.({ id: order.id, error: String(error) }),
  )
})

async function carryOut(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'start':
      running = await startSeat(order.config, { onProgress: () => undefined, write: () => undefined })
      await running.entered
      profile = order.config.profile
      account = peer().status().self.slice(-8)
      return { addresses: peer().status().addresses }
    case 'open-accounts': {
      const ids = [account, `${account}.b`]
      for (const id of ids) await submit({ kind: 'open-account', account: id, holder: 'bench' } as Operation)
      await submit({ kind: 'deposit', account, amount: 1_000_000_000 } as Operation)
      return ids
    }
    case 'open-account':
      return submit({ kind: 'open-account', account: order.account, holder: 'bench' } as Operation)
    case 'load':
      return load(order.callers, order.millis, order.pauseMillis)
    case 'once': {
      await transfer()
      return { at: wallNow() }
    }
    case 'status': {
      const { role, members, holdsToken, commit, quorum, turn, stateHash } = peer().status()
      return { role, members: members.length, holdsToken, commit: commit.index, quorum, turn, stateHash }
    }
    case 'cpu': {
      const [all, own] = [process.cpuUsage(), process.threadCpuUsage()]
      return { millis: (all.user + all.system) / 1_000, loopMillis: (own.user + own.system) / 1_000 }
    }
    case 'delay': {
      delay.enable()
      const millis = delay.max / 1e6 - delayResolution
      delay.reset()
      return { millis: Math.max(0, millis) }
    }
    case 'watch':
      return watch(order.isOn)
    case 'lab':
      return runLab(order.setting)
    case 'memory':
      return memory()
    case 'gateway':
      return { address: running?.gateway?.address, account }
    case 'api':
      return { ...readApiAddress(profile), account }
    case 'stop':
      await running?.stop(5_000)
      setImmediate(() => process.exit(0))
      return undefined
  }
}

async function runLab(setting: ExperimentSetting): Promise<LabReport> {
  const lab = peer().lab()
  const { outcome } = await peer().submit({ request: undefined, operation: lab.setupOf(setting) }, 30_000)
  if (!outcome.accepted) throw new Error(`refused: ${JSON.stringify(outcome)}`)
  const run = lab.runs.at(-1)
  if (run === undefined) throw new Error('no experiment has begun')
  while (run.ended === undefined) await new Promise((resolve) => setTimeout(resolve, 100))
  const { figures, missed } = run.record
  const { entriesPerSecond = 0, messagesPerEntry = 0, entries, violations } = figures
  return { entriesPerSecond, messagesPerEntry, entries, missed, violations }
}

const delayResolution = 5
/** Looking wakes the process: only where somebody asks. */
const delay = monitorEventLoopDelay({ resolution: delayResolution })

let stopWatching = (): void => {}
let seen = { told: 0, missed: 0 }

function watch(isOn: boolean): typeof seen {
  stopWatching()
  if (!isOn) return seen
  seen = { told: 0, missed: 0 }
  stopWatching = peer().watchRing((step) => {
    if (step.kind === 'missed') seen.missed += step.count
    else seen.told++
  })
  return seen
}

function memory(): MemoryReport {
  global.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  const resident = rss / 2 ** 20
  return { residentMiB: resident, ownMiB: resident - mappedMiB(), usedMiB: (heapUsed + external) / 2 ** 20 }
}

/** Pages of files that are mapped: of the log's, which LevelDB reads that way, the system takes them back whenever it likes. */
function mappedMiB(): number {
  if (process.platform !== 'linux') return 0
  return Number(/^RssFile:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) / 2 ** 10
}

async function load(callers: number, millis: number, pauseMillis: number): Promise<LoadReport> {
  const latencies: number[] = []
  const cpuBefore = process.cpuUsage()
  const begin = performance.now()
  const end = begin + millis
  const loop = async (): Promise<void> => {
    while (performance.now() < end) {
      const before = performance.now()
      await transfer()
      latencies.push(performance.now() - before)
      if (pauseMillis > 0) await new Promise((resolve) => setTimeout(resolve, pauseMillis))
    }
  }
  await Promise.all(Array.from({ length: callers }, loop))
  const took = performance.now() - begin
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    committed: latencies.length,
    millis: took,
    cpuMillis: (user + system) / 1_000,
    latencies: latencies.sort((a, b) => a - b),
  }
}

const transfer = (): Promise<Receipt> =>
  submit({ kind: 'transfer', from: account, to: `${account}.b`, amount: 1, memo: '' } as Operation)

async function submit(operation: Operation): Promise<Receipt> {
  const receipt = await peer().submit({ request: undefined, operation }, 30_000)
  if (!receipt.outcome.accepted) throw new Error(`refused: ${JSON.stringify(receipt.outcome)}`)
  return receipt
}

function peer(): NonNullable<RunningSeat['seat']['peer']> {
  const at = running?.seat.peer
  if (at === undefined) throw new Error('not started')
  return at
}

/** Comparable between processes of one machine. */
const wallNow = (): number => performance.timeOrigin + performance.now()
