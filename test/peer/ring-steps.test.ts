import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { FrameRecord } from '../../src/peer/lab-frame.ts'
import { createRingSteps, type FrameStep, moveWait, type RingStep } from '../../src/peer/ring-steps.ts'
import { peerNamed } from './keyed-crypto.ts'

const [ana, bob, cleo] = [peerNamed('A'), peerNamed('B'), peerNamed('C')]
const ring = [ana, bob, cleo] as const
const base = 1_700_000_000_000
const epoch = { number: 7, initiator: ana }

const idOf = (from: PeerId, lamport: number, to = ''): string => `${from.slice(-10)}.${lamport}.${to.slice(-10)}`

interface End {
  readonly by: PeerId
  readonly record: FrameRecord
}

/** Both ends of the token's way in turn `turn`, from its holder to the next in the ring. */
function handOver(turn: number, at = base + 10 * turn, wanting: readonly PeerId[] = []): readonly [End, End] {
  const [from, to] = [ring[(turn - 1) % 3] as PeerId, ring[turn % 3] as PeerId]
  const facts = { message: 'token', lamport: 10 * turn, epoch, turn, block: 3, bytes: 200, wanting } as const
  return [
    { by: from, record: { ...facts, way: 'sent', to, topic: undefined, at } },
    { by: to, record: { ...facts, way: 'received', from, topic: undefined, at: at + 2, arrivedLamport: 10 * turn + 1 } },
  ]
}

const turnsIn = (told: readonly RingStep[]): number[] => told.flatMap((step) => (step.kind === 'token' ? [step.turn] : []))
const framesIn = (told: readonly RingStep[]): FrameStep[] => told.flatMap((step) => (step.kind === 'frame' ? [step] : []))

