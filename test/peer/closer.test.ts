import { describe, expect, it } from 'vitest'
import type { AuctionId, PeerId } from '../../src/core/ids.ts'
import type { AuctionView, Market } from '../../src/market/types.ts'
import { closeAfter, createCloser } from '../../src/peer/session.ts'
import type { ReplicaView } from '../../src/ring/types.ts'
import { peerNamed } from './keyed-crypto.ts'

const [ana, bob, cleo, stranger] = ['A', 'B', 'C', 'X'].map(peerNamed) as [PeerId, PeerId, PeerId, PeerId]
const id = 'BBBBBB-1-1' as AuctionId
const endsAt = 10_000

/** An open auction, and a closer that sees the ring as told; its clock is the room clock. */
function rig(self: PeerId, seller: PeerId = bob) {
  const ring = { members: [ana, bob, cleo], quorum: true, endsAt }
  const open = new Set([id])
  const auction = {
    seller,
    get endsAt() {
      return ring.endsAt
    },
  } as AuctionView
  const market = { openAuctions: open, auctions: new Map([[id, auction]]) } as unknown as Market
  const view = {
    get members() {
      return ring.members
    },
    hasQuorum: () => ring.quorum,
    time: (now: number) => now,
  } as unknown as ReplicaView
  const written: number[] = []
  const settlements: (() => void)[] = []
  let time = 0
  const submit = () => {
    written.push(time)
    const settled = Promise.withResolvers<void>()
    settlements.push(settled.resolve)
    return settled.promise
  }
  const closer = createCloser({ self, market, view, submit })
  const checkAt = (now: number): void => {
    time = now
    closer.check(now)
  }
  const checkAll = (until: number): readonly number[] => {
    for (let now = endsAt - 100; now <= until; now += 50) checkAt(now)
    return written
  }
  return { ring, open, written, settlements, checkAt, checkAll }
}

describe('an auction past its end', () => {
  it('is closed by its seller at once, and not before', () => {
    const seller = rig(bob)
    seller.checkAt(endsAt - 1)
    expect(seller.written).toEqual([])
    seller.checkAt(endsAt)
    expect(seller.written).toEqual([endsAt])
  })

  it('is closed by others a second later, one after the other in ring order after the seller', () => {
    const written = [ana, bob, cleo].map((self) => rig(self).checkAll(endsAt + 1_500))
    expect(written).toEqual([[endsAt + closeAfter + 200], [endsAt], [endsAt + closeAfter]])
  })

  it('is closed by the first member where its seller is none', () => {
    const written = [ana, bob, cleo].map((self) => rig(self, stranger).checkAll(endsAt + 1_500))
    expect(written).toEqual([[endsAt], [endsAt + closeAfter], [endsAt + closeAfter + 200]])
  })

  it('is closed once, however long the closing takes', () => {
    expect(rig(bob).checkAll(endsAt + 60_000)).toEqual([endsAt])
  })

  it('is closed again where the first closing came to nothing, as it does before an end that was moved', async () => {
    const { ring, checkAt, written, settlements } = rig(bob)
    checkAt(endsAt)
    ring.endsAt = endsAt + 500
    settlements[0]?.()
    await Promise.resolve()
    checkAt(endsAt + 400)
    expect(written).toEqual([endsAt])
    checkAt(endsAt + 500)
    expect(written).toEqual([endsAt, endsAt + 500])
  })

  it('is left alone by learners, while there is no quorum, and when it is closed', () => {
    expect(rig(stranger).checkAll(endsAt + 9_000)).toEqual([])
    const { ring, checkAt, written } = rig(bob)
    ring.quorum = false
    checkAt(endsAt + 9_000)
    expect(written).toEqual([])
    ring.quorum = true
    checkAt(endsAt + 9_100)
    expect(written).toHaveLength(1)
    const late = rig(bob)
    late.open.clear()
    expect(late.checkAll(endsAt + 100)).toEqual([])
  })
})
