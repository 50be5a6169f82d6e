import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../core/failure.ts'
import { parseRoomId, type RoomId } from '../core/ids.ts'
import { codeOf } from '../io/files.ts'
import { readKnownRooms } from '../io/profile.ts'
import { placeOfLog } from './put-aside.ts'
import { roomFolder } from './room-folder.ts'

/** A log in a profile's folder. */
export type KeptLog =
  /** Of a room that the profile can go into; `id`: `undefined` where only its name is known. */
  | { readonly kind: 'room'; readonly id: RoomId | undefined; readonly name: string; readonly path: string }
  /** Of a room that was left for another one of its name, or that a new one goes on from: a file that is only read. */
  | { readonly kind: 'archive'; readonly id: RoomId; readonly name: string; readonly path: string; readonly founded: number }

/** All that there are: rooms, the latest first, then archives, the newest first. */
export async function keptLogs(profile: string): Promise<readonly KeptLog[]> {
  const rooms: KeptLog[] = []
  for (const { id, name } of await readKnownRooms(profile)) {
    const path = roomFolder(profile, name)
    // Of several rooms of one name the latest is in the folder.
    const isThere = !rooms.some((one) => one.path === path) && (await placeOfLog(path)) !== undefined
    if (isThere) rooms.push({ kind: 'room', id, name, path })
  }
  const archives = await archivesIn(join(profile, 'rooms'))
  return [...rooms, ...archives.sort((a, b) => b.founded - a.founded)]
}

/**
 * The one that is meant: by the name of a room, by the first digits of an id, or, of a room that has nothing but an archive, by its
 * name; `undefined`: of the room that the profile was in last. Throws a `Failure`: `room-not-found`, `room-ambiguous`.
 */
export async function findKeptLog(profile: string, wanted: string | undefined): Promise<KeptLog> {
  const logs = await keptLogs(profile)
  if (wanted === undefined) {
    const last = logs.find(({ kind }) => kind === 'room')
    if (last !== undefined) return last
    throw new Failure('room-not-found', `There is no log of any room in ${profile}.`)
  }
  const path = roomFolder(profile, wanted)
  if ((await placeOfLog(path)) !== undefined) return { kind: 'room', id: undefined, name: wanted, path }
  const isId = /^[0-9a-f]{4,64}$/.test(wanted)
  const meant = logs.filter(({ id, name }) => name === wanted || (isId && id?.startsWith(wanted) === true))
  const [found, other] = meant
  if (found === undefined) throw new Failure('room-not-found', `There is no log of room ${wanted} in ${profile}.`)
  // Of one room, as often as it was left: the newest is the longest.
  if (other === undefined || meant.every(({ id }) => id === found.id)) return found
  const ids = [...new Set(meant.map(({ id }) => id?.slice(0, 8)))].join(', ')
  throw new Failure('room-ambiguous', `Several logs in ${profile} are of ${wanted}: name one by its id, ${ids}.`, {
    name: wanted,
  })
}

async function archivesIn(folder: string) {
  const names = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  const archives: Extract<KeptLog, { kind: 'archive' }>[] = []
  for (const name of names.filter((one) => one.endsWith('.jsonl')).sort()) {
    const path = join(folder, name)
    const head = await readHead(path)
    if (head !== undefined) archives.push({ kind: 'archive', path, ...head })
  }
  return archives
}

/** A genesis block is far smaller, but for one of an earlier version that held a whole state. */
const headBytesMax = 4 * 1024 * 1024

/** What the first line says; `undefined` where that is no genesis block. Whether it is true is for whoever checks the log. */
async function readHead(path: string): Promise<{ id: RoomId; name: string; founded: number } | undefined> {
  const file = await open(path, 'r')
  try {
    let text = ''
    while (!text.includes('\n') && text.length < headBytesMax) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(64 * 1024))
      if (bytesRead === 0) break
      text += buffer.toString('utf8', 0, bytesRead)
    }
    const first: unknown = JSON.parse(text.slice(0, text.indexOf('\n') >>> 0))
    if (typeof first !== 'object' || first === null) return undefined
    const { kind, hash, time, content } = first as Readonly<Record<string, unknown>>
    const name = typeof content === 'object' && content !== null && 'name' in content ? content.name : undefined
    const id = parseRoomId(String(hash))
    if (kind !== 'genesis' || !id.ok || typeof name !== 'string' || typeof time !== 'number') return undefined
    return { id: id.value, name, founded: time }
  } catch {
    return undefined
  } finally {
    await file.close()
  }
}
