import { Failure } from '../../src/core/failure.ts'
import type { PeerId, RoomId } from '../../src/core/ids.ts'
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
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { genesisBy } from './log-of-blocks.ts'
import { createTestContext } from './test-context.ts'

export const [ana, bob] = [peerNamed('A'), peerNamed('B')]
export const genesis = genesisBy(bob)
const head = headOf(genesis)
export const bobs = { id: roomIdOf(genesis), head, holdsFast: true, founder: 'Bob', members: 1, founded: genesis.time }
export const hello = (changes: Partial<typeof bobs> = {}) =>
  encodeHello({ name: 'Bob', roomName: 'test', room: { ...bobs, ...changes } })

/** A peer that has yet to come into a room, and whose clock and network are the test's. */
export function createRig(
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
  const askedOf: PeerId[] = []
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
    sendBulk(peer) {
      asked.push(now)
      askedOf.push(peer)
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
    askedOf,
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
    answer: (block = genesis, from = bob) =>
      heard.events?.onFrame(from, encodeFrame(1, { kind: 'fetched', what: 'committed', blocks: [block], commit: head, head })),
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
export function watched(task: Promise<unknown>): () => string {
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
export async function diskOfAna(hasHistory = false): Promise<{ readonly store: MemoryStore; readonly room: RoomId }> {
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
