import type { RoomInSight } from '../api/rooms.ts'
import { addressText } from '../core/address.ts'
import { Failure } from '../core/failure.ts'
import { wireVersion } from '../core/limits.ts'
import type { JoinTarget } from '../peer/peer.ts'
import { usualRoom } from './config.ts'

/** Which room a person means, from a link, an address, digits of an id or a name, and what is in sight. Pure. */
export interface Aim {
  readonly name: string
  readonly code: string
  /** How its id begins; `undefined`: whichever room there is of this name and code. */
  readonly room: string | undefined
  /** Where somebody may be who is in it. */
  readonly addresses: readonly string[]
  /** `the room “evening” of Ana`, for people. */
  readonly text: string
  /** What else it may be where its code seems to be another one: nothing is known of it but an address. */
  readonly orElse: '' | ', or another name'
  /** This profile has been in it. */
  readonly isKnown: boolean
}

export interface Surroundings {
  readonly inSight: readonly RoomInSight[]
  readonly known: readonly { readonly id: string; readonly name: string; readonly code: string }[]
  /** The room that the peer is in. */
  readonly here: { readonly id: string; readonly name: string; readonly code: string } | undefined
}

/**
 * `undefined`: what was named is not in sight (yet). Throws a `Failure`: `room-ambiguous`, with the rooms that it may be;
 * `other-code`, where the room has a code and none was given, or the other way round; `peer-version`.
 */
export function aimAt(target: JoinTarget, { inSight, known, here }: Surroundings): Aim | undefined {
  const fitting = fittingRooms(target, inSight)
  // Whoever says name and id has said which: others that claim the same are nobody's business.
  const isExact = target.name !== undefined && target.room !== undefined
  if (fitting.length > 1 && !isExact) throw ambiguous(fitting)
  const [seen] = fitting
  if (seen !== undefined) return aimAtSeen(target, seen, codeOf(target, seen, known, here), known)
  if (target.name !== undefined) {
    const kept = known.find(({ id, name }) => name === target.name && (target.room === undefined || id.startsWith(target.room)))
    const code = target.code ?? kept?.code ?? (here?.name === target.name ? here.code : '')
    const text = `the room “${target.name}”`
    const isKnown = kept !== undefined
    return { name: target.name, code, room: target.room, addresses: target.addresses, text, orElse: '', isKnown }
  }
  const { room } = target
  if (room !== undefined) {
    const kept = known.filter(({ id }) => id.startsWith(room))
    const [one] = kept
    if (one === undefined || kept.length > 1) return undefined
    const text = `the room “${one.name}” (${one.id.slice(0, 8)})`
    return { name: one.name, code: target.code ?? one.code, room: one.id, addresses: [], text, orElse: '', isKnown: true }
  }
  // At an address that discovery knows nothing of: whoever is there is most likely in the room that this peer is in, or in the usual one.
  const name = here?.name ?? usualRoom
  const text = `a room “${name}” at ${target.addresses.map(addressText).join(', ')}`
  const code = target.code ?? here?.code ?? ''
  return { name, code, room: undefined, addresses: target.addresses, text, orElse: ', or another name', isKnown: false }
}

function fittingRooms(target: JoinTarget, inSight: readonly RoomInSight[]): readonly RoomInSight[] {
  const fitting = inSight.filter((room) => !room.isHere && isMeant(target, room))
  // Of several, whoever says a code means one that has a code.
  const withCode = target.code ? fitting.filter(({ hasCode, speaksOurs }) => hasCode && speaksOurs) : []
  return withCode.length > 0 ? withCode : fitting
}

/** What is only in sight by somebody's word has to fit all that the person said. */
function isMeant({ name, room, addresses }: JoinTarget, seen: RoomInSight): boolean {
  if (room !== undefined) return seen.id.startsWith(room.slice(0, seen.id.length)) && (name ?? seen.name) === seen.name
  if (name !== undefined) return seen.name === name
  return seen.addresses.some((address) => addresses.includes(address))
}

function codeOf(
  { code }: JoinTarget,
  seen: RoomInSight,
  known: Surroundings['known'],
  here: Surroundings['here'],
): string | undefined {
  if (code !== undefined) return code
  if (!seen.hasCode) return ''
  const kept = known.find(({ id }) => id.startsWith(seen.id))?.code
  return kept || (here?.name === seen.name && here.code !== '' ? here.code : undefined)
}

function aimAtSeen(target: JoinTarget, seen: RoomInSight, code: string | undefined, known: Surroundings['known']): Aim {
  const text = `the room “${seen.name}” of ${seen.founder}`
  if (!seen.speaksOurs) {
    const remedy = seen.version > wireVersion ? 'use a newer gavelring here' : 'it needs a newer gavelring'
    const spoken = `speaks version ${seen.version} of the protocol, this peer version ${wireVersion}`
    throw new Failure('peer-version', `${capital(text)} ${spoken}: ${remedy}.`)
  }
  if (code === undefined || (code === '' && seen.hasCode)) {
    throw new Failure('other-code', `${capital(text)} has a code: say it to come in.`, { name: seen.name, needed: true })
  }
  if (code !== '' && !seen.hasCode) {
    throw new Failure('other-code', `${capital(text)} has no code: come in without one.`, { name: seen.name })
  }
  const kept = known.find(({ id }) => id.startsWith(seen.id))
  const room = target.room !== undefined && target.room.length > seen.id.length ? target.room : seen.id
  const addresses = [...new Set([...target.addresses, ...seen.addresses])]
  return { name: seen.name, code, room, addresses, text, orElse: '', isKnown: kept !== undefined }
}

function ambiguous(rooms: readonly RoomInSight[]): Failure {
  const list = rooms
    .slice(0, listedMax)
    .map(
      ({ id, name, founder, size }) =>
        `“${name}” (${id.slice(0, 8)}) of ${founder}, ${size} ${size === 1 ? 'member' : 'members'}`,
    )
  const more = rooms.length > listedMax ? `; and ${rooms.length - listedMax} more` : ''
  return new Failure('room-ambiguous', `Several rooms fit: ${list.join('; ')}${more}. Name one by the first digits of its id.`, {
    rooms: rooms.map(({ id }) => id),
  })
}

const listedMax = 8

export const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`
