import { createServer } from 'node:net'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { Writer } from '../../src/core/codec.ts'
import { parsePeerId, type RoomId } from '../../src/core/ids.ts'
import { frameBytesMax, wireVersion } from '../../src/core/limits.ts'
import { listenForEchoes } from '../../src/io/discovery/echo.ts'
import { createIdentity } from '../../src/io/identity.ts'
import { decodeControl, encodeControl } from '../../src/io/transport/control.ts'
import { joinFrames } from '../../src/io/transport/framing.ts'
import { bulkProtocol, ringProtocol } from '../../src/io/transport/link.ts'
import type { Node } from '../../src/io/transport/node.ts'
import { simultaneousMillis } from '../../src/io/transport/pairing.ts'
import { until } from '../support/wait.ts'
import { createStations } from './stations.ts'
import { bytes, helloOf, room, type Station } from './transport-conformance.ts'

const framed = (frames: readonly Uint8Array[]): Uint8Array =>
  joinFrames(frames.map((frame) => ({ bytes: frame, isControl: false })))

const { start, startRogue } = createStations('libp2p tests')

async function openRing(rogue: Node, to: Station) {
  const [address = ''] = to.transport.addresses
  const connection = await rogue.dial(multiaddr(address))
  return connection.newStream(ringProtocol)
}

const greeting = framed([helloOf('hello')])
const badFrames = (station: Station) => station.troubles.filter(({ kind }) => kind === 'bad-frame')

