import type { NetworkInterfaceInfo } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { roomMembersMax } from '../../src/core/limits.ts'
import { createIdentity } from '../../src/io/identity.ts'
import { peerIdOf } from '../../src/io/peer-id.ts'
import { createDialer } from '../../src/io/transport/dialer.ts'
import { createPlausible } from '../../src/io/transport/plausible.ts'
import type { TransportTrouble } from '../../src/peer/ports.ts'
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

/** A dialer that nobody ever answers, and how often it has dialled which address. */
function startDialer(answer: () => Error = () => new Error('nobody answers'), answering: ReadonlySet<string> = new Set()) {
  const orders: string[][] = []
  const dialled = new Map<string, number>()
  const troubles: TransportTrouble[] = []
  const { self } = createIdentity()
  const dialer = createDialer({
    self,
    dial(addresses) {
      if (Array.isArray(addresses)) orders.push(addresses.map(String))
      for (const address of Array.isArray(addresses) ? addresses : []) {
        dialled.set(String(address), (dialled.get(String(address)) ?? 0) + 1)
      }
      return Promise.reject(answer())
    },
    firstToAnswer: async (addresses) => addresses.find((address) => answering.has(String(address))),
    isLinked: () => false,
    isPlausible: () => true,
    onTrouble: (trouble) => troubles.push(trouble),
  })
  stops.push(() => dialer.stop())
  return { self, dialer, dialled, orders, troubles }
}

