import { describe, expect, it } from 'vitest'
import type { AuctionId, PeerId } from '../../src/core/ids.ts'
import type { AuctionView, Market } from '../../src/market/types.ts'
import { closeAfter, createCloser } from '../../src/peer/closer.ts'
import type { ReplicaView } from '../../src/ring/types.ts'
import { peerNamed } from './keyed-crypto.ts'

const ana = peerNamed('A')
const bob = peerNamed('B')
const id = 'AAAAAA-1-1' as AuctionId
const endsAt = 10_000

/** An open auction, and a closer that sees the ring as told; its clock is the room clock. */
function rig(self: PeerId) {
  const ring = { members: [ana, bob], holding: undefined as number | undefined, quorum: true }
  const open = new Set([id])
  const market = { openAuctions: open, auctions: new Map([[id, { endsAt } as AuctionView]]) } as unknown as Market
  const view = {
    get members() {
      return ring.members
    },
    get holding() {
      return ring.holding
    },
    hasQuorum: () => ring.quorum,
    time: (now: number) => now,
  } as unknown as ReplicaView
  const written: number[] = []
  let time = 0
  const closer = createCloser({ self, market, view: () => view, submit: () => written.push(time) })
  const checkAt = (now: number): void => {
    time = now
    closer.check(now)
  }
  return { ring, open, written, checkAt }
}

describe('an auction past its end', () => {
  it('is closed by the token holder at once, and not before', () => {
    const { ring, written, checkAt } = rig(ana)
    ring.holding = 4
    checkAt(endsAt - 1)
    expect(written).toEqual([])
    checkAt(endsAt)
    expect(written).toEqual([endsAt])
  })

  it('is closed by others a second later, one after the other', () => {
    const first = rig(ana)
    const second = rig(bob)
    for (let time = endsAt; time < endsAt + 1_500; time += 50) {
      first.checkAt(time)
      second.checkAt(time)
    }
    expect(first.written).toEqual([endsAt + closeAfter])
    expect(second.written).toEqual([endsAt + closeAfter + 200])
  })

  it('is closed again only when the first closing came to nothing for long', () => {
    const { ring, open, written, checkAt } = rig(ana)
    ring.holding = 4
    for (let time = endsAt; time <= endsAt + 2_000; time += 100) checkAt(time)
    expect(written).toEqual([endsAt, endsAt + 2_000])
    open.clear()
    checkAt(endsAt + 9_000)
    expect(written).toHaveLength(2)
  })

  it('is left alone by learners, and while there is no quorum', () => {
    const learner = rig(peerNamed('C'))
    learner.checkAt(endsAt + 9_000)
    const alone = rig(ana)
    alone.ring.quorum = false
    alone.checkAt(endsAt + 9_000)
    expect([learner.written, alone.written]).toEqual([[], []])
    alone.ring.quorum = true
    alone.checkAt(endsAt + 9_100)
    expect(alone.written).toHaveLength(1)
  })
})