describe('frames', () => {
  it('are told when one end is known, and again with the arrival when both are', () => {
    const steps = createRingSteps()
    const [sent, received] = handOver(1)
    const first = framesIn(steps.frame(sent.by, sent.record, 0, false))
    const second = framesIn(steps.frame(received.by, received.record, 1, false))
    const id = idOf(ana, 10, bob)
    expect(first).toEqual([expect.objectContaining({ id, at: base + 10, arrivedAt: undefined, from: ana, to: bob, lamport: 10 })])
    expect(second).toEqual([expect.objectContaining({ id, at: base + 10, arrivedAt: base + 12, arrivedLamport: 11 })])
    for (const { by, record } of [sent, received]) expect(steps.frame(by, record, 2, false)).toEqual([])
    expect(steps.frameOf(id)).toMatchObject({ arrivedAt: base + 12, epoch: '7.AAAAAA', turn: 1, block: 3, bytes: 200 })
  })

  it('never arrive before they were sent, whatever the clocks', () => {
    const steps = createRingSteps()
    const [sent, received] = handOver(1)
    steps.frame(received.by, { ...received.record, at: base }, 0, false)
    expect(framesIn(steps.frame(sent.by, sent.record, 0, false))).toMatchObject([{ at: base + 10, arrivedAt: base + 10 }])
  })

  it('by topic go to everyone, and arrive first where that is known first', () => {
    const steps = createRingSteps()
    const facts = { message: 'status', lamport: 5, epoch, turn: 2, block: 3, bytes: 90, wanting: [], topic: 'ring' } as const
    const heard = (by: PeerId, at: number) =>
      framesIn(steps.frame(by, { ...facts, way: 'received', from: ana, at, arrivedLamport: 6 }, 0, false))
    expect(heard(bob, base + 4)).toMatchObject([{ id: idOf(ana, 5), to: '', at: base + 4, arrivedAt: base + 4, topic: 'ring' }])
    expect(heard(cleo, base + 3)).toEqual([])
    const sent = steps.frame(ana, { ...facts, way: 'sent', to: undefined, at: base }, 0, false)
    expect(framesIn(sent)).toMatchObject([{ at: base, arrivedAt: base + 4 }])
  })

  it('are what their sender says they are, whatever a receiver says', () => {
    const steps = createRingSteps()
    const [sent, received] = handOver(1)
    steps.frame(received.by, { ...received.record, message: 'evidence', bytes: 9, turn: 99 }, 0, false)
    expect(framesIn(steps.frame(sent.by, sent.record, 0, false))).toMatchObject([{ message: 'token', bytes: 200, turn: 1 }])
  })

  it('of a peer that was started anew are told although it counts from an earlier clock on', () => {
    const steps = createRingSteps()
    const [sent, received] = handOver(1)
    for (const { by, record } of [sent, received]) steps.frame(by, record, 0, false)
    const again = framesIn(steps.frame(sent.by, { ...sent.record, at: base + 900 }, 890, false))
    expect(again).toMatchObject([{ at: base + 900, arrivedAt: undefined }])
    const late = framesIn(steps.frame(received.by, { ...received.record, at: base + 9_000 }, 9_000, false))
    expect(late).toMatchObject([{ at: base + 9_000, arrivedAt: base + 9_000 }])
  })

  it('are put together for five seconds, from when the first end of them is heard of', () => {
    const told = (later: number) => {
      const steps = createRingSteps()
      const [sent, received] = handOver(1)
      steps.frame(sent.by, sent.record, 1_000, false)
      return framesIn(steps.frame(received.by, received.record, 1_000 + later, false))
    }
    expect(told(5_000)).toMatchObject([{ at: base + 10, arrivedAt: base + 12 }])
    expect(told(5_001)).toMatchObject([{ at: base + 12, arrivedAt: base + 12 }])
  })

  it('bear their own epochs, whatever others are told in between', () => {
    const steps = createRingSteps()
    const [{ by, record }] = handOver(1)
    const told = [7, 8, 7].flatMap((number, at) =>
      framesIn(steps.frame(by, { ...record, lamport: 20 + at, epoch: { ...epoch, number } }, 0, false)),
    )
    expect(told.map((step) => step.epoch)).toEqual(['7.AAAAAA', '8.AAAAAA', '7.AAAAAA'])
    expect(framesIn(steps.frame(by, { ...record, lamport: 30, epoch: undefined }, 0, false))).toMatchObject([
      { epoch: undefined },
    ])
  })

  it('of two pairs of peers whose ids end alike are never mixed', () => {
    const steps = createRingSteps()
    const [sent, received] = handOver(1)
    const twin = `12D3KooWZ${'A'.repeat(43)}` as PeerId
    steps.frame(sent.by, sent.record, 0, false)
    expect(steps.frame(received.by, { ...received.record, from: twin } as FrameRecord, 0, false)).toEqual([])
    expect(steps.frameOf(idOf(ana, 10, bob))).toMatchObject({ from: ana, arrivedAt: undefined })
    const twinOfBob = `12D3KooWZ${'B'.repeat(43)}` as PeerId
    expect(steps.frame(twinOfBob, received.record, 0, false)).toEqual([])
    expect(steps.frameOf(idOf(ana, 10, bob))).toMatchObject({ to: bob, arrivedAt: undefined })
  })

  it('are forgotten, the oldest first: a million of them take no more room than the newest', () => {
    const steps = createRingSteps()
    const [{ by, record }] = handOver(1)
    for (let lamport = 1; lamport <= 20_000; lamport++) steps.frame(by, { ...record, lamport }, 0, false)
    expect(steps.frameOf(idOf(ana, 1, bob))).toBeUndefined()
    expect(steps.frameOf(idOf(ana, 20_000, bob))).toBeDefined()
    const known = Array.from({ length: 20_000 }, (_, i) => steps.frameOf(idOf(ana, i + 1, bob))).filter(Boolean)
    expect(known).toHaveLength(4_096)
  })
})

