import { existsSync } from 'node:fs'
import { Failure } from '../core/failure.ts'
import { createIdentity } from '../io/identity.ts'
import { openProfile } from '../io/profile.ts'
import { copyStore, readWholeBlocks, type StoreCopy } from '../io/store/copy.ts'
import { takeLock } from '../io/store/lock.ts'
import { createStore } from '../io/store/store.ts'
import { decodeMeta, readEvidence } from '../peer/disk.ts'
import type { Proof } from '../peer/peer.ts'
import { toProof } from '../peer/status.ts'
import { type LogRow, type LogVerifier, type Verified, type VerifiedBlock, verifyRows } from '../peer/verify.ts'
import { roomFolder } from './room-folder.ts'

export type { LogRow }

export interface VerifiedLog {
  readonly result: Verified
  /** As of the last good block. */
  readonly market: LogVerifier['market']
}

/** Read at once. */
const chunkBytes = 1024 * 1024

/**
 * The blocks of a peer that is not running, from its profile folder: `committed`, those that its disk knows to be
 * committed, or `all`, since the newest commit is on disk only with the next fsync after it (PROTOCOL, section 1).
 * Without `room`: of the room it was in last. Throws a `Failure`: `room-not-found`, `profile-in-use`, `store-damaged` with the block's index.
 */
export async function* readStoredLog(
  folder: string,
  room: string | undefined,
  which: 'committed' | 'all',
  onChecked: (done: number, total: number) => void,
): AsyncGenerator<LogRow> {
  const store = await openCopy(folder, room)
  try {
    const { meta } = await store.open(onChecked)
    const decoded = meta && decodeMeta(meta)
    if (decoded === undefined) throw new Failure('room-not-found', 'The log is empty.')
    if ('malformed' in decoded) throw new Failure('store-version', `The store's record cannot be read: ${decoded.malformed}.`)
    const { head, commit } = decoded.value.meta
    const last = which === 'all' ? head.index : commit.index
    let next = 0
    while (next <= last) {
      const rows = await store.read(next, last, chunkBytes)
      if (rows.length === 0) throw new Failure('store-damaged', `Block ${next} is missing.`, { index: next })
      for (const { bytes } of rows) yield { bytes, last }
      next += rows.length
    }
  } catch (error) {
    if (error instanceof Failure && error.code === 'store-damaged' && typeof error.facts.index === 'number') {
      yield* store.wholeRows(error.facts.index)
    }
    throw error
  } finally {
    await store.close()
  }
}

/** Proof of members' faults that a peer which is not running has on its disk. Throws as {@link readStoredLog} does. */
export async function readStoredProofs(folder: string, room: string | undefined): Promise<readonly Proof[]> {
  const store = await openCopy(folder, room)
  try {
    await store.open()
    return [...(await readEvidence(store, createIdentity().crypto)).kept.values()].map(toProof)
  } finally {
    await store.close()
  }
}

/** {@link verifyRows}; `onBlock` hears of each good block. */
export async function verifyLogRows(
  rows: AsyncIterable<LogRow>,
  onBlock: (verified: VerifiedBlock, last: number) => void = () => {},
): Promise<VerifiedLog> {
  for await (const step of verifyRows(rows, createIdentity().crypto)) {
    if (step.kind === 'result') return step
    onBlock(step.verified, step.last)
  }
  throw new Error('a log was verified without a result')
}

/** Of the store in a profile that is not in use: to look at it changes nothing there. */
async function openCopy(folder: string, room: string | undefined) {
  const from = await storeFolder(folder, room)
  const lock = await takeLock(folder)
  let copy: StoreCopy
  try {
    copy = await copyStore(from)
  } finally {
    await lock.release()
  }
  const store = createStore(copy.folder)
  let isRead = false
  return {
    ...store,
    async open(onProgress?: (done: number, total: number) => void) {
      try {
        const opened = await store.open(onProgress)
        isRead = true
        return opened
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        const message = error.message.replaceAll(copy.folder, from)
        throw new Failure(error.code, message, { ...error.facts, folder: from }, { cause: error })
      }
    },
    /** Where it does not open: what is whole of it, below block `end`. */
    async *wholeRows(end: number): AsyncGenerator<LogRow> {
      if (isRead) return
      for await (const { bytes } of readWholeBlocks(copy.folder, end)) yield { bytes, last: end - 1 }
    },
    async close() {
      await store.close()
      await copy.remove()
    },
  }
}

async function storeFolder(folder: string, room: string | undefined): Promise<string> {
  const name = room ?? (existsSync(folder) ? (await (await openProfile(folder)).readRooms())[0]?.name : undefined)
  const found = name === undefined ? undefined : roomFolder(folder, name)
  if (found === undefined || !existsSync(found)) {
    throw new Failure('room-not-found', `There is no log of ${room === undefined ? 'any room' : `room ${room}`} in ${folder}.`)
  }
  return found
}
