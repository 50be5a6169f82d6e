import { connect, createServer, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { parsePeerId } from '../../src/core/ids.ts'
import { createIdentity } from '../../src/io/identity.ts'
import { type Control, encodeControl } from '../../src/io/transport/control.ts'
import { joinFrames } from '../../src/io/transport/framing.ts'
import { bulkProtocol, ringProtocol } from '../../src/io/transport/link.ts'
import type { Node } from '../../src/io/transport/node.ts'
import { until } from '../support/wait.ts'
import { createStations } from './stations.ts'
import { bytes, helloOf, room, type Station } from './transport-conformance.ts'

// What whoever reaches a peer's port can cost it, with the room code and without.

const { stops, start, startRogue } = createStations('strangers')

/** It only dials, and takes whatever stream is opened to it. */
const startStranger = (): Promise<Node> => startRogue([], (node) => node.handle([ringProtocol, bulkProtocol], () => {}))

const addressOf = (station: Station): string => station.transport.addresses[0] ?? ''
const frame = (text: string): Uint8Array => joinFrames([{ bytes: bytes(text), isControl: false }])
const control = (said: Control): Uint8Array => joinFrames([{ bytes: encodeControl(said), isControl: true }])
const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

/** A rogue that has said hello, and is no member. */
async function greet(station: Station) {
  const rogue = await startStranger()
  const stranger = parsePeerId(rogue.peerId.toString())
  if (stranger.ok) station.strangers.add(stranger.value)
  const connection = await rogue.dial(multiaddr(addressOf(station)))
  const stream = await connection.newStream(ringProtocol)
  stream.send(joinFrames([{ bytes: helloOf('hello'), isControl: false }]))
  await until('it has said hello', () => station.links.length > 0)
  return { rogue, connection, stream }
}

describe('whoever knows the room code', () => {
  it('can have a few doors knocked at by a list of invented neighbours, and only where somebody may live', async () => {
    const station = await start()
    let knocks = 0
    const door = createServer((socket) => {
      knocks++
      socket.on('error', () => {})
      socket.destroy()
    })
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve))
    stops.push(() => new Promise((resolve) => door.close(resolve)))
    const { port } = door.address() as { port: number }
    const { stream } = await greet(station)
    const invented = Array.from({ length: 300 }, () => ({
      peer: createIdentity().self,
      addresses: [`/ip4/127.0.0.1/tcp/${port}`, `/ip4/127.0.0.2/tcp/${port}`],
    }))
    stream.send(control({ kind: 'neighbours', neighbours: invented }))
    await until('it has begun', () => knocks > 0)
    await pause(2_000)
    // 32 at once, and two a second.
    expect(knocks).toBeLessThan(50)
  })

  it('has as many frames looked at as it may send, however many come in one piece', async () => {
    const station = await start()
    const { stream } = await greet(station)
    let [before, most, isOver] = [0, 0, false]
    const watch = (): void => {
      most = Math.max(most, station.frames.length - before)
      before = station.frames.length
      if (!isOver) setImmediate(watch)
    }
    watch()
    stream.send(joinFrames(Array.from({ length: 4_000 }, () => ({ bytes: bytes('noise'), isControl: false }))))
    await until('all are heard, one after the other', () => station.frames.length === 4_000)
    isOver = true
    // The burst at once, then what two seconds’ pause pays for.
    expect(most).toBeLessThanOrEqual(2_000)
    expect(station.frames.every(({ text }) => text === 'noise')).toBe(true)
  })

  it('and floods is out before any of it is looked at', async () => {
    const station = await start()
    const { connection, stream } = await greet(station)
    // One message of the connection.
    stream.send(joinFrames(Array.from({ length: 12_000 }, () => ({ bytes: new Uint8Array(1), isControl: false }))))
    await until('it is out', () => connection.status !== 'open')
    expect(station.frames.length).toBeLessThanOrEqual(1_000)
  })

  it('and never takes what it is given is given up, with all that was on its way to it', { timeout: 60_000 }, async () => {
    const station = await start()
    const rogue = await startRogue([], async (node) => {
      await node.handle(ringProtocol, () => {})
      await node.handle(bulkProtocol, (stream) => stream.pause())
    })
    const stranger = parsePeerId(rogue.peerId.toString())
    if (!stranger.ok) return expect.unreachable()
    station.strangers.add(stranger.value)
    const connection = await rogue.dial(multiaddr(addressOf(station)))
    const stream = await connection.newStream(ringProtocol)
    stream.send(joinFrames([{ bytes: helloOf('hello'), isControl: false }]))
    await until('it has said hello', () => station.links.length > 0)
    const alive = setInterval(() => stream.send(frame('I live')), 1_000)
    stops.push(() => clearInterval(alive))
    await station.transport.sendBulk(stranger.value, new Uint8Array(900_000))
    clearInterval(alive)
    await until('it is gone', () => connection.status !== 'open')
  })

  it('may break its connection while it is held back', async () => {
    const station = await start()
    const { connection, stream } = await greet(station)
    stream.send(joinFrames(Array.from({ length: 3_000 }, () => ({ bytes: bytes('noise'), isControl: false }))))
    await until('it is held back', () => station.frames.length >= 1_000)
    connection.abort(new Error('gone'))
    await until('it is gone', () => station.links.length > 1)
    // Longer than anybody is held back.
    await pause(2_500)
    const friend = await start({ bootstrap: [addressOf(station)] })
    await until('others come', () => station.isConnectedTo(friend))
  })

  it('cannot make members say by gossip what they say over their links', async () => {
    const [a, b] = [await start(), await start()]
    a.transport.addAddress(addressOf(b))
    await until('they are connected', () => a.isConnectedTo(b) && b.isConnectedTo(a))
    for (const { transport } of [a, b]) transport.enterRoom(room)
    const { rogue, stream } = await greet(a)
    const heard = listenIn(rogue)
    await until('it listens', () => heard.isSubscribed())
    stream.send(control({ kind: 'neighbours', neighbours: [{ peer: createIdentity().self, addresses: [] }] }))
    stream.send(frame('after it'))
    await until('it has told of an invented neighbour', () => a.frames.length > 0)
    await until('they say all over their links', () => {
      a.transport.gossip('ring', bytes('status'))
      return b.gossip.length > 10
    })
    expect(heard.texts()).toEqual([])
  })
})

