import type { NetworkInterfaceInfo } from 'node:os'
import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { type Interfaces, linkLocalsOf, linksOf, linkTo, placesOn } from '../../src/io/discovery/links.ts'
import type { Facts } from '../../src/io/discovery/packet.ts'
import { addressesOf, createSightings } from '../../src/io/discovery/sightings.ts'
import type { Sighting } from '../../src/peer/ports.ts'

const four = (address: string, bits: number, netmask: string, internal = false): NetworkInterfaceInfo => ({
  address,
  netmask,
  family: 'IPv4',
  mac: '02:00:00:00:00:01',
  internal,
  cidr: `${address}/${bits}`,
})
const six = (address: string, bits: number, scopeid = 0): NetworkInterfaceInfo => ({
  address,
  netmask: '',
  family: 'IPv6',
  mac: '02:00:00:00:00:01',
  internal: address === '::1',
  cidr: `${address}/${bits}`,
  scopeid,
})

const interfaces: Interfaces = {
  lo: [four('127.0.0.1', 8, '255.0.0.0', true), six('::1', 128)],
  eth0: [
    four('192.168.1.20', 24, '255.255.255.0'),
    four('169.254.3.4', 16, '255.255.0.0'),
    six('2001:db8::20', 64),
    six('fe80::20', 64, 2),
  ],
  tun0: [four('10.8.0.2', 32, '255.255.255.255')],
}
const links = linksOf(interfaces)
const link = (name: string, family: 4 | 6 = 4) => {
  const found = links.find((one) => one.interfaceName === name && one.family === family)
  if (found === undefined) throw new Error(`no link ${name}`)
  return found
}

describe('the links of a machine', () => {
  it('are one for each IPv4 address, one for the IPv6 of an interface, and none for a tunnel to one other end', () => {
    expect(links.map(({ interfaceName, family, address }) => `${interfaceName} ${family} ${address}`)).toEqual([
      'lo 4 127.0.0.1',
      'eth0 4 192.168.1.20',
      'eth0 4 169.254.3.4',
      'eth0 6 fe80::20',
    ])
  })

  it('are told from the address that a packet came from', () => {
    expect(linkTo('192.168.1.7', links)?.address).toBe('192.168.1.20')
    expect(linkTo('169.254.200.1', links)?.address).toBe('169.254.3.4')
    expect(linkTo('fe80::7%eth0', links)?.family).toBe(6)
    expect(linkTo('2001:db8::7', links)?.family).toBe(6)
    expect(linkTo('fe80::7%wlan0', links)).toBeUndefined()
    expect(linkTo('172.16.0.1', links)).toBeUndefined()
    expect(linkTo('192.168.1.7', [])).toBeUndefined()
  })

  it('are others when anything changes that a socket depends on', () => {
    const moved = { ...interfaces, eth0: [four('192.168.1.21', 24, '255.255.255.0')] }
    expect(linksOf(moved).some(({ id }) => id === link('eth0').id)).toBe(false)
    const again = { ...interfaces, eth0: [six('fe80::20', 64, 3)] }
    expect(linksOf(again).some(({ id }) => id === link('eth0', 6).id)).toBe(false)
  })
})

describe('the places that a peer tells of', () => {
  const everywhere = ['/ip4/0.0.0.0/tcp/4001', '/ip6/::/tcp/4002']
  const told = (name: string, listening: readonly string[]) =>
    placesOn(link(name), listening, interfaces).map(({ ip, port }) => `${ip} ${port}`)

  it('are all of the machine, private, public, self-assigned and of one link, without its loopback', () => {
    expect(told('eth0', everywhere)).toEqual([
      '192.168.1.20 4001',
      '169.254.3.4 4001',
      '10.8.0.2 4001',
      '2001:db8::20 4002',
      'fe80::20 4002',
    ])
  })

  it('have its loopback on the loopback interface, and there no address of another link', () => {
    expect(told('lo', everywhere)).toEqual([
      '127.0.0.1 4001',
      '192.168.1.20 4001',
      '169.254.3.4 4001',
      '10.8.0.2 4001',
      '::1 4002',
      '2001:db8::20 4002',
    ])
  })

  it('are only the one that it listens at, while it is an own one', () => {
    expect(told('eth0', ['/ip4/192.168.1.20/tcp/4001'])).toEqual(['192.168.1.20 4001'])
    expect(told('eth0', ['/ip4/192.168.1.99/tcp/4001'])).toEqual([])
    expect(told('eth0', ['/ip4/127.0.0.1/tcp/4001'])).toEqual([])
    expect(told('lo', ['/ip4/127.0.0.1/tcp/4001'])).toEqual(['127.0.0.1 4001'])
  })
})

