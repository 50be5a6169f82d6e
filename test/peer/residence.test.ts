import { expect, it } from 'vitest'
import { assert } from '../../src/core/assert.ts'
import { Failure } from '../../src/core/failure.ts'
import type { Instant, PeerId } from '../../src/core/ids.ts'
import type { PeerOptions } from '../../src/peer/context.ts'
import { createRememberer } from '../../src/peer/hearsay.ts'
import { encodeHello } from '../../src/peer/network.ts'
import type { Sighting, Transport, TransportEvents } from '../../src/peer/ports.ts'
import { createResidence } from '../../src/peer/residence.ts'
import { roomIdOf } from '../../src/peer/room.ts'
import type { Session } from '../../src/peer/session.ts'
import { headOf } from '../../src/ring/block.ts'
import { encodeFrame } from '../../src/ring/message.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { until } from '../support/wait.ts'
import { peerNamed } from './keyed-crypto.ts'
import { genesisBy } from './log-of-blocks.ts'
import { createTestContext } from './test-context.ts'

const [ana, bob] = [peerNamed('A'), peerNamed('B')]

/** A transport that writes down what it is asked for. */
function createListeningTransport() {
  const calls: string[] = []
  const heard: { events?: TransportEvents } = {}
  const bulk: PeerId[] = []
  const sightings: Sighting[] = []
  const transport: Transport = {
    self: ana,
    addresses: [],
    remoteOf: () => undefined,
    peers: [],
    async start(events) {
      calls.push('start')
      heard.events = events
    },
    enterRoom: () => calls.push('enter'),
    setHello: () => calls.push('hello'),
    send: () => {},
    async sendBulk(to) {
      bulk.push(to)
    },
    gossip: () => {},
    announce: () => {},
    sightings,
    addAddress: (address) => calls.push(address),
    async stop() {
      calls.push('stop')
    },
  }
  const events = (): TransportEvents => {
    assert(heard.events !== undefined, 'it was started')
    return heard.events
  }
  return { transport, calls, events, bulk, sightings }
}

it('has a hello to say before anybody can connect, then goes to where the others were', async () => {
  const store = createMemoryStore()
  await store.open()
  const peers = [{ peer: bob, addresses: ['/ip4/10.0.0.2/tcp/4001'] }]
  await createRememberer(store, { peers } as unknown as Transport)()
  await store.close()
  const { transport, calls } = createListeningTransport()
  const { context } = createTestContext(ana, { store, transport }, { entry: { kind: 'create' } })
  const residence = createResidence(context)
  await residence.open()
  expect(calls.slice(0, 3)).toEqual(['hello', 'start', '/ip4/10.0.0.2/tcp/4001'])
  expect(calls).toContain('enter')
  expect(residence.session.view.membership).toBe('member')
  const hellos = (): number => calls.filter((call) => call === 'hello').length
  const atFirst = hellos()
  await until('it looks around again and again', () => hellos() >= atFirst + 2)
  await residence.close()
  expect(calls.at(-1)).toBe('stop')
})

it('leaves nothing behind in the store where it may not found the room', async () => {
  const store = createMemoryStore()
  const { transport } = createListeningTransport()
  const { context } = createTestContext(
    ana,
    { store, transport },
    { lookMillis: 5, waitMillis: 10, entry: { kind: 'join', room: undefined } },
  )
  const residence = createResidence(context)
  await expect(residence.open()).rejects.toMatchObject({ code: 'room-not-found' })
  await residence.close()
  expect(await store.open()).toEqual({ meta: undefined, last: undefined, found: 'new' })
})

