import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { createHearsay, createRememberer, readRememberedAddresses } from '../../src/peer/hearsay.ts'
import type { Store, Transport } from '../../src/peer/ports.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { peerNamed } from './keyed-crypto.ts'

const [ana, bob] = [peerNamed('A'), peerNamed('B')]
const [near, far] = ['/ip4/10.0.0.1/tcp/4001', '/ip4/10.0.0.2/tcp/4001']

/** What is heard of others by a peer that is connected with whoever is in `peers`. */
function createHearsayRig() {
  const transport: { peers: Transport['peers'] } = { peers: [] }
  return { hearsay: createHearsay(transport), transport }
}

describe('what went wrong with whom', () => {
  it('is remembered by what it was', () => {
    const { hearsay } = createHearsayRig()
    hearsay.trouble({ kind: 'wrong-code', peer: ana, address: near })
    hearsay.trouble({ kind: 'wrong-code', peer: undefined, address: far })
    hearsay.trouble({ kind: 'version', peer: bob, version: 9 })
    hearsay.trouble({ kind: 'unreachable', address: far, reason: 'refused' })
    hearsay.trouble({ kind: 'bad-frame', peer: bob, reason: 'over its limit' })
    hearsay.refuse(bob, 'it gave no genesis block')
    expect(hearsay.facts()).toEqual({
      otherCodes: new Map([[ana, near]]),
      strangers: [far],
      otherVersions: new Map([[bob, 9]]),
      deadEnds: new Map([[far, 'refused']]),
      refused: new Map([[bob, 'it gave no genesis block']]),
    })
  })

  it('is over as soon as that peer is connected', () => {
    const { hearsay } = createHearsayRig()
    for (const peer of [ana, bob]) {
      hearsay.trouble({ kind: 'wrong-code', peer, address: near })
      hearsay.trouble({ kind: 'version', peer, version: 9 })
    }
    hearsay.greeted(ana)
    expect(hearsay.facts()).toMatchObject({ otherCodes: new Map([[bob, near]]), otherVersions: new Map([[bob, 9]]) })
  })

  it('is over at an address where somebody is connected by now', () => {
    const { hearsay, transport } = createHearsayRig()
    for (const address of [near, far]) {
      hearsay.trouble({ kind: 'wrong-code', peer: undefined, address })
      hearsay.trouble({ kind: 'unreachable', address, reason: 'refused' })
    }
    transport.peers = [{ peer: ana, addresses: [near] }]
    expect(hearsay.facts()).toMatchObject({ strangers: [far], deadEnds: new Map([[far, 'refused']]) })
  })

  it('is remembered of so many only, whoever invents them', () => {
    const { hearsay } = createHearsayRig()
    for (let at = 0; at < 1_000; at++) {
      const peer = `${ana.slice(0, -4)}${1_000 + at}` as PeerId
      const address = `/ip4/10.0.0.1/tcp/${1_000 + at}`
      hearsay.trouble({ kind: 'wrong-code', peer, address })
      hearsay.trouble({ kind: 'wrong-code', peer: undefined, address })
      hearsay.trouble({ kind: 'version', peer, version: 9 })
      hearsay.trouble({ kind: 'unreachable', address, reason: 'refused' })
      hearsay.refuse(peer, 'it gave no genesis block')
    }
    const { strangers, ...maps } = hearsay.facts()
    const sizes = [strangers.length, ...Object.values(maps).map(({ size }) => size)]
    expect(sizes).toHaveLength(5)
    for (const size of sizes) {
      expect(size).toBeGreaterThan(0)
      expect(size).toBeLessThanOrEqual(64)
    }
  })
})

it('64 of a kind are remembered, and with one more they begin anew', () => {
  const { hearsay } = createHearsayRig()
  const sizes = (): readonly number[] => {
    const { strangers, ...maps } = hearsay.facts()
    return [strangers.length, ...Object.values(maps).map(({ size }) => size)]
  }
  const hear = (at: number): void => {
    const [peer, address] = [`peer ${at}` as PeerId, `/ip4/10.0.0.1/tcp/${1_000 + at}`]
    hearsay.trouble({ kind: 'wrong-code', peer, address })
    hearsay.trouble({ kind: 'wrong-code', peer: undefined, address })
    hearsay.trouble({ kind: 'version', peer, version: 9 })
    hearsay.trouble({ kind: 'unreachable', address, reason: 'refused' })
    hearsay.refuse(peer, 'it gave no genesis block')
  }
  for (let at = 0; at < 64; at++) hear(at)
  expect(sizes()).toEqual([64, 64, 64, 64, 64])
  hear(64)
  // Of what was refused the newest is kept.
  expect(sizes().toSorted()).toEqual([0, 0, 0, 0, 1])
  hear(65)
  expect(sizes().toSorted()).toEqual([1, 1, 1, 1, 2])
})

