import { addressText } from '../core/address.ts'
import type { Instant, PeerId, RoomId } from '../core/ids.ts'
import { wireVersion } from '../core/limits.ts'
import type { Hello, HelloRoom } from './network.ts'
import type { Notice, OtherRoom } from './peer.ts'
import type { Sighting } from './ports.ts'

/**
 * How a peer comes into the right room, or says why it does not (PROTOCOL, section 6): what follows from all that it has heard
 * of others. Nothing here waits or sends.
 */

/** How a peer whose disk knows no room comes into one. */
export type Entry =
  /** Founds it at once. */
  | { readonly kind: 'create' }
  /** Looks for it, then founds it, but never beside another room of its name. */
  | { readonly kind: 'look' }
  /** Waits for it, and never founds it. `room`: of several of this name the one whose id begins so. */
  | { readonly kind: 'join'; readonly room: string | undefined }

/** All that a peer has heard of others. Of those that are not connected it is hearsay. */
export interface Scene {
  readonly roomName: string
  readonly hasCode: boolean
  /** The room that this peer is in; `undefined`: it looks for one. */
  readonly own: Pick<HelloRoom, 'id' | 'holdsFast'> | undefined
  readonly sightings: readonly Sighting[]
  /** What each connected peer said of itself; `undefined`: it could not be read. */
  readonly connected: ReadonlyMap<PeerId, Hello | undefined>
  /** Peers with which no connection came about, most likely since their room code is another one, and where they are. */
  readonly otherCodes: ReadonlyMap<PeerId, string>
  /** The wire version of those that speak another one. */
  readonly otherVersions: ReadonlyMap<PeerId, number>
  /** Addresses where somebody answers who has another room code, or another room's name. */
  readonly strangers: readonly string[]
  /** Given addresses where nobody could be connected with, and why. */
  readonly deadEnds: ReadonlyMap<string, string>
  /** Why what a peer offered as its room was not taken. */
  readonly refused: ReadonlyMap<PeerId, string>
}

/** Why a peer is not in its room yet. `who`: the name that a peer gave, or the end of its id. */
export type Obstacle =
  | { readonly kind: 'nobody' }
  /** `founder`: of its room. `theirs`, `ours`: whether there is a code at all. */
  | {
      readonly kind: 'another-code'
      readonly founder: string
      readonly size: number
      readonly theirs: boolean
      readonly ours: boolean
    }
  /** At this address is another room code or another room's name; discovery has not heard whose. */
  | { readonly kind: 'stranger'; readonly address: string }
  | { readonly kind: 'another-version'; readonly who: string; readonly theirs: number; readonly ours: number }
  /** In a room of this name, but not the one that was asked for. */
  | { readonly kind: 'another-room'; readonly founder: string; readonly room: string }
  /** The room that was heard nearby has another name: it may be the one that is meant. */
  | { readonly kind: 'another-name'; readonly founder: string; readonly name: string }
  | { readonly kind: 'refused'; readonly who: string; readonly reason: string }
  /** Heard by discovery, but no connection came about. */
  | { readonly kind: 'unreachable'; readonly who: string; readonly address: string | undefined }
  /** Nobody answers at an address that was given. */
  | { readonly kind: 'no-answer'; readonly address: string; readonly reason: string }
  | { readonly kind: 'waits-too'; readonly who: string }

/** A peer that waits, as it is told. */
export interface Waiting {
  readonly room: string
  /** For so long, in milliseconds. */
  readonly elapsed: number
  readonly obstacles: readonly Obstacle[]
  /** The same for people, a sentence without a full stop for each. */
  readonly why: readonly string[]
  /** See {@link PeerStatus}. */
  readonly notices: readonly Notice[]
}

export interface Patience {
  /** How long to look before it is said that nothing was found, or the room is founded, in milliseconds. */
  readonly lookMillis: number
  /** When to give up, in milliseconds; `undefined`: never. */
  readonly waitMillis: number | undefined
}

/**
 * What a peer does that has looked for its room for `elapsed` milliseconds and has found none to enter. It is never founded
 * beside a room of its name that is in sight, whatever keeps the peer out of that: only `create` does.
 */
export function decide(
  entry: Entry,
  { lookMillis, waitMillis }: Patience,
  elapsed: number,
  scene: Scene,
): 'look' | 'found' | 'wait' | 'give-up' {
  if (entry.kind === 'create') return 'found'
  if (entry.kind === 'look' && elapsed >= lookMillis && !isRoomInSight(scene)) return 'found'
  // Somebody who said how long to wait is not told sooner that it was for nothing.
  if (waitMillis !== undefined && elapsed >= waitMillis) return 'give-up'
  return elapsed >= lookMillis ? 'wait' : 'look'
}

/** Whoever speaks another version has proven by the room code that it is of this room's name. */
const isRoomInSight = (scene: Scene): boolean =>
  otherRooms(scene).length > 0 || strangersIn(scene).length > 0 || scene.otherVersions.size > 0

