import { afterEach, describe, expect, it } from 'vitest'
import { Writer } from '../../src/core/codec.ts'
import { writeHelloHead } from '../../src/core/hello-head.ts'
import type { PeerId, RoomId } from '../../src/core/ids.ts'
import type { Topic, Transport, TransportTrouble, Verdict } from '../../src/peer/ports.ts'
import { until } from '../support/wait.ts'

/** A transport that writes down what it hears. */
export interface Station {
  readonly self: PeerId
  readonly transport: Transport
  /** In the order of events: `+X hello`, `-X`, `-X refused`. */
  readonly links: string[]
  readonly frames: { readonly from: PeerId; readonly text: string }[]
  readonly gossip: { readonly from: PeerId; readonly topic: Topic; readonly text: string }[]
  readonly troubles: TransportTrouble[]
  verdict: Verdict
  /** Who is no member of its view; everybody else is. */
  readonly strangers: Set<PeerId>
  isConnectedTo(other: Station): boolean
}

/** How the transports of one kind are made and parted. */
export interface Network {
  /** A transport of the peer with this number; the same number is the same peer. Not started. */
  transport(number: number, code: string): Transport
  /** Makes started stations find each other. */
  introduce(stations: readonly Station[]): void
  /** There will be no direct link between these two. Before they start. */
  part(a: number, b: number): void
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (frame: Uint8Array): string => new TextDecoder().decode(frame)
/** A hello that says this text behind its head. */
export const helloOf = (text: string): Uint8Array => writeHelloHead(new Writer()).raw(bytes(text)).finish()
const headBytes = helloOf('').length
export const room = 'ab'.repeat(32) as RoomId

export async function startStation(transport: Transport, hello: string): Promise<Station> {
  const connected = new Set<PeerId>()
  const station: Station = {
    self: transport.self,
    transport,
    links: [],
    frames: [],
    gossip: [],
    troubles: [],
    verdict: 'accept',
    strangers: new Set(),
    isConnectedTo: (other) => connected.has(other.self),
  }
  transport.setHello(helloOf(hello))
  await transport.start({
    onConnected(peer, greeting) {
      station.links.push(`+${peer} ${decode(greeting.subarray(headBytes))}`)
      connected.add(peer)
    },
    onDisconnected(peer, refused) {
      station.links.push(refused ? `-${peer} refused` : `-${peer}`)
      connected.delete(peer)
    },
    isUnlimited: (peer) => !station.strangers.has(peer),
    onFrame: (from, frame) => station.frames.push({ from, text: decode(frame) }),
    onGossip(from, topic, frame) {
      station.gossip.push({ from, topic, text: decode(frame) })
      return station.verdict
    },
    onSighted: () => {},
    onTrouble: (trouble) => station.troubles.push(trouble),
  })
  return station
}

/** What the port promises, whatever the transport is made of. */
export function describeTransport(name: string, createNetwork: () => Network): void {
  describe(`a ${name} transport`, () => {
    let network = createNetwork()
    let started: Station[] = []

    const start = async (count: number, code = 'code'): Promise<Station[]> => {
      const stations: Station[] = []
      for (let number = 0; number < count; number++) stations.push(await restart(number, code))
      network.introduce(stations)
      await until('all are connected', () =>
        stations.every((one) => stations.every((other) => one === other || one.isConnectedTo(other))),
      )
      return stations
    }
    const restart = async (number: number, code = 'code'): Promise<Station> => {
      const station = await startStation(network.transport(number, code), `hello ${number}`)
      started.push(station)
      return station
    }
    const gossipUntilHeard = (from: Station, topic: Topic, text: string, others: readonly Station[]): Promise<void> =>
      repeatUntil(
        `${text} is heard by all`,
        () => from.transport.gossip(topic, bytes(text)),
        () => others.every((other) => other.gossip.some((heard) => heard.text === text)),
      )

    afterEach(async () => {
      await Promise.all(started.map((station) => station.transport.stop()))
      started = []
      network = createNetwork()
    })

    it('tells each side what the other said first', async () => {
      const [a, b] = (await start(2)) as [Station, Station]
      expect(a.links).toEqual([`+${b.self} hello 1`])
      expect(b.links).toEqual([`+${a.self} hello 0`])
      expect(a.transport.peers.map(({ peer }) => peer)).toEqual([b.self])
    })

    it('delivers frames to a peer whole and in order, also large ones', async () => {
      const [a, b] = (await start(2)) as [Station, Station]
      const sent = Array.from({ length: 300 }, (_, i) => (i % 50 === 7 ? 'x'.repeat(1_000_000 + i) : `frame ${i}`))
      for (const text of sent) a.transport.send(b.self, bytes(text))
      await until('all frames are there', () => b.frames.length >= sent.length)
      expect(b.frames.map(({ text }) => text)).toEqual(sent)
      expect(b.frames.every(({ from }) => from === a.self)).toBe(true)
      expect(a.frames).toEqual([])
    })

    it('delivers frames of both lanes, both ways, each lane in order', async () => {
      const [a, b] = (await start(2)) as [Station, Station]
      const names = Array.from({ length: 100 }, (_, i) => i)
      for (const i of names) {
        a.transport.send(b.self, bytes(`ring ${i}`))
        void a.transport.sendBulk(b.self, bytes(`bulk ${i}`))
        b.transport.send(a.self, bytes(`ring ${i}`))
        void b.transport.sendBulk(a.self, bytes(`bulk ${i}`))
      }
      await until('all frames are there', () => a.frames.length + b.frames.length >= 400)
      for (const station of [a, b]) {
        for (const lane of ['ring', 'bulk']) {
          const texts = station.frames.map(({ text }) => text).filter((text) => text.startsWith(lane))
          expect(texts).toEqual(names.map((i) => `${lane} ${i}`))
        }
      }
    })

    it('delivers frames of every size whole, also those that leave in several pieces', async () => {
      const [a, b] = (await start(2)) as [Station, Station]
      const sizes = [16_300, 16_400, 65_490, 65_520, 131_072, 400_000]
      // No part of one is the same as another.
      const sent = sizes.map((size) => Array.from({ length: size / 8 }, (_, i) => String(size + i).padStart(8)).join(''))
      for (const text of sent) void a.transport.sendBulk(b.self, bytes(text))
      await until('all frames are there', () => b.frames.length >= sent.length)
      for (const [at, text] of sent.entries()) expect(b.frames[at]?.text === text).toBe(true)
    })

    it('says when a bulk frame is handed over, or can go nowhere', async () => {
      const [a, b] = (await start(2)) as [Station, Station]
      await a.transport.sendBulk(b.self, new Uint8Array(1_000_000))
      await until('it is there', () => b.frames.length === 1)
      await a.transport.sendBulk(network.transport(9, 'code').self, bytes('to nobody'))
      const gone = b.transport.stop()
      await a.transport.sendBulk(b.self, new Uint8Array(1_000_000))
      await gone
    })

    it('does not deliver to others what was sent to one', async () => {
      const [a, b, c] = (await start(3)) as [Station, Station, Station]
      a.transport.send(b.self, bytes('for b'))
      a.transport.send(c.self, bytes('for c'))
      await until('both have come', () => b.frames.length > 0 && c.frames.length > 0)
      expect([b.frames, c.frames]).toEqual([[{ from: a.self, text: 'for b' }], [{ from: a.self, text: 'for c' }]])
    })

    it('carries gossip to everyone in the room, under its signer', async () => {
      const stations = await start(3)
      const [a, b, c] = stations as [Station, Station, Station]
      for (const { transport } of stations) transport.enterRoom(room)
      await gossipUntilHeard(a, 'bank', 'an announcement', [b, c])
      const expected = { from: a.self, topic: 'bank', text: 'an announcement' }
      expect([b.gossip[0], c.gossip[0]]).toEqual([expected, expected])
      expect(a.gossip).toEqual([])
    })

    it('keeps the gossip of two rooms apart', async () => {
      const stations = await start(3)
      const [a, b, c] = stations as [Station, Station, Station]
      a.transport.enterRoom(room)
      b.transport.enterRoom(room)
      c.transport.enterRoom('cd'.repeat(32) as RoomId)
      await gossipUntilHeard(a, 'log', 'for this room', [b])
      expect(c.gossip).toEqual([])
    })

    it('says nothing before a room is entered', async () => {
      const [a, b] = (await start(2)) as [Station, Station]
      b.transport.enterRoom(room)
      a.transport.gossip('log', bytes('too early'))
      a.transport.enterRoom(room)
      await gossipUntilHeard(a, 'log', 'now', [b])
      expect(b.gossip.map(({ text }) => text)).not.toContain('too early')
    })

    it('tells the others when a peer has gone, and that its door is closed', async () => {
      const [a, b, c] = (await start(3)) as [Station, Station, Station]
      await b.transport.stop()
      await until('both have noticed', () => !a.isConnectedTo(b) && !c.isConnectedTo(b))
      expect([a.links.at(-1), c.links.at(-1)]).toEqual([`-${b.self} refused`, `-${b.self} refused`])
      expect(a.isConnectedTo(c)).toBe(true)
    })

    it('connects again with a peer that comes back', async () => {
      const [a, b] = (await start(2)) as [Station, Station]
      await b.transport.stop()
      await until('it has noticed', () => !a.isConnectedTo(b))
      const again = await restart(1)
      network.introduce([a, again])
      await until('they are connected again', () => a.isConnectedTo(again) && again.isConnectedTo(a))
      a.transport.send(again.self, bytes('welcome back'))
      await until('the frame is there', () => again.frames.length > 0)
      expect(again.frames).toEqual([{ from: a.self, text: 'welcome back' }])
      for (const { transport } of [a, again]) transport.enterRoom(room)
      await gossipUntilHeard(a, 'ring', 'gossip flows again', [again])
    })

    it('does not let a peer in that has another room code', async () => {
      const [a, b] = (await start(2)) as [Station, Station]
      const stranger = await restart(2, 'another code')
      network.introduce([a, stranger])
      network.introduce([stranger, a])
      a.transport.send(b.self, bytes('still here'))
      await until('the others go on', () => b.frames.length > 0)
      expect([a.isConnectedTo(stranger), stranger.isConnectedTo(a), stranger.links]).toEqual([false, false, []])
    })

    it('drops without complaint what cannot be sent', async () => {
      const a = await restart(0)
      const nobody = network.transport(9, 'code').self
      a.transport.send(nobody, bytes('to nobody'))
      void a.transport.sendBulk(nobody, bytes('to nobody'))
      a.transport.gossip('log', bytes('to nobody'))
      a.transport.enterRoom(room)
      a.transport.send(nobody, bytes('to nobody'))
      a.transport.gossip('log', bytes('to nobody'))
      expect(a.troubles).toEqual([])
    })

    /** Stations 0 and 1 are linked with 2 only. */
    const startParted = async (): Promise<readonly [Station, Station, Station]> => {
      network.part(0, 1)
      const stations = [await restart(0), await restart(1), await restart(2)] as const
      const [a, b, c] = stations
      network.introduce([a, c])
      network.introduce([b, c])
      await until('all are connected', () => a.isConnectedTo(c) && b.isConnectedTo(c))
      for (const { transport } of stations) transport.enterRoom(room)
      return stations
    }

    it('goes around a broken link in an envelope that only its addressee opens', async () => {
      const [a, b, c] = await startParted()
      await repeatUntil(
        'the envelope has come',
        () => a.transport.send(b.self, bytes('by way of c')),
        () => b.frames.length > 0,
      )
      expect(b.frames[0]).toEqual({ from: a.self, text: 'by way of c' })
      expect([a.isConnectedTo(b), b.isConnectedTo(a), c.frames, c.gossip]).toEqual([false, false, [], []])
    })

    it('does not pass on what a peer rejects', async () => {
      const [a, b, c] = await startParted()
      await gossipUntilHeard(a, 'bank', 'over c', [b])
      c.verdict = 'reject'
      for (let i = 0; i < 5; i++) a.transport.gossip('bank', bytes(`bad ${i}`))
      await until('c has heard them', () => c.gossip.filter(({ text }) => text.startsWith('bad')).length === 5)
      c.verdict = 'accept'
      await gossipUntilHeard(a, 'bank', 'good again', [b])
      expect(b.gossip.filter(({ text }) => text.startsWith('bad'))).toEqual([])
    })
  })
}

/** For what may be lost until everyone has heard of everyone. */
async function repeatUntil(what: string, action: () => void, condition: () => boolean): Promise<void> {
  let actedAt = Number.NEGATIVE_INFINITY
  await until(what, () => {
    if (performance.now() - actedAt > 100) {
      actedAt = performance.now()
      action()
    }
    return condition()
  })
}
