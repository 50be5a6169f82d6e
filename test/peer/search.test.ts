import { describe, expect, it } from 'vitest'
import type { Instant, PeerId, RoomId } from '../../src/core/ids.ts'
import { wireVersion } from '../../src/core/limits.ts'
import type { Hello } from '../../src/peer/network.ts'
import type { OtherRoom } from '../../src/peer/peer.ts'
import type { Sighting } from '../../src/peer/ports.ts'
import {
  createRoomWatch,
  decide,
  type Entry,
  isSayingDue,
  type Obstacle,
  obstaclesKey,
  obstaclesOf,
  obstacleText,
  otherRooms,
  type Scene,
} from '../../src/peer/search.ts'
import { headOf } from '../../src/ring/block.ts'
import { peerNamed } from './keyed-crypto.ts'
import { genesisBy } from './log-of-blocks.ts'

const [ana, bob] = [peerNamed('A'), peerNamed('B')]
const founded = 1_700_000_000_000 as Instant
const roomId = 'a'.repeat(64) as RoomId
const otherId = 'b'.repeat(64) as RoomId

const room = { id: roomId.slice(0, 16), founder: 'Ana', members: 2, founded }
const sightingOf = (changes: Partial<Sighting> = {}): Sighting => ({
  peer: ana,
  name: 'Ana',
  version: wireVersion,
  addresses: ['/ip4/10.0.0.1/tcp/4001'],
  roomName: 'evening',
  hasCode: true,
  room,
  at: 0,
  ...changes,
})
const helloOf = (id: RoomId | undefined, name = 'Ana', holdsFast = true): Hello => ({
  name,
  roomName: 'evening',
  room: id && { id, head: headOf(genesisBy(ana)), holdsFast, founder: name, members: 2, founded },
})
const empty: Scene = {
  roomName: 'evening',
  hasCode: true,
  own: undefined,
  sightings: [],
  connected: new Map(),
  otherCodes: new Map(),
  otherVersions: new Map(),
  strangers: [],
  deadEnds: new Map(),
  refused: new Map(),
}
const seeing = (...sightings: Partial<Sighting>[]): Scene => ({ ...empty, sightings: sightings.map(sightingOf) })

const create: Entry = { kind: 'create' }
const look: Entry = { kind: 'look' }
const join: Entry = { kind: 'join', room: undefined }
const wrongCode: Scene = { ...seeing({}), otherCodes: new Map([[ana, '/ip4/10.0.0.1/tcp/4001']]) }

describe('what a peer does that has found no room to enter', () => {
  const rows: readonly (readonly [string, Entry, number | undefined, number, Scene, string])[] = [
    ['with --create it founds at once', create, undefined, 0, empty, 'found'],
    ['with --create it founds beside a room of its name', create, undefined, 0, wrongCode, 'found'],
    ['it looks', look, undefined, 2_999, empty, 'look'],
    ['it founds where nothing is in sight', look, undefined, 3_000, empty, 'found'],
    ['it founds where a peer only looks, too', look, undefined, 3_000, seeing({ room: undefined }), 'found'],
    ['it founds where a room of another name is in sight', look, undefined, 3_000, seeing({ roomName: 'classroom' }), 'found'],
    ['it waits for a room with another code', look, undefined, 3_000, wrongCode, 'wait'],
    ['it waits for a room with no code where it has one', look, undefined, 3_000, seeing({ hasCode: false }), 'wait'],
    ['it waits for a room of another version', look, undefined, 3_000, seeing({ version: 9 }), 'wait'],
    ['it waits for a room that it cannot connect with', look, undefined, 3_000, seeing({}), 'wait'],
    [
      'it waits where a given address has another code',
      look,
      undefined,
      3_000,
      { ...empty, strangers: ['/ip4/1.2.3.4/tcp/1'] },
      'wait',
    ],
    [
      'it waits where a peer speaks another version',
      look,
      undefined,
      3_000,
      { ...empty, otherVersions: new Map([[ana, 9]]) },
      'wait',
    ],
    [
      'it waits where a room was refused',
      look,
      undefined,
      3_000,
      { ...empty, connected: new Map([[ana, helloOf(roomId)]]) },
      'wait',
    ],
    ['it does not wait longer than it is told', look, 5_000, 5_000, wrongCode, 'give-up'],
    ['it founds, however long it would wait', look, 1_000, 3_000, empty, 'found'],
    ['with --join it looks first', join, undefined, 2_999, empty, 'look'],
    ['with --join it waits without end', join, undefined, 10 ** 9, empty, 'wait'],
    ['with --join and --wait it gives up', join, 1_000, 1_000, empty, 'give-up'],
    ['with --join and --wait it does not give up before', join, 5_000, 4_999, empty, 'wait'],
  ]
  for (const [sentence, entry, waitMillis, elapsed, scene, verdict] of rows) {
    it(sentence, () => expect(decide(entry, { lookMillis: 3_000, waitMillis }, elapsed, scene)).toBe(verdict))
  }
})

