import type { OtherRoomView } from '../api/views.ts'
import { addressText } from '../core/address.ts'
import { timeText } from './format.ts'
import { widthOf } from './table.ts'

/** What people are told of rooms: the one that they founded, and others of its name. */

/** `another room “evening” is in sight: founded by Ana at 14:03:22+01:00, 3 members, with another code`, and how to go there. */
export function otherRoomText(room: OtherRoomView): { readonly text: string; readonly wayOver: string } {
  const { name, founder, founded, size } = room
  const members = `${size} ${size === 1 ? 'member' : 'members'}`
  const text = `another room “${name}” is in sight: founded by ${founder} at ${timeText(founded)}, ${members}, ${apart(room)}`
  return { text, wayOver: wayOver(room) }
}

function apart({ reason, hasCode, version }: OtherRoomView): string {
  switch (reason) {
    case 'another-code':
      return hasCode ? 'with another code' : 'without a code'
    case 'another-room':
      return 'with a history of its own: the two never mix'
    case 'another-version':
      return `with version ${version} of the protocol`
  }
}

function wayOver({ reason, hasCode, id }: OtherRoomView): string {
  switch (reason) {
    case 'another-code':
      return `To go there: gavelring join ${id.slice(0, 8)}${hasCode ? ' --code CODE' : ''}`
    case 'another-room':
      return `To go there: gavelring join ${id.slice(0, 8)}`
    case 'another-version':
      return 'To go there: use the same version of gavelring on both sides'
  }
}

/** A peer in its room, as it is shown to whoever may come in. */
export interface Host {
  readonly name: string
  readonly room: { readonly id: string; readonly name: string }
  readonly addresses: readonly string[]
}

/** Cells of a box, its frame included: an old terminal's line. */
const boxCells = 80

/** Three things that whoever founded a room tells the others, in a box that they see from afar; each takes the lines that it needs. */
export function foundingBox(host: Host, code: string): string[] {
  const { room, name } = host
  const address = farAddress(host.addresses)
  return boxed([
    `Room “${room.name}” (${room.id.slice(0, 8)}) was founded just now by you, ${name}.`,
    code === '' ? 'It has no code: whoever is on this network can come in.' : `Its code is ${code}`,
    `Address ${address === undefined ? 'none' : addressText(address)}. Others come in with: ${comeInText(host, code)}`,
  ])
}

/** What others type, here and where mDNS is blocked. */
export function comeInText({ room, addresses }: Host, code: string): string {
  const address = farAddress(addresses)
  const words = ['gavelring peer', `--room ${quoted(room.name)}`, ...(code === '' ? [] : [`--code ${quoted(code)}`])]
  return [...words, ...(address === undefined ? [] : [`--bootstrap ${quoted(addressText(address))}`])].join(' ')
}

/** One that is of use on other machines, if there is one. */
function farAddress(addresses: readonly string[]): string | undefined {
  return addresses.find((address) => !/\/(?:127\.|::1\/)/.test(address)) ?? addresses[0]
}

function boxed(texts: readonly string[]): string[] {
  const cells = boxCells - 4
  const lines = texts.flatMap((text) => wrapped(text, cells))
  const rule = '─'.repeat(boxCells - 2)
  const row = (line: string): string => `│ ${line}${' '.repeat(Math.max(0, cells - widthOf(line)))} │`
  return [`┌${rule}┐`, ...lines.map(row), `└${rule}┘`]
}

/** Between words; a word that is too long alone stands on lines of its own. The further lines of a text are indented. */
function wrapped(text: string, cells: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(`${line} ${word}`) > cells) {
      lines.push(line)
      line = `  ${word}`
    } else line = line === '' ? word : `${line} ${word}`
    while (widthOf(line) > cells) {
      const head = fitting(line, cells)
      lines.push(head)
      line = `  ${line.slice(head.length)}`
    }
  }
  return [...lines, line]
}

function fitting(text: string, cells: number): string {
  let head = ''
  for (const character of text) {
    if (widthOf(head + character) > cells) break
    head += character
  }
  return head
}

/** As a shell would need it. */
export const quoted = (text: string): string => (/^[\w.:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)
