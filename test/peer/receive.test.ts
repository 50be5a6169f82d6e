import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { wireVersion } from '../../src/core/limits.ts'
import { createReceiver } from '../../src/peer/exchange.ts'
import type { Intake } from '../../src/peer/intake.ts'
import { encodeLabFrame } from '../../src/peer/lab-frame.ts'
import type { Topic } from '../../src/peer/ports.ts'
import { encodeFrame, type Message } from '../../src/ring/message.ts'
import type { Input } from '../../src/ring/types.ts'
import { peerNamed } from './keyed-crypto.ts'
import { genesisBy, opsAfter } from './log-of-blocks.ts'
import { createTestContext } from './test-context.ts'

const [ana, bob, stranger] = [peerNamed('A'), peerNamed('B'), peerNamed('X')]
const genesis = genesisBy(ana)
const { epoch } = genesis
const commit = { index: 0, hash: genesis.hash }
const block = opsAfter(genesis, ana, 1)

/** Nothing is to be looked at. */
const atOnce: Pick<Intake, 'add'> = {
  add(_from, _blocks, take) {
    take()
    return false
  },
}

function createRig(intake = atOnce) {
  const inputs: Input[] = []
  const ofLab: { readonly from: PeerId; readonly frame: Uint8Array }[] = []
  const { context, news } = createTestContext(bob)
  const receiver = createReceiver(
    context,
    { members: [ana, bob] },
    () => 1_000,
    intake,
    (input) => inputs.push(input),
    {
      heard(from, frame) {
        ofLab.push({ from, frame })
        return 'accept'
      },
    },
  )
  const bad = () => news.flatMap((one) => (one.kind === 'malformed' ? [one.reason] : []))
  const versions = () => news.flatMap((one) => (one.kind === 'version' ? [one.version] : []))
  const announced = () => news.flatMap((one) => (one.kind === 'announced' ? [one.author] : []))
  return { receiver, inputs, ofLab, context, bad, versions, announced }
}

const announce: Message = { kind: 'announce', domain: 'bank', epoch, request: 1, ops: [] }
const request: Message = { kind: 'request', purpose: 'join', above: epoch, loss: undefined }
const prepare: Message = { kind: 'prepare', epoch, views: [] }
const blocks: Message = { kind: 'blocks', epoch, blocks: [block], commit }
const unsigned = { ...block, bytes: withoutSignature(block.bytes) }
const forged: Message = { kind: 'blocks', epoch, blocks: [unsigned], commit }
const evidence: Message = {
  kind: 'evidence',
  evidence: { kind: 'two-blocks', first: block, second: opsAfter(genesis, ana, 2) },
}

describe('what is heard on a topic', () => {
  const rows = [
    ['an announcement of a member', ana, 'bank', announce, 'accept'],
    ['an announcement of somebody else', stranger, 'bank', announce, 'ignore'],
    ['a request to join of somebody else', stranger, 'ring', request, 'accept'],
    ['evidence that somebody else passes on', stranger, 'ring', evidence, 'accept'],
    ['blocks of a member', ana, 'log', blocks, 'accept'],
    ['blocks of somebody else', stranger, 'log', blocks, 'ignore'],
    ['a block without a valid signature', ana, 'log', forged, 'reject'],
    ['a good block, and behind it one without a valid signature', ana, 'log', { ...blocks, blocks: [block, unsigned] }, 'reject'],
    [
      'a block without a valid signature, and behind it a good one',
      ana,
      'log',
      { ...blocks, blocks: [unsigned, block] },
      'reject',
    ],
    ['a bank announcement on the topic of auctions', ana, 'auction', announce, 'reject'],
    ['a message that belongs on no topic', ana, 'ring', prepare, 'reject'],
  ] as const satisfies readonly (readonly [string, PeerId, Topic, Message, string])[]
  for (const [what, from, topic, message, verdict] of rows) {
    it(`${what}: ${verdict}`, () => {
      const { receiver, inputs, bad } = createRig()
      expect(receiver.gossip(from, topic, encodeFrame(5, message))).toBe(verdict)
      expect(inputs).toEqual(verdict === 'accept' ? [{ kind: 'receive', from, lamport: 5, message }] : [])
      expect(bad()).toHaveLength(verdict === 'reject' ? 1 : 0)
    })
  }

  it('that is no frame is rejected, of another version ignored and told', () => {
    const { receiver, inputs, bad, versions } = createRig()
    expect(receiver.gossip(ana, 'ring', Uint8Array.of(wireVersion, 1))).toBe('reject')
    expect(receiver.gossip(ana, 'ring', Uint8Array.of(wireVersion + 1, 1))).toBe('ignore')
    expect([inputs, bad(), versions()]).toEqual([[], ['ends too early'], [wireVersion + 1]])
  })
})

