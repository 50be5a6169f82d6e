import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { factsOf } from '../../src/peer/frame-facts.ts'
import { headOf } from '../../src/ring/block.ts'
import type { Message } from '../../src/ring/message.ts'
import { peerNamed } from './keyed-crypto.ts'
import { blockAfter, genesisBy, opsAfter } from './log-of-blocks.ts'

const [ana, bob, cleo] = ['A', 'B', 'C'].map(peerNamed) as [PeerId, PeerId, PeerId]
const genesis = genesisBy(ana)
const epoch = { number: 7, initiator: ana }
const view = { installed: epoch, members: [ana, bob, cleo] }
const first = opsAfter(genesis, ana, 1)
const second = opsAfter(first, bob, 2)
const commit = { index: 5, hash: first.hash }
const head = { ...headOf(first), index: 9 }
const factsIn = (message: Message, ring: Parameters<typeof factsOf>[4] = view) => factsOf(message, 60, 1_000, 99, ring)

const token = (wants: readonly boolean[], changes: Partial<Message> = {}): Message =>
  ({ kind: 'token', epoch, turn: 3, head, commit, served: [], wants, blocks: [], ...changes }) as Message

describe('what is recorded of a frame', () => {
  const status = { kind: 'status', epoch, durable: undefined, commit, persistedCommit: { epoch, index: 1 } } as const
  const rows: readonly [Message, number | undefined, number | undefined][] = [
    [token([]), 3, 9],
    [{ kind: 'token-ack', epoch, turn: 4 }, 4, undefined],
    [{ kind: 'blocks', epoch, blocks: [first, second], commit }, 2, 2],
    [{ kind: 'durable', epoch, durable: commit }, undefined, 5],
    [{ ...status, turn: 8, promised: epoch, active: true, wallClock: 0 }, 8, 5],
    [{ kind: 'committed', epoch, commit }, undefined, 5],
    [{ kind: 'activated', epoch, commit }, undefined, 5],
    [{ kind: 'promise', epoch, head, commit }, undefined, 9],
    [{ kind: 'install', epoch, viewBlock: blockAfter(first, ana, { kind: 'view', members: [ana], lost: [] }) }, undefined, 2],
    [{ kind: 'want', epoch, request: 1 }, undefined, undefined],
  ]
  it.each(rows)('is where it belongs: $kind', (message, turn, block) => {
    expect(factsIn(message)).toEqual({
      ...{ message: message.kind, lamport: 60, at: 1_000, bytes: 99, epoch, turn, block, wanting: [] },
    })
  })

  it('is no epoch where it names none', () => {
    expect(factsIn({ kind: 'fetch', what: 'tail', from: 6 })).toMatchObject({ epoch: undefined, turn: undefined, block: 6 })
    const fetched = { kind: 'fetched', what: 'tail', blocks: [first, second], commit: head, head } as const
    expect(factsIn(fetched)).toMatchObject({ epoch: undefined, turn: 2, block: 2 })
    expect(factsIn({ ...fetched, blocks: [] })).toMatchObject({ turn: undefined, block: undefined })
  })

  it('is no epoch of one that is no peer, but that of a room’s beginning, which is nobody’s', () => {
    const want = (initiator: string) =>
      factsIn({ kind: 'want', epoch: { number: 1, initiator: initiator as PeerId }, request: 1 })
    expect(want('somebody').epoch).toBeUndefined()
    expect(want('').epoch).toEqual({ number: 1, initiator: '' })
  })
})

describe('who wants a token', () => {
  it('are the members whose places are marked, of the ring that is here', () => {
    expect(factsIn(token([false, true, true])).wanting).toEqual([bob, cleo])
  })

  it('are nobody where it is of another ring, of another number of members, or there is none here', () => {
    const other = { ...epoch, number: 8 }
    expect(factsIn(token([true, true, true], { epoch: other })).wanting).toEqual([])
    expect(factsIn(token([true, true])).wanting).toEqual([])
    expect(factsOf(token([true, true, true]), 60, 1_000, 99, undefined).wanting).toEqual([])
  })
})
