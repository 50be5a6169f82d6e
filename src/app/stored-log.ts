import { existsSync } from 'node:fs'
import { Failure } from '../core/failure.ts'
import { createIdentity } from '../io/identity.ts'
import { openProfile } from '../io/profile.ts'
import { createStore } from '../io/store.ts'
import { decodeMeta, readEvidence } from '../peer/disk.ts'
import type { Proof } from '../peer/peer.ts'
import { toProof } from '../peer/status.ts'
import { createLogVerifier, type LogVerifier, type Verified, type VerifiedBlock } from '../peer/verify.ts'
import { roomFolder } from './room-folder.ts'

/** One row of a log: its place, and the canonical bytes. */
export interface LogRow {
  readonly bytes: Uint8Array
  /** The last that there will be, as far as is known now; for progress. */
  readonly last: number
  /** What else stands beside the bytes and has to say the same: why it does not, or `undefined`. */
  readonly faultBeside?: (block: VerifiedBlock['block']) => string | undefined
}

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
  const store = createStore(await storeFolder(folder, room))
  const { meta } = await store.open(onChecked)
  try {
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
  } finally {
    await store.close()
  }
}

/** Proof of members' faults that a peer which is not running has on its disk. Throws as {@link readStoredLog} does. */
export async function readStoredProofs(folder: string, room: string | undefined): Promise<readonly Proof[]> {
  const store = createStore(await storeFolder(folder, room))
  await store.open()
  try {
    return [...(await readEvidence(store, createIdentity().crypto)).kept.values()].map(toProof)
  } finally {
    await store.close()
  }
}

/**
 * Verifies a log row by row. `onBlock` hears of each good block. What the source itself finds damaged counts as the
 * first bad block; other failures of it are thrown.
 */
export async function verifyLogRows(
  rows: AsyncIterable<LogRow>,
  onBlock: (verified: VerifiedBlock, last: number) => void = () => {},
): Promise<VerifiedLog> {
  const verifier = createLogVerifier(createIdentity().crypto)
  try {
    for await (const { bytes, last, faultBeside } of rows) {
      const step = verifier.add(bytes)
      if (!step.ok) return { result: step, market: verifier.market }
      const reason = faultBeside?.(step.block)
      if (reason !== undefined)
        return { result: { ok: false, bad: { index: step.block.index, reason } }, market: verifier.market }
      onBlock(step, last)
    }
  } catch (error) {
    const index = error instanceof Failure && error.code === 'store-damaged' ? error.facts.index : undefined
    if (typeof index !== 'number') throw error
    return { result: { ok: false, bad: { index, reason: (error as Failure).message } }, market: verifier.market }
  }
  return { result: verifier.result(), market: verifier.market }
}

async function storeFolder(folder: string, room: string | undefined): Promise<string> {
  const name = room ?? (existsSync(folder) ? (await (await openProfile(folder)).readRooms())[0]?.name : undefined)
  const found = name === undefined ? undefined : roomFolder(folder, name)
  if (found === undefined || !existsSync(found)) {
    throw new Failure('room-not-found', `There is no log of ${room === undefined ? 'any room' : `room ${room}`} in ${folder}.`)
  }
  return found
}
