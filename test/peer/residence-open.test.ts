import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import type { RoomId } from '../../src/core/ids.ts'
import type { LogEvent } from '../../src/core/log-events.ts'
import type { PeerOptions } from '../../src/peer/context.ts'
import { decodeHello, encodeHello } from '../../src/peer/network.ts'
import type { Store, Transport, TransportEvents } from '../../src/peer/ports.ts'
import { createResidence } from '../../src/peer/residence.ts'
import { roomIdOf } from '../../src/peer/room.ts'
import { headOf } from '../../src/ring/block.ts'
import { encodeFrame } from '../../src/ring/message.ts'
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { peerNamed } from './keyed-crypto.ts'
import { genesisBy } from './log-of-blocks.ts'
import { createTestContext } from './test-context.ts'

const [ana, bob] = [peerNamed('A'), peerNamed('B')]
const genesis = genesisBy(bob)
const head = headOf(genesis)
const bobs = { id: roomIdOf(genesis), head, holdsFast: true, founder: 'Bob', members: 1, founded: genesis.time }
const hello = (changes: Partial<typeof bobs> = {}) =>
  encodeHello({ name: 'Bob', roomName: 'test', room: { ...bobs, ...changes } })

/** A peer that has yet to come into a room, and whose clock and network are the test's. */
function createRig(options: Partial<PeerOptions>, changes: Partial<Store> = {}, store: MemoryStore = createMemoryStore()) {
  let now = 1_000
  let timers: { readonly at: number; readonly task: () => void }[] = []
  const clock = {
    monotonic: () => now,
    wall: () => 1_700_000_000_000 + now,
    soon: (task: () => void) => void setImmediate(task),
    at(at: number, task: () => void) {
      const timer = { at, task }
      timers.push(timer)
      return () => {
        timers = timers.filter((one) => one !== timer)
      }
    },
  }
  const heard: { events?: TransportEvents } = {}
  const hellos: (RoomId | undefined)[] = []
  const calls: string[] = []
  const asked: number[] = []
  const transport: Transport = {
    self: ana,
    addresses: [],
    remoteOf: () => undefined,
    peers: [],
    async start(events) {
      heard.events = events
      calls.push('start')
    },
    enterRoom: (room) => calls.push(`enter ${room}`),
    setHello(bytes) {
      const decoded = decodeHello(bytes)
      if (decoded.kind === 'hello') hellos.push(decoded.hello.room?.id)
    },
    send: () => {},
    async sendBulk() {
      asked.push(now)
    },
    gossip: () => {},
    announce: () => {},
    sightings: [],
    addAddress: (address) => calls.push(address),
    async stop() {
      calls.push('stop')
    },
  }
  const logged: LogEvent[] = []
  const log = (event: LogEvent) => void logged.push(event)
  const logger = { ...silentLogger, error: log, warn: log, info: log, debug: log }
  const { context, news } = createTestContext(ana, { clock, transport, logger, store: { ...store, ...changes } }, options)
  const residence = createResidence(context)
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 20; round++) await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    residence,
    context,
    news,
    hellos,
    calls,
    asked,
    logged,
    store,
    settle,
    time: () => now,
    events: (): TransportEvents => heard.events as TransportEvents,
    answer: (block = genesis) =>
      heard.events?.onFrame(bob, encodeFrame(1, { kind: 'fetched', what: 'committed', blocks: [block], commit: head, head })),
    /** What falls due in so many milliseconds happens. */
    async pass(millis: number): Promise<void> {
      await settle()
      for (const end = now + millis; ; await settle()) {
        const next = timers.filter(({ at }) => at <= end).toSorted((one, other) => one.at - other.at)[0]
        if (next === undefined) {
          now = end
          return
        }
        now = Math.max(now, next.at)
        timers = timers.filter((one) => one !== next)
        next.task()
      }
    },
  }
}

/** What became of it, as far as it is known. */
function watched(task: Promise<unknown>): () => string {
  let state = 'under way'
  task.then(
    () => {
      state = 'done'
    },
    (error: unknown) => {
      state = error instanceof Failure ? error.code : String(error)
    },
  )
  return () => state
}

/** A disk on which Ana founded a room. */
async function diskOfAna(): Promise<{ readonly store: MemoryStore; readonly room: RoomId }> {
  const rig = createRig({ entry: { kind: 'create' } })
  await rig.residence.open()
  const { room } = rig.residence.session
  await rig.residence.close()
  return { store: rig.store, room }
}

