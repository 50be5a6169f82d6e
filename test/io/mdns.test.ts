import { createSocket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Instant, parsePeerId, type RoomId } from '../../src/core/ids.ts'
import { createDiscovery, type Discovery, type DiscoveryTrouble } from '../../src/io/discovery/discovery.ts'
import { listenForEchoes } from '../../src/io/discovery/echo.ts'
import type { Interfaces } from '../../src/io/discovery/links.ts'
import { decodePacket, encodeFacts, encodeGoodbye, encodeQuestion } from '../../src/io/discovery/packet.ts'
import { createIdentity } from '../../src/io/identity.ts'
import type { Announcement, Sighting } from '../../src/peer/ports.ts'
import { until } from '../support/wait.ts'

// Real sockets, on the loopback interface only: nothing of these leaves the machine.
const loopback = (): Interfaces =>
  Object.fromEntries(Object.entries(networkInterfaces()).filter(([, infos = []]) => infos.every(({ internal }) => internal)))

let skipped: string | undefined
beforeAll(async () => {
  const echoes = await listenForEchoes(loopback)
  if (!echoes.some(({ isHeard }) => isHeard)) skipped = 'the loopback interface carries no multicast here'
})

interface Looking {
  readonly self: string
  readonly discovery: Discovery
  readonly told: Sighting[]
  readonly troubles: DiscoveryTrouble[]
  readonly clocks: Map<string, number>
  sees(other: Looking): Sighting | undefined
}

function look(room: string, listening = ['/ip4/127.0.0.1/tcp/4001'], interfaces = loopback): Looking {
  const { self } = createIdentity()
  const told: Sighting[] = []
  const troubles: DiscoveryTrouble[] = []
  const clocks = new Map<string, number>()
  const discovery = createDiscovery({
    self,
    room: { name: room, hasCode: room.includes('code') },
    listening: () => listening,
    onSighted: (sighting) => told.push(sighting),
    onClock: (peer, offset) => clocks.set(peer, offset),
    onTrouble: (trouble) => troubles.push(trouble),
    interfaces,
  })
  discovery.start()
  onTestFinished(() => discovery.stop())
  return {
    self,
    discovery,
    told,
    troubles,
    clocks,
    sees: (other) => discovery.sightings.find(({ peer }) => peer === other.self),
  }
}

const announcement: Announcement = {
  name: 'Ana',
  room: { id: 'ab'.repeat(32) as RoomId, founder: 'Bruno', members: 2, founded: 1_790_000_000_500 as Instant },
}