it('stays in its room where another is no room, and says of whom it did not take it, and why', async () => {
  const { transport, events, bulk, sightings } = createListeningTransport()
  const store = createMemoryStore()
  const { context } = createTestContext(ana, { store, transport }, { entry: { kind: 'create' } })
  const residence = createResidence(context)
  await residence.open()
  const own = residence.session.room
  const genesis = genesisBy(bob)
  const head = headOf(genesis)
  const other = { id: roomIdOf(genesis), head, holdsFast: true, founder: 'Bob', members: 1, founded: genesis.time }
  events().onConnected(bob, encodeHello({ name: 'Bob', roomName: 'test', room: other }))
  const room = { id: 'c'.repeat(16), founder: 'Cleo', members: 1, founded: 1 as Instant }
  const common = { version: 9, addresses: [], roomName: 'test', hasCode: true, at: 0 }
  sightings.push({ ...common, peer: peerNamed('C'), name: 'Cleo', room })
  const target = { name: undefined, code: undefined, room: other.id, addresses: [] }
  const joining = residence.join(target, { force: true, deadlineMillis: 20_000 })
  const refused = expect(joining).rejects.toMatchObject({
    code: 'room-not-found',
    facts: { obstacles: [{ kind: 'refused', who: 'Bob', reason: 'its genesis block is of another room' }] },
  })
  // Once since this room would give way to it, then since it was asked to move there.
  await until('its first block is asked for', () => bulk.length === 2)
  const wrong = genesisBy(bob, 7)
  events().onFrame(bob, encodeFrame(1, { kind: 'fetched', what: 'committed', blocks: [wrong], commit: head, head }))
  await refused
  expect(residence.session.room).toBe(own)
  await residence.close()
})

it('asks whoever was cut off before it gave its first block again as soon as it is back', async () => {
  const { transport, calls, events, bulk } = createListeningTransport()
  const { context } = createTestContext(
    ana,
    { store: createMemoryStore(), transport },
    { entry: { kind: 'join', room: undefined }, waitMillis: 5_000 },
  )
  const residence = createResidence(context)
  const opening = residence.open()
  const genesis = genesisBy(bob)
  const head = headOf(genesis)
  const room = { id: roomIdOf(genesis), head, holdsFast: true, founder: 'Bob', members: 1, founded: genesis.time }
  const hello = encodeHello({ name: 'Bob', roomName: 'test', room })
  await until('it listens', () => calls.includes('start'))
  events().onConnected(bob, hello)
  await until('its first block is asked for', () => bulk.length === 1)
  events().onDisconnected(bob, false)
  events().onConnected(bob, hello)
  const answering = until('it is asked for again', () => bulk.length === 2).then(() =>
    events().onFrame(bob, encodeFrame(1, { kind: 'fetched', what: 'committed', blocks: [genesis], commit: head, head })),
  )
  await Promise.all([opening, answering])
  expect(residence.session.room).toBe(room.id)
  await residence.close()
})

it('tells anew who is there in a room that goes on from this one, and in this one where it stays', async () => {
  const { transport, events } = createListeningTransport()
  const archive: PeerOptions['archive'] = async (_room, chunks) => {
    // Full at the very end, when the room is closed already.
    for await (const _ of chunks);
    throw new Failure('disk-full', 'No space left.')
  }
  const options = { entry: { kind: 'create' }, archive } as const
  const { context, news } = createTestContext(ana, { store: createMemoryStore(), transport }, options)
  const residence = createResidence(context)
  await residence.open()
  const helloIn = ({ room, genesisBlock, view }: Session): Uint8Array => {
    const facts = { head: view.head, holdsFast: true, founder: 'Ana', members: 1, founded: genesisBlock.time }
    return encodeHello({ name: 'Bob', roomName: 'test', room: { id: room, ...facts } })
  }
  const told = (): readonly boolean[] => news.flatMap((one) => (one.kind === 'presence' && one.peer === bob ? [one.here] : []))
  events().onConnected(bob, helloIn(residence.session))
  expect(told()).toEqual([true])
  await residence.refound(true)
  events().onFrame(bob, helloIn(residence.session))
  expect(told()).toEqual([true, true])
  const { room, proposals } = residence.session
  await proposals.submit({ request: undefined, operation: { kind: 'void' } }, 20_000)
  await expect(residence.refound(true)).rejects.toMatchObject({ code: 'disk-full' })
  expect([residence.session.room, told()]).toEqual([room, [true, true, true]])
  await residence.close()
})
