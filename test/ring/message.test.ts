import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Writer } from '../../src/core/codec.ts'
import type { Instant } from '../../src/core/ids.ts'
import { auctionStartBytesMax, blockBytesMax, blockOpsMax, frameBytesMax, wireVersion } from '../../src/core/limits.ts'
import { type Block, encodedBlockBytesMax, headOf, signBlock } from '../../src/ring/block.ts'
import { decodeFrame, encodeFrame, type Message, topicOf } from '../../src/ring/message.ts'
import { noEpoch } from '../../src/ring/view.ts'
import { createKeyedCrypto, peerNamed } from '../peer/keyed-crypto.ts'

const ana = peerNamed('A')
const bob = peerNamed('B')
const crypto = createKeyedCrypto(ana)
const epoch = { number: 7, initiator: ana }
const viewBlock = signBlock(
  {
    index: 1,
    epoch,
    turn: 0,
    author: ana,
    lamport: 9,
    time: 1_700_000_000_000 as Instant,
    prevHash: 'ab'.repeat(32),
    checkpoint: undefined,
    body: { kind: 'view', members: [ana, bob], lost: [{ peer: peerNamed('C'), loss: 2 ** 47 + 1 }] },
  },
  crypto,
)
const opsBlock = signBlock(
  {
    index: 2,
    epoch,
    turn: 3,
    author: ana,
    lamport: 12,
    time: 1_700_000_000_500 as Instant,
    prevHash: viewBlock.hash,
    checkpoint: { index: 1, stateHash: 'cd'.repeat(32) },
    body: { kind: 'ops', incarnation: 4, firstSequence: 1, ops: [Uint8Array.of(1, 2), Uint8Array.of()] },
  },
  crypto,
)
const head = headOf(opsBlock)
const commit = { index: 1, hash: viewBlock.hash }
const noHash = { index: 0, hash: '' }

/** A kind without a case does not compile. */
const cases: { readonly [Kind in Message['kind']]: readonly Extract<Message, { kind: Kind }>[] } = {
  announce: [
    { kind: 'announce', domain: 'bank', epoch, request: 1, ops: [] },
    {
      kind: 'announce',
      domain: 'auction',
      epoch,
      request: 300,
      ops: [{ incarnation: 4, sequence: 2, bytes: Uint8Array.of(7) }],
    },
  ],
  want: [{ kind: 'want', epoch, request: 128 }],
  token: [
    { kind: 'token', epoch, turn: 1, head, commit, served: [0, 2 ** 40], wants: [true, false], blocks: [] },
    { kind: 'token', epoch, turn: 2 ** 33, head, commit, served: [], wants: [], blocks: [viewBlock, opsBlock] },
  ],
  'token-ack': [{ kind: 'token-ack', epoch, turn: 77 }],
  blocks: [{ kind: 'blocks', epoch, blocks: [opsBlock], commit }],
  durable: [{ kind: 'durable', epoch, durable: commit }],
  committed: [{ kind: 'committed', epoch, commit }],
  status: [
    {
      kind: 'status',
      epoch,
      durable: commit,
      commit,
      persistedCommit: { epoch, index: 1 },
      turn: 5,
      promised: epoch,
      active: true,
      wallClock: 1_700_000_000_123,
    },
    {
      kind: 'status',
      epoch,
      durable: undefined,
      commit: noHash,
      persistedCommit: { epoch: noEpoch, index: 0 },
      turn: 0,
      promised: noEpoch,
      active: false,
      wallClock: 0,
    },
  ],
  ping: [{ kind: 'ping', nonce: 5 }],
  pong: [{ kind: 'pong', nonce: 5, wallClock: 1_700_000_000_123 }],
  request: [
    { kind: 'request', purpose: 'join', above: noEpoch, loss: undefined },
    { kind: 'request', purpose: 'leave', above: epoch, loss: undefined },
    { kind: 'request', purpose: 'rejoin', above: epoch, loss: 2 ** 48 },
  ],
  'pre-vote': [
    { kind: 'pre-vote', attempt: 3, suspect: bob },
    { kind: 'pre-vote', attempt: 4, suspect: undefined },
  ],
  agree: [{ kind: 'agree', attempt: 3, promised: epoch }],
  prepare: [
    { kind: 'prepare', epoch, views: [] },
    { kind: 'prepare', epoch, views: [viewBlock] },
  ],
  promise: [{ kind: 'promise', epoch, head, commit }],
  refuse: [{ kind: 'refuse', epoch, promised: { number: 8, initiator: bob } }],
  install: [{ kind: 'install', epoch, viewBlock }],
  installed: [{ kind: 'installed', epoch }],
  activated: [{ kind: 'activated', epoch, commit }],
  fetch: [
    { kind: 'fetch', what: 'tail', from: 0 },
    { kind: 'fetch', what: 'committed', from: 1_000_000 },
  ],
  fetched: [
    { kind: 'fetched', what: 'tail', blocks: [viewBlock, opsBlock], commit: head, head },
    { kind: 'fetched', what: 'committed', blocks: [], commit: head, head },
  ],
  evidence: [
    { kind: 'evidence', evidence: { kind: 'two-blocks', first: viewBlock, second: opsBlock } },
    { kind: 'evidence', evidence: { kind: 'checkpoint', block: opsBlock } },
  ],
}
const messages: readonly Message[] = Object.values(cases).flat()

