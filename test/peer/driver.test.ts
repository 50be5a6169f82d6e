import { describe, expect, it, vi } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import { createClock } from '../../src/io/clock.ts'
import type { AppliedBlock, Market } from '../../src/market/types.ts'
import { toStored } from '../../src/peer/disk.ts'
import { createDriver } from '../../src/peer/driver.ts'
import type { Clock, Topic, Transport } from '../../src/peer/ports.ts'
import { type Block, headOf } from '../../src/ring/block.ts'
import { decodeFrame, type Message } from '../../src/ring/message.ts'
import type { Input, Output, Persist, Replica, Serve } from '../../src/ring/types.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { until } from '../support/wait.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { genesisBy, opsAfter } from './log-of-blocks.ts'
import { createTestContext } from './test-context.ts'

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
async function createRig(answer: (input: Input, at: number) => readonly Output[]) {
  const store = createMemoryStore()
  await store.open()
  await store.write({ cutFrom: undefined, blocks: [toStored(genesis)], values: [], meta: Uint8Array.of() })
  const inputs: Input[] = []
  const sent: Sent[] = []
  /** Of whom an answer is expected. */
  const expected: string[] = []
  /** Of bulk frames, in order: what hands each over. */
  const drains: (() => void)[] = []
  const gossiped: { readonly topic: Topic; readonly message: Message }[] = []
  const waiting: Input[] = []
  const ring = { members: [ana, bob] as readonly (typeof ana)[] }
  const transport = {
    send: (to, frame) => {
      sent.push({ to, lane: 'ring', frame })
    },
    sendBulk(to, frame) {
      sent.push({ to, lane: 'bulk', frame })
      const drained = Promise.withResolvers<void>()
      drains.push(drained.resolve)
      return drained.promise
    },
    gossip: (topic, frame) => {
      const decoded = decodeFrame(frame, crypto)
      if (decoded.kind === 'frame') gossiped.push({ topic, message: decoded.message })
    },
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
  const clock = createCountingClock()
  const { context, news } = createTestContext(ana, { store, transport, clock })
  const driver = createDriver(context, {
    replica,
    market: market as unknown as Market,
    proposals: { collect: () => waiting.shift(), settle: () => {} },
    snapshots: { onApplied: () => {}, onPersisted: () => {} },
    intake: { expect: (from) => expected.push(from) },
    freeSlots: [0, 1],
  })
  const applied = (): readonly number[] => news.flatMap((one) => (one.kind === 'applied' ? [one.block.index] : []))
  const stops = () => news.flatMap((one) => (one.kind === 'stopped' ? [one.reason] : []))
  return { driver, context, news, clock, store, ring, inputs, sent, expected, drains, gossiped, stops, applied, waiting }
}

/** Knows how many timers are set. */
function createCountingClock(): Clock & { timers: number } {
  const real = createClock()
  const clock = {
    ...real,
    timers: 0,
    at(time: number, task: () => void) {
      clock.timers++
      let isSet = true
      const unset = (): void => {
        if (isSet) clock.timers--
        isSet = false
      }
      const cancel = real.at(time, () => {
        unset()
        task()
      })
      return () => {
        unset()
        cancel()
      }
    },
  }
  return clock
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
    evidence: [],
    meta: { head, promised: epoch, incarnation: 1, commit, loss: undefined },
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

  it('carries out all outputs of one input before an input that one of them brings about', async () => {
    const order: string[] = []
    const rig = await createRig((input) => {
      order.push(input.kind)
      if (input.kind !== 'tick') return none
      return [
        { kind: 'note', note: { event: 'first', facts: {} } },
        { kind: 'note', note: { event: 'second', facts: {} } },
      ]
    })
    rig.context.hear((one) => {
      if (one.kind !== 'note') return
      order.push(one.note.event)
      rig.driver.input({ kind: 'leave' })
    })
    rig.driver.input(tick)
    expect(order).toEqual(['tick', 'first', 'second', 'leave', 'leave'])
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
    expect(rig.expected).toEqual([bob])
  })

  it('sends no frame that is over its limit: others would hold it against this peer', async () => {
    const bytes = new Uint8Array(600 * 1024)
    const blocks = [1, 2].map((mark) => ({ ...opsAfter(genesis, ana, mark), bytes }))
    const rig = await createRig(() => [
      { kind: 'send', to: [bob], lamport: 1, message: { kind: 'blocks', epoch, blocks, commit } },
      { kind: 'send', to: [bob], lamport: 2, message: { kind: 'blocks', epoch, blocks: blocks.slice(1), commit } },
    ])
    rig.driver.input(tick)
    expect(rig.sent.map(({ frame }) => frame.length > 1024 * 1024)).toEqual([false])
  })

  it('tells of what this peer announces, as others are told', async () => {
    const ops = [{ incarnation: 1, sequence: 1, bytes: Uint8Array.of(1) }]
    const message: Message = { kind: 'announce', domain: 'auction', epoch, request: 1, ops }
    const rig = await createRig(() => [{ kind: 'gossip', lamport: 1, message }])
    rig.driver.input(tick)
    expect(rig.gossiped).toEqual([{ topic: 'auction', message }])
    expect(rig.news).toEqual([{ kind: 'announced', author: ana, ops }])
  })

  it('looks for submissions once, however often it is woken, and again when it is woken later', async () => {
    const rig = await createRig(() => none)
    const soon: (() => void)[] = []
    rig.clock.soon = (task) => soon.push(task)
    for (let times = 0; times < 3; times++) rig.driver.wake()
    expect(soon).toHaveLength(1)
    soon[0]?.()
    rig.driver.wake()
    expect(soon).toHaveLength(2)
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

  it('has no timer any more when it is closed', async () => {
    const rig = await createRig(() => [{ kind: 'wake', at: rig.clock.monotonic() + 60_000 }])
    rig.driver.input(tick)
    expect(rig.clock.timers).toBe(1)
    rig.driver.close()
    rig.driver.input(tick)
    expect(rig.clock.timers).toBe(0)
  })

  it('stops at a bug, says so once, and takes nothing more', async () => {
    const rig = await createRig(() => {
      throw new Error('broken')
    })
    rig.driver.input(tick)
    rig.driver.input(tick)
    rig.waiting.push({ kind: 'submit', domain: 'bank', ops: [] })
    rig.driver.wake()
    await new Promise((resolve) => setImmediate(resolve))
    expect(rig.stops()).toEqual([{ kind: 'bug', message: 'broken' }])
    expect([rig.inputs.length, rig.waiting.length]).toEqual([1, 1])
  })

  it('applies nothing more of what waits to be applied, either', async () => {
    const blocks = [opsAfter(genesis, ana, 1)]
    while (blocks.length < 400) blocks.push(opsAfter(blocks.at(-1) as Block, ana, 2))
    const rig = await createRig((_input, at) => {
      if (at === 1) return [{ kind: 'apply', blocks }]
      throw new Error('broken')
    })
    rig.driver.input(tick)
    const before = rig.applied().length
    expect(rig.stops()).toHaveLength(1)
    await rig.driver.flushed()
    await new Promise((resolve) => setImmediate(resolve))
    expect([before < 400, rig.applied().length]).toEqual([true, before])
  })

  it('takes nothing more when the ring has stopped, wakes it no more, and says so once', async () => {
    const reason = { kind: 'left' } as const
    const rig = await createRig(() => [
      { kind: 'wake', at: rig.clock.monotonic() + 60_000 },
      { kind: 'stopped', reason },
      { kind: 'stopped', reason },
      { kind: 'wake', at: rig.clock.monotonic() + 60_000 },
    ])
    rig.driver.input(tick)
    rig.driver.input(tick)
    expect([rig.inputs.length, rig.stops(), rig.clock.timers]).toEqual([1, [reason], 0])
  })

  it('stops at a block that does not follow what the market has applied', async () => {
    const late = opsAfter(opsAfter(genesis, ana, 1), ana, 2)
    const rig = await createRig(() => [{ kind: 'apply', blocks: [late] }])
    rig.driver.input(tick)
    expect(rig.stops().map(({ kind }) => kind)).toEqual(['bug'])
    expect(rig.applied()).toEqual([])
  })

  it('brings the market to the commit before it is done, also where it is closed meanwhile', async () => {
    const blocks = [opsAfter(genesis, ana, 1)]
    while (blocks.length < 400) blocks.push(opsAfter(blocks.at(-1) as Block, ana, 2))
    const rig = await createRig((input) => (input.kind === 'tick' ? [{ kind: 'apply', blocks }] : none))
    rig.driver.input(tick)
    expect(rig.applied().length).toBeLessThan(400)
    rig.driver.close()
    await rig.driver.flushed()
    expect(rig.applied().length).toBe(400)
  })

  it('leaves out blocks that a newer snapshot holds already', async () => {
    const rig = await createRig((input) => (input.kind === 'tick' ? [{ kind: 'apply', blocks: [genesis] }] : none))
    rig.driver.input(tick)
    expect([rig.applied(), rig.stops()]).toEqual([[], []])
  })
})

describe('what leaves', () => {
  const announce: Message = { kind: 'announce', domain: 'bank', epoch, request: 1, ops: [] }

  it('is written down, to one and to all, while somebody looks at the ring, and costs nothing while nobody does', async () => {
    const rig = await createRig(() => [
      { kind: 'send', to: [bob], lamport: 1, message: want },
      { kind: 'gossip', lamport: 2, message: announce },
    ])
    const { recorder } = rig.context
    const seen = vi.spyOn(recorder, 'sent')
    rig.driver.input(tick)
    expect([rig.sent.length, rig.gossiped.length, seen.mock.calls.length]).toEqual([1, 1, 0])
    recorder.watch(() => {})
    rig.driver.input(tick)
    recorder.close()
    expect(seen.mock.calls.map(([to, lamport, { kind }]) => [to, lamport, kind])).toEqual([
      [[bob], 1, 'want'],
      [undefined, 2, 'announce'],
    ])
    rig.driver.close()
  })
})

describe('own blocks', () => {
  const own = opsAfter(genesis, ana, 1)
  const foreign = opsAfter(own, bob, 2)
  const many = Array.from({ length: 33 }, (_, at) => (at === 0 ? ana : bob))
  const topics = async (members: readonly (typeof ana)[]): Promise<readonly string[]> => {
    const rig = await createRig((input, at) => (input.kind === 'tick' ? [persistOf(at, [own, foreign])] : none))
    rig.ring.members = members
    rig.driver.input(tick)
    rig.driver.input(tick)
    return rig.gossiped.map(
      ({ topic, message }) => `${topic} ${message.kind === 'blocks' ? message.blocks.map(({ index }) => index) : ''}`,
    )
  }

  it('go over the mesh again where a tail was dropped and they were written anew', async () => {
    const again = opsAfter(genesis, ana, 7)
    const rig = await createRig((_input, at) => {
      if (at === 1) return [persistOf(1, [own])]
      return at === 2 ? [{ ...persistOf(2, [again]), cutFrom: 1 }] : none
    })
    rig.ring.members = many
    rig.driver.input(tick)
    rig.driver.input(tick)
    expect(rig.gossiped.map(({ message }) => message.kind === 'blocks' && message.blocks[0]?.hash)).toEqual([
      own.hash,
      again.hash,
    ])
  })

  it('go over direct streams alone, which reach all that have a use for them', async () => {
    expect(await topics([ana, bob])).toEqual([])
  })

  it('go over the mesh too, once, in a room with more than 32 members', async () => {
    expect(await topics(many)).toEqual(['log 1'])
  })
})

describe('blocks that another peer lacks', () => {
  const own = opsAfter(genesis, ana, 1)
  const head = headOf(own)
  const stored = { from: 0, through: 1 }
  const asked = (lamport: number, blocks: Serve['blocks'], to = cleo): Serve => ({
    kind: 'serve',
    to,
    lamport,
    what: 'committed',
    blocks,
    commit: headOf(genesis),
    head,
  })
  /** A driver whose ring answers the fetches of each peer, in order, with what the test has laid ready for it. */
  const createServing = async () => {
    const answers: Serve[] = []
    const rig = await createRig((input, at) => {
      if (at === 1) return [persistOf(1, [own])]
      if (input.kind !== 'receive') return none
      const place = answers.findIndex(({ to }) => to === input.from)
      return place < 0 ? none : answers.splice(place, 1)
    })
    rig.driver.input(tick)
    await rig.driver.flushed()
    const serve = (...more: readonly Serve[]): void => {
      answers.push(...more)
      for (const { to } of more) {
        rig.driver.input({ kind: 'receive', from: to, lamport: 1, message: { kind: 'fetch', what: 'committed', from: 0 } })
      }
    }
    return { ...rig, serve }
  }
  const lamports = (sent: readonly Sent[]): readonly (number | string)[] =>
    sent.map(({ frame }) => {
      const decoded = decodeFrame(frame, crypto)
      return decoded.kind === 'frame' ? decoded.lamport : decoded.kind
    })

  it('are sent from memory at once, or read from the store: as many as there are', async () => {
    const rig = await createServing()
    rig.serve(asked(7, [own]), asked(8, stored, bob))
    await until('both are sent', () => rig.sent.length === 2)
    const message = { kind: 'fetched', what: 'committed', commit: headOf(genesis), head } as const
    expect(rig.sent.map(({ frame }) => decodeFrame(frame, crypto))).toEqual([
      { kind: 'frame', lamport: 7, message: { ...message, blocks: [own] } },
      { kind: 'frame', lamport: 8, message: { ...message, blocks: [genesis, own] } },
    ])
    expect(rig.sent.map(({ to, lane }) => [to, lane])).toEqual([
      [cleo, 'bulk'],
      [bob, 'bulk'],
    ])
  })

  it('go to a peer one answer at a time: of the requests that come meanwhile one is put to the ring, when its turn comes', async () => {
    const rig = await createServing()
    const put = () => rig.inputs.filter(({ kind }) => kind === 'receive').length
    rig.serve(asked(1, [own]), asked(2, [own]), asked(3, stored), asked(1, [own], bob))
    expect(rig.sent.map(({ to }) => to)).toEqual([cleo, bob])
    expect(put()).toBe(2)
    rig.drains[0]?.()
    await until('the next is sent', () => rig.sent.length === 3)
    expect([lamports(rig.sent), put()]).toEqual([[1, 1, 2], 3])
    rig.drains[2]?.()
    await new Promise((resolve) => setImmediate(resolve))
    expect(put()).toBe(3)
    rig.serve(asked(6, [own]))
    expect(put()).toBe(4)
  })

  it('that cannot be read leave the way free for the next request', async () => {
    const rig = await createServing()
    rig.store.crash()
    rig.serve(asked(1, stored))
    await new Promise((resolve) => setImmediate(resolve))
    rig.serve(asked(2, [own]))
    expect(lamports(rig.sent)).toEqual([2])
  })

  it('are sent no more when the peer has stopped', async () => {
    const rig = await createServing()
    rig.serve(asked(1, [own]), asked(2, [own]), asked(1, stored, bob))
    rig.driver.close()
    rig.drains[0]?.()
    await new Promise((resolve) => setImmediate(resolve))
    expect(lamports(rig.sent)).toEqual([1])
  })
})