/** How often a peer that waits says so, in milliseconds; sooner where the reason is another one, but not at once. */
const sayEvery = 10_000
const sayAgainAfter = 1_000

/** Whether it is time to say for what this peer waits; `said`: what it said last, and how long ago. */
export function isSayingDue(
  obstacles: readonly Obstacle[],
  said: { readonly key: string; readonly ago: number } | undefined,
): boolean {
  if (said === undefined || said.ago >= sayEvery) return true
  return said.ago >= sayAgainAfter && said.key !== obstaclesKey(obstacles)
}

export const obstaclesKey = (obstacles: readonly Obstacle[]): string => JSON.stringify(obstacles)

/** Rooms and obstacles that one peer names at most: anybody on the network can invent as many as they like. */
const roomsMax = 16
const obstaclesMax = 6

/** Rooms of this name that this peer is not in, and will not come into by itself; by id. */
export function otherRooms(scene: Scene): readonly OtherRoom[] {
  const rooms = new Map<string, OtherRoom>()
  const name = scene.roomName
  for (const hello of scene.connected.values()) {
    const room = hello?.room
    if (room === undefined || (scene.own !== undefined && meet(scene.own, room) !== 'strangers')) continue
    const { founder, members, founded } = room
    const id = room.id.slice(0, sightedIdDigits)
    rooms.set(id, {
      id,
      name,
      founder,
      size: members,
      founded,
      hasCode: scene.hasCode,
      reason: 'another-room',
      version: wireVersion,
    })
  }
  for (const sighting of scene.sightings) {
    const { room, hasCode, version } = sighting
    // Who is connected has said more than discovery can.
    if (room === undefined || sighting.roomName !== scene.roomName || scene.connected.has(sighting.peer)) continue
    if (scene.own?.id.startsWith(room.id) === true || rooms.has(room.id)) continue
    const { id, founder, members, founded } = room
    const reason = reasonOf(sighting, scene) ?? 'another-room'
    rooms.set(id, { id, name, founder, size: members, founded: founded as Instant, hasCode, reason, version })
  }
  return [...rooms.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, roomsMax)
}

/** Of a room's id, so much is made known by discovery: in hex digits. */
const sightedIdDigits = 16

/** What keeps this peer and one that was sighted apart, as far as can be known from here. */
function reasonOf(sighting: Sighting, { hasCode, otherCodes }: Scene): 'another-version' | 'another-code' | undefined {
  if (sighting.version !== wireVersion) return 'another-version'
  return sighting.hasCode !== hasCode || otherCodes.has(sighting.peer) ? 'another-code' : undefined
}

/** Why a peer that looks for its room is not in it: what was heard, or that nobody was. */
export function obstaclesOf(entry: Entry, scene: Scene): readonly Obstacle[] {
  const wanted = entry.kind === 'join' ? entry.room : undefined
  const obstacles = new Map<string, Obstacle>()
  const add = (obstacle: Obstacle): void => {
    if (obstacles.size < obstaclesMax) obstacles.set(JSON.stringify(obstacle), obstacle)
  }
  for (const [peer, theirs] of scene.otherVersions) {
    const who = whoOf(peer, scene.sightings.find((one) => one.peer === peer)?.name)
    add({ kind: 'another-version', who, theirs, ours: wireVersion })
  }
  for (const [peer, hello] of scene.connected) {
    const who = whoOf(peer, hello?.name)
    const reason = scene.refused.get(peer)
    if (hello?.room !== undefined && !isWanted(hello.room, wanted)) {
      add({ kind: 'another-room', founder: hello.room.founder, room: hello.room.id.slice(0, sightedIdDigits) })
    } else if (reason !== undefined) add({ kind: 'refused', who, reason })
    else if (hello !== undefined && hello.room === undefined) add({ kind: 'waits-too', who })
  }
  for (const sighting of scene.sightings) {
    if (sighting.roomName === scene.roomName && !scene.connected.has(sighting.peer)) add(obstacleAt(sighting, scene))
  }
  for (const address of strangersIn(scene)) add({ kind: 'stranger', address })
  for (const [address, reason] of scene.deadEnds) add({ kind: 'no-answer', address, reason })
  if (obstacles.size === 0) {
    add({ kind: 'nobody' })
    for (const { roomName, room, peer } of scene.sightings) {
      if (room !== undefined) add({ kind: 'another-name', founder: whoOf(peer, room.founder), name: roomName })
    }
  }
  return [...obstacles.values()]
}

/** Addresses of those of whom no more is known than that their code, or the name of their room, is another one. */
function strangersIn({ strangers, otherCodes, sightings }: Scene): readonly string[] {
  const unsighted = [...otherCodes].filter(([peer]) => !sightings.some((sighting) => sighting.peer === peer))
  return [...strangers, ...unsighted.map(([, address]) => address)]
}