describe('a frame over the direct stream', () => {
  it('reaches the ring from anybody in the room: a view to come may name them', () => {
    const { receiver, inputs } = createRig()
    receiver.frame(stranger, encodeFrame(5, prepare))
    expect(inputs).toEqual([{ kind: 'receive', from: stranger, lamport: 5, message: prepare }])
  })

  it('with fetched blocks comes once it was looked at; meanwhile what follows it is asked for, where the sender has more', () => {
    const later: (() => void)[] = []
    const { receiver, inputs } = createRig({ add: (_from, _blocks, take) => later.push(take) > 0 })
    const far = { epoch, index: 9, hash: block.hash }
    const fetched = { kind: 'fetched', what: 'committed', blocks: [genesis, block], commit: far, head: far } as const
    const last = { ...fetched, commit: { ...far, index: 1 } }
    for (const message of [fetched, last, { ...fetched, blocks: [] }]) receiver.frame(ana, encodeFrame(5, message))
    receiver.frame(bob, encodeFrame(5, { ...fetched, what: 'tail' }))
    expect(inputs).toEqual([{ kind: 'arriving', from: ana, last: 1 }])
    for (const take of later) take()
    expect(inputs[1]).toEqual({ kind: 'receive', from: ana, lamport: 5, message: fetched })
    expect(inputs.length).toBe(5)
  })

  it('of the lab goes to the experiments, and not to the ring', () => {
    const { receiver, inputs, ofLab } = createRig()
    const frame = encodeLabFrame({ kind: 'talk', experiment: 1, parts: [] })
    receiver.frame(stranger, frame)
    expect([inputs, ofLab]).toEqual([[], [{ from: stranger, frame }]])
  })

  it('is shown as an announcement only of members', () => {
    const { receiver, announced } = createRig()
    for (const from of [stranger, ana]) receiver.frame(from, encodeFrame(5, announce))
    expect(announced()).toEqual([ana])
  })

  it('that cannot be read is dropped and counted, and the next one is read', () => {
    const { receiver, inputs, bad, context } = createRig()
    for (let times = 0; times < 3; times++) receiver.frame(ana, Uint8Array.of(wireVersion, 1, 99))
    receiver.frame(ana, Uint8Array.of(wireVersion))
    receiver.frame(ana, encodeFrame(6, announce))
    expect([inputs.length, bad().length]).toEqual([1, 4])
    expect([...context.refused]).toEqual([[ana, { reason: 'unknown kind of frame', count: 4 }]])
  })

  it('of so many different senders that cannot be read costs no more than so many are remembered', () => {
    const { receiver, context } = createRig()
    const names = Array.from({ length: 1_000 }, (_, at) => `${stranger.slice(0, -4)}${1_000 + at}` as PeerId)
    for (const name of names) receiver.frame(name, Uint8Array.of(wireVersion))
    expect(context.refused.size).toBe(256)
  })

  it('that is a heartbeat tells how far its sender’s clock is ahead', () => {
    const { receiver } = createRig()
    const place = { epoch, index: 0 }
    const status = {
      kind: 'status',
      epoch,
      durable: undefined,
      commit,
      persistedCommit: place,
      turn: 0,
      promised: epoch,
    } as const
    receiver.frame(ana, encodeFrame(1, { ...status, active: false, wallClock: 1_250 }))
    expect(receiver.clockOffsets.get(ana)).toBe(250)
    const beat = encodeFrame(1, { ...status, active: false, wallClock: 1_000 })
    for (let at = 1; at < 512; at++) receiver.frame(`${stranger.slice(0, -4)}${1_000 + at}` as PeerId, beat)
    receiver.frame(ana, beat)
    expect([receiver.clockOffsets.size, receiver.clockOffsets.get(ana)]).toEqual([512, 0])
    receiver.frame(bob, beat)
    expect([...receiver.clockOffsets]).toEqual([[bob, 0]])
  })
})

function withoutSignature(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy.fill(0, copy.length - 64)
  return copy
}