describe('a stream from a rogue peer', () => {
  it('is dropped and reported when a frame is over its limit, and the peer may open another', async () => {
    const [station, rogue] = [await start(), await startRogue()]
    const stream = await openRing(rogue, station)
    stream.send(greeting)
    await until('it has said hello', () => station.links.length > 0)
    const head = Buffer.alloc(4)
    head.writeUInt32BE(frameBytesMax + 1)
    stream.send(head)
    await until('it is reported', () => badFrames(station).length > 0)
    await until('the stream is dropped', () => stream.status !== 'open')
    const again = await openRing(rogue, station)
    again.send(framed([helloOf('hello'), bytes('a good frame')]))
    await until('the good frame is there', () => station.frames.length > 0)
    expect(station.frames.map(({ text }) => text)).toEqual(['a good frame'])
    expect(badFrames(station)).toHaveLength(1)
    expect(station.links).toHaveLength(1)
  })

  it('is read no faster than a stranger may speak, so that members are heard at once', async () => {
    const [station, member, rogue] = [await start(), await start(), await startRogue()]
    const stream = await openRing(rogue, station)
    stream.send(greeting)
    await until('the stranger has said hello', () => station.links.length > 0)
    const stranger = parsePeerId(rogue.peerId.toString())
    if (stranger.ok) station.strangers.add(stranger.value)
    const flood = framed(Array.from({ length: 1_000 }, () => bytes('noise')))
    for (let thousand = 0; thousand < 100; thousand++) stream.send(flood)
    await until('the flood has begun', () => station.frames.length > 0)
    member.transport.addAddress(station.transport.addresses[0] ?? '')
    await until('the member has come', () => member.isConnectedTo(station))
    member.transport.send(station.self, bytes('a word'))
    await until('the member is heard', () => station.frames.some(({ from }) => from === member.self))
    expect(station.frames.filter(({ from }) => from !== member.self).length).toBeLessThan(50_000)
  })

  it('takes a frame of exactly the limit', async () => {
    const [station, rogue] = [await start(), await startRogue()]
    const stream = await openRing(rogue, station)
    stream.send(greeting)
    stream.send(framed([new Uint8Array(frameBytesMax)]))
    await until('the frame is there', () => station.frames.length > 0)
    expect(station.frames[0]?.text).toHaveLength(frameBytesMax)
  })

  it('is reported when it ends in the middle of a frame', async () => {
    const [station, rogue] = [await start(), await startRogue()]
    const stream = await openRing(rogue, station)
    stream.send(greeting)
    stream.send(framed([bytes('a frame that is cut')]).subarray(0, 12))
    await stream.close()
    await until('it is reported', () => badFrames(station).length > 0)
    expect(station.frames).toEqual([])
  })

  it('gives whole frames however they were cut on their way', async () => {
    const [station, rogue] = [await start(), await startRogue()]
    const stream = await openRing(rogue, station)
    const all = framed([helloOf('hello'), bytes('one'), bytes('two')])
    for (const byte of all) stream.send(Uint8Array.of(byte))
    const long = 'long '.repeat(20_000)
    const bytesOfLong = framed([bytes(long)])
    for (let at = 0; at < bytesOfLong.length; at += 7_777) stream.send(bytesOfLong.subarray(at, at + 7_777))
    await until('all frames are there', () => station.frames.length >= 3)
    expect(station.frames.map(({ text }) => text)).toEqual(['one', 'two', long])
  })

  it('is reported when its first frame is no hello', async () => {
    const [station, rogue] = [await start(), await startRogue()]
    const stream = await openRing(rogue, station)
    stream.send(framed([Uint8Array.of(wireVersion, 200, 1)]))
    await until('it is reported', () => badFrames(station).length > 0)
    expect(station.links).toEqual([])
  })

  it('is named and cut off, once, when it speaks another wire version', async () => {
    const [station, rogue] = [await start(), await startRogue()]
    for (let attempt = 0; attempt < 2; attempt++) {
      const stream = await openRing(rogue, station)
      stream.send(
        framed([
          new Writer()
            .byte(0)
            .unsigned(wireVersion + 8)
            .raw(bytes('whatever comes then'))
            .finish(),
        ]),
      )
      await until('it is cut off', () => stream.status !== 'open' && rogue.getConnections().length === 0)
    }
    expect(station.troubles).toEqual([{ kind: 'version', peer: rogue.peerId.toString(), version: wireVersion + 8 }])
    expect(station.links).toEqual([])
  })

  it('holds back the bulk that waits for it until it reads, or is gone', async () => {
    const [station, rogue] = [await start(), await startRogue()]
    const streams: Stream[] = []
    await rogue.handle(bulkProtocol, (stream) => {
      stream.pause()
      streams.push(stream)
    })
    const stream = await openRing(rogue, station)
    stream.send(greeting)
    await until('it has said hello', () => station.links.length > 0)
    const peer = station.links[0]?.slice(1, 53) as Station['self']
    let handedOver = 0
    const send = () => station.transport.sendBulk(peer, new Uint8Array(frameBytesMax)).then(() => handedOver++)
    void send()
    await until('the stream is open', () => streams.length === 1)
    stream.send(framed([bytes('a frame'), bytes('another')]))
    await until('other frames come meanwhile', () => station.frames.length === 2)
    expect(handedOver).toBe(0)
    streams[0]?.addEventListener('message', () => {})
    streams[0]?.resume()
    await until('it is handed over', () => handedOver === 1)
    streams[0]?.pause()
    void send()
    await rogue.stop()
    await until('it can no longer go', () => handedOver === 2)
  })

  it('is given up when it reads nothing of what it is sent', async () => {
    const [station, rogue] = [await start(), await startRogue()]
    await rogue.handle(ringProtocol, (stream) => {
      stream.pause()
    })
    const stream = await openRing(rogue, station)
    stream.send(greeting)
    await until('it has said hello', () => station.links.length > 0)
    const peer = station.links[0]?.slice(1, 53) as Station['self']
    for (let sent = 0; sent < 40; sent++) station.transport.send(peer, new Uint8Array(frameBytesMax))
    await until('it is reported', () => station.troubles.some(({ kind }) => kind === 'unreachable'))
    await until('it is cut off', () => station.links.length > 1)
  })
})

