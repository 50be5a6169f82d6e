import { z } from 'zod'
import { parseAddress } from '../core/address.ts'
import { parseNewName } from '../core/ids.ts'
import { isJoinLink, parseJoinLink } from '../core/join-link.ts'
import { type Parsed, parsed } from '../core/result.ts'
import { failures } from './errors.ts'
import { fromParser } from './schemas.ts'

/** Moving from one room to another: what a person may name, and what may come of it. */

interface RoomTarget {
  readonly name: string | undefined
  readonly code: string | undefined
  /** How the room's id begins. */
  readonly room: string | undefined
  readonly addresses: readonly string[]
}

/** A join link, an address, the first digits of a room's id, or a room's name. */
const roomText = fromParser((text: string): Parsed<RoomTarget> => {
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
})

export const joinInput = z.object({
  to: roomText,
  force: z.boolean().default(false),
  /** How long to look for somebody who is in it. */
  deadlineMillis: z.int().min(1).max(600_000).default(10_000),
})

export const joinErrors = {
  'other-room': { status: 409, message: 'This peer was started for a room of another name.' },
  'other-code': { status: 409, message: 'This peer was started with another room code.' },
  'room-not-found': { status: 503, message: 'Nobody who is in that room was found.' },
  'room-has-history': { status: 409, message: 'Something was done in the room that is here: it is left only if that is forced.' },
  'disk-full': failures['disk-full'],
  'disk-failed': failures['disk-failed'],
  stopping: failures.stopping,
}
