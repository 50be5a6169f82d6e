import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { epochLeapMax, leapMax } from '../../src/core/limits.ts'
import type { FrameRecord } from '../../src/peer/lab-frame.ts'
import { boundsOf, isBelieved, isLie } from '../../src/peer/record-bounds.ts'
import type { ReplicaView } from '../../src/ring/types.ts'
import { peerNamed } from './keyed-crypto.ts'

const [ana, bob, cleo, eve] = ['A', 'B', 'C', 'E'].map(peerNamed) as [PeerId, PeerId, PeerId, PeerId]
const epoch = { number: 7, initiator: ana }
const view = {
  installed: epoch,
  promised: { number: 9, initiator: bob },
  members: [ana, bob, cleo],
  lamport: 100,
  head: { index: 50 },
  turnSeen: 5,
} as unknown as ReplicaView

const sent = (changes: Partial<FrameRecord> = {}): FrameRecord =>
  ({
    ...{ message: 'token', lamport: 60, at: 0, epoch, turn: 5, block: 50, bytes: 60, wanting: [] },
    ...{ way: 'sent', to: bob, topic: undefined },
    ...changes,
  }) as FrameRecord
const received = (changes: Partial<FrameRecord> = {}): FrameRecord =>
  ({ ...sent(), way: 'received', to: undefined, from: bob, arrivedLamport: 61, ...changes }) as FrameRecord

describe('how far the numbers of a record may go', () => {
  it('is the ring’s own leaps beyond what is known here, or a share of them', () => {
    expect(boundsOf(view, 1)).toEqual({
      epoch: 9 + epochLeapMax,
      lamport: 100 + leapMax,
      block: 50 + leapMax,
      turn: 5 + leapMax,
    })
    expect(boundsOf({ ...view, installed: { number: 11, initiator: ana } }, 0.5)).toEqual({
      epoch: 11 + epochLeapMax / 2,
      lamport: 100 + leapMax / 2,
      block: 50 + leapMax / 2,
      turn: 5 + leapMax / 2,
    })
  })
})

describe('a record that no honest peer makes', () => {
  const bounds = { epoch: 20, lamport: 200, block: 300, turn: 400 }
  const rows: readonly [string, FrameRecord, boolean][] = [
    [
      'of a frame with all numbers at their bounds',
      sent({ lamport: 200, block: 300, turn: 400, epoch: { ...epoch, number: 20 } }),
      false,
    ],
    ['of a frame that names no numbers', sent({ block: undefined, turn: undefined, epoch: undefined }), false],
    ['with a clock beyond', sent({ lamport: 201 }), true],
    ['with an epoch beyond', sent({ epoch: { ...epoch, number: 21 } }), true],
    ['with a block beyond', sent({ block: 301 }), true],
    ['with a turn beyond', sent({ turn: 401 }), true],
    ['of a frame to itself', sent({ to: ana } as Partial<FrameRecord>), true],
    ['of a frame from itself', received({ from: ana } as Partial<FrameRecord>), true],
    ['of an arrival a tick after its sending', received(), false],
    ['of an arrival that moved no clock', received({ arrivedLamport: undefined } as Partial<FrameRecord>), false],
    ['of an arrival in the tick of its sending', received({ arrivedLamport: 60 } as Partial<FrameRecord>), true],
    ['of an arrival at the bound', received({ arrivedLamport: 200 } as Partial<FrameRecord>), false],
    ['of an arrival beyond', received({ arrivedLamport: 201 } as Partial<FrameRecord>), true],
  ]
  it.each(rows)('%s', (_, record, lie) => expect(isLie(ana, record, bounds)).toBe(lie))
})

describe('what is believed of the token', () => {
  const believed = (changes: Partial<FrameRecord>, told?: Parameters<typeof isBelieved>[3], by = ana): boolean =>
    isBelieved(by, sent(changes), view, told)
  const turn = (value: number): Partial<FrameRecord> => ({ turn: value })

  it('is what members say to members about members, of tokens and of who asks for one', () => {
    expect(believed({})).toBe(true)
    expect(believed({ message: 'want', turn: undefined })).toBe(true)
    expect(believed({ message: 'status' })).toBe(false)
    expect(believed({ wanting: [ana, cleo] })).toBe(true)
    expect(believed({ wanting: [ana, eve] })).toBe(false)
    expect(believed({ to: eve } as Partial<FrameRecord>)).toBe(false)
    expect(believed({ to: undefined, topic: 'ring' } as Partial<FrameRecord>)).toBe(false)
    expect(believed({}, undefined, eve)).toBe(false)
  })

  it('is of the epoch that is installed', () => {
    expect(believed({ epoch: { ...epoch, number: 8 } })).toBe(false)
    expect(believed({ epoch: undefined })).toBe(false)
  })

  it('is no turn that is more than 1,024 ahead of what was seen or told', () => {
    expect([believed(turn(5 + 1_024)), believed(turn(5 + 1_025))]).toEqual([true, false])
    const unseen = (value: number) => isBelieved(ana, sent(turn(value)), { ...view, turnSeen: 0 }, undefined)
    expect([unseen(1_024), unseen(1_025)]).toEqual([true, false])
    const told = { epoch, turn: 40 }
    expect([believed(turn(40 + 1_024), told), believed(turn(40 + 1_025), told)]).toEqual([true, false])
    const before = { epoch: { ...epoch, number: 6 }, turn: 40 }
    expect([believed(turn(5 + 1_024), before), believed(turn(5 + 1_025), before)]).toEqual([true, false])
    const less = { epoch, turn: 2 }
    expect([believed(turn(5 + 1_024), less), believed(turn(5 + 1_025), less)]).toEqual([true, false])
  })
})