describe('moves of the token', () => {
  it('are told in order, each once, in whatever order their ends are heard of', () => {
    const ends = Array.from({ length: 12 }, (_, i) => handOver(i + 1)).flat()
    const shuffled = fc.shuffledSubarray(ends, { minLength: ends.length })
    fc.assert(
      fc.property(shuffled, (heard) => {
        const steps = createRingSteps()
        const told = heard.flatMap(({ by, record }, now) => steps.frame(by, record, now, true))
        const turns = turnsIn([...told, ...steps.look(moveWait + heard.length, base)])
        expect(turns).toEqual(Array.from({ length: 12 }, (_, i) => i + 1))
      }),
    )
  })

  it('never go back, also where some are never heard of, and epochs follow each other', () => {
    const event = fc.record({ number: fc.integer({ min: 1, max: 3 }), turn: fc.integer({ min: 1, max: 30 }), wait: fc.nat(400) })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const steps = createRingSteps()
        let now = 0
        const told: RingStep[] = []
        for (const { number, turn, wait } of events) {
          now += wait
          const [{ by, record }] = handOver(turn)
          told.push(...steps.frame(by, { ...record, epoch: { ...epoch, number }, lamport: now + number }, now, true))
          told.push(...steps.look(now, base))
        }
        told.push(...steps.look(now + moveWait, base))
        const places = told.flatMap((step) =>
          step.kind === 'token' ? [Number.parseInt(step.epoch, 10) * 1_000 + step.turn] : [],
        )
        expect(places).toEqual([...new Set(places)].sort((a, b) => a - b))
        const highest = Math.max(0, ...events.map(({ number, turn }) => number * 1_000 + turn))
        expect(places.at(-1) ?? 0).toBe(highest)
      }),
    )
  })

  it('are known from a block where no frame was seen, and from the frame where both are', () => {
    const steps = createRingSteps()
    const block = { index: 9, epoch, turn: 2, author: cleo, lamport: 30, time: base + 25 }
    expect(steps.block(block, 0)).toEqual([{ kind: 'block', at: base + 25, index: 9, author: cleo, turn: 2, lamport: 30 }])
    const [{ by, record }] = handOver(1)
    steps.frame(by, record, 1, true)
    const due = steps.look(moveWait + 1, base).filter(({ kind }) => kind === 'token')
    expect(due).toMatchObject([
      { turn: 1, from: ana, to: bob },
      { turn: 2, from: undefined, to: cleo },
    ])
    const [third] = handOver(3)
    expect(turnsIn(steps.block({ ...block, turn: 4, author: bob }, 600))).toEqual([])
    expect(turnsIn(steps.frame(third.by, third.record, 601, true))).toEqual([3, 4])
  })

  it('wait half a second for those before them, from when they are heard of first, and not longer for a second word', () => {
    const steps = createRingSteps()
    const block = { index: 9, epoch, turn: 2, author: cleo, lamport: 30, time: base + 25 }
    steps.block(block, 1_000)
    const [{ by, record }] = handOver(2)
    expect(turnsIn(steps.frame(by, record, 1_400, true))).toEqual([])
    expect(turnsIn(steps.look(1_499, base))).toEqual([])
    expect(steps.look(1_500, base)).toMatchObject([{ kind: 'token', turn: 2, from: bob, to: cleo }])
    // Nor is what has been told already told again, or what is before it.
    expect(
      turnsIn([...steps.block(block, 1_600), ...steps.block({ ...block, turn: 1 }, 1_600), ...steps.look(9_000, base)]),
    ).toEqual([])
  })

  it('of another epoch are not the next, whatever their turn', () => {
    const steps = createRingSteps()
    const [first, second] = [handOver(3)[0], handOver(4)[0]]
    steps.frame(first.by, first.record, 0, true)
    expect(turnsIn(steps.look(500, base))).toEqual([3])
    expect(steps.turnTold).toEqual({ epoch, turn: 3 })
    const later = { ...second.record, epoch: { ...epoch, number: 8 } }
    expect(turnsIn(steps.frame(second.by, later, 600, true))).toEqual([])
    expect(turnsIn(steps.look(1_100, base))).toEqual([4])
  })

  it('that wait are so many at most: then the first goes on without those before it, and no other', () => {
    const steps = createRingSteps()
    const gap = (turn: number) => {
      const { by, record } = handOver(turn)[0]
      return turnsIn(steps.frame(by, record, 0, true))
    }
    for (let i = 1; i <= 2_048; i++) expect(gap(2 * i)).toEqual([])
    expect(gap(2 * 2_049)).toEqual([2])
  })

  it('are of tokens alone, and of blocks that were written with it', () => {
    const steps = createRingSteps()
    const block = { index: 9, epoch, turn: 0, author: cleo, lamport: 30, time: base + 25 }
    const [{ by, record }] = handOver(1)
    steps.block(block, 0)
    steps.frame(by, { ...record, message: 'status' }, 0, true)
    steps.frame(by, { ...record, way: 'sent', to: undefined, topic: 'ring', lamport: 11 }, 0, true)
    expect(turnsIn(steps.look(500, base))).toEqual([])
    expect(steps.turnTold).toBeUndefined()
    steps.block({ ...block, turn: 1 }, 500)
    expect(turnsIn(steps.look(1_000, base))).toEqual([1])
  })

  it('are not taken from those who are not to be believed', () => {
    const steps = createRingSteps()
    const [{ by, record }] = handOver(9)
    expect(turnsIn([...steps.frame(by, record, 0, false), ...steps.look(moveWait, base)])).toEqual([])
  })
})

