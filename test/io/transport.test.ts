import { describe, expect, it } from 'vitest'
import { createIdentity, type KeyedIdentity } from '../../src/io/identity.ts'
import { createTransport } from '../../src/io/transport/transport.ts'
import type { Transport } from '../../src/peer/ports.ts'
import { createMemoryHub } from '../support/memory-transport.ts'
import { until } from '../support/wait.ts'
import { bytes, describeTransport, room, startStation } from './transport-conformance.ts'

const identities = new Map<number, KeyedIdentity>()
const identityOf = (number: number): KeyedIdentity => {
  const identity = identities.get(number) ?? createIdentity()
  identities.set(number, identity)
  return identity
}

describeTransport('memory', () => {
  const hub = createMemoryHub()
  return {
    transport: (number, code) => hub.transport(identityOf(number).self, code),
    introduce: () => {},
    part: (a, b) => hub.cut(identityOf(a).self, identityOf(b).self),
  }
})

describeTransport('libp2p', () => {
  const unreachable = new Set<number>()
  return {
    transport: (number, code) =>
      createTransport({
        identity: identityOf(number),
        room: { name: 'conformance', code },
        listen: unreachable.has(number) ? [] : ['/ip4/127.0.0.1/tcp/0'],
        mdns: false,
        bootstrap: [],
      }),
    introduce(stations) {
      const others = (one: { transport: Transport }) => stations.filter((station) => station !== one)
      for (const one of stations) {
        for (const { transport } of others(one)) for (const address of transport.addresses) one.transport.addAddress(address)
      }
    },
    // Two that listen nowhere cannot reach each other, whoever tells them of one another.
    part: (a, b) => {
      unreachable.add(a).add(b)
    },
  }
})

describe('the memory hub', () => {
  it('cuts a link that stands, tells both ends, and heals it', async () => {
    const hub = createMemoryHub()
    const [a, b] = [
      await startStation(hub.transport(identityOf(0).self), 'a'),
      await startStation(hub.transport(identityOf(1).self), 'b'),
    ]
    await until('they are connected', () => a.isConnectedTo(b) && b.isConnectedTo(a))
    hub.cut(a.self, b.self)
    void a.transport.sendBulk(b.self, bytes('lost'))
    await until('both have noticed', () => !a.isConnectedTo(b) && !b.isConnectedTo(a))
    expect([a.links.at(-1), b.links.at(-1)]).toEqual([`-${b.self}`, `-${a.self}`])
    hub.heal(a.self, b.self)
    await until('they are connected again', () => a.isConnectedTo(b) && b.isConnectedTo(a))
    expect(b.frames).toEqual([])
    a.transport.enterRoom(room)
  })
})
