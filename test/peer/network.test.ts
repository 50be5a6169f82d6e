import { describe, expect, it } from 'vitest'
import { createNetwork } from '../../src/peer/network.ts'
import type { Sighting } from '../../src/peer/ports.ts'
import type { Session } from '../../src/peer/session.ts'
import { encodeFrame } from '../../src/ring/message.ts'
import { peerNamed } from './keyed-crypto.ts'
import { createNetworkRig, elsewhere, hello, here, links, other, peer, self } from './network-rig.ts'
import { createTestContext } from './test-context.ts'

describe('the peers of a room', () => {
  it('are linked as they come into it, change rooms and go', () => {
    const { events, inputs } = createNetworkRig()
    events.onConnected(other, hello(elsewhere))
    events.onConnected(peer, hello(undefined))
    events.onFrame(peer, hello(here))
    events.onFrame(peer, hello(here, true))
    events.onFrame(peer, hello(elsewhere))
    events.onFrame(peer, hello(here))
    events.onDisconnected(peer, false)
    events.onConnected(peer, hello(here))
    events.onDisconnected(peer, true)
    events.onDisconnected(other, true)
    expect(links(inputs)).toEqual(['peer up', 'peer down', 'peer up', 'peer down', 'peer up', 'peer refused'])
  })

  it('are linked anew in the next room, as far as they are in it', () => {
    const { network, session, events, inputs, frames } = createNetworkRig()
    events.onConnected(peer, hello(here))
    network.exit()
    events.onFrame(peer, encodeFrame(1, { kind: 'ping', nonce: 1 }))
    expect(frames).toEqual([])
    network.enter(session)
    expect(links(inputs)).toEqual(['peer up', 'peer up'])
  })

  it('are heard by it; those of other rooms are not, but whoever is not connected is: over the mesh', () => {
    const { events, frames } = createNetworkRig()
    const stranger = peerNamed('A')
    const ping = encodeFrame(1, { kind: 'ping', nonce: 1 })
    events.onConnected(peer, hello(here))
    events.onConnected(other, hello(elsewhere))
    for (const from of [peer, other, stranger]) events.onFrame(from, ping)
    expect(frames).toEqual([peer, stranger])
  })

  it('have said something that cannot be read: they are in no room that is known', () => {
    const { network, events, news, inputs } = createNetworkRig()
    events.onConnected(peer, hello(here).subarray(0, 9))
    events.onConnected(other, Uint8Array.of(0, 99))
    expect(news.map(({ kind }) => kind)).toEqual(['malformed', 'version'])
    expect([network.roomOf(peer), network.connected.has(peer), inputs]).toEqual([undefined, true, []])
  })
})

describe('frames', () => {
  it('of a peer outside the room that cannot be read are told, by its fault', () => {
    const { events, news } = createNetworkRig()
    const ping = encodeFrame(1, { kind: 'ping', nonce: 1 })
    events.onConnected(other, hello(elsewhere))
    events.onFrame(other, ping)
    expect(news).toEqual([])
    events.onFrame(other, ping.subarray(0, -1))
    events.onFrame(other, Uint8Array.of(99, ...ping.subarray(1)))
    expect(news.map(({ kind }) => kind)).toEqual(['malformed', 'version'])
  })
})

describe('what a peer sees around it', () => {
  it('is told at once: who is sighted, and what kept a connection from coming about', () => {
    const { events, news, network } = createNetworkRig()
    const sighting = { peer } as Sighting
    const trouble = { kind: 'unreachable', address: '/ip4/10.0.0.1/tcp/4001', reason: 'refused' } as const
    events.onSighted(sighting)
    events.onTrouble(trouble)
    expect(news).toEqual([
      { kind: 'sighted', sighting },
      { kind: 'trouble', trouble },
    ])
    expect([...network.scene().deadEnds.keys()]).toEqual([trouble.address])
  })

  it('are the sightings of others: its own echo is none', () => {
    const { network, sightings } = createNetworkRig()
    sightings.push(...[self, peer].map((one) => ({ peer: one }) as Sighting))
    expect(network.scene().sightings).toEqual([{ peer }])
  })
})

it('the peers of the room are told as they come, once, and nobody of another room', () => {
  const { events, news } = createNetworkRig()
  const told = () =>
    news.flatMap((one) => (one.kind === 'presence' ? [`${one.peer === peer ? 'peer' : 'other'} ${one.here}`] : []))
  events.onConnected(other, hello(elsewhere))
  events.onConnected(peer, hello(undefined))
  expect(told()).toEqual([])
  events.onFrame(peer, hello(here))
  events.onDisconnected(peer, false)
  events.onConnected(peer, hello(here))
  events.onDisconnected(other, false)
  expect(told()).toEqual(['peer true'])
})

describe('what a peer makes known', () => {
  it('is its name and its room; where it is connected no more nothing is known of the other', () => {
    const { network, announcements, events, view } = createNetworkRig()
    expect(announcements.at(-1)).toMatchObject({ name: 'Ana', room: { id: here, holdsFast: true, members: 2 } })
    view.members.push(other)
    network.refresh()
    expect(announcements.at(-1)?.room?.members).toBe(3)
    events.onConnected(peer, hello(here))
    events.onDisconnected(peer, false)
    expect([network.connected.has(peer), network.roomOf(peer)]).toEqual([false, undefined])
  })

  it.each([
    ['code', true],
    ['', false],
  ])('is whether it has a room code: “%s”, %s', (code, hasCode) => {
    expect(
      createNetwork(createTestContext(self, { transport: createNetworkRig().transport }, { code }).context).scene(),
    ).toMatchObject({
      ...{ hasCode, own: undefined },
    })
  })
})

describe('a hello of ours', () => {
  it('goes to each new connection, and again to all only when it changes what they do', () => {
    const { network, room, events, sent, hellos } = createNetworkRig({ holdsFast: false })
    events.onConnected(peer, hello(here))
    const before = sent.length
    network.refresh()
    network.refresh()
    expect([before, sent.length]).toEqual([1, 1])
    room.holdsFast = true
    network.refresh()
    network.refresh()
    expect(sent.slice(1)).toEqual([{ to: peer, frame: hellos.at(-1), isBulk: false }])
  })
})

describe('what changes our hello', () => {
  it.each([
    ['our name', ({ context }) => Object.assign(context, { name: 'Anna' })],
    ['another room', ({ network, session }) => network.enter({ ...session, room: elsewhere } as Session)],
    ['no room', ({ network }) => network.exit()],
    ['how many are in it', ({ view }) => view.members.push(other)],
    [
      'who founded it',
      ({ network, session }) => network.enter({ ...session, genesis: { ...session.genesis, founder: other } } as Session),
    ],
  ] satisfies [string, (rig: ReturnType<typeof createNetworkRig>) => void][])('%s', (_what, change) => {
    const rig = createNetworkRig()
    rig.events.onConnected(peer, hello(here))
    rig.network.refresh()
    const before = rig.sent.length
    change(rig)
    rig.network.refresh()
    rig.network.refresh()
    expect(rig.sent.slice(before)).toEqual([{ to: peer, frame: rig.hellos.at(-1), isBulk: false }])
  })
})