describe('gossip from a rogue peer', () => {
  it('is rejected and reported when it is malformed or over its limit, and the rest is heard', async () => {
    const [station, rogue] = [await start(), await startRogue()]
    station.transport.enterRoom(room)
    const topic = `gavelring/${room}/ring`
    rogue.services.gossip.subscribe(topic)
    const stream = await openRing(rogue, station)
    stream.send(greeting)
    await until('it is subscribed', () => rogue.services.gossip.getSubscribers(topic).length > 0)
    await rogue.services.gossip.publish(topic, Uint8Array.of(7, 7, 7))
    await rogue.services.gossip.publish(topic, Uint8Array.of(1, 2, 3))
    await rogue.services.gossip.publish(topic, new Uint8Array(frameBytesMax + 100))
    await rogue.services.gossip.publish(topic, Uint8Array.of(0, 104, 105))
    await until('the good one is heard', () => station.gossip.length > 0)
    expect(station.gossip).toEqual([{ from: rogue.peerId.toString(), topic: 'ring', text: 'hi' }])
    expect(badFrames(station)).toHaveLength(3)
  })
})

describe('dialling', () => {
  it('reports a wrong room code once for each address, and does not connect', async () => {
    const station = await start()
    const stranger = await start({ room: { name: 'libp2p tests', code: 'wrong' }, bootstrap: station.transport.addresses })
    await until('it is reported', () => stranger.troubles.length > 0)
    stranger.transport.addAddress(station.transport.addresses[0] ?? '')
    stranger.transport.addAddress(station.transport.addresses[0] ?? '')
    const friend = await start({ bootstrap: station.transport.addresses })
    await until('others connect', () => station.isConnectedTo(friend))
    const address = station.transport.addresses[0]?.split('/p2p/')[0]
    expect(stranger.troubles).toEqual([{ kind: 'wrong-code', address, peer: station.self }])
    expect([stranger.links, station.links.filter((link) => link.includes(stranger.self))]).toEqual([[], []])
  })

  it('says that nobody answers at an address, and connects as soon as somebody does', async () => {
    const port = await freePort()
    const address = `/ip4/127.0.0.1/tcp/${port}`
    const station = await start({ bootstrap: [address] })
    await until('it is reported', () => station.troubles.length > 0)
    expect(station.troubles).toEqual([{ kind: 'unreachable', address, reason: expect.stringContaining('ECONNREFUSED') }])
    const late = await start({ listen: [address] })
    await until('they are connected', () => station.isConnectedTo(late) && late.isConnectedTo(station))
    expect(station.troubles).toHaveLength(1)
    expect(station.transport.peers).toEqual([{ peer: late.self, addresses: [`${address}/p2p/${late.self}`] }])
  })

  it('takes whoever lives at a given address now', async () => {
    const address = `/ip4/127.0.0.1/tcp/${await freePort()}`
    const first = await start({ listen: [address] })
    const station = await start({ bootstrap: [address] })
    await until('they are connected', () => station.isConnectedTo(first))
    await first.transport.stop()
    const second = await start({ listen: [address] })
    await until('they are connected', () => station.isConnectedTo(second))
    expect(station.isConnectedTo(first)).toBe(false)
  })

  it('keeps its link when the peer is found once more, at an address that came without its id', async () => {
    const [a, b] = [await start(), await start({ listen: ['/ip4/0.0.0.0/tcp/0'] })]
    a.transport.addAddress(b.transport.addresses[0] ?? '')
    await until('they are connected', () => a.isConnectedTo(b) && b.isConnectedTo(a))
    const linkedAt = performance.now()
    await until('the link is no longer new', () => performance.now() - linkedAt > simultaneousMillis + 100)
    const port = b.transport.addresses[0]?.split('/')[4]
    const found = `/ip4/127.0.0.2/tcp/${port}`
    a.transport.addAddress(found)
    await until('a has found it', () => a.transport.peers[0]?.addresses.includes(`${found}/p2p/${b.self}`) === true)
    a.transport.send(b.self, bytes('as before'))
    await until('the frame is there', () => b.frames.length > 0)
    expect([a.links, b.links]).toEqual([[`+${b.self} hello`], [`+${a.self} hello`]])
  })

  it('survives that two peers dial each other in the same moment', async () => {
    const [a, b] = [await start(), await start()]
    for (const address of b.transport.addresses) a.transport.addAddress(address)
    for (const address of a.transport.addresses) b.transport.addAddress(address)
    await until('they are connected', () => a.isConnectedTo(b) && b.isConnectedTo(a))
    a.transport.send(b.self, bytes('there'))
    b.transport.send(a.self, bytes('back'))
    await until('both frames are there', () => a.frames.length > 0 && b.frames.length > 0)
    expect([a.links, b.links]).toEqual([[`+${b.self} hello`], [`+${a.self} hello`]])
  })
})

