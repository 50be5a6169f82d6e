import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { toBlock } from '../api/to-view.ts'
import { Failure } from '../core/failure.ts'
import type { RoomId } from '../core/ids.ts'

type Block = Parameters<typeof toBlock>[0]

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

/**
 * Writes the log of a room that is left for another one beside the rooms, in the form that `log export` has, so that
 * `log verify` checks it anywhere. Resolves with the file. Nothing that was there before is written over.
 */
export async function archiveLog(folder: string, room: RoomId, blocks: AsyncIterable<readonly Block[]>): Promise<string> {
  const name = `${folder}.${room.slice(0, 8)}`
  const path = firstFree((number) => `${name}${number > 1 ? `-${number}` : ''}.jsonl`)
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of blocks) await file.write(chunk.map((block) => `${JSON.stringify(toBlock(block))}\n`).join(''))
    await file.sync()
  } catch (error) {
    throw new Failure('disk-failed', `The log could not be kept in ${path}.`, { path }, { cause: error })
  } finally {
    await file.close()
  }
  return path
}

/** The first of these names that nothing has; `number` goes from 1. */
export function firstFree(nameOf: (number: number) => string): string {
  let number = 1
  while (existsSync(nameOf(number))) number++
  return nameOf(number)
}
