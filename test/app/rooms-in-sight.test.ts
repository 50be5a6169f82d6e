import { expect, test } from 'vitest'
import { lookingPeers, roomsInSight } from '../../src/app/rooms-in-sight.ts'
import { wireVersion } from '../../src/core/limits.ts'
import type { Sighting } from '../../src/peer/ports.ts'
import { createFakePeer, fakeOther, fakeOtherRoom, fakeSelf } from '../support/fake-peer.ts'

type Heard = NonNullable<Sighting['room']>

const sighting = (facts: Partial<Omit<Sighting, 'room'>> & { room?: Partial<Heard> | undefined } = {}): Sighting => ({
  ...{ peer: fakeOther, name: 'Ana', version: wireVersion, roomName: 'evening', hasCode: false, at: 1 },
  addresses: ['/ip4/10.0.0.2/tcp/4001'],
  ...facts,
  room:
    'room' in facts && facts.room === undefined
      ? undefined
      : { id: 'a'.repeat(16), founder: 'Ana', members: 2, founded: 5, ...facts.room },
})

test('peers of one room are one entry: who was heard last knows its size, and all are named', () => {
  const heard = [
    sighting({ at: 1 }),
    sighting({ at: 3, name: 'Bob', addresses: ['/ip4/10.0.0.3/tcp/1'], room: { members: 3 } }),
    sighting({ at: 2, name: '', room: { members: 9 } }),
  ]
  expect(roomsInSight(heard, undefined)).toEqual([
    {
      ...{ name: 'evening', id: 'a'.repeat(16), founder: 'Ana', size: 3, founded: 5, hasCode: false, version: wireVersion },
      ...{ speaksOurs: true, people: ['Ana', 'Bob'], isHere: false },
      addresses: ['/ip4/10.0.0.2/tcp/4001', '/ip4/10.0.0.3/tcp/1'],
    },
  ])
})

test('what differs in name, code, version or id is another room', () => {
  const heard = [
    sighting(),
    sighting({ roomName: 'noon' }),
    sighting({ hasCode: true }),
    sighting({ version: wireVersion + 1 }),
    sighting({ room: { id: 'b'.repeat(16) } }),
  ]
  const rooms = roomsInSight(heard, undefined)
  expect(rooms).toHaveLength(5)
  expect(rooms.filter(({ speaksOurs }) => !speaksOurs)).toHaveLength(1)
})

test('the room that this peer is in comes first, as it knows it itself; those that it met stand there without being heard', () => {
  const peer = createFakePeer()
  const claimed = sighting({
    roomName: 'classroom',
    hasCode: true,
    name: 'Bob',
    room: { id: 'ab'.repeat(8), members: 99, founder: 'Eve' },
  })
  const [here, ...others] = roomsInSight([sighting(), claimed], peer)
  expect(here).toMatchObject({ name: 'classroom', isHere: true, founder: 'Ana', size: 1, people: ['Ana', 'Bob'] })
  expect(others.map(({ id, isHere }) => [id, isHere])).toEqual([
    ['a'.repeat(16), false],
    [fakeOtherRoom.id, false],
  ])
})

test('who looks for a room is in none of them', () => {
  const heard = [sighting({ room: undefined, name: 'Bob', peer: fakeSelf }), sighting()]
  expect(lookingPeers(heard)).toEqual([{ peer: fakeSelf, name: 'Bob' }])
  expect(roomsInSight(heard, undefined)).toHaveLength(1)
})

test('however much is invented, the answer stays small and can be shown', () => {
  const long = `\u202e${'x'.repeat(10_000)}\n`
  const heard = Array.from({ length: 512 }, (_, i) =>
    sighting({
      name: `${i} ${long}`,
      addresses: Array.from({ length: 16 }, (_, j) => `/ip4/10.0.${i % 256}.${j}/tcp/1`),
      room: { id: (i % 100).toString(16).padStart(16, '0'), founder: long },
    }),
  )
  const rooms = roomsInSight(heard, undefined)
  expect(rooms).toHaveLength(64)
  for (const { people, addresses, founder } of rooms) {
    expect([people.length <= 50, addresses.length <= 8]).toEqual([true, true])
    for (const name of [...people, founder]) expect(name).toMatch(/^[\x20-\x7e\ufffd…]{1,64}$/)
  }
  expect(lookingPeers(heard.map((one) => ({ ...one, room: undefined })))).toHaveLength(50)
})
