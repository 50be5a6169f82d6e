import { describe, expect, it } from 'vitest'
import { createRememberer, readRememberedAddresses } from '../../src/peer/network.ts'
import type { Transport } from '../../src/peer/ports.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { peerNamed } from './keyed-crypto.ts'

const ana = { peer: peerNamed('A'), addresses: ['/ip4/10.0.0.1/tcp/4001', '/ip4/10.0.0.1/tcp/4002'] }
const bob = { peer: peerNamed('B'), addresses: ['/ip4/10.0.0.2/tcp/4001'] }

describe('addresses of peers', () => {
  it('are there at the next start, and stay while nobody is connected', async () => {
    const store = createMemoryStore()
    await store.open()
    expect(await readRememberedAddresses(store)).toEqual([])
    let peers: Transport['peers'] = [bob, ana]
    const remember = createRememberer(store, {
      get peers() {
        return peers
      },
    } as Transport)
    await remember()
    peers = []
    await remember()
    expect(await readRememberedAddresses(store)).toEqual([...ana.addresses, ...bob.addresses])
  })

  it('that cannot be read are none', async () => {
    const store = createMemoryStore()
    await store.open()
    await store.writeValue('peers', Uint8Array.of(200, 1, 1))
    expect(await readRememberedAddresses(store)).toEqual([])
  })
})