describe('why a peer is not in its room', () => {
  const text = (scene: Scene, entry: Entry = join): readonly string[] =>
    obstaclesOf(entry, scene).map((obstacle) => obstacleText(obstacle, scene.roomName))
  const rows: readonly (readonly [string, Scene, readonly RegExp[]])[] = [
    ['nobody', empty, [/^nobody was heard yet/]],
    [
      'another code',
      wrongCode,
      [/^the room “evening” of Ana is here but has another code: look at --code again, or .*--create$/],
    ],
    [
      'no code there',
      seeing({ hasCode: false }),
      [/^the room “evening” of Ana is here but has another code, namely none: start without/],
    ],
    [
      'a code there',
      { ...seeing({}), hasCode: false },
      [/^the room “evening” of Ana is here but has another code than none: .*--code CODE/],
    ],
    [
      'a newer version',
      seeing({ version: wireVersion + 1 }),
      [/^Ana speaks version 3 of the protocol, this peer version 2: use a newer gavelring here/],
    ],
    [
      'an older version',
      { ...empty, otherVersions: new Map([[ana, 1]]) },
      [/^AAAAAA speaks version 1 of .*: it needs a newer gavelring/],
    ],
    ['cannot be dialled', seeing({}), [/^Ana is heard at 10.0.0.1:4001 but cannot be connected with: a firewall/]],
    [
      'nobody answers',
      { ...empty, deadEnds: new Map([['/ip4/1.2.3.4/tcp/1', 'connection refused']]) },
      [/^nobody answers at 1.2.3.4:1 \(connection refused\)/],
    ],
    ['a stranger answers', { ...empty, strangers: ['/ip4/1.2.3.4/tcp/1'] }, [/^1.2.3.4:1 answers but has another room code, or/]],
    [
      'others wait, too',
      { ...empty, connected: new Map([[bob, helloOf(undefined, 'Bob')]]) },
      [/^Bob waits for it, too: .*--create$/],
    ],
    [
      'what is offered is refused',
      { ...empty, connected: new Map([[bob, helloOf(roomId, 'Bob')]]), refused: new Map([[bob, 'it gave no genesis block']]) },
      [/^what Bob offers is refused: it gave no genesis block$/],
    ],
    [
      'another name',
      seeing({ roomName: 'evenning' }),
      [/^nobody was heard yet/, /^the room “evenning” of Ana is here: is it the one that you mean\?$/],
    ],
  ]
  for (const [what, scene, lines] of rows) {
    it(what, () => expect(text(scene)).toEqual(lines.map((line) => expect.stringMatching(line))))
  }

  it('a stranger answers, whose peer id is known', () => {
    const scene: Scene = { ...empty, otherCodes: new Map([[ana, '/ip4/1.2.3.4/tcp/1']]) }
    expect(text(scene)).toEqual([expect.stringMatching(/^1.2.3.4:1 answers but has another room code, or/)])
    expect(decide(look, { lookMillis: 3_000, waitMillis: undefined }, 3_000, scene)).toBe('wait')
  })

  it('a room of this name that is not the one that was asked for', () => {
    const scene: Scene = { ...empty, connected: new Map([[ana, helloOf(roomId)]]) }
    expect(text(scene, { kind: 'join', room: otherId })).toEqual(['Ana’s room of this name is another one (aaaaaaaa)'])
  })

  it('names rooms of peers that are connected as discovery does: by the first sixteen digits of their ids', () => {
    const id = '0123456789abcdef'.repeat(4) as RoomId
    const scene: Scene = { ...empty, connected: new Map([[ana, helloOf(id)]]) }
    expect(otherRooms(scene).map((one) => one.id)).toEqual(['0123456789abcdef'])
    expect(obstaclesOf({ kind: 'join', room: otherId }, scene)).toEqual([
      { kind: 'another-room', founder: 'Ana', room: '0123456789abcdef' },
    ])
  })

  it('names whoever speaks another version as it was sighted, and the size of a room that is not known yet as none', () => {
    const sighted = seeing({ peer: bob, name: 'Bob', roomName: 'other' }, { roomName: 'other' })
    expect(obstaclesOf(join, { ...sighted, otherVersions: new Map([[ana, 1]]) })).toMatchObject([{ who: 'Ana', theirs: 1 }])
    expect(obstaclesOf(join, seeing({ room: undefined, hasCode: false }))).toMatchObject([{ founder: 'Ana', size: 0 }])
  })

  it('names nobody twice, and not more than a few, whoever invents them', () => {
    const crowd = Array.from({ length: 200 }, (_, at) => ({ peer: `${ana}${at}` as PeerId, name: `Eve ${at}` }))
    expect(obstaclesOf(join, seeing({}, {}, ...crowd))).toHaveLength(6)
    expect(
      otherRooms({ ...seeing(...crowd.map((one, at) => ({ ...one, room: { ...room, id: `${at}`.padStart(16, '0') } }))) }),
    ).toHaveLength(16)
  })
})