describe('requests', () => {
  const asks = (by: PeerId): FrameRecord => ({
    ...{ message: 'want', lamport: 3, at: base, epoch, turn: undefined, block: undefined, bytes: 60, wanting: [] },
    ...{ way: 'sent', to: by === ana ? bob : ana, topic: undefined },
  })
  const waiting = (told: readonly RingStep[]) => told.flatMap((step) => (step.kind === 'requests' ? [step.peers] : []))

  it('stand until the token comes, and are told only when they change', () => {
    const steps = createRingSteps()
    steps.frame(cleo, asks(cleo), 0, true)
    expect(waiting(steps.look(1, base))).toEqual([[cleo]])
    expect(waiting(steps.look(2, base))).toEqual([])
    const [{ by, record }] = handOver(2, base, [ana, cleo])
    steps.frame(by, record, 3, true)
    expect(waiting(steps.look(3 + moveWait, base))).toEqual([[ana]])
  })

  it('of somebody who was not seen to get it are forgotten in the end', () => {
    const steps = createRingSteps()
    steps.frame(cleo, asks(cleo), 0, true)
    steps.look(1, base)
    expect(waiting(steps.look(20_000, base))).toEqual([[]])
  })

  it('last ten seconds, from when they were made', () => {
    const steps = createRingSteps()
    steps.frame(cleo, asks(cleo), 5_000, true)
    expect(steps.look(5_001, base)).toEqual([{ kind: 'requests', at: base, peers: [cleo] }])
    expect(waiting(steps.look(15_000, base))).toEqual([])
    expect(waiting(steps.look(15_001, base))).toEqual([[]])
  })

  it('are those of whoever says it wants the token, where that is to be believed', () => {
    const steps = createRingSteps()
    steps.frame(cleo, asks(cleo), 0, false)
    steps.frame(bob, { ...asks(bob), message: 'status' }, 0, true)
    expect(waiting(steps.look(1, base))).toEqual([])
  })

  it('of one that asks and that the token names are told once', () => {
    const steps = createRingSteps()
    steps.frame(ana, asks(ana), 0, true)
    const [{ by, record }] = handOver(2, base, [ana])
    steps.frame(by, record, 0, true)
    expect(waiting(steps.look(500, base))).toEqual([[ana]])
  })
})
