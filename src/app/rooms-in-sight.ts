import type { RoomInSight, RoomsView } from '../api/rooms.ts'
import { nameCharsMax, wireVersion } from '../core/limits.ts'
import { printable } from '../core/safe-text.ts'
import type { Peer } from '../peer/peer.ts'
import type { Sighting } from '../peer/ports.ts'

/**
 * Which rooms there are, out of what single peers make known: hearsay, which anybody can invent. Two that differ in name, code or
 * version are two, whatever id they claim, so that nobody can give another room a false name.
 */
export function roomsInSight(sightings: readonly Sighting[], peer: Peer | undefined): RoomInSight[] {
  const rooms = new Map<string, Gathered>()
  const own = peer && ownRoom(peer)
  if (own !== undefined) rooms.set(keyOf(own), { ...own, at: Number.POSITIVE_INFINITY })
  for (const sighting of sightings) {
    if (sighting.room === undefined) continue
    const { id, founder, members: size, founded } = sighting.room
    const { roomName: name, hasCode, version, at } = sighting
    const seen = { name, id, founder, size, founded, hasCode, version }
    const known = rooms.get(keyOf(seen))
    // Whoever was heard last knows best.
    const facts = known === undefined || known.at < at ? { ...seen, at } : known
    rooms.set(keyOf(seen), {
      ...facts,
      speaksOurs: version === wireVersion,
      isHere: known?.isHere ?? false,
      people: added(known?.people, sighting.name === '' ? [] : [sighting.name], peopleMax),
      addresses: added(known?.addresses, sighting.addresses, addressesMax),
    })
  }
  for (const { reason: _, ...room } of peer?.status().otherRooms ?? []) {
    const met = { ...room, speaksOurs: room.version === wireVersion, people: [], addresses: [], isHere: false, at: 0 }
    if (!rooms.has(keyOf(met))) rooms.set(keyOf(met), met)
  }
  return [...rooms.values()]
    .map(({ at: _, ...room }) => ({ ...room, founder: shown(room.founder), people: room.people.map(shown) }))
    .sort((a, b) => Number(b.isHere) - Number(a.isHere) || b.people.length - a.people.length || order(a, b))
    .slice(0, roomsMax)
}

/** Peers that are on their way into a room. */
export const lookingPeers = (sightings: readonly Sighting[]): RoomsView['looking'] =>
  sightings.flatMap(({ peer, name, room }) => (room === undefined ? [{ peer, name }] : [])).slice(0, peopleMax)

type Gathered = RoomInSight & { readonly at: number }

/** Anybody on the network can invent as many as they like. */
const roomsMax = 64
const peopleMax = 50
const addressesMax = 8
/** Of a room's id, so much is made known by discovery: in hex digits. */
const sightedIdDigits = 16

/** Names that came over a connection are as others wrote them. */
const shown = (name: string): string => printable(name).trim().slice(0, nameCharsMax).toWellFormed()

const keyOf = ({ id, name, hasCode, version }: Pick<RoomInSight, 'id' | 'name' | 'hasCode' | 'version'>): string =>
  JSON.stringify([id, name, hasCode, version])

const order = (a: RoomInSight, b: RoomInSight): number => (keyOf(a) < keyOf(b) ? -1 : 1)

function added(known: readonly string[] = [], more: readonly string[], most: number): string[] {
  return [...new Set([...known, ...more])].slice(0, most)
}

function ownRoom(peer: Peer): RoomInSight {
  const { room, members, addresses } = peer.status()
  const people = peer.peers()
  const founder = people.find((one) => one.peer === room.rules.founder)?.name || room.rules.founder.slice(-6)
  const names = people.filter(({ self, connected, name }) => (self || connected) && name !== '').map(({ name }) => name)
  return {
    name: room.name,
    id: room.id.slice(0, sightedIdDigits),
    founder,
    size: members.length,
    founded: room.founded,
    hasCode: room.hasCode,
    version: wireVersion,
    speaksOurs: true,
    people: added([], names, peopleMax),
    addresses: added([], addresses, addressesMax),
    isHere: true,
  }
}
