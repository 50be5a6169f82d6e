import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { open, rename, rm, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { toBlock } from '../api/to-view.ts'
import { Failure } from '../core/failure.ts'
import type { RoomId } from '../core/ids.ts'
import { diskFailure, syncFolder } from '../io/files.ts'

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
 * `log verify` checks it anywhere. Resolves with the file, once all of it is on disk: what it is of is deleted then. Nothing that was
 * there before is written over, and nothing is left of one that could not be written. Throws a `Failure`, by the file system's names:
 * `disk-full` also where the peer itself would have no space left.
 */
export async function archiveLog(folder: string, room: RoomId, blocks: AsyncIterable<readonly Block[]>): Promise<string> {
  const name = `${folder}.${room.slice(0, 8)}`
  const path = firstFree((number) => `${name}${number > 1 ? `-${number}` : ''}.jsonl`)
  const draft = `${path}.new`
  try {
    await rm(draft, { force: true })
    const file = await open(draft, 'wx', 0o600)
    try {
      // Not `write`, which may write a part and say no more than how much that was.
      for await (const chunk of blocks) {
        await refuseFull(path)
        await file.appendFile(chunk.map((block) => `${JSON.stringify(toBlock(block))}\n`).join(''))
      }
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
    await syncFolder(dirname(path))
    return path
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {})
    throw diskFailure(error, path)
  }
}

/**
 * What an archive leaves free, in bytes. Its room is still open while it is written, and must not fail for it; then a new log begins, in
 * LevelDB's journal of 4 MiB and the table that this becomes. More keeps a nearly full disk from a new room for no reason.
 */
const spareBytes = 8 * 2 ** 20

/** A disk that does not say how large it is, is as large as it turns out to be. */
async function refuseFull(path: string): Promise<void> {
  const { blocks, bavail, bsize } = await statfs(dirname(path))
  if (blocks === 0 || bavail * bsize >= spareBytes) return
  throw new Failure('disk-full', `The disk is full: ${path}`, { path })
}

/** The first of these names that nothing has; `number` goes from 1. */
export function firstFree(nameOf: (number: number) => string): string {
  let number = 1
  while (existsSync(nameOf(number))) number++
  return nameOf(number)
}
