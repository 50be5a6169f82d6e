import { access, chmod, constants, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { exposureOf } from '../core/exposure.ts'
import { Failure } from '../core/failure.ts'
import { parseName, parseNewName, parseRoomId, type RoomId } from '../core/ids.ts'
import { codeCharsMax } from '../core/limits.ts'
import { diskFailure, makeFolder, pathIn, readFileIfThere, replaceFile } from './files.ts'

/** One peer's own folder: everything it keeps is in here. */
export interface Profile {
  readonly folder: string
  /** See {@link openIdentity}. */
  readonly keyFile: string
  /** Others could enter it until now. */
  readonly wasOpenToOthers: boolean
  /** Rooms that this peer has been in, the latest first. */
  readRooms(): Promise<readonly KnownRoom[]>
  /** Puts the room first; so many are kept, {@link knownRoomsMax}. */
  rememberRoom(room: KnownRoom): Promise<void>
  readSettings(): Promise<Settings>
  /** These change, the others stay. */
  changeSettings(changes: Settings): Promise<void>
}

export interface KnownRoom {
  readonly id: RoomId
  readonly name: string
  /** Its code; empty: none, or not known. */
  readonly code: string
}

/** What the person chose while a peer ran, for the next start: in `seat.json`. */
export interface Settings {
  /** The person's name. */
  readonly name?: string
  /** The last room was left for none: the next start is in none, too. */
  readonly isOut?: boolean
}

const knownRoomsMax = 32

/**
 * Makes the folder, for its owner only, if it is not there. One that others can enter is closed, where nothing but a profile can be
 * in it; a folder that holds anything else, or is somebody else's, is refused: to close that is not this program's to decide.
 * Fails with `profile-exposed`, or by the file system's own names.
 */
export async function openProfile(folder: string): Promise<Profile> {
  const roomsFolder = join(folder, 'rooms')
  const roomsFile = join(folder, roomsName)
  const settingsFile = join(folder, 'seat.json')
  let wasOpenToOthers: boolean
  try {
    await makeFolder(folder)
    wasOpenToOthers = await closeToOthers(folder)
    await makeFolder(roomsFolder)
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    await access(roomsFolder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    throw diskFailure(error, pathIn(error) ?? folder)
  }

  const readRooms = (): Promise<readonly KnownRoom[]> => readKnownRooms(folder)

  const readSettings = async (): Promise<Settings> => {
    const contents = await readFileIfThere(settingsFile)
    return contents === undefined ? {} : parseSettings(parseJson(new TextDecoder().decode(contents)))
  }

  return {
    folder,
    keyFile: join(folder, keyName),
    wasOpenToOthers,
    readRooms,
    async rememberRoom(room) {
      const others = (await readRooms()).filter(({ id }) => id !== room.id)
      const rooms = [room, ...others].slice(0, knownRoomsMax)
      await replaceFile(roomsFile, `${JSON.stringify(rooms, undefined, 1)}\n`, 0o600)
    },
    readSettings,
    async changeSettings(changes) {
      const settings = { ...(await readSettings()), ...changes }
      await replaceFile(settingsFile, `${JSON.stringify(settings, undefined, 1)}\n`, 0o600)
    },
  }
}

/** {@link Profile.readRooms} of a folder that need not be writable, or a profile at all. */
export async function readKnownRooms(folder: string): Promise<readonly KnownRoom[]> {
  const contents = await readFileIfThere(join(folder, roomsName))
  return contents === undefined ? [] : parseRooms(new TextDecoder().decode(contents))
}

const keyName = 'key'
const roomsName = 'rooms.json'

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
  if (exposure.facts.owner !== self) throw exposure
  const names = await readdir(folder)
  if (names.length > 0 && !names.includes(keyName)) throw exposure
  await chmod(folder, 0o700)
  if ((await look()) === undefined) return true
  const message = `The disk of ${folder} keeps no permissions, so that others could read the key. Use a folder on another one with --profile.`
  throw new Failure('profile-exposed', message, exposure.facts)
}

/** What cannot be read is left out: the list only saves a person from typing a name. */
function parseRooms(text: string): readonly KnownRoom[] {
  const list = parseJson(text)
  return Array.isArray(list) ? list.flatMap(parseRoom).slice(0, knownRoomsMax) : []
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What cannot be read counts as not chosen. */
function parseSettings(value: unknown): Settings {
  if (typeof value !== 'object' || value === null) return {}
  const name = 'name' in value && typeof value.name === 'string' ? parseNewName(value.name) : undefined
  return { ...(name?.ok === true && { name: name.value }), ...('isOut' in value && value.isOut === true && { isOut: true }) }
}

function parseRoom(entry: unknown): readonly KnownRoom[] {
  if (typeof entry !== 'object' || entry === null || !('id' in entry) || !('name' in entry)) return []
  if (typeof entry.id !== 'string' || typeof entry.name !== 'string') return []
  const [id, name] = [parseRoomId(entry.id), parseName(entry.name)]
  const code = 'code' in entry && typeof entry.code === 'string' && entry.code.length <= codeCharsMax ? entry.code : ''
  return id.ok && name.ok ? [{ id: id.value, name: name.value, code }] : []
}