describe('a peer whose log is damaged', () => {
  const damage = new Failure('store-damaged', 'Block 3 is damaged.')
  const damaged = (options: Partial<PeerOptions> = {}) => {
    const store = createMemoryStore()
    const open = async () => ({ ...(await store.open()), damage })
    return createRig({ entry: { kind: 'look' }, ...options }, { open }, store)
  }

  it('looks for the others for ten seconds, founds nothing, and then says what is damaged', async () => {
    const rig = damaged()
    const state = watched(rig.residence.open())
    await rig.pass(9_900)
    expect(state()).toBe('under way')
    await rig.pass(600)
    expect([state(), rig.logged]).toEqual(['store-damaged', ['log-damaged']])
  })

  it('looks as long as it was told to', async () => {
    const rig = damaged({ waitMillis: 20_000 })
    const state = watched(rig.residence.open())
    await rig.pass(19_000)
    expect(state()).toBe('under way')
    await rig.pass(2_000)
    expect(state()).toBe('store-damaged')
  })

  it('whose search is called off says that', async () => {
    const calling = new AbortController()
    const rig = damaged({ signal: calling.signal })
    const state = watched(rig.residence.open())
    await rig.pass(1_000)
    calling.abort()
    await rig.pass(300)
    expect(state()).toBe('stopping')
  })
})

describe('what the start found on the disk', () => {
  const rows: readonly [string, readonly LogEvent[]][] = [
    ['value-lost', ['value-lost']],
    ['older', ['log-taken-over']],
    ['ahead', ['log-ahead']],
    ['clean', []],
  ]
  it.each(rows)('is said in the log: %s', async (found, said) => {
    const { store } = await diskOfAna()
    const rig = createRig(
      { entry: { kind: 'look' } },
      { open: async () => ({ ...(await store.open()), found: found as 'clean' }) },
      store,
    )
    await rig.residence.open()
    expect(rig.logged.filter((event) => said.includes(event) || /value-lost|log-taken|log-ahead|damaged/.test(event))).toEqual(
      said,
    )
    await rig.residence.close()
  })
})

describe('a peer that has a room on its disk', () => {
  it('is in it before anybody hears of it', async () => {
    const { store, room } = await diskOfAna()
    const rig = createRig({ entry: { kind: 'look' } }, {}, store)
    await rig.residence.open()
    expect(rig.hellos[0]).toBe(room)
    expect(rig.calls.indexOf(`enter ${room}`)).toBeGreaterThan(rig.calls.indexOf('start'))
    expect([rig.residence.session.room, rig.residence.entered]).toEqual([room, 'kept'])
    await rig.residence.close()
  })

  it('and was asked for another one tells nobody of it, and comes into the other', async () => {
    const { store, room } = await diskOfAna()
    const rig = createRig({ entry: { kind: 'join', room: bobs.id } }, {}, store)
    const state = watched(rig.residence.open())
    await rig.pass(300)
    expect([rig.hellos.at(-1), rig.calls.includes(`enter ${room}`)]).toEqual([undefined, false])
    rig.events().onConnected(bob, hello())
    await rig.pass(300)
    rig.answer()
    await rig.pass(300)
    expect([state(), rig.residence.session.room, rig.residence.entered]).toEqual(['done', bobs.id, 'joined'])
    await rig.residence.close()
  })

  it('and was asked for that one is in it', async () => {
    const { store, room } = await diskOfAna()
    const rig = createRig({ entry: { kind: 'join', room: room.slice(0, 8) } }, {}, store)
    await rig.residence.open()
    expect([rig.residence.session.room, rig.residence.entered]).toEqual([room, 'kept'])
    await rig.residence.close()
  })
})

describe('a peer that gives no first block, or a wrong one', () => {
  it('is asked again after a quarter of a second, then after twice as long each time, up to ten seconds', async () => {
    const rig = createRig({ entry: { kind: 'join', room: undefined } })
    watched(rig.residence.open())
    await rig.pass(100)
    rig.events().onConnected(bob, hello())
    const pauses: number[] = []
    for (let waited = 0; waited < 60_000 && pauses.length < 9; waited += 50) {
      const before = rig.asked.length
      await rig.pass(50)
      if (rig.asked.length === before) continue
      pauses.push((rig.asked.at(-1) ?? 0) - (rig.asked.at(-2) ?? rig.asked.at(-1) ?? 0))
      rig.answer(genesisBy(bob, 9))
    }
    // It looks each 250 ms.
    const wanted = [0, 250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]
    expect(pauses.map((pause, at) => pause >= (wanted[at] ?? 0) && pause <= (wanted[at] ?? 0) + 300)).toEqual(
      wanted.map(() => true),
    )
    await rig.residence.close().catch(() => undefined)
  })
})

