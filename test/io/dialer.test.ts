import { afterEach, describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { roomMembersMax } from '../../src/core/limits.ts'
import { createIdentity } from '../../src/io/identity.ts'
import { peerIdOf } from '../../src/io/peer-id.ts'
import { createDialer, type Dialer } from '../../src/io/transport/dialer.ts'
import { createNode } from '../../src/io/transport/node.ts'
import { until } from '../support/wait.ts'

const stops: (() => unknown)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

const strangers = (count: number): PeerId[] => Array.from({ length: count }, (_, i) => strangerOf(i))

function strangerOf(number: number): PeerId {
  const key = Buffer.alloc(32)
  key.writeUInt32BE(number)
  return peerIdOf(key)
}

/** A dialer that nobody ever answers, and whom it has dialled. */
async function startDialer(): Promise<{ dialer: Dialer; dialled: Set<string> }> {
  const dialled = new Set<string>()
  const identity = createIdentity()
  const { peerId } = await createNode({ identity, room: { name: 'dialer tests', code: '' }, listen: [], mdns: false })
  const dial = (addresses: unknown): Promise<never> => {
    for (const address of Array.isArray(addresses) ? addresses : []) dialled.add(String(address))
    return Promise.reject(new Error('nobody answers'))
  }
  const dialer = createDialer(
    { peerId, dial },
    () => false,
    () => {},
  )
  stops.push(() => dialer.stop())
  return { dialer, dialled }
}

describe('a dialer', () => {
  it('follows what others say to so many peers and no more, but always what it was told at first hand', async () => {
    const { dialer, dialled } = await startDialer()
    for (const peer of strangers(1_000)) dialer.hearOf(peer, ['/ip4/127.0.0.1/tcp/1'])
    expect(dialled.size).toBe(2 * roomMembersMax)
    const seen = strangerOf(5_000)
    dialer.learn(seen, ['/ip4/127.0.0.1/tcp/2'])
    dialer.addAddress('/ip4/127.0.0.1/tcp/3')
    expect(dialled).toContain(`/ip4/127.0.0.1/tcp/2/p2p/${seen}`)
    expect(dialled).toContain('/ip4/127.0.0.1/tcp/3')
    expect(dialer.addressesOf(strangerOf(0))).toEqual([])
  })

  it('does not dial again whom it has forgotten for others', async () => {
    const { dialer, dialled } = await startDialer()
    const [first] = strangers(1) as [PeerId]
    dialer.hearOf(first, ['/ip4/127.0.0.1/tcp/1'])
    for (const peer of strangers(2 * roomMembersMax + 1)) dialer.learn(peer, ['/ip4/127.0.0.1/tcp/2'])
    dialled.clear()
    const last = strangerOf(2 * roomMembersMax)
    await until('the last is dialled again', () => dialled.has(`/ip4/127.0.0.1/tcp/2/p2p/${last}`))
    expect([...dialled].some((address) => address.endsWith(first))).toBe(false)
  })

  it('keeps what it was told at first hand before what others say', async () => {
    const { dialer } = await startDialer()
    const peer = strangerOf(1)
    const own = Array.from({ length: 16 }, (_, i) => `/ip4/127.0.0.1/tcp/${100 + i}`)
    const heard = Array.from({ length: 4 }, (_, i) => `/ip4/127.0.0.1/tcp/${200 + i}`)
    dialer.learn(peer, own)
    for (let turn = 0; turn < 3; turn++) dialer.hearOf(peer, heard)
    expect(dialer.addressesOf(peer)).toEqual([...own.slice(0, 12), ...heard].map((address) => `${address}/p2p/${peer}`))
  })
})