describe('discovery', () => {
  it('leads to the peers of the own room, and tells of others without dialling them', async (context) => {
    if (!(await listenForEchoes()).some(({ isHeard }) => isHeard)) context.skip('multicast does not work here')
    const name = `discovery ${createIdentity().self.slice(-20)}`
    const find = (room: string) => start({ mdns: true, room: { name: room, code: '' } })
    const stations = [await find(name), await find(name), await find(`not ${name}`)]
    const [a, b, other] = stations as [Station, Station, Station]
    b.transport.announce({ name: 'Bo', room: undefined })
    await until('they have found each other', () => a.isConnectedTo(b) && b.isConnectedTo(a))
    const seenBy = (one: Station, other: Station) => one.transport.sightings.find(({ peer }) => peer === other.self)
    await until('what is announced is seen', () => seenBy(a, b)?.name === 'Bo')
    await until('the other room is seen', () => seenBy(a, other)?.roomName === `not ${name}` && seenBy(other, a) !== undefined)
    expect([a.links.length, other.links, other.troubles]).toEqual([1, [], []])
  })
})

describe('a room that is joined by one address', () => {
  it('is linked all to all; without the one whose address it was, the others know at once that it is gone, and talk on', async () => {
    const first = await start()
    const bootstrap = [first.transport.addresses[0] ?? '']
    const others = await Promise.all(Array.from({ length: 4 }, () => start({ bootstrap })))
    const everyone = [first, ...others]
    const areAllLinked = (stations: readonly Station[]): boolean =>
      stations.every((one) => stations.every((other) => one === other || one.isConnectedTo(other)))
    for (const { transport } of everyone) transport.enterRoom(room)
    await until('all are linked with all', () => areAllLinked(everyone))
    // Each dialled it, or is dialled by it: either way where it listened is known, and nobody answers there any more.
    await until('all know where all listen', () =>
      others.every(({ transport }) => transport.peers.every(({ addresses }) => addresses.length > 0)),
    )
    await first.transport.stop()
    await until('the first is gone', () => others.every((other) => !other.isConnectedTo(first)))
    expect(others.map(({ links }) => links.at(-1))).toEqual(others.map(() => `-${first.self} refused`))
    expect(areAllLinked(others)).toBe(true)
    for (const one of others) {
      for (const other of others) if (other !== one) one.transport.send(other.self, bytes(`from ${one.self}`))
    }
    await until('all hear all', () => {
      for (const { transport } of others) transport.gossip('ring', bytes('alive'))
      return others.every(
        ({ frames, gossip }) =>
          frames.length === others.length - 1 && new Set(gossip.map(({ from }) => from)).size === others.length - 1,
      )
    })
  })

  it('hears heartbeats over its links, but never those of another room of the same name and code', async () => {
    const first = await start()
    const others = await Promise.all(Array.from({ length: 2 }, () => start({ bootstrap: [first.transport.addresses[0] ?? ''] })))
    const [near, far] = others as [Station, Station]
    const everyone = [first, near, far]
    first.transport.enterRoom(room)
    near.transport.enterRoom(room)
    far.transport.enterRoom('cd'.repeat(32) as RoomId)
    await until('all are linked with all', () =>
      everyone.every((one) => everyone.every((other) => one === other || one.isConnectedTo(other))),
    )
    await until('a heartbeat is heard', () => {
      first.transport.gossip('ring', bytes('alive'))
      return near.gossip.some(({ text }) => text === 'alive')
    })
    far.transport.gossip('ring', bytes('from elsewhere'))
    far.transport.send(near.self, bytes('after it'))
    await until('what was sent after it is there', () => near.frames.some(({ text }) => text === 'after it'))
    expect(far.gossip.map(({ text }) => text)).toEqual([])
    expect(near.gossip.every(({ text }) => text === 'alive')).toBe(true)
  })

  it('refuses a list of neighbours that is none', () => {
    const peer = createIdentity().self
    const listOf = (address: string) => encodeControl({ kind: 'neighbours', neighbours: [{ peer, addresses: [address] }] })
    const good = '/ip4/127.0.0.1/tcp/4001'
    expect(decodeControl(listOf(good))).toEqual({ kind: 'neighbours', neighbours: [{ peer, addresses: [good] }] })
    for (let length = 1; length < listOf(good).length; length++) {
      expect(decodeControl(listOf(good).subarray(0, length)), `${length} bytes`).toBeTypeOf('string')
    }
    const bad = ['/dns4/example.org/tcp/80', 'nonsense', '/ip4/1.2.3.4/udp/5', '/ip4/1.2.3.4/tcp/0', '/ip4/224.0.0.251/tcp/5353']
    for (const address of [...bad, `/ip4/127.0.0.1/tcp/1/p2p/${peer}`, '/ip6/FD00::2/tcp/1', '/ip6zone/eth0/ip6/fe80::1/tcp/1']) {
      expect(decodeControl(listOf(address)), address).toBeTypeOf('string')
    }
  })
})

