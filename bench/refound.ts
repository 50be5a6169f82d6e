import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { startSeat } from '../src/app/start.ts'
import type { AccountId } from '../src/core/ids.ts'
import type { Cents } from '../src/core/money.ts'
import type { Operation } from '../src/market/operation.ts'
import type { Peer } from '../src/peer/peer.ts'
import { configOf } from './room.ts'
import { timed } from './timed.ts'

export interface LargeRoom {
  readonly accounts: number
  /** Of each account: as many as its history shows. */
  readonly entries: number
  readonly pictures: number
}

/** Nearly what an operation may have. */
const pictureBytes = 90 * 1024
const atOnce = 64
const delayResolution = 5

/**
 * A new room that goes on from a large one, whose peer is alone: how long that takes, for how long the event loop stands still
 * meanwhile, how large both are; the next start in it; and how long `log export` and `log verify` take over the archive of the old one.
 */
export async function measureRefound(plan: LargeRoom): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-bench-'))
  const config = configOf({ room: 'large', name: 'bench', profile: join(folder, 'profile') })
  const hooks = { onProgress: () => undefined, write: () => undefined }
  try {
    const first = await startSeat(config, hooks)
    const peer = await first.entered
    if (peer === undefined) throw new Error('in no room')
    await fill(peer, plan)
    const delay = monitorEventLoopDelay({ resolution: delayResolution })
    delay.enable()
    const cpu = process.threadCpuUsage()
    const { result: refounded, millis } = await timed(() => peer.refound({ force: true }))
    delay.disable()
    const { user, system } = process.threadCpuUsage(cpu)
    const parts = peer.status().head
    const residentMiB = process.memoryUsage().rss / 2 ** 20
    await first.stop(5_000)
    const { result: second, millis: startMillis } = await timed(async () => {
      const again = await startSeat(config, hooks)
      await again.entered
      return again
    })
    await second.stop(5_000)
    const archive = refounded.archive ?? ''
    const cli = (...args: string[]): Promise<{ millis: number }> =>
      timed(async () =>
        execFileSync(process.execPath, [launcher, 'log', ...args, '--profile', config.profile], { stdio: 'ignore' }),
      )
    const room = /([0-9a-f]{8})[.]jsonl$/.exec(archive)?.[1] ?? ''
    return {
      ...{
        unit: 'ms',
        ...plan,
        refound: millis,
        refoundLoopCpu: (user + system) / 1_000,
        longestDelay: delay.max / 1e6 - delayResolution,
        parts,
        residentMiB,
      },
      ...{ archiveMiB: statSync(archive).size / 2 ** 20, start: startMillis },
      archiveExport: (await cli('export', '-o', join(folder, 'exported.jsonl'), '--room', room)).millis,
      archiveVerify: (await cli('verify', '--room', room)).millis,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

const launcher = fileURLToPath(new URL('../src/cli/gavelring.mjs', import.meta.url))

async function fill(peer: Peer, { accounts, entries, pictures }: LargeRoom): Promise<void> {
  const ids = Array.from({ length: accounts }, (_, number) => `account-${number}` as AccountId)
  const all = async (operations: readonly Operation[]): Promise<void> => {
    for (let from = 0; from < operations.length; from += atOnce)
      await Promise.all(operations.slice(from, from + atOnce).map((operation) => accept(peer, operation)))
  }
  await all(ids.map((account) => ({ kind: 'open-account', account, holder: `Holder of ${account}` })))
  await all(ids.map((account) => ({ kind: 'deposit', account, amount: 1_000_000 as Cents })))
  const moves = ids.flatMap((from, number) =>
    Array.from({ length: Math.ceil(entries / 2) }, (_, entry): Operation => {
      const to = ids[(number + 1 + entry) % ids.length] ?? from
      return { kind: 'transfer', from, to, amount: 1 as Cents, memo: `for ${entry}` }
    }),
  )
  await all(moves)
  const usual = {
    reserve: undefined,
    buyNow: undefined,
    increment: 100 as Cents,
    startingPrice: 100 as Cents,
    softClose: undefined,
  }
  const lots = Array.from({ length: pictures }, (_, number) => {
    const lot = {
      payee: ids[number % ids.length] as AccountId,
      item: `Lot ${number}`,
      description: '',
      picture: pictureOf(number),
    }
    return { kind: 'start-auction', ...usual, ...lot, durationMillis: 3_600_000 } as Operation
  })
  await all(lots)
}

/** The header of a GIF, and bytes that no two have alike. */
function pictureOf(number: number): Uint8Array {
  const picture = new Uint8Array(pictureBytes).map((_, at) => (at * 31 + number * 7) % 251)
  picture.set(new TextEncoder().encode('GIF89a'))
  picture.set([16, 0, 16, 0], 6)
  return picture
}

async function accept(peer: Peer, operation: Operation): Promise<void> {
  const { outcome } = await peer.submit({ request: undefined, operation }, 60_000)
  if (!outcome.accepted) throw new Error(`refused: ${JSON.stringify(outcome)}`)
}