describe('the addresses of one link that a peer listens at', () => {
  it.each([
    [
      ['/ip4/0.0.0.0/tcp/4001', '/ip6/::/tcp/4002'],
      ['/ip4/169.254.3.4/tcp/4001', '/ip6zone/eth0/ip6/fe80::20/tcp/4002'],
    ],
    [['/ip6zone/eth0/ip6/fe80::20/tcp/4002'], ['/ip6zone/eth0/ip6/fe80::20/tcp/4002']],
    [['/ip4/192.168.1.20/tcp/4001', '/ip6/::1/tcp/4002'], []],
  ])('of %j are %j', (listening, expected) => expect(linkLocalsOf(listening, interfaces)).toEqual(expected))
})

const peerOf = (number: number): PeerId => `12D3KooW${String(number).replaceAll('0', 'z').padStart(44, 'a')}` as PeerId

const factsOf = (number: number, more: Partial<Facts> = {}): Facts => ({
  peer: peerOf(number),
  version: 2,
  name: `peer ${number}`,
  roomName: 'evening',
  hasCode: false,
  room: undefined,
  places: [{ ip: '192.168.1.7', port: 4001 }],
  clock: undefined,
  ...more,
})

describe('where a peer that is heard can be dialled', () => {
  const places = [
    { ip: '10.1.1.1', port: 4001 },
    { ip: '127.0.0.1', port: 4001 },
    { ip: 'fe80::7', port: 4002 },
  ]
  it('is first where it was heard from, with the ports that it names for that family', () => {
    expect(addressesOf(factsOf(1, { places }), '192.168.1.7', links, interfaces)).toEqual([
      '/ip4/192.168.1.7/tcp/4001',
      '/ip4/10.1.1.1/tcp/4001',
      '/ip6zone/eth0/ip6/fe80::7/tcp/4002',
    ])
    expect(addressesOf(factsOf(1, { places }), 'fe80::9%eth0', links, interfaces)).toEqual([
      '/ip6zone/eth0/ip6/fe80::9/tcp/4002',
      '/ip4/10.1.1.1/tcp/4001',
      '/ip6zone/eth0/ip6/fe80::7/tcp/4002',
    ])
  })
  it('is no address of one link where nobody knows of which', () => {
    expect(addressesOf(factsOf(1, { places }), '172.16.0.1', links, interfaces)).toEqual([
      '/ip4/172.16.0.1/tcp/4001',
      '/ip4/10.1.1.1/tcp/4001',
    ])
  })
  it('is the loopback interface for a peer of this machine only', () => {
    expect(addressesOf(factsOf(1, { places }), '127.0.0.1', links, interfaces)).toEqual([
      '/ip4/10.1.1.1/tcp/4001',
      '/ip4/127.0.0.1/tcp/4001',
    ])
  })
})

