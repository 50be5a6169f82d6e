import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import type { RoomId } from '../../src/core/ids.ts'
import type { LogEvent } from '../../src/core/log-events.ts'
import type { PeerOptions } from '../../src/peer/context.ts'
import { decodeMeta } from '../../src/peer/disk.ts'
import { readRememberedAddresses } from '../../src/peer/hearsay.ts'
import { decodeHello, encodeHello } from '../../src/peer/network.ts'
import type { Store, Transport, TransportEvents } from '../../src/peer/ports.ts'
import { createResidence, type Residence } from '../../src/peer/residence.ts'
import { roomIdOf } from '../../src/peer/room.ts'
import type { Waiting } from '../../src/peer/search.ts'
import type { Session } from '../../src/peer/session.ts'
import { headOf } from '../../src/ring/block.ts'
import { encodeFrame } from '../../src/ring/message.ts'
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { genesisBy } from './log-of-blocks.ts'
import { createTestContext } from './test-context.ts'

const [ana, bob] = [peerNamed('A'), peerNamed('B')]
const genesis = genesisBy(bob)
const head = headOf(genesis)
const bobs = { id: roomIdOf(genesis), head, holdsFast: true, founder: 'Bob', members: 1, founded: genesis.time }
const hello = (changes: Partial<typeof bobs> = {}) =>
  encodeHello({ name: 'Bob', roomName: 'test', room: { ...bobs, ...changes } })