describe('addresses for the next start', () => {
  type Peers = { peer: PeerId; addresses: readonly string[] }[]
  async function createNotes(peers: Peers = []) {
    const store = createMemoryStore()
    await store.open()
    let writes = 0
    const counting: Store = {
      ...store,
      writeValue(name, bytes) {
        writes++
        return store.writeValue(name, bytes)
      },
    }
    const transport = { peers } as Partial<Transport> as Transport & { peers: Peers }
    return {
      store,
      transport,
      remember: createRememberer(counting, transport),
      read: () => readRememberedAddresses(store),
      writes: () => writes,
    }
  }
  const at = (port: number): string => `/ip4/10.0.0.1/tcp/${port}`
  const many = (count: number): Peers =>
    Array.from({ length: count }, (_, i) => ({ peer: peerAt(i), addresses: [at(1_000 + i)] }))
  const peerAt = (number: number): PeerId => `12D3KooW${String(number).padStart(44, '0')}` as PeerId

  it('are none before any were kept', async () => {
    expect(await (await createNotes()).read()).toEqual([])
  })

  it('are those of the peers that are connected, in the order of their ids, and stay while nobody is', async () => {
    const { transport, remember, read, writes } = await createNotes()
    transport.peers = [
      { peer: bob, addresses: [far] },
      { peer: ana, addresses: [near, far] },
    ]
    await remember()
    expect(await read()).toEqual([near, far, far])
    transport.peers = []
    await remember()
    expect([await read(), writes()]).toEqual([[near, far, far], 1])
  })

  it('are written again only when they have changed', async () => {
    const { transport, remember, read, writes } = await createNotes([{ peer: ana, addresses: [near] }])
    await remember()
    await remember()
    expect(writes()).toBe(1)
    transport.peers = [{ peer: ana, addresses: [far] }]
    await remember()
    expect([await read(), writes()]).toEqual([[far], 2])
  })

  it('are those of 128 peers, eight of each, and none that is longer than 256 characters', async () => {
    const crowd = await createNotes(many(130).reverse())
    await crowd.remember()
    const kept = await crowd.read()
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([128, at(1_000), at(1_127)])
    const path = (length: number) => `${at(1)}/http-path/${'p'.repeat(length - at(1).length - 11)}`
    const addresses = [path(257), ...Array.from({ length: 9 }, (_, i) => at(1 + i))]
    const one = await createNotes([{ peer: ana, addresses }])
    await one.remember()
    expect(await one.read()).toEqual(addresses.slice(1, 9))
  })

  it('are read as far as they are any, whoever wrote them', async () => {
    const { store, transport, remember, read } = await createNotes()
    await store.writeValue('peers', Uint8Array.of(255, 1, 2))
    expect(await read()).toEqual([])
    transport.peers = [{ peer: ana, addresses: ['nowhere', near] }]
    await remember()
    expect(await read()).toEqual([near])
  })
})

const atAna = { peer: peerNamed('A'), addresses: ['/ip4/10.0.0.1/tcp/4001', '/ip4/10.0.0.1/tcp/4002'] }
const atBob = { peer: peerNamed('B'), addresses: ['/ip4/10.0.0.2/tcp/4001'] }

describe('addresses of peers', () => {
  it('are there at the next start, and stay while nobody is connected', async () => {
    const store = createMemoryStore()
    await store.open()
    expect(await readRememberedAddresses(store)).toEqual([])
    let peers: Transport['peers'] = [atBob, atAna]
    const remember = createRememberer(store, {
      get peers() {
        return peers
      },
    } as Transport)
    await remember()
    peers = []
    await remember()
    expect(await readRememberedAddresses(store)).toEqual([...atAna.addresses, ...atBob.addresses])
  })

  it('that cannot be read are none', async () => {
    const store = createMemoryStore()
    await store.open()
    await store.writeValue('peers', Uint8Array.of(200, 1, 1))
    expect(await readRememberedAddresses(store)).toEqual([])
  })

  it('that mean nothing here, as another version may have written, are left out', async () => {
    const store = createMemoryStore()
    await store.open()
    const addresses = ['/unix/tmp', 'nonsense', '/ip4/10.0.0.1/tcp/0', '/ip4/10.0.0.1/tcp/4001']
    await createRememberer(store, { peers: [{ ...atAna, addresses }] } as unknown as Transport)()
    expect(await readRememberedAddresses(store)).toEqual(['/ip4/10.0.0.1/tcp/4001'])
  })
})
