import { z } from 'zod'
import { parseAddress } from '../core/address.ts'
import { parseCurrency } from '../core/currency.ts'
import { parseNewName } from '../core/ids.ts'
import { isJoinLink, parseJoinLink } from '../core/join-link.ts'
import { codeCharsMax } from '../core/limits.ts'
import { type Parsed, parsed } from '../core/result.ts'
import { bounds } from './bounds.ts'
import { faultCodes, goodCodes, waitCodes } from './codes.ts'
import { failureCodes, failures, failuresOf } from './errors.ts'
import { facts } from './said.ts'
import { fromParser, nameText } from './schemas.ts'
import { noticeView } from './views.ts'

/** Rooms: which there are, the way into one and out of it, and what may come of that. */

/** A room that is heard on the network, or was met. All that it says of itself is hearsay. */
const roomInSight = z.object({
  name: z.string(),
  /** The first 16 hex digits of its id. */
  id: z.string(),
  founder: z.string(),
  /** Its members. */
  size: z.int(),
  founded: z.int(),
  hasCode: z.boolean(),
  /** The wire version that is spoken there. */
  version: z.int(),
  speaksOurs: z.boolean(),
  /** Names of peers that are heard in it. */
  people: z.array(z.string()).max(bounds.peopleInSight),
  /** Where these can be dialled. */
  addresses: z.array(z.string()).max(bounds.addressesInSight),
  /** It is the one that this peer is in. */
  isHere: z.boolean(),
})
export type RoomInSight = z.infer<typeof roomInSight>

const reason = z.object({ code: z.enum(waitCodes), variant: z.string().optional(), text: z.string(), facts: facts.optional() })
/** Why a peer waits for its room; `variant`: which of the sentences of this code, where it has several. */
export type Reason = z.infer<typeof reason>

export const roomsView = z.object({
  self: z.string(),
  /** The person's. */
  name: z.string(),
  state: z.enum(['none', 'entering', 'in']),
  /** Where thin clients are served; absent: nowhere. */
  gateway: z.string().optional(),
  /** The room that it is in, or on its way to. */
  room: z.object({ name: z.string(), id: z.string().optional() }).optional(),
  /** While it is entering: for how long, in sentences what keeps it away, and each of these for whoever says it in another language. */
  waiting: z
    .object({
      seconds: z.int(),
      why: z.array(z.string()).max(bounds.reasons),
      reasons: z.array(reason).max(bounds.reasons),
      notices: z.array(noticeView).max(bounds.notices).optional(),
    })
    .optional(),
  /** Of all names. */
  inSight: z.array(roomInSight).max(bounds.roomsInSight),
  /** Peers in sight that look for their room. */
  looking: z.array(z.object({ peer: z.string(), name: z.string() })).max(bounds.peopleInSight),
  /** Those that this peer has been in, the latest first. */
  known: z.array(z.object({ id: z.string(), name: z.string() })).max(bounds.knownRooms),
  /** Why it is not where it last wanted to be; gone with the next try. `room`: where that was, where it came so far as to know. */
  failed: z
    .object({ code: z.enum(failureCodes), text: z.string(), facts: facts.optional(), room: z.string().optional() })
    .optional(),
})
export type RoomsView = z.infer<typeof roomsView>

/** One thing that was looked at. `code` is stable; `variant`: which of its sentences, where it has several. `good` needs no remedy. */
export const finding = z.object({
  code: z.enum([...faultCodes, ...goodCodes]),
  variant: z.string().optional(),
  text: z.string(),
  remedy: z.string().optional(),
  severity: z.enum(['good', 'note', 'bad']),
  /** What `text` and `remedy` are about. */
  facts: facts.optional(),
})
export type Finding = z.infer<typeof finding>

interface RoomTarget {
  readonly name: string | undefined
  readonly code: string | undefined
  /** How the room's id begins. */
  readonly room: string | undefined
  readonly addresses: readonly string[]
}

/** A join link, an address, the first digits of a room's id, or a room's name. */
export function parseRoomTarget(text: string): Parsed<RoomTarget> {
  const nowhere: RoomTarget = { name: undefined, code: undefined, room: undefined, addresses: [] }
  if (isJoinLink(text)) {
    const link = parseJoinLink(text)
    if (!link.ok) return link
    const { room, code, roomId, addresses } = link.value
    return parsed({ name: room, code, room: roomId, addresses })
  }
  // Fewer digits might be a name, and would fit more than one room by chance.
  if (/^[0-9a-f]{8,64}$/.test(text)) return parsed({ ...nowhere, room: text })
  const address = parseAddress(text, 'dial')
  if (address.ok) return parsed({ ...nowhere, addresses: [address.value] })
  if (text.startsWith('/') || /:\d+$/.test(text)) return address
  const name = parseNewName(text)
  return name.ok ? parsed({ ...nowhere, name: name.value }) : name
}

const codeText = z
  .string()
  .max(codeCharsMax, `A room code is at most ${codeCharsMax} characters without control characters.`)
  .regex(/^\P{Cc}*$/u, `A room code is at most ${codeCharsMax} characters without control characters.`)

export const createInput = z.object({
  name: nameText,
  /** `new`: one that nobody guesses is made. Absent or empty: whoever is on the network can come in. */
  code: codeText.default(''),
  currency: fromParser(parseCurrency).default('EUR'),
  deposits: z.enum(['open', 'host']).default('open'),
})

export const joinInput = z.object({
  to: fromParser(parseRoomTarget),
  /** Where `to` has none. */
  code: codeText.optional(),
  /** Although something was done in the room of that name that is here: its log is kept in a file. */
  force: z.boolean().default(false),
  /** How long to look for somebody who is in it. */
  deadlineMillis: z.int().min(1).max(600_000).default(10_000),
})

const entering = {
  'called-off': failures['called-off'],
  'disk-full': failures['disk-full'],
  'disk-failed': failures['disk-failed'],
  stopping: failures.stopping,
}

export const createErrors = { ...failuresOf('room-known'), ...entering }

export const joinErrors = {
  ...failuresOf('other-code', 'room-ambiguous', 'peer-version', 'store-damaged'),
  'room-not-found': { status: 503, message: 'Nobody who is in that room was found.' },
  'room-has-history': { status: 409, message: 'Something was done in the room that is here: it is left only if that is forced.' },
  ...entering,
}
