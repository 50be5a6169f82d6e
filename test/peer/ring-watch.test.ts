import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { leapMax } from '../../src/core/limits.ts'
import type { FrameRecord } from '../../src/peer/lab-frame.ts'
import type { RingStep } from '../../src/peer/ring-steps.ts'
import { createRingWatch } from '../../src/peer/ring-watch.ts'
import { encodeFrame, type Message } from '../../src/ring/message.ts'
import type { ReplicaView } from '../../src/ring/types.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { blockAfter, genesisBy } from './log-of-blocks.ts'

const [ana, bob, cleo] = ['A', 'B', 'C'].map(peerNamed) as [PeerId, PeerId, PeerId]
const base = 1_700_000_000_000
const epoch = { number: 7, initiator: ana }
const view = {
  ...{ installed: epoch, promised: epoch, members: [ana, bob, cleo], lamport: 100_000, head: { index: 500 }, turnSeen: 1_000 },
} as unknown as ReplicaView

const want = (lamport: number, changes: Partial<FrameRecord> = {}): FrameRecord =>
  ({
    ...{ message: 'want', lamport, at: base, epoch, turn: undefined, block: undefined, bytes: 60, wanting: [] },
    ...{ way: 'sent', to: cleo, topic: undefined },
    ...changes,
  }) as FrameRecord
const blockAt = (turn: number, time = base) => ({ index: turn, epoch, turn, author: cleo, lamport: turn, time })
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at + 1)

/** What Bob is told, whose room clock is `base` ahead of the monotonic one. */
function createRig() {
  let isSampling = false
  const watch = createRingWatch({
    self: bob,
    crypto: createKeyedCrypto(bob),
    timeAt: (now) => base + now,
    isSampling: () => isSampling,
  })
  const told: RingStep[] = []
  const listen = (into: RingStep[] = told) => watch.add((step) => into.push(step), [bob])
  const says = (from: PeerId, records: readonly FrameRecord[], now = 0, missed = 0) =>
    watch.tellOthers(from, { kind: 'records', missed, records }, view, now)
  return {
    watch,
    told,
    listen,
    says,
    sample: () => {
      isSampling = true
    },
    count: (kind: RingStep['kind']) => told.filter((step) => step.kind === kind).length,
    missed: () => told.flatMap((step) => (step.kind === 'missed' ? [step.count] : [])),
  }
}

describe('from one beat to the next', () => {
  it('200 frames are told, and how many there were beyond', () => {
    const { watch, listen, says, count, missed } = createRig()
    listen()
    says(
      ana,
      upTo(203).map((lamport) => want(lamport)),
    )
    expect(count('frame')).toBe(200)
    watch.look(0, [bob])
    expect(missed()).toEqual([3])
    says(
      ana,
      upTo(200).map((lamport) => want(1_000 + lamport)),
    )
    expect(count('frame')).toBe(400)
    watch.look(0, [bob])
    expect(missed()).toEqual([3])
  })

  it('100 blocks and 100 moves of the token are told, and how many there were beyond', () => {
    const { watch, listen, count, missed } = createRig()
    listen()
    for (const turn of upTo(103)) watch.tellBlock(blockAt(turn), 0)
    expect(count('block')).toBe(100)
    watch.look(0, [bob])
    expect(missed()).toEqual([3])
    watch.look(499, [bob])
    expect(count('token')).toBe(0)
    watch.look(500, [bob])
    expect(count('token')).toBe(100)
    expect(missed()).toEqual([3, 3])
    for (const turn of upTo(100)) watch.tellBlock(blockAt(200 + turn), 500)
    expect(count('block')).toBe(200)
  })

  it('a record that is as far ahead as anybody may be is told, and a farther one is a lie, which counts as missed', () => {
    const { watch, listen, says, count, missed } = createRig()
    listen()
    expect(says(ana, [want(100_000 + leapMax)])).toBe(0)
    expect(says(ana, [want(100_000 + leapMax + 1)])).toBe(1)
    expect(count('frame')).toBe(1)
    watch.look(0, [bob])
    expect(missed()).toEqual([1])
  })

  it('what others missed counts as well, up to a number that fits a screen, and what was not recorded here', () => {
    const { watch, listen, says, missed } = createRig()
    listen()
    says(ana, [], 0, 7)
    watch.miss(4)
    watch.look(0, [bob])
    says(ana, [], 0, 1_000_000)
    watch.look(0, [bob])
    says(ana, [], 0, 1_000_001)
    watch.look(0, [bob])
    watch.look(0, [bob])
    expect(missed()).toEqual([11, 1_000_000, 1_000_000])
  })

  it('who records is told where that has changed', () => {
    const { watch, listen, told } = createRig()
    listen()
    watch.look(0, [bob])
    watch.look(0, [bob, ana])
    watch.look(0, [bob, ana])
    expect(told).toEqual([
      { kind: 'recorders', peers: [bob] },
      { kind: 'recorders', peers: [bob, ana] },
    ])
  })
})

