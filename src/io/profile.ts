import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { parseName, parseRoomId, type RoomId } from '../core/ids.ts'
import { diskFailure, makeFolder, readFileIfThere, replaceFile } from './files.ts'

/** One peer's own folder: everything it keeps is in here. */
export interface Profile {
  readonly folder: string
  /** See {@link openIdentity}. */
  readonly keyFile: string
  /** The token of the local API. */
  readonly tokenFile: string
  /** Rooms that this peer has been in, the latest first. */
  readRooms(): Promise<readonly KnownRoom[]>
  /** Puts the room first. */
  rememberRoom(room: KnownRoom): Promise<void>
}

export interface KnownRoom {
  readonly id: RoomId
  readonly name: string
}

/** Makes the folder, for its owner only, if it is not there. Fails with `profile-unwritable`. */
export async function openProfile(folder: string): Promise<Profile> {
  const roomsFolder = join(folder, 'rooms')
  const roomsFile = join(folder, 'rooms.json')
  try {
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
    keyFile: join(folder, 'key'),
    tokenFile: join(folder, 'api-token'),
    readRooms,
    async rememberRoom(room) {
      const others = (await readRooms()).filter(({ id }) => id !== room.id)
      await replaceFile(roomsFile, `${JSON.stringify([room, ...others], undefined, 1)}\n`, 0o600)
    },
  }
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