/** What was asked for is dialled after names have been looked up. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const at = (port: number): string => `/ip4/127.0.0.1/tcp/${port}`
const remote = '/ip4/127.0.0.1/tcp/50000'

describe('a dialer', () => {
  it('tries the addresses that were given at once together, and first where somebody answers', async () => {
    const [peer] = strangers(1)
    const where = [1, 2, 3].map((port) => `${at(port)}/p2p/${peer}`)
    const { dialer, orders } = startDialer(undefined, new Set([where[1] ?? '']))
    for (const address of where) dialer.addAddress(address)
    await until('it has dialled', () => orders.length > 0)
    expect(orders[0]?.[0]).toBe(where[1])
    expect(orders[0]?.toSorted()).toEqual(where)
  })

  it('dials a few of those that one teller invents, and always what a person gave', async () => {
    const { dialer, dialled } = startDialer()
    const teller = strangerOf(9_999)
    for (const peer of strangers(1_000)) dialer.hearOf(peer, [at(1)], teller, remote)
    await settled()
    expect(dialled.size).toBe(32)
    dialer.addAddress(at(3))
    await settled()
    expect([...dialled.keys()]).toContain(at(3))
    expect(dialer.addressesOf(strangerOf(500))).toEqual([])
  })

  it('dials so many that all tellers invent together, and no more', async () => {
    const { dialer, dialled } = startDialer()
    for (const [i, peer] of strangers(5_000).entries()) dialer.hearOf(peer, [at(1)], strangerOf(100_000 + (i % 1_000)), remote)
    await settled()
    expect(dialled.size).toBe(2 * roomMembersMax)
  })

  it('does not dial again whom it has forgotten for others', async () => {
    const { dialer, dialled } = startDialer()
    const first = strangerOf(0)
    dialer.learn(first, [at(1)], remote)
    for (let other = 1; other <= 2 * roomMembersMax; other++) dialer.learn(strangerOf(other), [at(2)], remote)
    await settled()
    dialled.clear()
    const last = strangerOf(2 * roomMembersMax)
    await until('the last is dialled again', () => dialled.has(`${at(2)}/p2p/${last}`))
    expect([...dialled.keys()].some((address) => address.endsWith(first))).toBe(false)
  })

  it('keeps what it was told at first hand before what others say', () => {
    const { dialer } = startDialer()
    const peer = strangerOf(1)
    const own = Array.from({ length: 14 }, (_, i) => at(100 + i))
    const heard = Array.from({ length: 4 }, (_, i) => at(200 + i))
    dialer.learn(peer, own, remote)
    for (let turn = 0; turn < 3; turn++) dialer.hearOf(peer, heard, strangerOf(2), remote)
    expect(dialer.addressesOf(peer)).toEqual([...own, ...heard.slice(0, 2)].map((address) => `${address}/p2p/${peer}`))
  })

  it('asks for the numbers of a name at each try, of the family that was asked for', async () => {
    const { dialer, dialled, troubles } = startDialer()
    dialer.addAddress('/dns4/localhost/tcp/5')
    await until('it is dialled twice', () => (dialled.get('/ip4/127.0.0.1/tcp/5') ?? 0) >= 2)
    expect([...dialled.keys()].every((address) => address.startsWith('/ip4/127.'))).toBe(true)
    expect(troubles).toEqual([{ kind: 'unreachable', address: '/dns4/localhost/tcp/5', reason: 'nobody answers' }])
  })

  it('says that a name is not known, and tries again', async () => {
    const { dialer, dialled, troubles } = startDialer()
    dialer.addAddress('no-such-name.invalid:4001')
    await until('it is reported', () => troubles.length > 0)
    expect(troubles).toMatchObject([{ kind: 'unreachable', address: '/dns/no-such-name.invalid/tcp/4001' }])
    expect(dialled.size).toBe(0)
  })

  it('never dials itself', async () => {
    const { dialer, dialled, self } = startDialer()
    dialer.addAddress(`${at(1)}/p2p/${self}`)
    dialer.hearOf(self, [at(1)], strangerOf(1), remote)
    await settled()
    expect(dialled.size).toBe(0)
  })

  it.each(['nonsense', '127.0.0.1:0', '/ip4/224.0.0.1/tcp/1', '/ip4/0.0.0.0/tcp/1'])(
    'refuses what is no address to dial: %s',
    (text) => {
      const { dialer } = startDialer()
      expect(() => dialer.addAddress(text)).toThrow(expect.objectContaining({ code: 'address-invalid' }))
    },
  )
})

describe('what others tell is plausible', () => {
  const interfaces =
    (...addresses: string[]) =>
    () => ({ all: addresses.map((address) => ({ address }) as NetworkInterfaceInfo) })
  const lan = interfaces('127.0.0.1', '::1', '192.168.1.7', 'fd00::7')
  const near = '/ip4/127.0.0.1/tcp/50000'
  const far = '/ip4/192.168.1.9/tcp/50000'

  it.each<[string, string | undefined, boolean]>([
    ['/ip4/192.168.1.20/tcp/4001', far, true],
    ['/ip6/fd00::20/tcp/4001', far, true],
    ['/ip4/192.168.1.20/tcp/4001', undefined, true],
    ['/ip4/127.0.0.1/tcp/4001', near, true],
    ['/ip6/::1/tcp/4001', near, true],
    ['/ip4/127.0.0.1/tcp/4001', far, false],
    ['/ip4/127.0.0.1/tcp/4001', undefined, true],
    ['/ip6/::1/tcp/4001', far, false],
    ['/ip4/192.168.1.20/tcp/0', far, false],
    ['/ip4/0.0.0.0/tcp/4001', near, false],
    ['/ip4/224.0.0.251/tcp/5353', far, false],
    ['/ip4/255.255.255.255/tcp/1', far, false],
    ['/ip4/8.8.8.8/tcp/53', far, false],
    ['/ip4/8.8.8.8/tcp/53', undefined, false],
    ['/ip4/8.8.4.4/tcp/4001', '/ip4/8.8.8.8/tcp/50000', true],
    ['/ip4/169.254.1.1/tcp/4001', far, false],
    ['/dns4/example.org/tcp/80', near, false],
    ['nonsense', near, false],
    // Where this peer listens itself.
    ['/ip4/192.168.1.7/tcp/4001', far, false],
  ])('%s, told from %s: %s', (address, teller, expected) => {
    expect(createPlausible(() => ['/ip4/192.168.1.7/tcp/4001'], lan)(address, teller)).toBe(expected)
  })

  it('where this machine has a public address of its own, others may have one too', () => {
    expect(createPlausible(() => [], interfaces('203.0.113.7'))('/ip4/203.0.113.8/tcp/4001', undefined)).toBe(true)
  })
})
