import { describe, expect, it } from 'vitest'
import { createClock } from '../../src/io/clock.ts'
import type { AppliedBlock, Market } from '../../src/market/types.ts'
import { createDriver } from '../../src/peer/driver.ts'
import { Failure, type Topic, type Transport } from '../../src/peer/ports.ts'
import { type Block, headOf } from '../../src/ring/block.ts'
import { decodeFrame } from '../../src/ring/frame.ts'
import type { Message } from '../../src/ring/message.ts'
import type { Input, Output, Persist, Replica, StopReason } from '../../src/ring/types.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { until } from '../support/wait.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { genesisBy, opsAfter } from './log-of-blocks.ts'

const [ana, bob, cleo] = [peerNamed('A'), peerNamed('B'), peerNamed('C')]
const crypto = createKeyedCrypto(ana)
const genesis = genesisBy(ana)
const { epoch } = genesis
const commit = { index: 0, hash: genesis.hash }
const want: Message = { kind: 'want', epoch, request: 1 }

interface Sent {
  readonly to: string
  readonly lane: string
  readonly frame: Uint8Array
}

/** A driver around a ring that answers each input as the test says. */
async function createRig(answer: (input: Input, at: number) => readonly Output[], outsiders = false) {
  const store = createMemoryStore()
  await store.open()
  const inputs: Input[] = []
  const sent: Sent[] = []
  const gossiped: { readonly topic: Topic; readonly message: Message }[] = []
  const stops: StopReason[] = []
  const applied: number[] = []
  const waiting: Input[] = []
  const ring = { members: [ana, bob] as readonly (typeof ana)[] }
  const transport = {
    send: (to, frame, lane) => sent.push({ to, lane, frame }),
    gossip: (topic, frame) => {
      const decoded = decodeFrame(frame, crypto)
      if (decoded.kind === 'frame') gossiped.push({ topic, message: decoded.message })
    },
    hasOutsideSubscribers: () => outsiders,
  } as Partial<Transport> as Transport
  const replica = {
    step(_now: number, input: Input) {
      inputs.push(input)
      return answer(input, inputs.length)
    },
    view: {
      head: headOf(genesis),
      installed: epoch,
      incarnation: 1,
      commit,
      lamport: 9,
      get members() {
        return ring.members
      },
    },
  } as unknown as Replica
  const market = {
    index: 0,
    stateHash: 'aa'.repeat(32),
    apply(block: AppliedBlock) {
      market.index = block.index
      return []
    },
  }
  const driver = createDriver({
    ports: { store, transport, clock: createClock(), logger: silentLogger, crypto },
    self: ana,
    replica,
    market: market as unknown as Market,
    collect: () => waiting.shift(),
    onApplied: (block) => applied.push(block.index),
    onPersisted: () => {},
    onAnnounced: () => {},
    onNote: () => {},
    onFailed: () => {},
    onStopped: (reason) => stops.push(reason),
  })
  return { driver, store, ring, inputs, sent, gossiped, stops, applied, waiting }
}

const tick: Input = { kind: 'tick' }
const none: readonly Output[] = []

function persistOf(id: number, blocks: readonly Block[]): Persist {
  const head = headOf(blocks.at(-1) ?? genesis)
  return {
    kind: 'persist',
    id,
    cutFrom: undefined,
    blocks,
    meta: { head, promised: epoch, incarnation: 1, commit, forgotBelow: undefined },
  }
}

