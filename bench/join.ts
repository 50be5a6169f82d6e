import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LongRoom, writeLongRoom } from './long-room.ts'
import { type BenchStatus, configOf, forkOrdered, peerScript, type RemotePeer, until } from './room.ts'
import { median } from './statistics.ts'
import { timed } from './timed.ts'

const room = 'long'
const deadlineMillis = 120_000

/**
 * A room of a million transfers, and its founder on loopback: how long until its founder has started there, and until somebody who knows
 * only its code is a member with all of it on its disk and in its market, from the moment when the process was up; and the longest time
 * for which the event loop of each stood still meanwhile. What starting a process takes is told beside it.
 */
export async function measureJoin(runs: number, plan: LongRoom): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-bench-'))
  try {
    const size = await writeLongRoom(join(folder, 'founder'), room, plan)
    // The first start puts into tables what the journal holds, and keeps a snapshot.
    await measureOne(folder, 'first')
    const measured: Measures[] = []
    for (let run = 0; run < runs; run++) measured.push(await measureOne(folder, `newcomer-${run}`))
    const medians = Object.fromEntries(names.map((name) => [name, median(measured.map((measures) => measures[name]))] as const))
    return { unit: 'ms', ...plan, ...size, ...medians, runs: measured }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

const names = [
  'start',
  'join',
  'process',
  'newcomerDelay',
  'serverDelay',
  'newcomerCpu',
  'newcomerLoopCpu',
  'serverCpu',
  'serverLoopCpu',
] as const

interface CpuUse {
  readonly millis: number
  readonly loopMillis: number
}

type Measures = Readonly<Record<(typeof names)[number], number>>

async function measureOne(folder: string, newcomer: string): Promise<Measures> {
  const peers: RemotePeer[] = []
  const fork = async (): Promise<RemotePeer> => {
    const peer = forkOrdered<Parameters<RemotePeer['order']>[0]>(peerScript, [])
    peers.push(peer)
    await peer.order({ kind: 'cpu' })
    return peer
  }
  const peerAt = (name: string) => configOf({ room, name, profile: join(folder, name) })
  const cpuOf = (peer: RemotePeer): Promise<CpuUse> => peer.order<CpuUse>({ kind: 'cpu' })
  const delayOf = async (peer: RemotePeer): Promise<number> => (await peer.order<{ millis: number }>({ kind: 'delay' })).millis
  try {
    const founder = await fork()
    const started = await timed(() => founder.order<{ addresses: string[] }>({ kind: 'start', config: peerAt('founder') }))
    const address = started.result.addresses[0] ?? ''
    let there: BenchStatus | undefined
    await until(async () => {
      there = await founder.order<BenchStatus>({ kind: 'status' })
      return there.role === 'member'
    }, deadlineMillis)
    const forked = await timed(fork)
    const learner = forked.result
    const [learnerCpu, founderCpu] = [await cpuOf(learner), await cpuOf(founder)]
    await Promise.all([founder, learner].map(delayOf))
    const joined = await timed(async () => {
      await learner.order({
        kind: 'start',
        config: { ...peerAt(newcomer), entry: { kind: 'join', room: undefined }, bootstrap: [address] },
      })
      await until(async () => {
        const here = await learner.order<BenchStatus>({ kind: 'status' })
        return here.role === 'member' && here.commit >= (there?.commit ?? 0) && here.stateHash === there?.stateHash
      }, deadlineMillis)
    })
    const [learnerAfter, founderAfter] = [await cpuOf(learner), await cpuOf(founder)]
    const measures = {
      start: started.millis,
      process: forked.millis,
      join: joined.millis,
      newcomerDelay: await delayOf(learner),
      serverDelay: await delayOf(founder),
      newcomerCpu: learnerAfter.millis - learnerCpu.millis,
      newcomerLoopCpu: learnerAfter.loopMillis - learnerCpu.loopMillis,
      serverCpu: founderAfter.millis - founderCpu.millis,
      serverLoopCpu: founderAfter.loopMillis - founderCpu.loopMillis,
    }
    // The room is as before: alone in it, its founder opens it anew by itself.
    await learner.order({ kind: 'stop' })
    await founder.order({ kind: 'stop' })
    return measures
  } finally {
    for (const { process } of peers) if (process.exitCode === null && process.signalCode === null) process.kill('SIGKILL')
    rmSync(join(folder, newcomer), { recursive: true, force: true, maxRetries: 5 })
  }
}
