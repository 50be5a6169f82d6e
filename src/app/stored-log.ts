import { copyFile, link, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../core/failure.ts'
import { codeOf, diskFailure } from '../io/files.ts'
import { createIdentity } from '../io/identity.ts'
import { takeReadingLock } from '../io/lock.ts'
import { readKnownRooms } from '../io/profile.ts'
import { folderDisk } from '../io/store/disk.ts'
import { inspect, openingName, readWholeBlocks } from '../io/store/inspect.ts'
import { createStore } from '../io/store/store.ts'
import { decodeMeta, lastCommitted, readEvidence, readRows, type StoredMeta } from '../peer/disk.ts'
import type { Proof } from '../peer/peer.ts'
import type { Store } from '../peer/ports.ts'
import { toProof } from '../peer/status.ts'
import { type LogRow, type LogVerifier, type Verified, type VerifiedBlock, type VerifyStep, verifyRows } from '../peer/verify.ts'
import { lockProfile } from './lock-profile.ts'
import { copyLog, placeOfLog } from './put-aside.ts'
import { roomFolder } from './room-folder.ts'

export type { LogRow, VerifiedBlock }

/** What a room counts in, as its genesis block says; `undefined` in every other block. */
export const currencyIn = ({ block: { body } }: VerifiedBlock): string | undefined =>
  body.kind === 'genesis' ? body.genesis.currency : undefined

export interface VerifiedLog {
  readonly result: Verified
  /** As of the last good block. */
  readonly market: LogVerifier['market']
}

/**
 * The blocks of a peer that is not running, from its profile folder: `committed`, those that its disk knows to be committed, or `all`,
 * since the newest commit is on disk only with the next fsync after it (PROTOCOL, section 1). `room`: its name; `undefined`: the one
 * it was in last. Throws a `Failure`: `room-not-found`, `profile-in-use`, `store-damaged` with the index of the first block that cannot
 * be relied on, after all that can.
 */
export async function* readStoredLog(
  profile: string,
  room: string | undefined,
  which: 'committed' | 'all',
  onChecked: (done: number, total: number) => void,
): AsyncGenerator<LogRow> {
  const store = await openCopy(profile, room)
  try {
    yield* rowsOf(store, which, onChecked)
  } finally {
    await store.close()
  }
}

/** Opens the copy, and gives its blocks; of one that is damaged all that can be relied on, before it says what is wrong. */
export async function* rowsOf(
  store: OpenCopy,
  which: 'committed' | 'all',
  onChecked: (done: number, total: number) => void,
): AsyncGenerator<LogRow> {
  try {
    const meta = await store.openMeta(onChecked)
    const last = which === 'all' ? meta.head.index : await lastCommitted(store, createIdentity().crypto, meta)
    for await (const rows of readRows(store, 0, last)) for (const { bytes } of rows) yield { bytes, last }
  } catch (error) {
    if (error instanceof Failure && error.code === 'store-damaged' && typeof error.facts.index === 'number') {
      yield* store.wholeRows(error.facts.index)
    }
    throw error
  }
}

/** Proof of members' faults that a peer which is not running has on its disk. Throws as {@link readStoredLog} does. */
export async function readStoredProofs(profile: string, room: string | undefined): Promise<readonly Proof[]> {
  const store = await openCopy(profile, room)
  try {
    await store.open()
    return [...(await readEvidence(store, createIdentity().crypto)).kept.values()].map(toProof)
  } finally {
    await store.close()
  }
}

/** {@link verifyRows}, with a key that signs nothing. */
export const verifyLogBlocks = (rows: AsyncIterable<LogRow>): AsyncIterable<VerifyStep> =>
  verifyRows(rows, createIdentity().crypto)

/** {@link verifyRows}; `onBlock` hears of each good block. */
export async function verifyLogRows(
  rows: AsyncIterable<LogRow>,
  onBlock: (verified: VerifiedBlock, last: number) => void = () => {},
): Promise<VerifiedLog> {
  for await (const step of verifyLogBlocks(rows)) {
    if (step.kind === 'result') return step
    onBlock(step.verified, step.last)
  }
  throw new Error('a log was verified without a result')
}

/** A copy of the store in a profile that is not in use: to look at it changes nothing there. */
export interface OpenCopy extends Store {
  /** What its record says. */
  openMeta(onProgress?: (done: number, total: number) => void): Promise<StoredMeta['meta']>
  /** While it is not open: what is whole of it, below block `end`. */
  wholeRows(end: number): AsyncGenerator<LogRow>
  /** Closes the store. What log and witness say of the log, as far as they say anything. */
  heads(): Promise<readonly { readonly count: number; readonly meta: Uint8Array }[]>
}

/** `isLocked`: the profile is the caller's. */
export async function openCopy(profile: string, room: string | undefined, isLocked = false): Promise<OpenCopy> {
  const name = room ?? (await readKnownRooms(profile))[0]?.name
  const from = name && (await placeOfLog(roomFolder(profile, name)))
  if (!from)
    throw new Failure('room-not-found', `There is no log of ${name === undefined ? 'any room' : `room ${name}`} in ${profile}.`)
  const lock = isLocked ? undefined : await lockProfile(profile, takeReadingLock)
  let copy: string
  try {
    copy = await copyStore(from)
  } finally {
    await lock?.release()
  }
  const store = createStore(copy)
  let isRead = false
  const open: Store['open'] = async (onProgress) => {
    try {
      const opened = await store.open(onProgress)
      isRead = true
      return opened
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      const message = error.message.replaceAll(copy, from)
      throw new Failure(error.code, message, { ...error.facts, folder: from }, { cause: error })
    }
  }
  return {
    ...store,
    open,
    async openMeta(onProgress) {
      const { meta } = await open(onProgress)
      const decoded = meta && decodeMeta(meta)
      if (decoded === undefined) throw new Failure('room-not-found', 'The log is empty.')
      if ('malformed' in decoded) throw new Failure('store-version', `The store's record cannot be read: ${decoded.malformed}.`)
      return decoded.value.meta
    },
    async *wholeRows(end) {
      if (isRead) return
      for await (const { bytes } of readWholeBlocks(folderDisk(copy), end)) yield { bytes, last: end - 1 }
    },
    async heads() {
      await store.close()
      isRead = false
      const { evidence, database } = await inspect(folderDisk(copy), () => {})
      await database?.close()
      const kept = typeof evidence.database === 'object' ? evidence.database.head : undefined
      return [kept, evidence.witness].flatMap((head) => (typeof head === 'object' ? [head] : []))
    },
    async close() {
      await store.close()
      await rm(copy, { recursive: true, force: true })
    },
  }
}

/**
 * Whoever only wants to look at a store opens a copy: LevelDB changes its files as it opens them. Nobody may have the store open
 * meanwhile. Resolves with the folder, which is to be removed.
 */
export async function copyStore(folder: string): Promise<string> {
  try {
    // Beside it, since names do not reach from one disk to another; elsewhere, where that one is full, or can only be read.
    return await copyTo(folder, `${folder}.copy-`).catch(() => copyTo(folder, join(tmpdir(), 'gavelring-log-')))
  } catch (error) {
    throw diskFailure(error, folder)
  }
}

/** A copy carries the number of its process: whoever was killed could not remove it, so the next one does. */
export async function removeLeftBehind(prefix: string): Promise<void> {
  const folder = dirname(prefix)
  for (const name of await readdir(folder)) {
    const [, pid] = /^(\d{1,10})-/.exec(name.startsWith(basename(prefix)) ? name.slice(basename(prefix).length) : '') ?? []
    // One that this user may not remove is somebody else's, to whom it is left.
    if (pid !== undefined && !isRunning(Number(pid)))
      await rm(join(folder, name), { recursive: true, force: true }).catch(() => {})
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}

async function copyTo(folder: string, prefix: string): Promise<string> {
  await removeLeftBehind(prefix)
  const copy = await mkdtemp(`${prefix}${process.pid}-`)
  try {
    await copyLog(folder, copy, (from, to) => link(from, to).catch(() => copyFile(from, to)))
    // Were LevelDB to end this process, the mark would be lost with the copy: so another one tries first, always.
    await writeFile(join(copy, openingName), '')
    return copy
  } catch (error) {
    await rm(copy, { recursive: true, force: true })
    throw error
  }
}