describe('a frame', () => {
  for (const message of messages) {
    it(`carries its sender's clock and a message of kind ${message.kind} unchanged`, () => {
      const bytes = encodeFrame(4_711, message)
      expect(decodeFrame(bytes, crypto)).toEqual({ kind: 'frame', lamport: 4_711, message })
      expect(encodeFrame(4_711, message)).toEqual(bytes)
    })

    it(`of kind ${message.kind} that ends early, or too late, is malformed`, () => {
      const bytes = encodeFrame(4_711, message)
      for (let length = 0; length < bytes.length; length++) {
        expect(decodeFrame(bytes.subarray(0, length), crypto).kind).toBe('malformed')
      }
      expect(decodeFrame(Uint8Array.of(...bytes, 0), crypto)).toEqual({
        kind: 'malformed',
        reason: 'has bytes after its end',
      })
    })
  }

  it('of another version is told by its number, whatever follows', () => {
    const future = new Writer()
      .unsigned(wireVersion + 299)
      .text('something new')
      .finish()
    expect(decodeFrame(future, crypto)).toEqual({ kind: 'version', version: wireVersion + 299 })
  })

  it.each([2 ** 48 + 1, 2 ** 53 - 1])('with a number of %i is malformed, whichever number it is', (number) => {
    for (const message of messages) {
      for (const changed of [...withEachNumber(message, number)]) {
        expect(decodeFrame(encodeFrame(1, changed), crypto).kind, JSON.stringify(changed)).toBe('malformed')
      }
      expect(decodeFrame(encodeFrame(number, message), crypto).kind).toBe('malformed')
    }
    expect(decodeFrame(encodeFrame(2 ** 48, { kind: 'ping', nonce: 2 ** 48 }), crypto).kind).toBe('frame')
  })

  it('over its limit is refused before it is read', () => {
    const bytes = new Uint8Array(frameBytesMax + 1)
    bytes[0] = wireVersion
    expect(decodeFrame(bytes, crypto)).toEqual({ kind: 'malformed', reason: `more than ${frameBytesMax} bytes` })
    expect(decodeFrame(bytes.subarray(1), crypto)).not.toMatchObject({ reason: `more than ${frameBytesMax} bytes` })
  })

  it('announces at most 8 KiB and 16 operations', () => {
    const announce = (count: number, bytes: number): string => {
      const ops = Array.from({ length: count }, (_, at) => ({ incarnation: 1, sequence: at + 1, bytes: new Uint8Array(bytes) }))
      return decodeFrame(encodeFrame(1, { kind: 'announce', domain: 'bank', epoch, request: 1, ops }), crypto).kind
    }
    expect([announce(16, 512), announce(17, 1), announce(2, 5_000)]).toEqual(['frame', 'malformed', 'malformed'])
  })

  it('with a changed block keeps the form but not the hash, so that its signature fails', () => {
    const bytes = encodeFrame(1, { kind: 'install', epoch, viewBlock })
    bytes[bytes.length - 70] = (bytes[bytes.length - 70] as number) ^ 1
    const decoded = decodeFrame(bytes, crypto)
    const block = decoded.kind === 'frame' && decoded.message.kind === 'install' ? decoded.message.viewBlock : undefined
    expect(block?.hash).not.toBe(viewBlock.hash)
  })

  it('of any bytes never throws, and what is read is written back as the same bytes', () => {
    const noise = fc.uint8Array({ maxLength: 300 })
    const start = fc.uint8Array({ maxLength: 200 }).map((rest) => Uint8Array.of(wireVersion, 1, ...rest))
    const changed = fc
      .tuple(fc.constantFrom(...messages), fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([message, at, value]) => {
        const bytes = encodeFrame(9, message)
        bytes[at % bytes.length] = value
        return bytes
      })
    fc.assert(
      fc.property(fc.oneof(noise, start, changed), (bytes) => {
        const decoded = decodeFrame(bytes, crypto)
        if (decoded.kind === 'frame') expect(encodeFrame(decoded.lamport, decoded.message)).toEqual(bytes)
      }),
      { numRuns: 5_000 },
    )
  })

  it('has room for the fullest block that a holder writes, and for none that nobody writes', () => {
    const kindWith = (count: number, bytes: number): unknown => {
      const ops = Array.from({ length: count }, () => new Uint8Array(bytes))
      const block = signBlock({ ...opsBlock, body: { kind: 'ops', incarnation: 4, firstSequence: 1, ops } }, crypto)
      const decoded = decodeFrame(encodeFrame(1, { kind: 'blocks', epoch, blocks: [block], commit }), crypto)
      return decoded.kind === 'malformed' ? decoded.reason : decoded.kind
    }
    expect(kindWith(blockOpsMax, blockBytesMax / blockOpsMax)).toBe('frame')
    expect(kindWith(1, auctionStartBytesMax)).toBe('frame')
    expect(kindWith(4, auctionStartBytesMax)).toBe('a block is too large')
    // To the byte.
    const kindOf = (size: number): unknown => {
      const most = auctionStartBytesMax
      const ops = [most, most, most, size].map((bytes) => new Uint8Array(bytes))
      const block = signBlock({ ...opsBlock, body: { kind: 'ops', incarnation: 4, firstSequence: 1, ops } }, crypto)
      const decoded = decodeFrame(encodeFrame(1, { kind: 'blocks', epoch, blocks: [block], commit }), crypto)
      return [block.bytes.length - encodedBlockBytesMax, decoded.kind]
    }
    const size = auctionStartBytesMax - ((kindOf(auctionStartBytesMax) as [number])[0] as number)
    expect([kindOf(size), kindOf(size + 1)]).toEqual([
      [0, 'frame'],
      [1, 'malformed'],
    ])
  })

  it('full of blocks at the limit is read whole', () => {
    const blocks: Block[] = Array.from({ length: 2_000 }, () => opsBlock)
    const decoded = decodeFrame(encodeFrame(1, { kind: 'fetched', what: 'tail', blocks, commit: head, head }), crypto)
    expect(decoded.kind === 'frame' && decoded.message.kind === 'fetched' && decoded.message.blocks.length).toBe(2_000)
  })
})

/** The message with one of its numbers after the other put in place; blocks keep theirs, which are signed. */
function* withEachNumber<T extends object>(value: T, number: number): Generator<T> {
  for (const [name, part] of Object.entries(value)) {
    if ('bytes' in value && 'hash' in value) return
    if (typeof part === 'number') yield { ...value, [name]: number }
    else if (Array.isArray(part)) {
      for (const [at, one] of part.entries()) {
        if (typeof one === 'number') yield { ...value, [name]: part.with(at, number) }
        else if (typeof one === 'object' && !(one instanceof Uint8Array)) {
          for (const changed of withEachNumber(one as object, number)) yield { ...value, [name]: part.with(at, changed) }
        }
      }
    } else if (typeof part === 'object' && part !== null && !(part instanceof Uint8Array)) {
      for (const changed of withEachNumber(part as object, number)) yield { ...value, [name]: changed }
    }
  }
}

it('what everyone should hear has a topic, and nothing else has', () => {
  const topics: Readonly<Partial<Record<Message['kind'], string>>> = { status: 'ring', request: 'ring', evidence: 'ring' }
  for (const message of messages) {
    expect(topicOf(message), message.kind).toBe(message.kind === 'announce' ? message.domain : topics[message.kind])
  }
})
