import { describe, expect, it } from 'vitest'
import type { PeerId, RoomId } from '../../src/core/ids.ts'
import { createClock } from '../../src/io/clock.ts'
import { createNetwork, encodeHello, type Hello } from '../../src/peer/network.ts'
import type { Clock, Sighting, Transport } from '../../src/peer/ports.ts'
import { roomIdOf } from '../../src/peer/room.ts'
import type { Session } from '../../src/peer/session.ts'
import { headOf } from '../../src/ring/block.ts'
import { encodeFrame } from '../../src/ring/message.ts'
import { peerNamed } from './keyed-crypto.ts'
import { genesisBy } from './log-of-blocks.ts'
import { createTestContext } from './test-context.ts'

const [self, peer, other] = ['S', 'P', 'Q'].map(peerNamed) as [PeerId, PeerId, PeerId]
const genesis = genesisBy(self)
const here = roomIdOf(genesis)
const hello = (room: RoomId | undefined): Hello => ({
  name: 'Bob',
  roomName: 'test',
  room: room && { id: room, head: headOf(genesis), holdsFast: true, founder: 'Ana', members: 2, founded: genesis.time },
})

/** Who is connected with a peer, and the room that it may be in; `told` are the hellos that went out. */
function createRig(clock: Clock = createClock()) {
  const told: PeerId[] = []
  const transport = {
    send: (to) => void told.push(to),
    announce: () => undefined,
    remoteOf: () => undefined,
    peers: [],
    sightings: [],
    setHello: () => undefined,
  } as Partial<Transport> as Transport
  const { context, news } = createTestContext(self, { transport, clock })
  const view = { head: headOf(genesis), lamport: 4, members: [self, peer], active: true }
  const session = {
    room: here,
    genesisBlock: genesis,
    genesis: { ...(genesis.body.kind === 'genesis' && genesis.body.genesis) },
    view,
    holdsFast: true,
    input: () => undefined,
    frame: () => undefined,
    gossip: () => 'reject',
  }
  const network = createNetwork(context)
  return {
    context,
    network,
    view,
    session,
    news,
    told,
    events: network.events,
    enter: () => network.enter(session as unknown as Session),
  }
}

