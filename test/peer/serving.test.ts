import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { frameBytesMax } from '../../src/core/limits.ts'
import { createStore } from '../../src/io/store/store.ts'
import { toStored } from '../../src/peer/disk.ts'
import type { LogFacts, Store, Transport } from '../../src/peer/ports.ts'
import { createServer, type FetchInput, type Server } from '../../src/peer/serving.ts'
import { type Block, headOf } from '../../src/ring/block.ts'
import { decodeFrame, encodeFetched, encodeFrame } from '../../src/ring/message.ts'
import type { Serve } from '../../src/ring/types.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { until } from '../support/wait.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { blockAfter, genesisBy } from './log-of-blocks.ts'
import { createTestClock } from './test-clock.ts'
import { createListeningLogger, createTestContext } from './test-context.ts'

const [ana, bob, cleo] = [peerNamed('A'), peerNamed('B'), peerNamed('C')]
const crypto = createKeyedCrypto(ana)
const genesis = genesisBy(ana)
const strangers = (count: number): readonly PeerId[] =>
  Array.from({ length: count }, (_, number) => `${peerNamed('S').slice(0, -5)}${String(number).padStart(5, '0')}` as PeerId)

/** Blocks of about so many bytes, from the genesis block on. */
function logOf(count: number, bytes: number): readonly Block[] {
  const blocks = [genesis]
  while (blocks.length < count) {
    const ops = [new Uint8Array(bytes).fill(blocks.length)]
    blocks.push(blockAfter(blocks.at(-1) as Block, ana, { kind: 'ops', incarnation: 1, firstSequence: blocks.length, ops }))
  }
  return blocks
}

const fetchOf = (from: PeerId, first = 0): FetchInput => ({
  kind: 'receive',
  from,
  lamport: 1,
  message: { kind: 'fetch', what: 'committed', from: first },
})

