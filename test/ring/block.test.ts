import { describe, expect, it } from 'vitest'
import type { Instant, PeerId } from '../../src/core/ids.ts'
import { type Block, decodeBlock, isSignedByAuthor, signBlock, type Unsigned, viewOf } from '../../src/ring/block.ts'
import { encodeFrame, type Message } from '../../src/ring/message.ts'
import { bytesOf, id, placeOf } from './harness.ts'
import { testCrypto } from './room.ts'

const ana = `12D3KooW${'A'.repeat(44)}` as PeerId
const bob = `12D3KooW${'B'.repeat(44)}` as PeerId
const crypto = testCrypto(ana)
const unsigned: Unsigned = {
  index: 7,
  epoch: { number: 300, initiator: bob },
  turn: 9,
  author: ana,
  lamport: 2 ** 40,
  time: 1_750_000_000_123 as Instant,
  prevHash: 'ab'.repeat(32),
  checkpoint: { index: 6, stateHash: 'cd'.repeat(32) },
  body: { kind: 'ops', incarnation: 3, firstSequence: 5, ops: [bytesOf('x'), bytesOf('')] },
}
const genesis = { name: 'room', rulesVersion: 1, currency: 'EUR', founder: ana, salt: new Uint8Array(16).fill(7) } as const
const bodies: [string, Unsigned['body']][] = [
  ['operations', unsigned.body],
  ['no operations', { kind: 'ops', incarnation: 1, firstSequence: 1, ops: [] }],
  ['a view', { kind: 'view', members: [ana, bob], lost: [] }],
  ['a view with losses', { kind: 'view', members: [ana], lost: [{ peer: bob, loss: 2 ** 47 }] }],
  ['an open room', { kind: 'genesis', genesis: { ...genesis, deposits: 'open' } }],
  ['a room of its host', { kind: 'genesis', genesis: { ...genesis, deposits: 'host' } }],
  ['a room founded anew', { kind: 'genesis', genesis: { ...genesis, deposits: 'open', state: bytesOf('state') } }],
]
const signed = (changes: Partial<Unsigned>): Block => {
  const block = signBlock({ ...unsigned, ...changes }, crypto)
  return { ...block, signature: new Uint8Array(block.signature) }
}

describe('the bytes of a block', () => {
  it.each(bodies)('with %s are read as they were written', (_what, body) => {
    const block = signed({ body })
    expect(decodeBlock(block.bytes, crypto)).toEqual({ value: block })
    expect(decodeBlock(block.bytes.subarray(0, -1), crypto)).toHaveProperty('malformed')
    expect(decodeBlock(new Uint8Array([...block.bytes, 0]), crypto)).toHaveProperty('malformed')
  })

  it('without a checkpoint are read as they were written', () => {
    const block = signed({ checkpoint: undefined })
    expect(decodeBlock(block.bytes, crypto)).toEqual({ value: block })
  })

  it('never change their form: a log of today opens for ever', () => {
    const prefixes = bodies.map(([, body]) => {
      const { bytes } = signed({ body, checkpoint: undefined })
      // Index, epoch, turn, author, Lamport time, time, previous hash, no checkpoint; then the kind.
      return bytes[1 + 2 + 53 + 1 + 53 + 6 + 6 + 33 + 1]
    })
    expect(prefixes).toEqual([2, 2, 3, 3, 0, 0, 0])
  })

  it('of a view of wire version 1, which had no losses, are read as one with none', () => {
    const now = signed({ body: { kind: 'view', members: [ana, bob], lost: [] } })
    const bytes = new Uint8Array(now.bytes)
    const kindAt = now.bytes.length - 64 - 1 - 2 * 53 - 1 - 1
    expect(bytes[kindAt]).toBe(3)
    bytes[kindAt] = 1
    const old = new Uint8Array([...bytes.subarray(0, -65), ...bytes.subarray(-64)])
    const read = decodeBlock(old, crypto)
    expect(read).toMatchObject({ value: { body: { kind: 'view', members: [ana, bob], lost: [] } } })
    expect('value' in read && read.value.hash).not.toBe(now.hash)
  })

  it('of an unknown kind are none', () => {
    const { bytes } = signed({ body: { kind: 'view', members: [ana], lost: [] } })
    const unknown = new Uint8Array(bytes)
    unknown[bytes.length - 64 - 1 - 53 - 1 - 1] = 5
    expect(decodeBlock(unknown, crypto)).toEqual({ malformed: 'unknown kind of block' })
  })
})

describe('a block', () => {
  it('is signed by its author over all that it says', () => {
    const block = signed({})
    expect(isSignedByAuthor(block, crypto)).toBe(true)
    expect(isSignedByAuthor({ ...block, author: bob }, crypto)).toBe(false)
    expect(signed({ turn: 10 }).hash).not.toBe(block.hash)
  })

  it('installs a view, or holds operations', () => {
    const view = signed({ body: { kind: 'view', members: [ana, bob], lost: [{ peer: id('C'), loss: 1 }] } })
    const { epoch, index } = unsigned
    expect(viewOf(view)).toEqual({ epoch, index, members: [ana, bob], lost: [{ peer: 'C', loss: 1 }] })
    expect(viewOf(signed({ body: { kind: 'genesis', genesis: { ...genesis, deposits: 'open' } } }))).toEqual({
      epoch,
      index,
      members: [ana],
      lost: [],
    })
    expect(viewOf(signed({}))).toBeUndefined()
  })
})

describe('a frame', () => {
  const epoch = { number: 1, initiator: ana }
  const block = signed({})
  const commit = placeOf(block)
  const head = { epoch, ...commit }
  const persistedCommit = { epoch, index: 1 }
  const messages: readonly Message[] = [
    { kind: 'announce', domain: 'bank', epoch, request: 1, ops: [] },
    { kind: 'want', epoch, request: 1 },
    { kind: 'token', epoch, turn: 1, head, commit, served: [], wants: [], blocks: [] },
    { kind: 'token-ack', epoch, turn: 1 },
    { kind: 'blocks', epoch, blocks: [], commit },
    { kind: 'durable', epoch, durable: commit },
    { kind: 'committed', epoch, commit },
    { kind: 'status', epoch, durable: undefined, commit, persistedCommit, turn: 1, promised: epoch, active: true, wallClock: 1 },
    { kind: 'ping', nonce: 1 },
    { kind: 'pong', nonce: 1, wallClock: 1 },
    { kind: 'request', purpose: 'join', above: epoch, loss: undefined },
    { kind: 'pre-vote', attempt: 1, suspect: undefined },
    { kind: 'agree', attempt: 1, promised: epoch },
    { kind: 'prepare', epoch, views: [] },
    { kind: 'promise', epoch, head, commit },
    { kind: 'refuse', epoch, promised: epoch },
    { kind: 'install', epoch, viewBlock: block },
    { kind: 'installed', epoch },
    { kind: 'activated', epoch, commit },
    { kind: 'fetch', what: 'tail', from: 1 },
    { kind: 'fetched', what: 'tail', blocks: [], commit: head, head },
    { kind: 'evidence', evidence: { kind: 'checkpoint', block } },
  ]
  it('tells its kind by a number that stays for the life of a wire version', () => {
    expect(messages.map((message) => [message.kind, encodeFrame(5, message)[2]])).toEqual(
      messages.map(({ kind }, at) => [kind, at + 1]),
    )
  })
})
