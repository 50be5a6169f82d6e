import { parseAddress } from './address.ts'
import { parseNewName, parseRoomId, type RoomId } from './ids.ts'
import { codeCharsMax } from './limits.ts'
import { type Parsed, parsed, refused } from './result.ts'
import { isPrintable } from './safe-text.ts'

/** What somebody needs to come into a room, as one text: on a projector, in a message, behind a picture of squares. */
export interface JoinLink {
  readonly room: string
  /** `undefined`: the room has none. */
  readonly code: string | undefined
  /** `undefined`: whichever room of that name there is. */
  readonly roomId: RoomId | undefined
  /** Multiaddrs to dial, as `parseAddress` gives them; none: discovery finds the room. */
  readonly addresses: readonly string[]
}

export const linkAddressesMax = 16
/** Room for the longest of everything, each character escaped. */
const linkCharsMax = 8_192

/** Whether a text that was given as an address is meant as a link. */
export const isJoinLink = (text: string): boolean => /^gavelring:/i.test(text)

/**
 * `gavelring://join?room=evening&code=old%20lamp&id=HEX&at=192.168.1.20:4001&at=…`, with or without the slashes. A link comes
 * from anywhere, so nothing is taken as it is: each part is held against its own parser, parts with other names are ignored (a
 * later version may have more), and what would look like something else on a screen is refused. Refused with `link-invalid`,
 * or with the code of the part's own parser.
 */
export function parseJoinLink(text: string): Parsed<JoinLink> {
  if (text.length > linkCharsMax) return refused('link-invalid', `A link has at most ${linkCharsMax} characters.`)
  // Some programs put a slash behind what they take for the name of a host.
  const [, query] = /^gavelring:(?:\/\/)?join\/?\?([\x21-\x7e]*)$/i.exec(text) ?? []
  if (query === undefined || query.includes('#'))
    return refused('link-invalid', 'A link looks like gavelring://join?room=evening')

  const fields = readFields(query)
  if (!fields.ok) return fields
  const { room, code, id, at } = fields.value
  if (room === undefined) return refused('link-invalid', 'The link names no room: it looks like gavelring://join?room=evening')
  const name = parseNewName(room)
  if (!name.ok) return name
  if (code !== undefined && code.length > codeCharsMax) {
    return refused('code-invalid', `A room code is at most ${codeCharsMax} characters without control characters.`)
  }
  const roomId = id === undefined ? parsed(undefined) : parseRoomId(id)
  if (!roomId.ok) return roomId
  if (at.length > linkAddressesMax) return refused('link-invalid', `A link has at most ${linkAddressesMax} addresses.`)
  const addresses = new Set<string>()
  for (const text of at) {
    const address = parseAddress(text, 'dial')
    if (!address.ok) return address
    addresses.add(address.value)
  }
  return parsed({ room: name.value, code: code || undefined, roomId: roomId.value, addresses: [...addresses] })
}

/** What {@link parseJoinLink} reads back, as long as the room's name and code hold nothing that it refuses. */
export function formatJoinLink({ room, code, roomId, addresses }: JoinLink): string {
  const fields: (readonly [string, string])[] = [['room', room]]
  if (code !== undefined) fields.push(['code', code])
  if (roomId !== undefined) fields.push(['id', roomId])
  for (const address of addresses.slice(0, linkAddressesMax)) fields.push(['at', address])
  return `gavelring://join?${fields.map(([name, value]) => `${name}=${escaped(value)}`).join('&')}`
}

/** The slashes and colons of addresses need no escaping in a query (RFC 3986, section 3.4), and people read them. */
const escaped = (value: string): string => encodeURIComponent(value.toWellFormed()).replaceAll('%2F', '/').replaceAll('%3A', ':')

interface Fields {
  room?: string
  code?: string
  id?: string
  readonly at: string[]
}

function readFields(query: string): Parsed<Fields> {
  const fields: Fields = { at: [] }
  for (const part of query.split('&')) {
    const [name = '', ...rest] = part.split('=')
    if (name !== 'room' && name !== 'code' && name !== 'id' && name !== 'at') continue
    const value = unescaped(rest.join('='))
    if (value === undefined) return refused('link-invalid', `The link’s part "${name}" cannot be read.`)
    // A link could show one room and lead to another.
    if (!isPrintable(value))
      return refused('link-invalid', `The link’s part "${name}" has characters that a screen does not show.`)
    if (name === 'at') fields.at.push(value)
    else if (fields[name] !== undefined) return refused('link-invalid', `The link has its part "${name}" twice.`)
    else fields[name] = value
  }
  return parsed(fields)
}

/** Forms write a space as a plus sign; a plus sign itself is always escaped. */
function unescaped(value: string): string | undefined {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '))
  } catch {
    return undefined
  }
}