describe('the table of sightings', () => {
  const table = (room = 'evening') => {
    const told: Sighting[] = []
    const clock = { now: 1_000 }
    const sightings = createSightings(
      room,
      () => clock.now,
      (sighting) => told.push(sighting),
    )
    const hear = (facts: Facts, source = '192.168.1.7', addresses = [`/ip4/${source}/tcp/4001`]) =>
      sightings.hear(facts, { source, addresses })
    const wait = (millis: number): void => {
      for (let passed = 0; passed < millis; passed += 1_000) {
        clock.now += 1_000
        sightings.tick()
      }
    }
    return { sightings, told, clock, hear, wait }
  }

  it('tells of a peer once, and again when what it makes known has changed', () => {
    const { told, hear, wait } = table()
    hear(factsOf(1))
    hear(factsOf(1))
    expect(told.map(({ peer, at, addresses }) => [peer, at, addresses])).toEqual([
      [peerOf(1), 1_000, ['/ip4/192.168.1.7/tcp/4001']],
    ])
    wait(2_000)
    hear(factsOf(1, { clock: 5 }))
    expect(told).toHaveLength(1)
    hear(factsOf(1, { room: { id: '0123456789abcdef', founder: 'Ana', members: 1, founded: 5 } }))
    hear(factsOf(1, { room: { id: '0123456789abcdef', founder: 'Ana', members: 2, founded: 5 } }))
    expect(told.map(({ room }) => room?.members)).toEqual([undefined, 1])
    wait(1_000)
    expect(told.map(({ room }) => room?.members)).toEqual([undefined, 1, 2])
  })

  it('keeps what is heard from all addresses of one machine, the newest first', () => {
    const { sightings, hear } = table()
    hear(factsOf(1), '192.168.1.7', ['/ip4/192.168.1.7/tcp/4001', '/ip4/10.0.0.7/tcp/4001'])
    hear(factsOf(1), '10.0.0.7', ['/ip4/10.0.0.7/tcp/4001', '/ip4/192.168.1.7/tcp/4001'])
    expect(sightings.list[0]?.addresses).toEqual(['/ip4/10.0.0.7/tcp/4001', '/ip4/192.168.1.7/tcp/4001'])
    for (let i = 0; i < 100; i++) hear(factsOf(1), `10.1.0.${i}`)
    expect(sightings.list[0]?.addresses).toHaveLength(8)
  })

  it('forgets who is silent for 75 s, and the addresses that are', () => {
    const { sightings, hear, wait } = table()
    hear(factsOf(1), '192.168.1.7')
    hear(factsOf(2))
    wait(40_000)
    hear(factsOf(1), '10.0.0.7')
    wait(36_000)
    expect(sightings.list.map(({ peer, addresses }) => [peer, addresses])).toEqual([[peerOf(1), ['/ip4/10.0.0.7/tcp/4001']]])
    wait(76_000)
    expect(sightings.list).toEqual([])
  })

  it('believes a goodbye only from where the peer was heard', () => {
    const { sightings, hear } = table()
    hear(factsOf(1), '192.168.1.7')
    sightings.forget(peerOf(1), '192.168.1.66')
    expect(sightings.list).toHaveLength(1)
    sightings.forget(peerOf(1), '192.168.1.7')
    expect(sightings.list).toEqual([])
  })

  it('knows its own room by name, whatever is in that name', () => {
    const { sightings, hear } = table('e\u200dvening')
    hear(factsOf(1, { roomName: 'e\ufffdvening' }))
    hear(factsOf(2))
    expect(sightings.list.map(({ roomName }) => roomName)).toEqual(['e\u200dvening', 'evening'])
  })

  it('holds out against a flood of invented peers from one machine: the others stay', () => {
    const { sightings, told, hear, wait } = table()
    for (let i = 1; i <= 20; i++) hear(factsOf(i), `192.168.1.${i}`)
    const before = told.length
    for (let i = 100; i < 10_100; i++) hear(factsOf(i), '192.168.1.66')
    expect(sightings.list).toHaveLength(20 + 128)
    for (let i = 1; i <= 20; i++) expect(sightings.list.some(({ peer }) => peer === peerOf(i))).toBe(true)
    expect(told.length - before).toBeLessThanOrEqual(128)
    wait(5_000)
    expect(told.length - before).toBeLessThanOrEqual(128 + 5 * 16)
  })

  it('never holds more than 512, whoever they are said to come from', () => {
    const { sightings, told, hear } = table()
    for (let i = 1; i <= 5_000; i++) hear(factsOf(i), `10.1.${i % 250}.${Math.floor(i / 250)}`)
    expect(sightings.list).toHaveLength(512)
    expect(told).toHaveLength(128)
  })
})
