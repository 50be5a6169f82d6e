import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { createHearsay } from '../../src/peer/hearsay.ts'
import type { Transport } from '../../src/peer/ports.ts'
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