describe('discovery on one machine', () => {
  it('finds peers of the own room and of others, with all that they make known', async (context) => {
    if (skipped !== undefined) context.skip(skipped)
    const [a, b, c] = [look('evening with code'), look('evening with code'), look('another')]
    b.discovery.announce(announcement)
    await until('all see all', () => [a, b, c].every((one) => [a, b, c].every((other) => one === other || one.sees(other))))
    await until('what is announced is seen', () => a.sees(b)?.name === 'Ana')
    expect(a.sees(b)).toMatchObject({
      version: 2,
      roomName: 'evening with code',
      hasCode: true,
      addresses: ['/ip4/127.0.0.1/tcp/4001'],
      room: { id: 'ab'.repeat(8), founder: 'Bruno', members: 2, founded: 1_790_000_000_000 },
    })
    expect(a.sees(c)).toMatchObject({ roomName: 'another', hasCode: false, room: undefined })
    expect(a.told.every(({ peer }) => peer !== a.self)).toBe(true)
    expect(Math.abs(a.clocks.get(b.self) ?? Number.NaN)).toBeLessThan(2_000)
    expect([a.troubles, b.troubles, c.troubles]).toEqual([[], [], []])
  })

  it('hears at once who goes, and who is not listened to anywhere is not seen', async (context) => {
    if (skipped !== undefined) context.skip(skipped)
    const [a, b, silent] = [look('evening'), look('evening'), look('evening', [])]
    await until('they see each other', () => a.sees(b) !== undefined && b.sees(a) !== undefined && silent.sees(a) !== undefined)
    expect(a.sees(silent)).toBeUndefined()
    await b.discovery.stop()
    await until('it is gone', () => a.sees(b) === undefined)
  })

  it('can be stopped as soon as it is started, and once more', async () => {
    const { discovery, troubles } = look('evening')
    await discovery.stop()
    await discovery.stop()
    expect([discovery.sightings, troubles]).toEqual([[], []])
  })

  it('tells a change to those who know it already', async (context) => {
    if (skipped !== undefined) context.skip(skipped)
    const [a, b] = [look('evening'), look('evening')]
    b.discovery.announce(announcement)
    await until('it is seen', () => a.sees(b)?.room?.members === 2)
    b.discovery.announce({ ...announcement, room: announcement.room && { ...announcement.room, members: 3 } })
    await until('the change is seen', () => a.sees(b)?.room?.members === 3)
    await until('and told', () => a.told.some(({ peer, room }) => peer === b.self && room?.members === 3))
  })

  it('goes on where an interface does not work, says so once, and looks again', async (context) => {
    if (skipped !== undefined) context.skip(skipped)
    const lost = '203.0.113.7'
    const gone = { address: lost, netmask: '255.255.255.0', family: 'IPv4', mac: '02:00:00:00:00:09', internal: false } as const
    let looks = 0
    const withLost = (): Interfaces => {
      looks++
      return { ...loopback(), lost0: [{ ...gone, cidr: `${lost}/24` }] }
    }
    const [a, b] = [look('evening', undefined, withLost), look('evening')]
    await until('the others work', () => a.sees(b) !== undefined && b.sees(a) !== undefined)
    await until('it is told', () => a.troubles.length > 0)
    const looksThen = looks
    await until('it has tried again', () => looks > looksThen + 2)
    expect(a.troubles).toEqual([{ interfaceName: 'lost0', family: 4, reason: expect.stringMatching(/^E/) }])
  })

  it('answers a crowd of questions with one packet a second, and is not misled by what anybody sends', async (context) => {
    if (skipped !== undefined) context.skip(skipped)
    const a = look('evening')
    const [ears, victim, known] = [createSocket({ type: 'udp4', reuseAddr: true }), look('evening'), createIdentity().self]
    let answers = 0
    ears.on('message', (bytes) => {
      answers += decodePacket(bytes)?.facts.filter(({ peer }) => peer === a.self).length ?? 0
    })
    await new Promise<void>((resolve) => ears.bind(5353, resolve))
    onTestFinished(() => {
      ears.close()
    })
    ears.addMembership('224.0.0.251', '127.0.0.1')
    ears.setMulticastInterface('127.0.0.1')
    const send = (bytes: Buffer): void => ears.send(bytes, 5353, '224.0.0.251')
    const started = performance.now()
    for (let i = 0; i < 100; i++) send(encodeQuestion())
    for (let i = 0; i < 100; i++) send(Buffer.from(`_gavelring${'\xff'.repeat(i)}`, 'latin1'))
    const id = parsePeerId(known)
    if (!id.ok) throw new Error('no id')
    const facts = { peer: id.value, version: 9, name: 'x', roomName: 'y', hasCode: false, room: undefined, clock: 0 }
    send(encodeFacts({ ...facts, places: [{ ip: '127.0.0.1', port: 9 }] }))
    await until('the newcomer is heard', () => a.discovery.sightings.some(({ peer }) => peer === known))
    send(encodeGoodbye({ ...facts, places: [] }))
    await until('it went', () => a.discovery.sightings.every(({ peer }) => peer !== known))
    await until('the others see each other still', () => a.sees(victim) !== undefined && victim.sees(a) !== undefined)
    await until('the questions were answered', () => answers > 0)
    const seconds = (performance.now() - started) / 1_000
    expect(answers).toBeLessThanOrEqual(Math.floor(seconds) + 2)
  })
})
