import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../core/failure.ts'
import { parseRoomId, type RoomId } from '../core/ids.ts'
import { codeOf, diskFailure, noFile, openFile } from '../io/files.ts'
import { createIdentity } from '../io/identity.ts'
import { readKnownRooms } from '../io/profile.ts'
import { folderDisk } from '../io/store/disk.ts'
import { readWholeBlocks } from '../io/store/inspect.ts'
import { roomIdOf } from '../peer/room.ts'
import { createLogVerifier } from '../peer/verify.ts'
import { placeOfLog } from './put-aside.ts'
import { roomFolder } from './room-folder.ts'

/** A log in a profile's folder. */
export type KeptLog =
  /** Of a room that the profile can go into; `id`: `undefined` where only its name is known. */
  | { readonly kind: 'room'; readonly id: RoomId | undefined; readonly name: string; readonly path: string }
  /** Of a room that was left for another one of its name, or that a new one goes on from: a file that is only read. */
  | { readonly kind: 'archive'; readonly id: RoomId; readonly name: string; readonly path: string; readonly founded: number }

/** All that there are: rooms, the latest first, those that the profile's list does not name at the end; then archives, the newest first. */
export async function keptLogs(profile: string): Promise<readonly KeptLog[]> {
  const listed = await listedRooms(profile)
  return [...listed, ...(await unlistedRooms(profile, listed)), ...(await archives(profile))]
}

/**
 * The one that is meant: by the name of a room, by the first digits of an id, or, of a room that has nothing but an archive, by its
 * name; `undefined`: of the room that the profile was in last. Throws a `Failure`: `room-not-found`, `room-ambiguous`.
 */
export async function findKeptLog(profile: string, wanted: string | undefined): Promise<KeptLog> {
  if (wanted === undefined) {
    const listed = await listedRooms(profile)
    const last = listed[0] ?? (await unlistedRooms(profile, listed))[0]
    if (last !== undefined) return last
    throw new Failure('room-not-found', `There is no log of any room in ${profile}.`)
  }
  const path = roomFolder(profile, wanted)
  if ((await placeOfLog(path)) !== undefined) return { kind: 'room', id: undefined, name: wanted, path }
  const logs = await keptLogs(profile)
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

async function listedRooms(profile: string): Promise<readonly KeptLog[]> {
  const rooms: KeptLog[] = []
  for (const { id, name } of await readKnownRooms(profile)) {
    const path = roomFolder(profile, name)
    // Of several rooms of one name the latest is in the folder.
    const isThere = !rooms.some((one) => one.path === path) && (await placeOfLog(path)) !== undefined
    if (isThere) rooms.push({ kind: 'room', id, name, path })
  }
  return rooms
}

/** Rooms that the list does not name, as where it was lost; the one first in which something was written last. */
async function unlistedRooms(profile: string, listed: readonly KeptLog[]): Promise<readonly KeptLog[]> {
  const places = new Set((await namesIn(profile)).flatMap((name) => roomPlace.exec(name)?.[0] ?? []))
  const found: { readonly room: KeptLog; readonly at: number }[] = []
  for (const path of [...places].map((name) => join(profile, 'rooms', name))) {
    const isListed = listed.some((room) => room.path === path)
    const place = isListed ? undefined : await placeOfLog(path)
    const beginning = place && (await readBeginning(place))
    // A folder that somebody has renamed cannot be opened by the room's name.
    if (!beginning || roomFolder(profile, beginning.name) !== path) continue
    found.push({ room: { kind: 'room', path, ...beginning }, at: (await stat(place)).mtimeMs })
  }
  return found.sort((a, b) => b.at - a.at).map(({ room }) => room)
}

/** The folder of a room, or what says that there is one (put-aside). */
const roomPlace = /^.*-[0-9a-f]{8}(?=$|\.before$|\.put-aside$)/

/** What the genesis block of a store says; `undefined` where it cannot be read, or nothing was written there. */
async function readBeginning(place: string): Promise<{ readonly id: RoomId; readonly name: string } | undefined> {
  if (!(await stat(place)).isDirectory()) return undefined
  // Loaded where a room is not in the list.
  const { copyStore } = await import('./stored-log.ts')
  const copy = await copyStore(place)
  try {
    const disk = folderDisk(copy)
    if (await disk.endsReaders(1)) return undefined
    for await (const { bytes } of readWholeBlocks(disk, 1)) {
      const verified = createLogVerifier(createIdentity().crypto).add(bytes)
      if (!verified.ok || verified.block.body.kind !== 'genesis') return undefined
      return { id: roomIdOf(verified.block), name: verified.block.body.genesis.name }
    }
    return undefined
  } catch {
    return undefined
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

/** The newest first: of one room by the number in the file's name, since all of them begin alike. */
async function archives(profile: string): Promise<readonly KeptLog[]> {
  const found: { readonly log: Extract<KeptLog, { kind: 'archive' }>; readonly number: number }[] = []
  for (const name of (await namesIn(profile)).filter((one) => one.endsWith('.jsonl'))) {
    const path = join(profile, 'rooms', name)
    const head = await readHead(path)
    const number = Number(/\.[0-9a-f]{8}-(\d{1,15})\.jsonl$/.exec(name)?.[1] ?? 1)
    if (head !== undefined) found.push({ log: { kind: 'archive', path, ...head }, number })
  }
  return found.sort((a, b) => b.log.founded - a.log.founded || b.number - a.number).map(({ log }) => log)
}

async function namesIn(profile: string): Promise<readonly string[]> {
  const folder = join(profile, 'rooms')
  try {
    return await readdir(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw diskFailure(error, folder)
  }
}

/** A genesis block is far smaller, but for one of an earlier version that held a whole state. */
const headBytesMax = 4 * 1024 * 1024

/** What the first line says; `undefined` where that is no genesis block. Whether it is true is for whoever checks the log. */
async function readHead(path: string): Promise<{ id: RoomId; name: string; founded: number } | undefined> {
  const file = await openFile(path).catch((error: unknown) => {
    if (codeOf(error) === noFile) return undefined
    throw error
  })
  if (file === undefined) return undefined
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
