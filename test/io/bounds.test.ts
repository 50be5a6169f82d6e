import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it, onTestFinished } from 'vitest'
import { BoundedMap } from '../../src/io/bounded-map.ts'
import { createIdentity } from '../../src/io/identity.ts'
import { createNode } from '../../src/io/transport/node.ts'
import { keepPeerStoreSmall } from '../../src/io/transport/peer-store.ts'
import { until } from '../support/wait.ts'

const node = await createNode({ identity: createIdentity(), room: { name: 'bounds', code: '' }, listen: [] })

describe('a bounded map', () => {
  it('forgets what was used longest ago', () => {
    const map = new BoundedMap<string, number>(2)
    map.set('a', 1)
    map.set('b', 2)
    expect(map.get('a')).toBe(1)
    map.set('c', 3)
    expect([map.size, map.get('a'), map.get('b'), map.get('c')]).toEqual([2, 1, undefined, 3])
    map.set('a', 4)
    map.set('d', 5)
    expect([map.get('a'), map.has('c'), map.has('d')]).toEqual([4, false, true])
  })
})

describe('the peer store', () => {
  it('is swept when it has grown, but for those that are linked', async () => {
    await node.start()
    onTestFinished(async () => node.stop())
    const ids = await Promise.all(Array.from({ length: 300 }, async () => peerIdFromPrivateKey(await generateKeyPair('Ed25519'))))
    for (const id of ids) await node.peerStore.merge(id, { multiaddrs: [multiaddr('/ip4/192.168.1.20/tcp/4001')] })
    const linked = ids[7]?.toString()
    const sweeper = keepPeerStoreSmall(node.peerStore, (peer) => peer === linked)
    const isThere = (id: (typeof ids)[number]): Promise<boolean> => node.peerStore.has(id)
    let left = ids.length
    await until('only the linked one is left', () => {
      for (let beat = 0; beat < 10; beat++) sweeper.tick()
      void Promise.all(ids.map(isThere)).then((there) => {
        left = there.filter(Boolean).length
      })
      return left === 1
    })
    expect(await Promise.all(ids.map(isThere))).toEqual(ids.map((id) => id.toString() === linked))
  })
})