describe('a peer that is to join', () => {
  const target = { name: undefined, code: undefined, room: bobs.id as string, addresses: ['/ip4/10.0.0.2/tcp/4001'] }
  async function createFounder() {
    const rig = createRig({ entry: { kind: 'create' } })
    await rig.residence.open()
    const join = (
      changes: Partial<{ [Key in keyof typeof target]: string | undefined }> = {},
      deadlineMillis = 1_000,
      signal?: AbortSignal,
    ) =>
      rig.residence.join({ ...target, ...changes } as typeof target, { force: true, deadlineMillis, ...(signal && { signal }) })
    return { ...rig, join }
  }

  it('a room of another name, or with another code, refuses', async () => {
    const { join, residence } = await createFounder()
    await expect(join({ name: 'evening' })).rejects.toMatchObject({ code: 'other-room', facts: { name: 'evening' } })
    await expect(join({ code: 'other' })).rejects.toMatchObject({ code: 'other-code' })
    await residence.close()
  })

  it('the room that it is in is there already', async () => {
    const { join, residence } = await createFounder()
    const { room } = residence.session
    expect(await join({ room: room.slice(0, 8), name: 'test', code: 'code' })).toEqual({ room, archive: undefined })
    await residence.close()
  })

  it('looks for it at the addresses until its time is over, and says what it heard', async () => {
    const { join, residence, calls, pass } = await createFounder()
    const joining = join({}, 2_000)
    const state = watched(joining)
    await pass(1_900)
    expect(state()).toBe('under way')
    await pass(300)
    await expect(joining).rejects.toMatchObject({ code: 'room-not-found', message: expect.stringContaining('in 2 s') })
    expect(calls).toContain(target.addresses[0])
    await residence.close()
  })

  it('ends its search when that is called off, or when it stops', async () => {
    const { join, residence, pass } = await createFounder()
    const calling = new AbortController()
    const state = watched(join({}, 60_000, calling.signal))
    await pass(300)
    calling.abort()
    await pass(300)
    expect(state()).toBe('called-off')
    const other = watched(join({}, 60_000))
    residence.settleDown()
    await pass(300)
    expect(other()).toBe('stopping')
    await expect(join()).rejects.toMatchObject({ code: 'stopping' })
    await residence.close()
  })

  it('moves there once it has the first block', async () => {
    const { join, residence, events, answer, pass, asked } = await createFounder()
    await pass(100)
    events().onConnected(bob, hello({ holdsFast: false }))
    const before = asked.length
    const joining = join()
    await pass(300)
    expect(asked.length).toBeGreaterThan(before)
    answer()
    await pass(5_000)
    expect(await joining).toMatchObject({ room: bobs.id })
    expect([residence.session.room, residence.entered, residence.moving]).toEqual([bobs.id, 'joined', undefined])
    await residence.close()
  })
})

it('a peer that has settled down gives way to nobody', async () => {
  const rig = createRig({ entry: { kind: 'create' } })
  await rig.residence.open()
  const { room } = rig.residence.session
  await rig.pass(100)
  rig.residence.settleDown()
  rig.events().onConnected(bob, hello())
  await rig.pass(2_000)
  expect([rig.asked, rig.residence.session.room]).toEqual([[], room])
  await rig.residence.close()
})

it('a peer in a room where nothing was done gives way to one that holds fast', async () => {
  const rig = createRig({ entry: { kind: 'create' } })
  await rig.residence.open()
  await rig.pass(100)
  rig.events().onConnected(bob, hello())
  // It meets that room again with each look around, and asks once.
  await rig.pass(2_500)
  expect(rig.asked).toHaveLength(1)
  rig.answer()
  await rig.pass(4_000)
  expect([rig.residence.session.room, rig.residence.entered]).toEqual([bobs.id, 'joined'])
  expect(rig.logged).toContain('room-given-up')
  await rig.residence.close()
})

it('a peer that was given a wrong first block asks again when it meets that room again', async () => {
  const rig = createRig({ entry: { kind: 'create' } })
  await rig.residence.open()
  const { room } = rig.residence.session
  await rig.pass(100)
  rig.events().onConnected(bob, hello())
  await rig.pass(100)
  rig.answer(genesisBy(bob, 9))
  await rig.pass(2_000)
  expect([rig.asked.length, rig.residence.session.room]).toEqual([2, room])
  rig.answer()
  await rig.pass(4_000)
  expect(rig.residence.session.room).toBe(bobs.id)
  await rig.residence.close()
})

it('a room that is not found is not kept away by the members of the one that is here', async () => {
  const rig = createRig({ entry: { kind: 'create' } })
  await rig.residence.open()
  await rig.pass(100)
  const { session } = rig.residence
  rig.events().onConnected(bob, hello({ id: session.room }))
  const target = { name: undefined, code: undefined, room: bobs.id as string, addresses: [] }
  const joining = rig.residence.join(target, { force: true, deadlineMillis: 500 }).catch((error: Failure) => error)
  await rig.pass(1_000)
  const failure = await joining
  const named = failure instanceof Failure ? JSON.stringify(failure.facts.obstacles) : undefined
  expect(named).not.toContain(session.room.slice(0, 8))
  await rig.residence.close()
})