/** A peer that has yet to come into a room, and whose clock and network are the test's. */
function createRig(
  options: Partial<PeerOptions>,
  changes: Partial<Store> = {},
  store: MemoryStore = createMemoryStore(),
  isNew = true,
) {
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
  const peers: Transport['peers'][number][] = []
  const hellos: (RoomId | undefined)[] = []
  const calls: string[] = []
  const asked: number[] = []
  let isHanging = false
  const transport: Transport = {
    self: ana,
    addresses: [],
    remoteOf: () => undefined,
    peers,
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
    sendBulk() {
      asked.push(now)
      return isHanging ? new Promise(() => {}) : Promise.resolve()
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
  const identity = { self: ana, isNew, crypto: createKeyedCrypto(ana) }
  const ports = { identity, clock, transport, logger, store: { ...store, ...changes } }
  const { context, news } = createTestContext(ana, ports, options)
  const residence = createResidence(context)
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 20; round++) await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    residence,
    context,
    news,
    peers,
    hellos,
    calls,
    asked,
    logged,
    store,
    settle,
    time: () => now,
    timers: () => timers.length,
    /** What is to be sent from now on never leaves. */
    hang() {
      isHanging = true
    },
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

/** A disk on which Ana founded a room, in which she may have done something. */
async function diskOfAna(hasHistory = false): Promise<{ readonly store: MemoryStore; readonly room: RoomId }> {
  const rig = createRig({ entry: { kind: 'create' } })
  await rig.residence.open()
  const { room, proposals } = rig.residence.session
  if (hasHistory) {
    const done = proposals.submit({ request: undefined, operation: { kind: 'void' } }, 60_000)
    await rig.pass(5_000)
    await done
  }
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
    expect(state()).toBe('under way')
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
    expect(new Set(rig.hellos)).toEqual(new Set([room]))
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

describe('a peer that looks for its room', () => {
  it('founds it once it has looked for so long, and says so in the log', async () => {
    const waits: Waiting[] = []
    const onWaiting = (waiting: Waiting) => void waits.push(waiting)
    const rig = createRig({ entry: { kind: 'look' }, lookMillis: 3_000, onWaiting })
    const state = watched(rig.residence.open())
    await rig.pass(2_900)
    expect([state(), waits]).toEqual(['under way', []])
    await rig.pass(400)
    expect([state(), rig.residence.entered, rig.logged.includes('room-founded')]).toEqual(['done', 'founded', true])
    await rig.residence.close()
  })

  it('says why it waits, once in ten seconds, and sooner where the reason is another one', async () => {
    const waits: string[] = []
    const onWaiting = ({ elapsed, obstacles }: Waiting) =>
      void waits.push(`${Math.round(elapsed / 1_000)} s: ${obstacles.map(({ kind }) => kind)}`)
    const rig = createRig({ entry: { kind: 'join', room: undefined }, lookMillis: 2_000, waitMillis: 30_000, onWaiting })
    const opening = rig.residence.open().catch((error: Failure) => error)
    await rig.pass(15_000)
    expect(waits).toEqual(['2 s: nobody', '12 s: nobody'])
    rig.events().onConnected(bob, encodeHello({ name: 'Bob', roomName: 'test', room: undefined }))
    await rig.pass(5_000)
    expect(waits.slice(2)).toEqual(['15 s: waits-too'])
    await rig.pass(11_000)
    expect(waits.slice(3)).toEqual(['25 s: waits-too'])
    expect(await opening).toMatchObject({ code: 'room-not-found', message: expect.stringContaining('in 30 s') })
    await rig.residence.close()
  })

  it.each([
    [undefined, false, false],
    [undefined, true, true],
    [bobs.id, false, true],
  ])('(%s) is in one that holds fast (%s), or that was chosen, for good: %s', async (room, holdsFast, isFast) => {
    const rig = createRig({ entry: { kind: 'join', room } })
    const state = watched(rig.residence.open())
    await rig.pass(100)
    rig.events().onConnected(bob, hello({ holdsFast }))
    await rig.pass(100)
    rig.answer()
    await rig.pass(100)
    expect([state(), rig.residence.session.holdsFast]).toEqual(['done', isFast])
    await rig.residence.close()
  })
})

describe('a peer that has another room on its disk than the one that was asked for', () => {
  const archive = async () => 'somewhere'
  const cleos = genesisBy(peerNamed('C'))

  it.each<readonly [string, Partial<PeerOptions>]>([
    ['it was not told to leave it', { archive }],
    ['it cannot keep its log', { leavesHistory: true }],
  ])('stays out of both where something was done in it and %s', async (_why, options) => {
    const { store, room } = await diskOfAna(true)
    const rig = createRig({ entry: { kind: 'join', room: bobs.id }, ...options }, {}, store)
    await expect(rig.residence.open()).rejects.toMatchObject({ code: 'room-has-history', facts: { room } })
    await rig.residence.close()
  })

  it.each([true, false])(
    'keeps the log of what was done in it (%s), and comes into no third one meanwhile',
    async (hasHistory) => {
      const { store, room } = await diskOfAna(hasHistory)
      const kept: RoomId[] = []
      const keep: NonNullable<PeerOptions['archive']> = async (id) => {
        kept.push(id)
        return 'somewhere'
      }
      const rig = createRig({ entry: { kind: 'join', room: bobs.id }, leavesHistory: true, archive: keep }, {}, store)
      const state = watched(rig.residence.open())
      await rig.pass(100)
      rig.events().onConnected(peerNamed('C'), hello({ id: roomIdOf(cleos) }))
      await rig.pass(2_000)
      expect(rig.asked).toEqual([])
      rig.events().onConnected(bob, hello())
      await rig.pass(300)
      rig.answer()
      await rig.pass(300)
      expect([state(), rig.residence.session.room, kept]).toEqual(['done', bobs.id, hasHistory ? [room] : []])
      await rig.residence.close()
    },
  )
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
    expect(state()).toBe('under way')
    calling.abort()
    await pass(300)
    expect(state()).toBe('called-off')
    const other = watched(join({}, 60_000))
    await pass(300)
    residence.settleDown()
    await pass(300)
    expect(other()).toBe('stopping')
    await expect(join()).rejects.toMatchObject({ code: 'stopping' })
    await residence.close()
  })

  it('goes into no other one', async () => {
    const { join, residence, events, pass, asked } = await createFounder()
    const { room } = residence.session
    residence.session.holdFast()
    await pass(100)
    events().onConnected(peerNamed('C'), hello({ id: roomIdOf(genesisBy(peerNamed('C'))) }))
    const state = watched(join({}, 1_000))
    await pass(1_500)
    expect([state(), asked, residence.session.room]).toEqual(['room-not-found', [], room])
    await residence.close()
  })

  it('ends its search when its peer is closed', async () => {
    const { join, residence, pass } = await createFounder()
    const state = watched(join({}, 60_000))
    await pass(300)
    await residence.close()
    await pass(300)
    expect(state()).toBe('stopping')
  })

  it('moves there once it has the first block', async () => {
    const { join, residence, events, answer, pass, asked, news } = await createFounder()
    await pass(100)
    events().onConnected(bob, hello({ holdsFast: false }))
    const before = asked.length
    const joining = join()
    await pass(300)
    expect(asked.length).toBeGreaterThan(before)
    answer()
    await pass(5_000)
    expect(await joining).toMatchObject({ room: bobs.id })
    expect(news.filter(({ kind }) => kind === 'stopped')).toEqual([{ kind: 'stopped', reason: { kind: 'left' } }])
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

describe('a peer that is about to give way', () => {
  /** It has asked for the first block of a room that holds fast, and does not have it yet. */
  async function asking(changes: Partial<Store> = {}, store = createMemoryStore()) {
    const rig = createRig({ entry: { kind: 'create' } }, changes, store)
    await rig.residence.open()
    await rig.pass(100)
    rig.events().onConnected(bob, hello())
    await rig.pass(100)
    expect(rig.asked).toHaveLength(1)
    return { ...rig, own: rig.residence.session }
  }

  it('stays where it stops meanwhile, or something is done in its room', async () => {
    for (const change of [
      ({ residence }: Awaited<ReturnType<typeof asking>>) => residence.settleDown(),
      ({ own }: Awaited<ReturnType<typeof asking>>) => own.holdFast(),
    ]) {
      const rig = await asking()
      change(rig)
      rig.answer()
      await rig.pass(4_000)
      expect([rig.residence.session, rig.residence.entered]).toEqual([rig.own, 'founded'])
      await rig.residence.close()
    }
  })

  it('does nothing more in the room that it leaves, and is in the other one as in its own', async () => {
    const { residence, own, answer, pass } = await asking()
    expect([own.view.incarnation, own.holdsFast]).toEqual([1, false])
    answer()
    await pass(4_000)
    const submitted = own.proposals.submit({ request: undefined, operation: { kind: 'void' } }, 1_000)
    await expect(submitted).rejects.toMatchObject({ code: 'stopping' })
    expect([residence.session.room, residence.session.holdsFast, residence.session.view.membership]).toEqual([
      ...[bobs.id, true, 'learner'],
    ])
    await residence.close()
  })

  it('stops where the disk fails it, and says so', async () => {
    const store = createMemoryStore()
    let isFull = false
    const write: Store['write'] = (batch) =>
      isFull ? Promise.reject(new Failure('disk-full', 'No space left.')) : store.write(batch)
    const { residence, answer, pass, news, logged } = await asking({ write }, store)
    isFull = true
    answer()
    await pass(4_000)
    expect(news.filter(({ kind }) => kind === 'stopped')).toEqual([
      { kind: 'stopped', reason: { kind: 'bug', message: 'the room could not be changed' } },
    ])
    expect([logged.includes('room-change-failed'), residence.moving]).toEqual([true, undefined])
    await residence.close()
  })
})

describe('what a peer may have forgotten of the room that it comes into', () => {
  const lossOn = async ({ store }: { readonly store: MemoryStore }, incarnation: number): Promise<boolean> => {
    const decoded = decodeMeta((await store.open()).meta as Uint8Array)
    expect(decoded).toMatchObject({ value: { meta: { incarnation } } })
    return 'value' in decoded && decoded.value.meta.loss !== undefined
  }

  it.each([
    [true, false],
    [false, true],
  ])('is nothing only where its key was made at this start (%s): something: %s', async (isNew, loss) => {
    const rig = createRig({ entry: { kind: 'join', room: undefined } }, {}, createMemoryStore(), isNew)
    const opening = rig.residence.open()
    await rig.pass(100)
    rig.events().onConnected(bob, hello())
    await rig.pass(100)
    rig.answer()
    await opening
    await rig.residence.close()
    expect(await lossOn(rig, 1)).toBe(loss)
  })

  it('is something where it was there before', async () => {
    const rig = createRig({ entry: { kind: 'create' } })
    await rig.residence.open()
    const { room, genesisBlock } = rig.residence.session
    const target = { name: undefined, code: undefined, addresses: [] }
    for (const [id, block] of [
      [bobs.id, genesis],
      [room, genesisBlock],
    ] as const) {
      rig.events().onConnected(bob, hello({ id, holdsFast: false }))
      const joining = rig.residence.join({ ...target, room: id }, { force: true, deadlineMillis: 5_000 })
      await rig.pass(500)
      rig.answer(block)
      await rig.pass(5_000)
      expect((await joining).room).toBe(id)
    }
    await rig.residence.close()
    expect(await lossOn(rig, 3)).toBe(true)
  })
})

it('a peer looks around once a second', async () => {
  const rig = createRig({ entry: { kind: 'create' } })
  await rig.residence.open()
  const before = rig.hellos.length
  await rig.pass(10_500)
  expect(rig.hellos.length - before).toBe(10)
  await rig.residence.close()
})

it('a room that nobody did anything in gives way at the next start, too', async () => {
  const { store } = await diskOfAna()
  const rig = createRig({ entry: { kind: 'look' } }, {}, store)
  await rig.residence.open()
  expect(rig.residence.session.holdsFast).toBe(false)
  await rig.residence.close()
})

describe('a peer in whose room something was done', () => {
  const target = { name: undefined, code: undefined, room: bobs.id as string, addresses: [] }
  const archive = async () => 'somewhere'

  it.each<readonly [string, boolean, Partial<PeerOptions>]>([
    ['it was not told to', false, { archive }],
    ['it cannot keep its log', true, {}],
  ])('leaves it for no other where %s', async (_why, force, options) => {
    const { store, room } = await diskOfAna(true)
    const rig = createRig({ entry: { kind: 'look' }, ...options }, {}, store)
    await rig.residence.open()
    rig.events().onConnected(bob, hello())
    const joining = rig.residence.join(target, { force, deadlineMillis: 5_000 })
    await expect(joining).rejects.toMatchObject({ code: 'room-has-history', facts: { room } })
    expect([rig.asked, rig.residence.session.room]).toEqual([[], room])
    await rig.residence.close()
  })

  it('meanwhile stays there, and so does one that stops meanwhile', async () => {
    for (const [change, code] of [
      [(residence: Residence) => void residence.settleDown(), 'stopping'],
      [
        (residence: Residence) =>
          residence.session.proposals.submit({ request: undefined, operation: { kind: 'void' } }, 60_000).catch(() => {}),
        'room-has-history',
      ],
    ] as const) {
      const rig = createRig({ entry: { kind: 'create' }, archive })
      await rig.residence.open()
      const { session } = rig.residence
      rig.events().onConnected(bob, hello())
      const state = watched(rig.residence.join(target, { force: false, deadlineMillis: 60_000 }))
      await rig.pass(300)
      void change(rig.residence)
      await rig.pass(300)
      rig.answer()
      await rig.pass(1_000)
      expect([state(), rig.residence.session]).toEqual([code, session])
      await rig.residence.close()
    }
  })
})

it('a peer keeps the whole log of the room that it leaves for another, once nothing more is written there', async () => {
  const kept: { readonly room: RoomId; readonly blocks: readonly number[]; readonly isOver: boolean }[] = []
  let own: Session | undefined
  const archive: NonNullable<PeerOptions['archive']> = async (room, blocks) => {
    const indexes: number[] = []
    for await (const some of blocks) indexes.push(...some.map(({ index }) => index))
    const submitted = own?.proposals.submit({ request: undefined, operation: { kind: 'void' } }, 1_000)
    const isOver = await Promise.resolve(submitted).then(
      () => false,
      (error: Failure) => error.code === 'stopping',
    )
    kept.push({ room, blocks: indexes, isOver })
    return 'somewhere'
  }
  const { store, room } = await diskOfAna(true)
  const rig = createRig({ entry: { kind: 'look' }, archive }, {}, store)
  await rig.residence.open()
  own = rig.residence.session
  rig.events().onConnected(bob, hello())
  const target = { name: undefined, code: undefined, room: bobs.id as string, addresses: [] }
  const joining = rig.residence.join(target, { force: true, deadlineMillis: 5_000 })
  await rig.pass(300)
  rig.answer()
  await rig.pass(5_000)
  expect(await joining).toEqual({ room: bobs.id, archive: 'somewhere' })
  expect(kept).toEqual([{ room, blocks: Array.from({ length: own.view.durable + 1 }, (_, at) => at), isOver: true }])
  await rig.residence.close()
})

it('a room that goes on from another holds fast, and is named in the log', async () => {
  const { store } = await diskOfAna()
  const rig = createRig({ entry: { kind: 'look' } }, {}, store)
  await rig.residence.open()
  expect(rig.residence.entered).toBe('kept')
  const refounding = rig.residence.refound(true)
  await rig.pass(1_000)
  expect((await refounding).room).toBe(rig.residence.session.room)
  expect([rig.residence.session.holdsFast, rig.residence.entered]).toEqual([true, 'founded'])
  expect(rig.logged).toContain('room-refounded')
  await rig.residence.close()
})

describe('where others are', () => {
  const withPeers = (changes: Partial<Store>, store: MemoryStore) => {
    const rig = createRig({ entry: { kind: 'create' } }, changes, store)
    rig.peers.push({ peer: bob, addresses: ['/ip4/10.0.0.2/tcp/4001'] })
    return rig
  }

  it('is kept while the peer runs', async () => {
    const store = createMemoryStore()
    const rig = withPeers({}, store)
    await rig.residence.open()
    await rig.pass(1_500)
    expect(await readRememberedAddresses(store)).toEqual(['/ip4/10.0.0.2/tcp/4001'])
    await rig.residence.close()
  })

  it('is kept as it stops; nothing is left of it then', async () => {
    const store = createMemoryStore()
    const rig = createRig({ entry: { kind: 'create' } }, {}, store)
    await rig.residence.open()
    const { proposals } = rig.residence.session
    rig.peers.push({ peer: bob, addresses: ['/ip4/10.0.0.2/tcp/4001'] })
    await rig.residence.close()
    await store.open()
    expect(await readRememberedAddresses(store)).toEqual(['/ip4/10.0.0.2/tcp/4001'])
    expect(rig.timers()).toBe(0)
    const submitted = proposals.submit({ request: undefined, operation: { kind: 'void' } }, 1_000)
    await expect(submitted).rejects.toMatchObject({ code: 'stopping' })
  })

  it('is forgotten by a disk that fails, and nothing else', async () => {
    const store = createMemoryStore()
    const rig = withPeers({ writeValue: () => Promise.reject(new Failure('disk-full', 'No space left.')) }, store)
    await rig.residence.open()
    await rig.pass(1_500)
    expect(rig.logged).toContain('addresses-unkept')
    await rig.residence.close()
    expect(rig.calls.at(-1)).toBe('stop')
  })
})

it('a peer that has settled down neither joins nor goes on from its room', async () => {
  const rig = createRig({ entry: { kind: 'create' } })
  await rig.residence.open()
  const { session } = rig.residence
  rig.residence.settleDown()
  const target = { name: undefined, code: undefined, room: session.room as string, addresses: [] }
  const stopping = { code: 'stopping' }
  await expect(rig.residence.join(target, { force: true, deadlineMillis: 1_000 })).rejects.toMatchObject(stopping)
  await expect(rig.residence.refound(true)).rejects.toMatchObject(stopping)
  expect(rig.residence.session).toBe(session)
  await rig.residence.close()
})

it('a copy that stops waits a second for its word to leave before its network closes', async () => {
  const rig = createRig({ entry: { kind: 'create' } })
  await rig.residence.open()
  await rig.pass(100)
  const { room, view } = rig.residence.session
  rig.events().onConnected(bob, hello({ id: room }))
  rig.hang()
  const { incarnation } = view
  rig.context.tell({ kind: 'stopped', reason: { kind: 'own-later-block', which: 'twin', index: 7, incarnation } })
  const state = watched(rig.residence.close())
  await rig.pass(900)
  expect([state(), rig.calls.includes('stop')]).toEqual(['under way', false])
  await rig.pass(200)
  expect([state(), rig.calls.at(-1)]).toEqual(['done', 'stop'])
})

describe('a peer that moves', () => {
  async function moving() {
    const rig = createRig({ entry: { kind: 'create' } })
    await rig.residence.open()
    const { room } = rig.residence.session
    const first = rig.residence.refound(true)
    while (rig.residence.moving === undefined) await Promise.resolve()
    return { ...rig, room, first }
  }

  it('goes on from the room that it is in by then, where it is asked to once more', async () => {
    const { residence, first, pass, room } = await moving()
    const second = residence.refound(true)
    await pass(1_000)
    const rooms = [room, (await first).room, (await second).room]
    expect(new Set(rooms).size).toBe(3)
    expect(residence.session.room).toBe(rooms[2])
    await residence.close()
  })

  it('has moved before it moves to the room that it was to join', async () => {
    const rig = createRig({ entry: { kind: 'create' } })
    await rig.residence.open()
    rig.events().onConnected(bob, hello({ holdsFast: false }))
    const target = { name: undefined, code: undefined, room: bobs.id as string, addresses: [] }
    const joining = rig.residence.join(target, { force: true, deadlineMillis: 60_000 })
    await rig.pass(300)
    const refounding = rig.residence.refound(true)
    while (rig.residence.moving === undefined) await Promise.resolve()
    rig.answer()
    await rig.pass(5_000)
    expect((await refounding).room).not.toBe(bobs.id)
    expect([(await joining).room, rig.residence.session.room]).toEqual([bobs.id, bobs.id])
    await rig.residence.close()
  })

  it('says nothing of where it is until it is there', async () => {
    const store = createMemoryStore()
    const gate = Promise.withResolvers<void>()
    let isHeld = false
    const write: Store['write'] = async (batch) => {
      if (isHeld) await gate.promise
      return store.write(batch)
    }
    const rig = createRig({ entry: { kind: 'create' } }, { write }, store)
    await rig.residence.open()
    await rig.pass(1_000)
    isHeld = true
    const refounding = rig.residence.refound(true)
    await rig.pass(100)
    const before = rig.hellos.length
    await rig.pass(5_000)
    expect(rig.hellos).toHaveLength(before)
    gate.resolve()
    await rig.pass(100)
    expect(rig.hellos.slice(before)).toEqual([(await refounding).room])
    await rig.residence.close()
  })

  it('is not in the room that it was in, where it is asked to join that one', async () => {
    const { residence, first, pass, room } = await moving()
    const target = { name: undefined, code: undefined, room: room as string, addresses: [] }
    const state = watched(residence.join(target, { force: true, deadlineMillis: 500 }))
    await pass(1_000)
    expect([state(), residence.session.room]).toEqual(['room-not-found', (await first).room])
    await residence.close()
  })
})
