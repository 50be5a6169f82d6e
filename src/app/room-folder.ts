import { createHash } from 'node:crypto'
import { join } from 'node:path'

/**
 * The store of a room, by the room's name: its id is only known once somebody was found, and changes when a blank room
 * gives way to another (PROTOCOL, section 6). Readable, and different for names that differ in letters no folder can have.
 */
export function roomFolder(profile: string, room: string): string {
  const readable = room
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 32)
  const digest = createHash('sha256').update(room).digest('hex').slice(0, 8)
  return join(profile, 'rooms', `${readable}-${digest}`)
}
