import { existsSync } from 'node:fs'
import { readdir, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../core/failure.ts'
import type { RoomId } from '../core/ids.ts'
import { createEntropy } from '../io/entropy.ts'
import { codeOf, diskFailure, pathIn } from '../io/files.ts'
import { createIdentity, openIdentity } from '../io/identity.ts'
import { openProfile } from '../io/profile.ts'
import { createStore } from '../io/store/store.ts'
import { drawLoss, encodeMeta, toStored } from '../peer/disk.ts'
import { createLogVerifier } from '../peer/verify.ts'
import { type CheckedBackup, checkBackup, NoBackup, readBackup } from './backup.ts'
import { lockProfile } from './lock-profile.ts'
import { roomFolder } from './room-folder.ts'
import { removeLeftBehind } from './stored-log.ts'

export interface Restored {
  readonly room: RoomId
  readonly name: string
  readonly blocks: number
  /** When the backup was made. */
  readonly made: number
  /** A list of rooms that could not be read was put here; absent: there was none. */
  readonly unread?: string
}

/** Written at once. */
const batchBytes = 4 * 1024 * 1024

/**
 * Puts the log of a backup into a profile that keeps no room yet; a key that is there stays. The peer starts from it as one that has
 * forgotten (PROTOCOL, section 5): after the backup it, or whoever had its key, may have promised anything. All is checked before
 * anything is written. Resolves with the reason where the file is no such backup. Rejects where it cannot be read, and with a
 * `Failure`: `room-known`, `profile-in-use`, or the disk's.
 */
export async function restoreBackup(
  folder: string,
  file: string,
  onBlocks: (what: 'checking' | 'restoring', count: number, total: number | undefined) => void,
): Promise<Restored | { readonly reason: string }> {
  await refuseRooms(folder)
  const checked = await checkBackup(file, (count) => onBlocks('checking', count, undefined))
  if (!checked.ok) return { reason: checked.reason }
  const profile = await openProfile(folder)
  const lock = await lockProfile(folder)
  const path = roomFolder(folder, checked.head.name)
  const draft = `${path}.new`
  try {
    // Meanwhile somebody may have come into a room here.
    await refuseRooms(folder)
    await removeLeftovers(folder)
    const unread = await profile.mendRooms()
    const incarnation = await incarnationOf(profile.keyFile, checked)
    const { blocks } = checked.facts
    await writeLog(draft, file, checked, incarnation, (count) => onBlocks('restoring', count, blocks))
    const { room, name, made } = checked.head
    const known = (await profile.readRooms()).find(({ id }) => id === room)
    // A list that names a room without its log stands in no later restore's way; a log would.
    await profile.rememberRoom({ id: room, name, code: known?.code ?? '' })
    await rename(draft, path)
    return { room, name, blocks, made, ...(unread !== undefined && { unread }) }
  } catch (error) {
    if (error instanceof NoBackup) return { reason: error.message }
    throw diskFailure(error, pathIn(error) ?? folder)
  } finally {
    await rm(draft, { recursive: true, force: true })
    await lock.release()
  }
}

/** Throws `room-known` where the log of a room is kept, or anything else that is not known to be nothing. */
async function refuseRooms(folder: string): Promise<void> {
  for (const name of await namesIn(join(folder, 'rooms'))) {
    if (isLeftover(name) || (await isEmptyFolder(join(folder, 'rooms', name)))) continue
    const message = `Rooms are kept in ${folder} already: a backup is restored into a folder without any.`
    throw new Failure('room-known', message, { folder })
  }
}

/** Of a restore, a `refound` or a look at a log that was interrupted. */
const isLeftover = (name: string): boolean => /\.(?:new|copy-\d{1,10}-[^.]*)$/.test(name)

/** For whoever has the lock. The copy that somebody looks at just now stays. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await namesIn(join(folder, 'rooms'))) {
    const path = join(folder, 'rooms', name)
    const [copies] = /^.*\.copy-(?=\d)/.exec(path) ?? []
    if (!isLeftover(name)) await rmdir(path)
    else if (copies !== undefined) await removeLeftBehind(copies)
    else await rm(path, { recursive: true, force: true })
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw diskFailure(error, folder)
  }
}

const isEmptyFolder = (path: string): Promise<boolean> =>
  readdir(path).then(
    (names) => names.length === 0,
    () => false,
  )

const changed = 'It has changed while it was read.'

type Good = Extract<CheckedBackup, { ok: true }>

/** The last one under which this key wrote anything that is in the backup. */
async function incarnationOf(keyFile: string, { market }: Good): Promise<number> {
  return existsSync(keyFile) ? market.incarnationOf((await openIdentity(keyFile)).self) : 0
}

async function writeLog(
  draft: string,
  file: string,
  { last }: Good,
  incarnation: number,
  onWritten: (count: number) => void,
): Promise<void> {
  await rm(draft, { recursive: true, force: true })
  const store = createStore(draft)
  const verifier = createLogVerifier(createIdentity().crypto)
  const loss = drawLoss(createEntropy())
  let waiting: Parameters<typeof toStored>[0][] = []
  let bytes = 0
  let hash = ''
  const write = async (): Promise<void> => {
    const end = waiting.at(-1)
    if (end === undefined) return
    const { index, epoch } = end
    const commit = { index, hash: end.hash }
    const meta = encodeMeta({ head: { epoch, ...commit }, promised: epoch, incarnation, commit, loss })
    await store.write({ cutFrom: undefined, blocks: waiting.map(toStored), values: [], meta })
    onWritten(index + 1)
    waiting = []
    bytes = 0
  }
  try {
    await store.open()
    for await (const item of readBackup(file)) {
      if (item.kind !== 'block') continue
      const verified = verifier.add(item.bytes)
      if (!verified.ok) throw new NoBackup(changed)
      waiting.push(verified.block)
      hash = verified.block.hash
      bytes += item.bytes.length
      if (bytes >= batchBytes) await write()
    }
    await write()
    if (hash !== last.hash) throw new NoBackup(changed)
  } finally {
    await store.close()
  }
}