describe('what is said of the wait', () => {
  const nobody: readonly Obstacle[] = [{ kind: 'nobody' }]
  const key = obstaclesKey(nobody)
  const rows = [
    ['first of all', undefined, true],
    ['again after 10 s', { key, ago: 10_000 }, true],
    ['not before', { key, ago: 9_999 }, false],
    ['sooner where the reason is another one', { key: '[]', ago: 1_000 }, true],
    ['but not at once', { key: '[]', ago: 999 }, false],
  ] as const
  for (const [sentence, said, due] of rows) it(sentence, () => expect(isSayingDue(nobody, said)).toBe(due))
})

describe('other rooms of this name', () => {
  const own = { id: roomId, holdsFast: true }
  const ids = (scene: Scene): readonly string[] => otherRooms(scene).map(({ id, reason }) => `${id.slice(0, 2)} ${reason}`)
  const other = { ...room, id: otherId.slice(0, 16) }
  const rows: readonly (readonly [string, Scene, readonly string[]])[] = [
    ['are none', { ...empty, own }, []],
    ['are not this very room', { ...seeing({}), own }, []],
    ['are not rooms of another name', { ...seeing({ room: other, roomName: 'classroom' }), own }, []],
    ['are sighted with another code', { ...seeing({ room: other, hasCode: false }), own }, ['bb another-code']],
    [
      'are sighted, and the handshake failed',
      { ...seeing({ room: other }), own, otherCodes: new Map([[ana, '/ip4/10.0.0.1/tcp/4001']]) },
      ['bb another-code'],
    ],
    ['are sighted with another version', { ...seeing({ room: other, version: 9, hasCode: false }), own }, ['bb another-version']],
    ['are met, and hold fast', { ...empty, own, connected: new Map([[bob, helloOf(otherId)]]) }, ['bb another-room']],
    ['are met, but give way by themselves', { ...empty, own, connected: new Map([[bob, helloOf(otherId, 'Bob', false)]]) }, []],
    [
      'are told by who is connected rather than by hearsay',
      { ...seeing({ room: other, hasCode: false }), own, connected: new Map([[ana, helloOf(roomId)]]) },
      [],
    ],
    ['are one, however many are in it', { ...seeing({ room: other }, { room: other, peer: bob }), own }, ['bb another-room']],
  ]
  for (const [sentence, scene, found] of rows) it(sentence, () => expect(ids(scene)).toEqual(found))

  it('come with founder, size and age', () => {
    expect(otherRooms({ ...seeing({ room: other }), own, otherCodes: new Map([[ana, '/ip4/10.0.0.1/tcp/4001']]) })).toEqual([
      {
        id: other.id,
        name: 'evening',
        founder: 'Ana',
        size: 2,
        founded,
        hasCode: true,
        reason: 'another-code',
        version: wireVersion,
      },
    ])
  })
})

describe('other rooms are news', () => {
  const roomAt = (id: number, changes: Partial<OtherRoom> = {}): OtherRoom => ({
    id: `${id}`.padStart(16, '0'),
    name: 'evening',
    founder: 'Ana',
    size: 1,
    founded,
    hasCode: true,
    reason: 'another-code',
    version: wireVersion,
    ...changes,
  })

  it('once, and again when they change, but not each time', () => {
    const watch = createRoomWatch()
    const told = [0, 1_000, 61_000, 62_000, 63_000, 130_000].map(
      (now, at) => watch.look([roomAt(1, { size: [1, 1, 2, 3, 3, 3][at] as number })], now).length,
    )
    expect(told).toEqual([1, 0, 1, 0, 0, 1])
  })

  it('only after a while where a connection may still come about', () => {
    const watch = createRoomWatch()
    const met = [roomAt(1, { reason: 'another-room' })]
    expect([0, 4_999, 5_000, 5_001].map((now) => watch.look(met, now).length)).toEqual([0, 0, 1, 0])
    expect(watch.look([roomAt(2, { reason: 'another-room' })], 6_000)).toEqual([])
    expect(watch.look([roomAt(2, { reason: 'another-version' })], 6_001)).toHaveLength(1)
  })

  it('no more than a few a minute, whoever invents them', () => {
    const watch = createRoomWatch()
    let told = 0
    for (let now = 0; now < 59_000; now += 1_000) {
      told += watch.look(
        Array.from({ length: 16 }, (_, at) => roomAt(now + at)),
        now,
      ).length
    }
    expect(told).toBe(8)
    const many = Array.from({ length: 16 }, (_, at) => roomAt(900_000 + at))
    expect([59_999, 60_000, 60_001].map((now) => watch.look(many, now).length)).toEqual([0, 8, 0])
  })

  it('not because they were away for a moment; of those before many others nothing is kept', () => {
    const watch = createRoomWatch()
    expect(watch.look([roomAt(1)], 0)).toHaveLength(1)
    for (let id = 2; id <= 64; id++) watch.look([roomAt(id)], 1_000_000 * id)
    expect(watch.look([roomAt(1)], 100_000_000)).toEqual([])
    watch.look([roomAt(65)], 200_000_000)
    expect(watch.look([roomAt(1)], 300_000_000)).toHaveLength(1)
  })
})
