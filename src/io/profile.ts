import { access, chmod, constants, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { exposureOf } from '../core/exposure.ts'
import { Failure } from '../core/failure.ts'
import { parseName, parseRoomId, type RoomId } from '../core/ids.ts'
import { diskFailure, makeFolder, readFileIfThere, replaceFile } from './files.ts'

/** One peer's own folder: everything it keeps is in here. */
export interface Profile {
  readonly folder: string
  /** See {@link openIdentity}. */
  readonly keyFile: string
  /** Others could enter it until now. */
  readonly wasOpenToOthers: boolean
  /** Rooms that this peer has been in, the latest first. */
  readRooms(): Promise<readonly KnownRoom[]>
  /** Puts the room first. */
  rememberRoom(room: KnownRoom): Promise<void>
}

export interface KnownRoom {
  readonly id: RoomId
  readonly name: string
}

/**
 * Makes the folder, for its owner only, if it is not there. One that others can enter is closed, where nothing but a profile can be
 * in it; a folder that holds anything else, or is somebody else's, is refused: to close that is not this program's to decide.
 * Fails with `profile-exposed`, or by the file system's own names.
 */
export async function openProfile(folder: string): Promise<Profile> {
  const roomsFolder = join(folder, 'rooms')
  const roomsFile = join(folder, 'rooms.json')
  let wasOpenToOthers: boolean
  try {
    await makeFolder(folder)
    wasOpenToOthers = await closeToOthers(folder)
    await makeFolder(roomsFolder)
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    await access(roomsFolder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw diskFailure(error, folder)
  }

  const readRooms = async (): Promise<readonly KnownRoom[]> => {
    const contents = await readFileIfThere(roomsFile)
    return contents === undefined ? [] : parseRooms(new TextDecoder().decode(contents))
  }

  return {
    folder,
    keyFile: join(folder, keyName),
    wasOpenToOthers,
    readRooms,
    async rememberRoom(room) {
      const others = (await readRooms()).filter(({ id }) => id !== room.id)
      await replaceFile(roomsFile, `${JSON.stringify([room, ...others], undefined, 1)}\n`, 0o600)
    },
  }
}

const keyName = 'key'

/** Windows keeps a folder by its place in the user's own. */
async function closeToOthers(folder: string): Promise<boolean> {
  const self = process.getuid?.()
  if (self === undefined) return false
  const look = async () => {
    const { mode, uid } = await stat(folder)
    return exposureOf({ path: folder, kind: 'folder', mode, owner: uid }, self)
  }
  const exposure = await look()
  if (exposure === undefined) return false
  const names = await readdir(folder)
  if (exposure.facts.owner !== self || (names.length > 0 && !names.includes(keyName))) throw exposure
  await chmod(folder, 0o700)
  if ((await look()) === undefined) return true
  const message = `The disk of ${folder} keeps no permissions, so that others could read the key. Use a folder on another one with --profile.`
  throw new Failure('profile-exposed', message, exposure.facts)
}

/** What cannot be read is left out: the list only saves a person from typing a name. */
function parseRooms(text: string): readonly KnownRoom[] {
  let list: unknown
  try {
    list = JSON.parse(text)
  } catch {
    return []
  }
  return Array.isArray(list) ? list.flatMap(parseRoom) : []
}

function parseRoom(entry: unknown): readonly KnownRoom[] {
  if (typeof entry !== 'object' || entry === null || !('id' in entry) || !('name' in entry)) return []
  if (typeof entry.id !== 'string' || typeof entry.name !== 'string') return []
  const [id, name] = [parseRoomId(entry.id), parseName(entry.name)]
  return id.ok && name.ok ? [{ id: id.value, name: name.value }] : []
}