describe('the loop', () => {
  it('carries out all outputs of one input before the next input', async () => {
    const blocks = [opsAfter(genesis, ana, 1)]
    blocks.push(opsAfter(blocks[0] as Block, ana, 2))
    const order: string[] = []
    const rig = await createRig((input) => {
      order.push(input.kind)
      if (input.kind !== 'tick') return none
      return [
        { kind: 'apply', blocks },
        { kind: 'send', to: [bob], lamport: 1, message: want },
      ]
    })
    rig.driver.input(tick)
    expect(order).toEqual(['tick', 'applied', 'applied'])
    expect(rig.inputs.slice(1).map((input) => input.kind === 'applied' && input.index)).toEqual([1, 2])
    expect(rig.sent).toHaveLength(1)
  })

  it('hands over what was submitted before anything else', async () => {
    const rig = await createRig(() => none)
    rig.waiting.push({ kind: 'submit', domain: 'bank', ops: [] })
    rig.driver.input(tick)
    expect(rig.inputs.map(({ kind }) => kind)).toEqual(['submit', 'tick'])
    rig.waiting.push({ kind: 'submit', domain: 'bank', ops: [] })
    rig.driver.wake()
    rig.driver.wake()
    await until('it is handed over', () => rig.inputs.length === 3)
  })

  it('encodes a frame once for all its receivers, and sends what is fetched in its own lane', async () => {
    const fetch: Message = { kind: 'fetch', what: 'tail', from: 3 }
    const rig = await createRig(() => [
      { kind: 'send', to: [bob, cleo], lamport: 4, message: want },
      { kind: 'send', to: [bob], lamport: 5, message: fetch },
    ])
    rig.driver.input(tick)
    expect(rig.sent.map(({ to, lane }) => [to, lane])).toEqual([
      [bob, 'ring'],
      [cleo, 'ring'],
      [bob, 'bulk'],
    ])
    expect(rig.sent[1]?.frame).toBe(rig.sent[0]?.frame)
    expect(decodeFrame(rig.sent[2]?.frame as Uint8Array, crypto)).toEqual({ kind: 'frame', lamport: 5, message: fetch })
  })

  it('tells the ring when a batch is on disk, and when it will never be', async () => {
    const rig = await createRig((input, at) => (input.kind === 'tick' ? [persistOf(at, [opsAfter(genesis, bob, at)])] : none))
    rig.driver.input(tick)
    await until('it is on disk', () => rig.inputs.length === 2)
    expect(rig.inputs[1]).toEqual({ kind: 'persisted', id: 1 })
    rig.store.failWrites(new Failure('disk-full', ''))
    rig.driver.input(tick)
    await until('it failed', () => rig.inputs.length === 4)
    expect(rig.inputs[3]).toEqual({ kind: 'persist-failed' })
    expect(rig.driver.failed?.code).toBe('disk-full')
  })

  it('wakes the ring when it asked to be woken', async () => {
    const rig = await createRig((_input, at) => (at === 1 ? [{ kind: 'wake', at: performance.now() + 5 }] : none))
    rig.driver.input(tick)
    await until('it was woken', () => rig.inputs.length === 2)
    expect(rig.inputs[1]).toEqual(tick)
    rig.driver.close()
  })

  it('stops at a bug, says so once, and takes nothing more', async () => {
    const rig = await createRig(() => {
      throw new Error('broken')
    })
    rig.driver.input(tick)
    rig.driver.input(tick)
    expect(rig.stops).toEqual([{ kind: 'bug', message: 'broken' }])
    expect(rig.inputs).toHaveLength(1)
  })

  it('stops at a block that does not follow what the market has applied', async () => {
    const late = opsAfter(opsAfter(genesis, ana, 1), ana, 2)
    const rig = await createRig(() => [{ kind: 'apply', blocks: [late] }])
    rig.driver.input(tick)
    expect(rig.stops.map(({ kind }) => kind)).toEqual(['bug'])
    expect(rig.applied).toEqual([])
  })

  it('leaves out blocks that a newer snapshot holds already', async () => {
    const rig = await createRig((input) => (input.kind === 'tick' ? [{ kind: 'apply', blocks: [genesis] }] : none))
    rig.driver.input(tick)
    expect(rig.applied).toEqual([])
  })
})

describe('own blocks', () => {
  const own = opsAfter(genesis, ana, 1)
  const foreign = opsAfter(own, bob, 2)
  const topics = async (outsiders: boolean, members: readonly (typeof ana)[]): Promise<readonly string[]> => {
    const rig = await createRig((input, at) => (input.kind === 'tick' ? [persistOf(at, [own, foreign])] : none), outsiders)
    rig.ring.members = members
    rig.driver.input(tick)
    rig.driver.input(tick)
    return rig.gossiped.map(
      ({ topic, message }) => `${topic} ${message.kind === 'blocks' ? message.blocks.map(({ index }) => index) : ''}`,
    )
  }

  it('go over the mesh, once, while somebody listens who is no member', async () => {
    expect(await topics(true, [ana, bob])).toEqual(['log 1'])
  })

  it('go over direct streams alone while all who listen are members', async () => {
    expect(await topics(false, [ana, bob])).toEqual([])
  })

  it('go over the mesh in a room with more than 32 members', async () => {
    const many = Array.from({ length: 33 }, (_, at) => (at === 0 ? ana : bob))
    expect(await topics(false, many)).toEqual(['log 1'])
  })
})

describe('blocks that another peer lacks', () => {
  it('are read from the store and sent, as many as there are', async () => {
    const own = opsAfter(genesis, ana, 1)
    const head = headOf(own)
    const rig = await createRig((input) => {
      if (input.kind === 'tick') return [persistOf(1, [genesis, own])]
      if (input.kind !== 'persisted') return none
      return [{ kind: 'serve', to: cleo, lamport: 7, what: 'committed', from: 0, through: 1, commit, head }]
    })
    rig.driver.input(tick)
    await until('they are sent', () => rig.sent.length === 1)
    expect(decodeFrame(rig.sent[0]?.frame as Uint8Array, crypto)).toEqual({
      kind: 'frame',
      lamport: 7,
      message: { kind: 'fetched', what: 'committed', blocks: [genesis, own], commit, head },
    })
    expect(rig.sent[0]).toMatchObject({ to: cleo, lane: 'bulk' })
  })
})