function obstacleAt(sighting: Sighting, scene: Scene): Obstacle {
  const { peer, room, version, hasCode, addresses } = sighting
  const who = whoOf(peer, sighting.name)
  const reason = reasonOf(sighting, scene)
  if (reason === 'another-version') return { kind: reason, who, theirs: version, ours: wireVersion }
  if (reason === undefined) return { kind: 'unreachable', who, address: addresses[0] }
  return { kind: reason, founder: room?.founder ?? who, size: room?.members ?? 0, theirs: hasCode, ours: scene.hasCode }
}

/** For people: what is in the way, and what to do about it. */
export function obstacleText(obstacle: Obstacle, roomName: string): string {
  const room = `“${roomName}”`
  switch (obstacle.kind) {
    case 'nobody':
      return 'nobody was heard yet: is a peer of it running, on this same network, with the same --room and --code?'
    case 'another-code': {
      const { founder, theirs, ours } = obstacle
      if (!theirs) return `the room ${room} of ${founder} is here but has another code, namely none: start without --code`
      if (!ours) return `the room ${room} of ${founder} is here but has another code than none: start with its --code CODE`
      return `the room ${room} of ${founder} is here but has another code: look at --code again, or found your own with --create`
    }
    case 'stranger':
      return `${addressText(obstacle.address)} answers but has another room code, or another room’s name: look at --room and --code again`
    case 'another-version': {
      const { who, theirs, ours } = obstacle
      const remedy = theirs > ours ? 'use a newer gavelring here' : 'it needs a newer gavelring'
      return `${who} speaks version ${theirs} of the protocol, this peer version ${ours}: ${remedy}`
    }
    case 'another-room':
      return `${obstacle.founder}’s room of this name is another one (${obstacle.room.slice(0, 8)})`
    case 'another-name':
      return `the room “${obstacle.name}” of ${obstacle.founder} is here: is it the one that you mean?`
    case 'refused':
      return `what ${obstacle.who} offers is refused: ${obstacle.reason}`
    case 'unreachable': {
      const { who, address } = obstacle
      const where = address === undefined ? '' : ` at ${addressText(address)}`
      return `${who} is heard${where} but cannot be connected with: a firewall, or a network that keeps its guests apart`
    }
    case 'no-answer':
      return `nobody answers at ${addressText(obstacle.address)} (${obstacle.reason}): is a peer running there, and is the address right?`
    case 'waits-too':
      return `${obstacle.who} waits for it, too: one of you has to found it with --create`
  }
}

/** Whether a room is the one that was asked for; `wanted`: how its id begins. */
export const isWanted = ({ id }: { readonly id: RoomId }, wanted: string | undefined): boolean =>
  wanted === undefined || id.startsWith(wanted)

const whoOf = (peer: PeerId, name: string | undefined): string => name || peer.slice(-6)

export type Meeting =
  /** The same room, or the other looks for one. */
  | 'nothing'
  /** Ours gives way: join the other's. */
  | 'join'
  /** The other's gives way. */
  | 'stay'
  /** Neither gives way: they never mix. */
  | 'strangers'

/** Two rooms of one name meet (PROTOCOL, section 6). The other side, asked the same, gives the answer that fits. */
export function meet(own: Pick<HelloRoom, 'id' | 'holdsFast'>, other: Pick<HelloRoom, 'id' | 'holdsFast'> | undefined): Meeting {
  if (other === undefined || other.id === own.id) return 'nothing'
  if (own.holdsFast && other.holdsFast) return 'strangers'
  if (own.holdsFast !== other.holdsFast) return own.holdsFast ? 'stay' : 'join'
  return own.id > other.id ? 'join' : 'stay'
}

/** How long a sighting may take to become a connection, in milliseconds, before it is said that it is another room. */
const connectPatience = 5_000
/** One that changes all the time is not told each time, and of many that are invented only so many in this time. */
const tellAgainAfter = 60_000
const tellsMax = 8

/** Says which of the other rooms are news to a person: those that are new, and those that have changed. */
export interface RoomWatch {
  look(rooms: readonly OtherRoom[], now: number): readonly OtherRoom[]
}

export function createRoomWatch(): RoomWatch {
  const seen = new Map<string, { readonly since: number; told: { readonly key: string; readonly at: number } | undefined }>()
  let tells: readonly number[] = []
  return {
    look(rooms, now) {
      tells = tells.filter((at) => now - at < tellAgainAfter)
      // One that was away for a moment is not news again.
      if (seen.size > 4 * roomsMax) seen.clear()
      return rooms.filter((room) => {
        const one = seen.get(room.id) ?? { since: now, told: undefined }
        seen.set(room.id, one)
        const key = `${room.reason} ${room.size} ${room.founder} ${room.hasCode}`
        const { told } = one
        if (told === undefined ? room.reason === 'another-room' && now - one.since < connectPatience : told.key === key)
          return false
        if ((told !== undefined && now - told.at < tellAgainAfter) || tells.length >= tellsMax) return false
        one.told = { key, at: now }
        tells = [...tells, now]
        return true
      })
    },
  }
}