describe('what comes from the network', () => {
  it('by gossip goes to the room, and is passed on by nobody who is in none', () => {
    const { events, enter, network } = createRig()
    const gossip = () => events.onGossip(peer, 'ring', Uint8Array.of(1))
    expect(gossip()).toBe('ignore')
    enter()
    expect(gossip()).toBe('reject')
    network.exit()
    expect(gossip()).toBe('ignore')
  })

  it('is limited of those alone who are no members of a ring in which this peer takes part', () => {
    const { events, enter, view } = createRig()
    const unlimited = () => [peer, other].map((one) => events.isUnlimited(one))
    expect(unlimited()).toEqual([true, true])
    enter()
    expect(unlimited()).toEqual([true, false])
    view.active = false
    expect(unlimited()).toEqual([true, true])
  })

  it('as trouble or a sighting is told, and trouble is kept for who looks around', () => {
    const { events, network, news } = createRig()
    const trouble = { kind: 'unreachable', address: '/ip4/10.0.0.1/tcp/4001', reason: 'refused' } as const
    const sighting = { peer } as Sighting
    events.onTrouble(trouble)
    events.onSighted(sighting)
    expect(news).toEqual([
      { kind: 'trouble', trouble },
      { kind: 'sighted', sighting },
    ])
    expect([...network.scene().deadEnds.keys()]).toEqual([trouble.address])
  })

  it('and cannot be read is told, of whoever is in no room here', () => {
    const { events, enter, news } = createRig()
    enter()
    events.onConnected(other, encodeHello(hello(undefined)))
    const frame = encodeFrame(1, { kind: 'ping', nonce: 1 })
    events.onFrame(other, frame)
    expect(news).toEqual([])
    events.onFrame(other, frame.subarray(0, 1))
    events.onFrame(other, Uint8Array.from([99, ...frame.subarray(1)]))
    expect(news.map(({ kind }) => kind)).toEqual(['malformed', 'version'])
  })

  it('as a greeting ends what went wrong with that peer', () => {
    const { events, network } = createRig()
    events.onTrouble({ kind: 'version', peer, version: 9 })
    events.onTrouble({ kind: 'version', peer: other, version: 9 })
    events.onConnected(peer, encodeHello(hello(here)))
    expect([...network.scene().otherVersions.keys()]).toEqual([other])
  })

  it('as a greeting is found by whoever looks for that room, and by no other that looks', async () => {
    const { events, network, context } = createRig()
    const until = context.ports.clock.monotonic() + 600_000
    const elsewhere = 'f'.repeat(64) as RoomId
    const [one, two] = [here, elsewhere].map((id) => network.look(until, ({ room }) => room.id === id))
    events.onConnected(peer, encodeHello(hello(here)))
    expect(await one).toMatchObject({ peer, room: { id: here } })
    events.onConnected(other, encodeHello(hello(elsewhere)))
    expect(await two).toMatchObject({ peer: other, room: { id: elsewhere } })
  })

  it('as the end of a connection is told once it has lasted, where that peer was in the room', () => {
    const due: (() => void)[] = []
    const clock: Clock = {
      ...createClock(),
      at: (_, task) => {
        due.push(task)
        return () => undefined
      },
    }
    const { events, enter, news } = createRig(clock)
    enter()
    events.onConnected(peer, encodeHello(hello(here)))
    events.onConnected(other, encodeHello(hello('f'.repeat(64) as RoomId)))
    for (const one of [peer, other]) events.onDisconnected(one, false)
    for (const task of due) task()
    const told = news.flatMap((one) => (one.kind === 'presence' ? [[one.peer, one.here]] : []))
    expect(told).toEqual([
      [peer, true],
      [peer, false],
    ])
  })

  it('names whoever greets', () => {
    const { events, context } = createRig()
    expect(context.nameOf(peer)).toBe('PPPPPP')
    events.onConnected(peer, encodeHello(hello(here)))
    expect(context.nameOf(peer)).toBe('Bob')
  })

  it('as a greeting of a room to come into is told, once here, and looked at again', () => {
    const { events, enter, network, news, session } = createRig()
    session.holdsFast = false
    events.onConnected(other, encodeHello(hello('f'.repeat(64) as RoomId)))
    expect(news).toEqual([])
    enter()
    expect(news).toMatchObject([{ kind: 'met', found: { peer: other } }])
    network.refresh()
    expect(news).toHaveLength(2)
    session.holdsFast = true
    network.refresh()
    expect(news).toHaveLength(2)
  })
})

describe('what this peer says of itself', () => {
  type Rig = ReturnType<typeof createRig>
  const changes: readonly [string, (rig: Rig) => void, boolean][] = [
    ['its own name', ({ context }) => Object.assign(context, { name: 'Anna' }), true],
    ['the name of the founder', ({ context }) => context.learnName(peer, 'Paul'), true],
    ['how many members there are', ({ view }) => view.members.push(other), true],
    ['whether it holds fast', ({ session }) => Object.assign(session, { holdsFast: false }), true],
    ['how long its log is', ({ view }) => Object.assign(view, { head: { ...view.head, index: 9 } }), false],
  ]
  it.each(changes)('is said again for %s', (_, change, isTold) => {
    const rig = createRig()
    Object.assign(rig.session.genesis, { founder: peer })
    rig.enter()
    rig.events.onConnected(other, encodeHello(hello(undefined)))
    const before = rig.told.length
    change(rig)
    rig.network.refresh()
    rig.network.refresh()
    expect(rig.told.length - before).toBe(isTold ? 1 : 0)
  })

  it('is said again for another room', () => {
    const rig = createRig()
    rig.events.onConnected(other, encodeHello(hello(undefined)))
    rig.enter()
    expect(rig.told).toEqual([other, other])
    rig.network.exit()
    rig.network.refresh()
    expect(rig.told).toEqual([other, other, other])
  })
})
