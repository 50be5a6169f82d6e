import { describe, expect, it } from 'vitest'
import { wireVersion } from '../../src/core/limits.ts'
import type { Topic } from '../../src/peer/ports.ts'
import { createReceiver } from '../../src/peer/receive.ts'
import { encodeFrame } from '../../src/ring/frame.ts'
import type { Message } from '../../src/ring/message.ts'
import type { Input } from '../../src/ring/types.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { genesisBy, opsAfter } from './log-of-blocks.ts'

const [ana, bob, stranger] = [peerNamed('A'), peerNamed('B'), peerNamed('X')]
const genesis = genesisBy(ana)
const { epoch } = genesis
const commit = { index: 0, hash: genesis.hash }
const block = opsAfter(genesis, ana, 1)

function createRig() {
  const inputs: Input[] = []
  const bad: string[] = []
  const versions: number[] = []
  const receiver = createReceiver({
    crypto: createKeyedCrypto(bob),
    isMember: (peer) => peer === ana || peer === bob,
    input: (input) => inputs.push(input),
    onMessage: () => {},
    onBadFrame: (_from, reason) => bad.push(reason),
    onVersion: (_from, version) => versions.push(version),
  })
  return { receiver, inputs, bad, versions }
}

const announce: Message = { kind: 'announce', domain: 'bank', epoch, request: 1, ops: [] }
const request: Message = { kind: 'request', purpose: 'join', above: epoch }
const blocks: Message = { kind: 'blocks', epoch, blocks: [block], commit }
const forged: Message = { kind: 'blocks', epoch, blocks: [{ ...block, bytes: withoutSignature(block.bytes) }], commit }

describe('what is heard on a topic', () => {
  const rows = [
    ['an announcement of a member', ana, 'bank', announce, 'accept'],
    ['an announcement of somebody else', stranger, 'bank', announce, 'ignore'],
    ['a request to join of somebody else', stranger, 'ring', request, 'accept'],
    ['blocks of a member', ana, 'log', blocks, 'accept'],
    ['blocks of somebody else', stranger, 'log', blocks, 'ignore'],
    ['a block without a valid signature', ana, 'log', forged, 'reject'],
    ['a bank announcement on the topic of auctions', ana, 'auction', announce, 'reject'],
    ['a message that belongs on no topic', ana, 'ring', { kind: 'prepare', epoch }, 'reject'],
  ] as const satisfies readonly (readonly [string, typeof ana, Topic, Message, string])[]
  for (const [what, from, topic, message, verdict] of rows) {
    it(`${what}: ${verdict}`, () => {
      const { receiver, inputs } = createRig()
      expect(receiver.gossip(from, topic, encodeFrame(5, message))).toBe(verdict)
      expect(inputs).toEqual(verdict === 'accept' ? [{ kind: 'receive', from, lamport: 5, message }] : [])
    })
  }

  it('that is no frame is rejected, of another version ignored and told', () => {
    const { receiver, inputs, bad, versions } = createRig()
    expect(receiver.gossip(ana, 'ring', Uint8Array.of(wireVersion, 1))).toBe('reject')
    expect(receiver.gossip(ana, 'ring', Uint8Array.of(wireVersion + 1, 1))).toBe('ignore')
    expect([inputs, bad, versions]).toEqual([[], ['ends too early'], [wireVersion + 1]])
  })
})

describe('a frame over the direct stream', () => {
  it('reaches the ring from anybody in the room: a view to come may name them', () => {
    const { receiver, inputs } = createRig()
    receiver.frame(stranger, encodeFrame(5, { kind: 'prepare', epoch }))
    expect(inputs).toEqual([{ kind: 'receive', from: stranger, lamport: 5, message: { kind: 'prepare', epoch } }])
  })

  it('that cannot be read is dropped, and the next one is read', () => {
    const { receiver, inputs, bad } = createRig()
    receiver.frame(ana, Uint8Array.of(wireVersion, 1, 99))
    receiver.frame(ana, encodeFrame(6, announce))
    expect([inputs.length, bad]).toEqual([1, ['unknown kind of frame']])
  })
})

function withoutSignature(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy.fill(0, copy.length - 64)
  return copy
}
