import { isUtf8 } from 'node:buffer'
import { existsSync } from 'node:fs'
import { access, chmod, constants, readdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { exposureOf } from '../core/exposure.ts'
import { Failure } from '../core/failure.ts'
import { parseName, parseNewName, parseRoomId, type RoomId } from '../core/ids.ts'
import { codeCharsMax } from '../core/limits.ts'
import { diskFailure, makeFolder, pathIn, readBeginningIfThere, replaceFile } from './files.ts'

/** One peer's own folder: everything it keeps is in here. */
export interface Profile {
  readonly folder: string
  /** See {@link openIdentity}. */
  readonly keyFile: string
  /** Others could enter it until now. */
  readonly wasOpenToOthers: boolean
  /** Rooms that this peer has been in, the latest first. */
  readRooms(): Promise<readonly KnownRoom[]>
  /** Puts the room first; so many are kept, {@link knownRoomsMax}. Nothing that cannot be read is written over: see {@link mendRooms}. */
  rememberRoom(room: KnownRoom): Promise<string | undefined>
  /**
   * Where something in the list of rooms cannot be read, it is put aside as it is, and a list of the rest takes its place. Resolves with
   * where it is now; `undefined`: all of it can be read.
   */
  mendRooms(): Promise<string | undefined>
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

/** What was chosen or done while a peer ran, for the next start: in `seat.json`. */
export interface Settings {
  /** The person's name. */
  readonly name?: string
  /** The last room was left for none: the next start is in none, too. */
  readonly isOut?: boolean
  /** The name of the room whose log was fetched anew since a variable says so; see `PeerConfig.refetch`. */
  readonly refetched?: string | undefined
}

const knownRoomsMax = 32
/** Far more than so many rooms take. */
const listBytesMax = 2 ** 20

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
    const contents = await readBeginningIfThere(settingsFile, listBytesMax)
    return contents === undefined ? {} : parseSettings(parseJson(new TextDecoder().decode(contents)))
  }

  return {
    folder,
    keyFile: join(folder, keyName),
    wasOpenToOthers,
    readRooms,
    async rememberRoom(room) {
      const unread = await mendRooms(roomsFile)
      const others = (await readRooms()).filter(({ id }) => id !== room.id)
      await replaceFile(roomsFile, roomsText([room, ...others].slice(0, knownRoomsMax)), 0o600)
      return unread
    },
    mendRooms: () => mendRooms(roomsFile),
    readSettings,
    async changeSettings(changes) {
      const settings = { ...(await readSettings()), ...changes }
      await replaceFile(settingsFile, `${JSON.stringify(settings, undefined, 1)}\n`, 0o600)
    },
  }
}

/** {@link Profile.readRooms} of a folder that need not be writable, or a profile at all. */
export async function readKnownRooms(folder: string): Promise<readonly KnownRoom[]> {
  return (await readRoomList(join(folder, roomsName))).rooms
}

/** A list of rooms as far as it can be read. */
interface RoomList {
  readonly rooms: readonly KnownRoom[]
  readonly isWhole: boolean
}

async function readRoomList(file: string): Promise<RoomList> {
  const contents = await readBeginningIfThere(file, listBytesMax)
  return contents === undefined ? { rooms: [], isWhole: true } : parseRooms(contents)
}

/** See {@link Profile.mendRooms}. */
async function mendRooms(file: string): Promise<string | undefined> {
  const { rooms, isWhole } = await readRoomList(file)
  if (isWhole) return undefined
  let aside = `${file}.unread`
  for (let number = 2; existsSync(aside); number++) aside = `${file}.unread-${number}`
  await rename(file, aside).catch((error: unknown) => {
    throw diskFailure(error, file)
  })
  if (rooms.length > 0) await replaceFile(file, roomsText(rooms), 0o600)
  return aside
}

/** An entry begins and ends on lines of its own, which {@link entriesIn} relies on. */
const roomsText = (rooms: readonly KnownRoom[]): string => `${JSON.stringify(rooms, undefined, 1)}\n`

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

/** What cannot be read is left out, and costs none of the rest. */
function parseRooms(contents: Uint8Array): RoomList {
  const text = new TextDecoder().decode(contents)
  const list = parseJson(text)
  const entries = Array.isArray(list) ? list : entriesIn(text)
  const isText = isUtf8(contents)
  const read = entries.map((entry) => parseRoom(entry, isText))
  return {
    rooms: read.flatMap(({ room }) => room ?? []).slice(0, knownRoomsMax),
    isWhole: Array.isArray(list) && read.every(({ isWhole }) => isWhole),
  }
}

/** Of a list that is none any more: what {@link roomsText} wrote between two lines, each for itself. */
const entriesIn = (text: string): readonly unknown[] =>
  text.split(/^ \{$/m).map((piece) => parseJson(`{${piece.split(/^ \}/m, 1)[0]}}`))

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
  const { name: nameText, isOut, refetched } = value as Readonly<Record<string, unknown>>
  const name = typeof nameText === 'string' ? parseNewName(nameText) : undefined
  return {
    ...(name?.ok === true && { name: name.value }),
    ...(isOut === true && { isOut }),
    ...(typeof refetched === 'string' && { refetched }),
  }
}

/** `isText`: no byte of the file was lost as it was read. A list of an earlier version has no codes. */
function parseRoom(entry: unknown, isText: boolean): { readonly room?: KnownRoom; readonly isWhole: boolean } {
  const { id: idText, name: nameText, code = '' } = (entry ?? {}) as Readonly<Record<string, unknown>>
  const [id, name] = [parseRoomId(String(idText)), parseName(typeof nameText === 'string' ? nameText : '')]
  const isRead = (text: string): boolean => isText || !text.includes('\ufffd')
  if (!id.ok || !name.ok || !isRead(name.value)) return { isWhole: false }
  const isCode = typeof code === 'string' && code.length <= codeCharsMax && isRead(code)
  return { room: { id: id.value, name: name.value, code: isCode ? code : '' }, isWhole: isCode }
}