describe('what others say', () => {
  it('is told where its time is within ten seconds of the room clock, and else is missed', () => {
    const { watch, listen, says, told, missed } = createRig()
    listen()
    const times = [-10_000, -10_001, 10_000, 10_001]
    const said = times.map((off, at) => want(at + 1, { at: base + 20_000 + off }))
    expect(says(ana, said, 20_000)).toBe(0)
    expect(told.flatMap((step) => (step.kind === 'frame' ? [step.lamport] : []))).toEqual([1, 3])
    watch.look(20_000, [bob])
    expect(missed()).toEqual([2])
  })

  it('and can be said by no honest peer is counted, and missed', () => {
    const { watch, listen, says, count, missed } = createRig()
    listen()
    expect(says(ana, [want(1), want(2, { to: ana } as Partial<FrameRecord>), want(2 ** 40)])).toBe(2)
    expect(count('frame')).toBe(1)
    watch.look(0, [bob])
    expect(missed()).toEqual([2])
  })

  const arrival = (lamport: number, changes: Partial<FrameRecord> = {}): FrameRecord =>
    want(lamport, { way: 'received', to: undefined, from: bob, arrivedLamport: lamport + 1, ...changes } as Partial<FrameRecord>)

  it('of frames from here is told where they left since somebody watches, to one peer or to all', () => {
    const { watch, listen, says, count } = createRig()
    listen()
    says(ana, [arrival(5), arrival(6, { topic: 'ring' })])
    expect(count('frame')).toBe(0)
    watch.tellOwn(want(5, { to: ana } as Partial<FrameRecord>), encodeFrame(5, message), view, 0)
    watch.tellOwn(want(6, { to: undefined, topic: 'ring' } as Partial<FrameRecord>), encodeFrame(6, message), view, 0)
    says(ana, [arrival(5), arrival(6, { topic: 'ring' })])
    expect(count('frame')).toBe(4)
  })

  it('of frames from here is told as well where not each of them is recorded here', () => {
    const { listen, says, sample, count } = createRig()
    listen()
    sample()
    says(ana, [arrival(5)])
    expect(count('frame')).toBe(1)
  })
})

const message: Message = { kind: 'want', epoch, request: 1 }

describe('blocks', () => {
  it('are told where they are of the last ten seconds', () => {
    const { watch, listen, count } = createRig()
    listen()
    watch.tellBlock(blockAt(1, base + 90_000), 100_000)
    expect(count('block')).toBe(0)
    watch.tellBlock(blockAt(2, base + 90_001), 100_000)
    expect(count('block')).toBe(1)
  })
})

describe('who watches', () => {
  it('is told as long as it watches, and each of several on its own', () => {
    const { watch, listen, says, told } = createRig()
    expect(watch.isWatched).toBe(false)
    const other: RingStep[] = []
    const stop = listen()
    const stopOther = listen(other)
    says(ana, [want(1)])
    stop()
    expect(watch.isWatched).toBe(true)
    says(ana, [want(2)])
    expect([told.length, other.length]).toEqual([2, 3])
    expect(watch.frame(idOf(ana, 1, cleo))).toMatchObject({ lamport: 1 })
    // Whoever stops twice takes nothing from the others.
    stop()
    expect(watch.frame(idOf(ana, 1, cleo))).toMatchObject({ lamport: 1 })
    stopOther()
    expect([watch.isWatched, watch.frame(idOf(ana, 1, cleo))]).toEqual([false, undefined])
  })

  it('begins anew where nobody watched, and with what is known where somebody does', () => {
    const { watch, listen, says, missed } = createRig()
    says(ana, [want(1)], 0, 9)
    const stop = listen()
    watch.look(0, [bob])
    expect([missed(), watch.frame(idOf(ana, 1, cleo))]).toEqual([[], undefined])
    says(ana, [want(2)], 0, 5)
    listen([])
    expect(watch.frame(idOf(ana, 2, cleo))).toMatchObject({ lamport: 2 })
    watch.look(0, [bob])
    expect(missed()).toEqual([5])
    stop()
  })

  it('sees nothing of a room that is over', () => {
    const { watch, listen } = createRig()
    listen()
    watch.tellOwn(want(5), encodeFrame(5, message), view, 0)
    expect(watch.frame(idOf(bob, 5, cleo))?.hex).not.toBe('')
    watch.restart()
    expect(watch.frame(idOf(bob, 5, cleo))).toBeUndefined()
    expect(watch.isWatched).toBe(true)
    watch.close()
    expect(watch.isWatched).toBe(false)
  })
})

it('own frames are kept in full, the newest of them that are 8 MiB together', () => {
  const { watch, listen } = createRig()
  listen()
  const genesis = genesisBy(ana)
  const body = { kind: 'ops', incarnation: 1, firstSequence: 1, ops: Array(12).fill(new Uint8Array(30_000)) } as const
  const commit = { index: 0, hash: genesis.hash }
  const frame = encodeFrame(1, { kind: 'blocks', epoch, blocks: [blockAfter(genesis, ana, body)], commit })
  const most = Math.floor((8 * 1024 * 1024) / frame.length)
  const shown = upTo(most + 3).filter((lamport) => {
    watch.tellOwn(want(lamport), frame, view, 0)
    return watch.frame(idOf(bob, lamport, cleo))?.hex !== ''
  })
  expect(shown).toHaveLength(most + 3)
  expect(upTo(most + 3).filter((lamport) => watch.frame(idOf(bob, lamport, cleo))?.hex !== '')).toEqual(
    upTo(most).map((at) => at + 3),
  )
})

const idOf = (from: PeerId, lamport: number, to: PeerId): string => `${from.slice(-10)}.${lamport}.${to.slice(-10)}`
