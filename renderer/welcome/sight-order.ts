import type { RoomInSight, RoomsView } from '../room/rooms.ts'

/** A room as the list shows it. */
export interface SeenRoom {
  readonly room: RoomInSight
  /** Another room in sight has the same name: only the id tells them apart for certain. */
  readonly hasTwin: boolean
  /** This peer has been in it before. */
  readonly isKnown: boolean
}

/** The one that this peer is in first, then those it knows, then by name: the order does not change as peers come and go. */
export function orderRooms({ inSight, known }: Pick<RoomsView, 'inSight' | 'known'>): readonly SeenRoom[] {
  const knownIds = new Set(known.map(({ id }) => shortId(id)))
  const seen = inSight.map((room) => ({
    room,
    hasTwin: inSight.some((other) => other.id !== room.id && plainName(other.name) === plainName(room.name)),
    isKnown: knownIds.has(shortId(room.id)),
  }))
  return seen.sort(
    (a, b) =>
      Number(b.room.isHere) - Number(a.room.isHere) ||
      Number(b.isKnown) - Number(a.isKnown) ||
      compare(plainName(a.room.name), plainName(b.room.name)) ||
      a.room.founded - b.room.founded ||
      compare(a.room.id, b.room.id),
  )
}

/** Each name that several rooms have, once, as the first of them writes it. */
export function twinNames(seen: readonly SeenRoom[]): readonly string[] {
  const names = new Map<string, string>()
  for (const { room, hasTwin } of seen) {
    const plain = plainName(room.name)
    if (hasTwin && !names.has(plain)) names.set(plain, room.name)
  }
  return [...names.values()]
}

/** Rooms that this peer was in, and that nobody is heard in now. */
export function unseenRooms({ inSight, known, room }: Pick<RoomsView, 'inSight' | 'known' | 'room'>): RoomsView['known'] {
  const shown = new Set([...inSight.map(({ id }) => id), ...(room?.id === undefined ? [] : [room.id])].map(shortId))
  return known.filter(({ id }) => !shown.has(shortId(id)))
}

/** What is told of an id in sight. */
const shortId = (id: string): string => id.slice(0, 16)

/** To a person `Evening` and `evening` are one name. */
const plainName = (name: string): string => name.normalize('NFKC').toLowerCase()

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)