describe('what is said to all', () => {
  it('goes over links where everyone is linked, and by gossip while somebody is not', async () => {
    const [a, b, c] = [await start({ listen: [] }), await start({ listen: [] }), await start()]
    const everyone = [a, b, c]
    for (const { transport } of everyone) transport.enterRoom(room)
    a.transport.addAddress(addressOf(c))
    await until('two are connected', () => a.isConnectedTo(c) && c.isConnectedTo(a))
    const { rogue } = await greet(c)
    const heard = listenIn(rogue)
    await until('it listens', () => heard.isSubscribed())
    await until('two speak over their link', () => {
      c.transport.gossip('ring', bytes('among two'))
      return a.gossip.filter(({ text }) => text === 'among two').length > 5
    })
    // a and b listen nowhere: c knows both, and neither reaches the other.
    b.transport.addAddress(addressOf(c))
    await until('b is there', () => b.isConnectedTo(c) && c.isConnectedTo(b))
    await until('b hears a around the broken link', () => {
      a.transport.gossip('ring', bytes('around'))
      return b.gossip.some(({ text }) => text === 'around')
    })
    await until('who listens in hears it too', () => heard.texts().includes('around'))
    // c is linked with all, and says it over its links.
    await until('c is heard', () => {
      c.transport.gossip('ring', bytes('by c'))
      return a.gossip.some(({ text }) => text === 'by c') && b.gossip.some(({ text }) => text === 'by c')
    })
    expect(heard.texts()).not.toContain('by c')
  })

  it('goes over links among three who are all linked', async () => {
    const first = await start()
    const others = await Promise.all([1, 2].map(() => start({ bootstrap: [addressOf(first)] })))
    const everyone = [first, ...others]
    await until('all are linked with all', () =>
      everyone.every((one) => everyone.every((other) => one === other || one.isConnectedTo(other))),
    )
    for (const { transport } of everyone) transport.enterRoom(room)
    await until('each knows that all are linked', () => everyone.every(({ gossip }) => gossip.length > 0 || gossipAll(everyone)))
    const rogue = await startStranger()
    const heard = listenIn(rogue)
    for (const station of everyone) {
      const stranger = parsePeerId(rogue.peerId.toString())
      if (stranger.ok) station.strangers.add(stranger.value)
      await rogue.dial(multiaddr(addressOf(station)))
    }
    await until('it listens', () => heard.isSubscribed())
    const before = everyone.map(({ gossip }) => gossip.length)
    await until('all hear all', () => {
      gossipAll(everyone)
      return everyone.every(({ gossip }, i) => gossip.length > (before[i] ?? 0) + 20)
    })
    expect(heard.texts()).toEqual([])
  })
})