describe('gossip', () => {
  it('reaches a peer again whose first stream ended while it was being opened', async () => {
    let isSpoilt = false
    const spoil = (node: Node, connection: Connection): void => {
      const open = connection.newStream
      connection.newStream = async (protocols, options) => {
        const stream = await open(protocols, options)
        if (isSpoilt || !stream.protocol.startsWith('/meshsub/')) return stream
        isSpoilt = true
        connection.abort(new Error('it breaks'))
        await until('gossip has noticed', () => node.services.gossip.getPeers().length === 0)
        return stream
      }
    }
    const near = await startRogue(['/ip4/127.0.0.1/tcp/0'], async (node) =>
      node.addEventListener('connection:open', ({ detail }) => spoil(node, detail)),
    )
    const far = await startRogue()
    const heard: string[] = []
    far.services.gossip.addEventListener('message', ({ detail }) => heard.push(new TextDecoder().decode(detail.data)))
    near.services.gossip.subscribe('topic')
    far.services.gossip.subscribe('topic')
    await far.dial(near.getMultiaddrs())
    await until('its connection breaks', () => isSpoilt)
    await until('both have noticed', () => near.getConnections().length + far.getConnections().length === 0)
    await far.dial(near.getMultiaddrs())
    await until('it is heard', () => {
      void near.services.gossip.publish('topic', bytes('a word'))
      return heard.includes('a word')
    })
  })
})

describe('starting', () => {
  it('fails by name where another program listens', async () => {
    const station = await start()
    const address = station.transport.addresses[0]?.split('/p2p/')[0] ?? ''
    await expect(start({ listen: [address] })).rejects.toMatchObject({ code: 'port-in-use' })
  })

  it.each(['nonsense', '/ip4/127.0.0.1', '/ip4/300.0.0.1/tcp/1', '/ip4/127.0.0.1/udp/1', '/ip4/192.0.2.1/tcp/0'])(
    'fails by name where it cannot listen: %s',
    async (address) => {
      await expect(start({ listen: [address] })).rejects.toMatchObject({ code: 'address-invalid' })
    },
  )

  it.each(['nonsense', '/ip4/127.0.0.1', '/ip4/127.0.0.1/tcp/1/p2p/QmNotEd25519', '/p2p/12D3KooW'])(
    'refuses to dial what is no address: %s',
    async (address) => {
      const station = await start()
      expect(() => station.transport.addAddress(address)).toThrow(expect.objectContaining({ code: 'address-invalid' }))
    },
  )
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : expect.unreachable()
}
