import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  auctionStartBytesMax,
  blockBytesMax,
  blockOpsMax,
  frameBytesMax,
  roomMembersMax,
  statePartsMax,
} from '../../src/core/limits.ts'
import { type Block, type Body, decodeBlock, faultOfPlace, signBlock, viewOf } from '../../src/ring/block.ts'
import { decodeFrame, encodeFrame, viewsToShow } from '../../src/ring/message.ts'
import type { View } from '../../src/ring/view.ts'
import { DrivenReplica, epochOf, genesis, id, view2, view3 } from './harness.ts'
import { holder, request, viewProposedBy } from './requests.ts'
import { testCrypto } from './room.ts'

const crypto = testCrypto('A')
/** As long as the ids of real peers. */
const longId = (name: string) => id(name.padStart(52, '-'))
const peers = (count: number) => Array.from({ length: count }, (_, at) => longId(`${at}`))

/** The block with this body that would come next, as its author signs it. */
function nextWith(previous: Block, body: Body): Block {
  const isView = body.kind === 'view'
  const turn = isView ? 0 : previous.turn + 1
  const epoch = isView ? epochOf(previous.epoch.number + 1, 'A') : previous.epoch
  const place = { index: previous.index + 1, prevHash: previous.hash, lamport: previous.lamport + 1, time: previous.time }
  return signBlock({ ...place, epoch, turn, author: id('A'), checkpoint: undefined, body }, crypto)
}

const isRead = (block: Block): boolean => {
  const frame = encodeFrame(1, { kind: 'blocks', epoch: block.epoch, blocks: [block], commit: block })
  return 'value' in decodeBlock(block.bytes, crypto) && decodeFrame(frame, crypto).kind === 'frame'
}

const aboutAt = (most: number) => fc.integer({ min: most - 2, max: most + 2 })

describe('a block that its author’s own rules let through', () => {
  const { genesis: constitution } = genesis.body as Extract<Body, { kind: 'genesis' }>
  const parts = { count: statePartsMax, hash: 'ab'.repeat(32) }
  const before = signBlock({ ...genesis, body: { kind: 'genesis', genesis: { ...constitution, parts } } }, crypto)
  const opsOf = (count: number, bytes: number): Body => ({
    kind: 'ops',
    incarnation: 1,
    firstSequence: 1,
    ops: Array.from({ length: count }, () => new Uint8Array(bytes)),
  })
  const bodies: [string, Block, fc.Arbitrary<Body>][] = [
    [
      'a view',
      view2,
      fc.tuple(aboutAt(roomMembersMax), aboutAt(roomMembersMax)).map(([members, lost]) => ({
        kind: 'view',
        members: [id('A'), ...peers(members - 1)],
        lost: peers(300 + lost)
          .slice(300)
          .map((peer) => ({ peer, loss: 1 })),
      })),
    ],
    ['operations', view2, aboutAt(blockOpsMax).map((count) => opsOf(count, 1))],
    ['a large operation', view2, aboutAt(auctionStartBytesMax).map((bytes) => opsOf(1, bytes))],
    ['many large operations', view2, fc.integer({ min: 1, max: 6 }).map((count) => opsOf(count, auctionStartBytesMax))],
    [
      'a part of a state',
      before,
      aboutAt(blockBytesMax).map((bytes) => ({ kind: 'state', left: statePartsMax - 1, part: new Uint8Array(bytes) })),
    ],
  ]
  it.each(bodies)('with %s is one that everybody can read, and no other', (_what, previous, body) => {
    fc.assert(
      fc.property(body, (one) => {
        const block = nextWith(previous, one)
        const view = viewOf(previous) as View
        expect(faultOfPlace(block, previous, view) === undefined).toBe(isRead(block))
      }),
      { numRuns: 30 },
    )
  })
})

describe('a view', () => {
  const lost = (peer: DrivenReplica, count: number): DrivenReplica => {
    for (let at = 0; at < count; at++) peer.receive(longId(`lost${at}`), request('rejoin', { loss: at + 1 }))
    return peer
  }

  it('names as many losses as can be read, however many have asked', () => {
    const block = viewProposedBy(lost(holder(), 200).after(300), ['A', 'C']) as Block
    expect(viewOf(block)?.lost.length).toBe(roomMembersMax)
    expect(isRead(block)).toBe(true)
  })

  it('names the losses of members before those of others', () => {
    const peer = lost(holder(), 200)
      .receive('C', request('rejoin', { loss: 7 }))
      .after(300)
    const block = viewProposedBy(peer, ['A']) as Block
    expect(viewOf(block)?.lost.length).toBe(roomMembersMax)
    expect(viewOf(block)?.lost).toContainEqual({ peer: 'C', loss: 7 })
  })

  it('hears a member, however many others have asked', () => {
    const peer = lost(holder(), 400)
      .receive('C', request('rejoin', { loss: 7 }))
      .after(300)
    expect(viewOf(viewProposedBy(peer, ['A']) as Block)?.lost).toContainEqual({ peer: 'C', loss: 7 })
  })
})

describe('a question for promises', () => {
  const chain = (count: number, members: number): Block[] => {
    const blocks = [view3]
    const body: Body = { kind: 'view', members: [id('A'), ...peers(members - 1)], lost: [] }
    while (blocks.length < count) blocks.push(nextWith(blocks.at(-1) as Block, body))
    return blocks
  }

  it.each([
    [1, 3],
    [128, 3],
    [129, 3],
    [400, 3],
    [128, 128],
    [300, 128],
  ])('shows of %i views of %i members as many as can be read, the newest', (count, members) => {
    const views = chain(count, members)
    const shown = viewsToShow(views)
    const bytes = encodeFrame(1, { kind: 'prepare', epoch: epochOf(2 ** 20, 'A'), views: shown })
    expect(decodeFrame(bytes, crypto).kind).toBe('frame')
    expect(shown).toEqual(views.slice(-shown.length))
    const isFull = shown.length === roomMembersMax || bytes.length > 0.95 * frameBytesMax
    expect(shown.length === count || isFull).toBe(true)
  })

  it('is asked by one whose log has more views than a frame takes', () => {
    const blocks = [genesis]
    while (blocks.length < 140)
      blocks.push(nextWith(blocks.at(-1) as Block, { kind: 'view', members: [id('A'), id('B')], lost: [] }))
    const peer = new DrivenReplica({ self: 'A', blocks, commit: 0 }).step({ kind: 'tick' }).persisted()
    const [prepare] = peer.sent('prepare')
    expect(prepare?.views.length ?? 0).toBe(roomMembersMax)
  })
})