function gossipAll(stations: readonly Station[]): false {
  for (const { transport } of stations) transport.gossip('ring', bytes('status'))
  return false
}

/** Whoever subscribes to a topic is sent all that is published there. */
function listenIn(node: Node) {
  const topic = `gavelring/${room}/ring`
  const texts: string[] = []
  node.services.gossip.addEventListener('message', ({ detail }) => texts.push(new TextDecoder().decode(detail.data.subarray(1))))
  node.services.gossip.subscribe(topic)
  return { texts: () => texts, isSubscribed: () => node.services.gossip.getSubscribers(topic).length > 0 }
}

describe('whoever reaches the port', () => {
  it('keeps nobody out by a thousand connections that say nothing, and they end', async () => {
    const station = await start()
    const [, , , , port] = addressOf(station).split('/')
    const sockets: Socket[] = []
    stops.push(() => {
      for (const socket of sockets) socket.destroy()
    })
    let ended = 0
    for (let i = 0; i < 1_000; i++) {
      const socket = connect(Number(port), '127.0.0.1')
      socket.on('error', () => {})
      socket.on('close', () => ended++)
      sockets.push(socket)
    }
    await until('most are there', () => sockets.filter(({ connecting }) => !connecting).length === 1_000)
    const friend = await start({ bootstrap: [addressOf(station)] })
    await until('a friend comes', () => station.isConnectedTo(friend))
    await until('all have ended', () => ended === 1_000)
    expect(station.isConnectedTo(friend)).toBe(true)
  })
})

describe('an address of one link', () => {
  const own = Object.entries(networkInterfaces()).flatMap(([name, infos = []]) =>
    infos.filter(({ address, internal }) => !internal && address.startsWith('fe80:')).map(({ address }) => ({ name, address })),
  )[0]

  it.skipIf(own === undefined)('can be dialled and listened at, and both ends show it with its zone', async () => {
    const station = await start({ listen: ['[::]:0'] })
    const port = addressOf(station).split('/tcp/')[1]?.split('/')[0]
    const at = `/ip6zone/${own?.name}/ip6/${own?.address}/tcp`
    const friend = await start({ listen: [`[${own?.address}%${own?.name}]:0`], bootstrap: [`${at}/${port}`] })
    await until('they are connected', () => station.isConnectedTo(friend) && friend.isConnectedTo(station))
    expect(friend.transport.addresses).toEqual([expect.stringContaining(at)])
    await until('it is known where the friend listens', () =>
      station.transport.peers.some(({ addresses }) => addresses.some((address) => address.startsWith(at))),
    )
  })
})