const folder = mkdtempSync(join(tmpdir(), 'gavelring-serving-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A server whose ring answers each question from the store. `memory`: from memory. */
async function createRig(
  blocks: readonly Block[],
  options: { store?: Store; fetchedBytes?: number; members?: readonly PeerId[] } = {},
) {
  const { store = createMemoryStore(), fetchedBytes = 512 * 1024, members = [ana, bob, cleo] } = options
  await store.open()
  for (let from = 0; from < blocks.length; from += 100) {
    const some = blocks.slice(from, from + 100).map(toStored)
    await store.write({ cutFrom: undefined, blocks: some, values: [], meta: Uint8Array.of(1) })
  }
  const last = headOf(blocks.at(-1) as Block)
  const { clock, moveTo, timers } = createTestClock()
  const sent: { readonly to: PeerId; readonly frame: Uint8Array; readonly drain: () => void; isDrained: boolean }[] = []
  let held = 0
  let heldMost = 0
  const transport = {
    sendBulk(to, frame) {
      const drained = Promise.withResolvers<void>()
      held += frame.length
      heldMost = Math.max(heldMost, held)
      const one = {
        to,
        frame,
        isDrained: false,
        drain() {
          if (one.isDrained) return
          one.isDrained = true
          held -= frame.length
          drained.resolve()
        },
      }
      sent.push(one)
      return drained.promise
    },
  } as Partial<Transport> as Transport
  const logger = createListeningLogger()
  const errors: LogFacts[] = []
  logger.error = (_event, facts = {}) => errors.push(facts)
  const { context } = createTestContext(ana, { store, transport, clock, logger })
  const put: FetchInput[] = []
  let lamport = 0
  let answers = true
  let isStill = false
  let isBusy = false
  const server: Server = createServer(context, {
    fetchedBytes,
    isMember: (peer) => members.includes(peer),
    isBusy: () => isBusy,
    put(fetch) {
      put.push(fetch)
      if (isStill) return
      const { message, from } = fetch
      const first = message.kind === 'fetch' ? message.from : 0
      const serve: Serve = {
        ...{ kind: 'serve', to: from, lamport: ++lamport, what: 'committed', commit: last, head: last },
        blocks: { from: first, through: last.index },
      }
      if (answers) server.serve(serve)
      server.asked(from)
    },
    onSent: () => {},
  })
  return {
    ...{ server, sent, put, clock, timers, store, logger, errors },
    pass: (millis: number) => moveTo(clock.monotonic() + millis),
    heldMost: () => heldMost,
    beBusy() {
      isBusy = true
    },
    beSilent() {
      answers = false
    },
    /** The ring takes its time: the test says when it has looked at a question. */
    beStill() {
      isStill = true
    },
    /** Whom the answers that were sent are for. */
    served: () => sent.map(({ to }) => to),
    turn: () => new Promise<void>((resolve) => setImmediate(resolve)),
  }
}

describe('an answer around blocks as they are stored', () => {
  it('has the very bytes of one whose blocks were decoded', () => {
    const blocks = logOf(20, 300)
    const [commit, head] = [headOf(blocks[3] as Block), headOf(blocks.at(-1) as Block)]
    for (const what of ['tail', 'committed'] as const) {
      for (const some of [[], blocks]) {
        const frame = encodeFrame(77, { kind: 'fetched', what, blocks: some, commit, head })
        expect(encodeFetched(77, { what, blocks: some.map(({ bytes }) => ({ bytes })), commit, head })).toEqual(frame)
      }
    }
  })

  it('is what leaves, from the index on that was asked for', async () => {
    const blocks = logOf(20, 300)
    const rig = await createRig(blocks, { fetchedBytes: 2_000 })
    rig.server.ask(fetchOf(bob, 5))
    await until('it is sent', () => rig.sent.length === 1)
    const decoded = decodeFrame(rig.sent[0]?.frame as Uint8Array, crypto)
    if (decoded.kind !== 'frame' || decoded.message.kind !== 'fetched') throw new Error(decoded.kind)
    const { blocks: given } = decoded.message
    expect(given).toEqual(blocks.slice(5, 5 + given.length))
    expect(given.length).toBeGreaterThan(2)
  })
})

describe('questions for blocks', () => {
  it('of one peer are answered one at a time: of those that come meanwhile the newest, and with what is there by then', async () => {
    const rig = await createRig(logOf(10, 10))
    for (const first of [1, 2, 3, 4]) rig.server.ask(fetchOf(bob, first))
    await until('the first is answered', () => rig.sent.length === 1)
    expect(rig.put.map(({ message }) => message.kind === 'fetch' && message.from)).toEqual([1])
    rig.sent[0]?.drain()
    await until('the newest is answered', () => rig.sent.length === 2)
    rig.sent[1]?.drain()
    await rig.turn()
    expect(rig.put.map(({ message }) => message.kind === 'fetch' && message.from)).toEqual([1, 4])
  })

  it('that the ring does not answer, or the store cannot, leave the way free for the next', async () => {
    const rig = await createRig(logOf(10, 10))
    rig.beSilent()
    rig.server.ask(fetchOf(bob))
    rig.server.ask(fetchOf(bob))
    expect(rig.put.length).toBe(2)
    const broken = await createRig(logOf(10, 10))
    await broken.store.close()
    for (const times of [1, 2, 3]) {
      broken.server.ask(fetchOf(bob))
      await until('it was put to the ring', () => broken.put.length === times)
      await broken.turn()
    }
    expect(broken.sent).toEqual([])
    expect(broken.logger.warnings.map(({ facts }) => facts)).toEqual([1, 2, 3].map(() => ({ from: 0, error: expect.anything() })))
  })

  it('are answered up to the limit of a frame; a larger one is said in the log, and leaves the way free for the next', async () => {
    const last = logOf(2, frameBytesMax)[1] as Block
    const head = headOf(last)
    const around = encodeFetched(1, { what: 'committed', blocks: [last], commit: head, head }).length - frameBytesMax
    for (const size of [frameBytesMax, frameBytesMax + 1]) {
      const rig = await createRig(logOf(2, size - around), { fetchedBytes: 2 * frameBytesMax })
      const isSent = size === frameBytesMax
      rig.server.ask(fetchOf(bob, 1))
      await until('it was looked at', () => rig.sent.length + rig.errors.length > 0)
      expect(rig.sent.map(({ frame }) => frame.length)).toEqual(isSent ? [size] : [])
      expect(rig.errors).toEqual(isSent ? [] : [{ kind: 'fetched', bytes: size }])
      rig.sent[0]?.drain()
      await rig.turn()
      rig.server.ask(fetchOf(bob, 0))
      expect(rig.put).toHaveLength(2)
    }
  })

  it('of members go before those of others, however many wait', async () => {
    const rig = await createRig(logOf(10, 10))
    const many = strangers(50)
    for (const one of many) rig.server.ask(fetchOf(one))
    rig.server.ask(fetchOf(bob))
    rig.server.ask(fetchOf(cleo))
    await until('the members are answered', () => rig.served().includes(bob) && rig.served().includes(cleo))
    expect(rig.sent.length).toBe(4)
  })

  it('of thousands are all answered, in their order, and hold no more than a few answers at a time', async () => {
    const blocks = logOf(40, 6_000)
    const fetchedBytes = 64 * 1024
    const rig = await createRig(blocks, { store: createStore(join(folder, 'many')), fetchedBytes })
    const many = strangers(1_500)
    for (let times = 0; times < 3; times++) for (const one of many) rig.server.ask(fetchOf(one))
    let sent = 0
    await until(
      'all are answered',
      () => {
        for (const one of rig.sent) one.drain()
        // Time passes only with answers: however slow this machine's own disk is, none of them is a slow reader's.
        if (rig.sent.length > sent) rig.pass(20)
        sent = rig.sent.length
        return new Set(rig.served()).size === many.length
      },
      60_000,
    )
    expect(rig.put.slice(0, many.length).map(({ from }) => from)).toEqual(many)
    expect(new Set(rig.served()).size).toBe(many.length)
    expect(rig.heldMost()).toBeLessThanOrEqual(3 * fetchedBytes)
    rig.server.close()
    await rig.store.close()
  })

  it('are not held up by those that take nothing: these hold so much together, and members are served all the same', async () => {
    const rig = await createRig(logOf(30, 50_000))
    const slow = strangers(200)
    for (const one of slow) rig.server.ask(fetchOf(one))
    for (let times = 0; times < 400; times++) {
      await rig.turn()
      rig.pass(100)
    }
    expect(rig.heldMost()).toBeGreaterThan(16 * 1024 * 1024)
    expect(rig.heldMost()).toBeLessThan(34 * 1024 * 1024)
    rig.server.ask(fetchOf(bob))
    await until('the member is answered', () => rig.served().includes(bob))
    const before = rig.sent.length
    for (const one of rig.sent.slice(0, 3)) one.drain()
    await until('others go on', () => rig.sent.length > before)
  })

  it('wait for 8,192 others, and of more the newcomers are not heard: members and those that wait are', async () => {
    const rig = await createRig(logOf(10, 10))
    rig.beStill()
    const many = strangers(2 + 8_192 + 3)
    for (const one of many) rig.server.ask(fetchOf(one))
    rig.server.ask(fetchOf(many[2] as PeerId, 7))
    rig.server.ask(fetchOf(bob))
    for (let next = 0; next < rig.put.length; next++) rig.server.asked((rig.put[next] as FetchInput).from)
    expect(rig.put.map(({ from }) => from)).toEqual([...many.slice(0, 2), bob, ...many.slice(2, -3)])
    expect(rig.put[3]?.message).toMatchObject({ from: 7 })
  })

  it('of others are answered for a quarter of the time in a busy room, however many ask; a quiet one answers at once', async () => {
    const rig = await createRig(logOf(30, 50_000))
    const many = strangers(5)
    /** Answers in ten seconds of which each takes 10 ms. */
    const flood = async (): Promise<number> => {
      const before = rig.sent.length
      for (let times = 0; times < 1_000; times++) {
        for (const one of many) rig.server.ask(fetchOf(one))
        await rig.turn()
        rig.pass(10)
        for (const one of rig.sent.slice(-2)) one.drain()
        await rig.turn()
      }
      return rig.sent.length - before
    }
    expect(await flood()).toBeGreaterThan(1_900)
    rig.beBusy()
    const busy = await flood()
    expect(busy).toBeGreaterThan(200)
    expect(busy).toBeLessThan(260)
    rig.server.ask(fetchOf(bob))
    await until('a member is answered at once', () => rig.served().includes(bob))
  })

  it('of others in a busy room leave it at least five milliseconds after each answer', async () => {
    const rig = await createRig(logOf(10, 10))
    rig.beBusy()
    for (const one of strangers(2)) rig.server.ask(fetchOf(one))
    await until('the first is answered', () => rig.sent.length === 1)
    rig.sent[0]?.drain()
    await rig.turn()
    rig.pass(4)
    expect(rig.put).toHaveLength(1)
    rig.pass(1)
    expect(rig.put).toHaveLength(2)
  })

  it('of a slow reader in a busy room: the next other waits a quarter of a second more, and goes on without it', async () => {
    const rig = await createRig(logOf(10, 10))
    rig.beBusy()
    const [third, ...many] = strangers(3) as [PeerId, PeerId, PeerId]
    for (const one of many) rig.server.ask(fetchOf(one))
    await until('the first is answered', () => rig.sent.length === 1)
    rig.pass(250)
    rig.pass(249)
    expect(rig.put).toHaveLength(1)
    rig.pass(1)
    await until('the next is answered', () => rig.sent.length === 2)
    // Nobody waits for it once more when it has taken its answer at last.
    rig.sent[1]?.drain()
    await rig.turn()
    rig.pass(10)
    rig.sent[0]?.drain()
    await rig.turn()
    rig.server.ask(fetchOf(third))
    expect(rig.put.map(({ from }) => from)).toEqual([...many, third])
  })

  it('of members, and those that get no answer, make no other wait in a busy room', async () => {
    const rig = await createRig(logOf(10, 10))
    rig.beBusy()
    const [one, other] = strangers(2) as [PeerId, PeerId]
    rig.server.ask(fetchOf(bob))
    await until('the member is answered', () => rig.sent.length === 1)
    rig.pass(100)
    rig.sent[0]?.drain()
    await rig.turn()
    rig.beSilent()
    for (const from of [one, other]) rig.server.ask(fetchOf(from))
    expect(rig.put.map(({ from }) => from)).toEqual([bob, one, other])
  })

  it('are answered again, after a pause, by themselves', async () => {
    const rig = await createRig(logOf(30, 50_000))
    rig.beBusy()
    const many = strangers(60)
    for (const one of many) rig.server.ask(fetchOf(one))
    for (let times = 0; times < 500 && rig.sent.length < many.length; times++) {
      for (const one of rig.sent) one.drain()
      await rig.turn()
      rig.pass(20)
    }
    expect(rig.served()).toHaveLength(many.length)
  })

  it('that wait are not put to the ring when the peer has stopped, though an answer that left before makes room', async () => {
    const rig = await createRig(logOf(10, 10))
    for (const one of strangers(5)) rig.server.ask(fetchOf(one))
    await until('two are answered', () => rig.sent.length === 2)
    rig.server.close()
    for (const one of rig.sent) one.drain()
    await rig.turn()
    expect(rig.put).toHaveLength(2)
    const busy = await createRig(logOf(10, 10))
    busy.beBusy()
    for (const one of strangers(2)) busy.server.ask(fetchOf(one))
    await until('one is answered', () => busy.sent.length === 1)
    busy.sent[0]?.drain()
    await busy.turn()
    expect(busy.timers()).toBe(1)
    busy.server.close()
    expect(busy.timers()).toBe(0)
  })

  it('are not answered any more when the peer has stopped, and no timer is left', async () => {
    const rig = await createRig(logOf(10, 10))
    for (const one of strangers(5)) rig.server.ask(fetchOf(one))
    rig.server.close()
    rig.server.ask(fetchOf(bob))
    await rig.turn()
    await rig.turn()
    expect([rig.sent.length, rig.timers()]).toEqual([0, 0])
  })
})
