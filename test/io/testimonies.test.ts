import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, it } from 'vitest'
import { parsePeerId } from '../../src/core/ids.ts'
import { createCopies } from '../../src/io/discovery/copies.ts'
import { createIdentity, type KeyedIdentity } from '../../src/io/identity.ts'
import { createNode, type Node } from '../../src/io/transport/node.ts'
import { createTestimonies, testimonyProtocol } from '../../src/io/transport/testimonies.ts'
import { until } from '../support/wait.ts'
import { createStations, loopback } from './stations.ts'

// No multicast: two that cannot be connected hear of each other by a third.

const { stops } = createStations('testimonies')

interface Place {
  readonly node: Node
  /** Whether it was told that it is the later one, each time. */
  readonly told: boolean[]
  readonly looks: { count: number }
  dial(other: Place): Promise<Connection>
}

async function place(identity: KeyedIdentity, digit: string, began: number): Promise<Place> {
  const told: boolean[] = []
  const looks = { count: 0 }
  const copies = createCopies({
    self: identity.self,
    crypto: identity.crypto,
    began,
    start: digit.repeat(32),
    mayLook: () => ++looks.count <= 100,
    onCopy: (isLater) => told.push(isLater),
  })
  const node = await createNode({ identity, room: { name: 'testimonies', code: 'code' }, listen: [loopback] })
  const testimonies = createTestimonies(copies)
  await node.handle(testimonyProtocol, (stream, connection) => {
    const peer = parsePeerId(connection.remotePeer.toString())
    if (peer.ok) testimonies.hear(peer.value, stream, connection)
  })
  node.addEventListener('connection:open', ({ detail }) => testimonies.greet(detail))
  await node.start()
  stops.push(() => node.stop())
  return { node, told, looks, dial: (other) => node.dial(multiaddr(other.node.getMultiaddrs()[0]?.toString() ?? '')) }
}

it('two copies of one profile hear of each other, one after the other or at once, by whoever both have found', async () => {
  const twin = createIdentity()
  const [hub, first, second] = await Promise.all([
    place(createIdentity(), 'c', 0),
    place(twin, 'a', 1_000),
    place(twin, 'b', 2_000),
  ])
  const lost = await first.dial(hub)
  await until('the first has said who it is', () => hub.node.getConnections().length === 1)
  await second.dial(hub)
  await until('both know', () => first.told.length > 0 && second.told.length > 0)
  expect([new Set(first.told), new Set(second.told), hub.told]).toEqual([new Set([false]), new Set([true]), []])
  const third = await place(twin, 'd', 3_000)
  await lost.close()
  await third.dial(hub)
  await until('the third hears of the second', () => third.told.length > 0)
  expect(third.told).not.toContain(false)
})

it('whoever makes such things up stops nobody, and costs nobody a connection', async () => {
  const [hub, other] = await Promise.all([place(createIdentity(), 'c', 5), place(createIdentity(), 'a', 1)])
  const connection = await other.dial(hub)
  const said = async (bytes: Uint8Array): Promise<void> => {
    const stream = await connection.newStream(testimonyProtocol)
    stream.send(bytes)
    await stream.close()
  }
  const lie = (of: number, start: number, proof: string): Uint8Array =>
    Buffer.from([of, ...Array(16).fill(start), 1, proof.length, ...Buffer.from(proof)])
  const before = hub.looks.count
  await said(lie(1, 7, `1.${'A'.repeat(86)}`))
  await until('it is looked at', () => hub.looks.count > before)
  await said(Buffer.from([9]))
  await said(new Uint8Array())
  await said(new Uint8Array(100_000))
  await said(lie(1, 7, ''))
  for (let start = 1; start < 8; start++) await said(lie(0, start, ''))
  const after = hub.looks.count
  await said(lie(1, 8, '0.'))
  await until('it still looks', () => hub.looks.count > after)
  expect([hub.told, other.told, connection.status]).toEqual([[], [], 'open'])
})
