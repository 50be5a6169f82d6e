import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Failure } from '../core/failure.ts'
import type { RoomId } from '../core/ids.ts'
import { createEntropy } from '../io/entropy.ts'
import { openIdentity } from '../io/identity.ts'
import { openProfile } from '../io/profile.ts'
import { createStore } from '../io/store/store.ts'
import { decodeMeta, type StoredMeta } from '../peer/disk.ts'
import { firstBatch, refoundOn, roomIdOf } from '../peer/room.ts'
import { lockProfile } from './lock-profile.ts'
import { finishPutBack, forgetAside, putAside, restore } from './put-aside.ts'
import { archiveLog, roomFolder } from './room-folder.ts'
import {
  type OpenCopy,
  openCopy,
  rowsOf,
  type VerifiedBlock,
  type VerifiedLog,
  verifyLogBlocks,
  verifyLogRows,
} from './stored-log.ts'

/** What of a damaged log can be gone on from. */
export interface Salvage {
  /** The name of its room, and the id. */
  readonly room: string
  readonly id: RoomId
  /** So many blocks, from the first on, are whole and good. */
  readonly blocks: number
  /** Time of the last of them. */
  readonly time: number
  /** So many were there besides, and are lost; `undefined`: nobody can tell. */
  readonly lost: number | undefined
  /** What is wrong. */
  readonly damage: string
}

export interface OpenSalvage {
  readonly salvage: Salvage
  /**
   * Puts the damaged log aside, keeps what is good of it as an archive, and founds a room that goes on from there: the next start is in
   * it. Resolves with where the damaged log is, too.
   */
  goOn(): Promise<Salvaged>
  close(): Promise<void>
}

export interface Salvaged {
  readonly room: RoomId
  /** The good part of the log, as a file. */
  readonly archive: string
  /** The damaged log, as it was. */
  readonly aside: string | undefined
}

/**
 * Reads a log that its peer refuses to go on from, and changes nothing. `room`: its name; `undefined`: the last one's. `isLocked`: the
 * profile is the caller's; else nobody has it until this is closed. `undefined`: the log is good, and its peer can do this itself.
 * Throws a `Failure`: `room-not-found`, `profile-in-use`, `store-damaged` where there is nothing to go on from.
 */
export async function openSalvage(
  folder: string,
  room: string | undefined,
  onProgress: (done: number, total: number) => void,
  isLocked = false,
): Promise<OpenSalvage | undefined> {
  if (!existsSync(folder)) throw new Failure('room-not-found', `There is no log of any room in ${folder}.`)
  const lock = isLocked ? undefined : await lockProfile(folder)
  let copy: OpenCopy | undefined
  const close = async (): Promise<void> => {
    await copy?.close()
    await lock?.release()
  }
  try {
    const opened = await openCopy(folder, room, true)
    copy = opened
    const found = await read(opened, folder, onProgress)
    if (found !== undefined) return { salvage: found.salvage, goOn: () => goOn(folder, opened, found), close }
    await close()
    return undefined
  } catch (error) {
    await close()
    throw error
  }
}

type Block = VerifiedBlock['block']

interface Found {
  readonly salvage: Salvage
  /** As of the last good block. */
  readonly market: NonNullable<VerifiedLog['market']>
  readonly genesis: Parameters<typeof refoundOn>[0]['genesis']
  /** What log and witness say. */
  readonly records: readonly StoredMeta['meta'][]
}

async function read(
  copy: OpenCopy,
  folder: string,
  onProgress: (done: number, total: number) => void,
): Promise<Found | undefined> {
  let first: Block | undefined
  let last: Block | undefined
  const rows = rowsOf(copy, 'all', onProgress)
  const { result, market } = await verifyLogRows(rows, ({ block }) => {
    first ??= block
    last = block
  })
  if (result.ok) return undefined
  const { reason } = result.bad
  if (first?.body.kind !== 'genesis' || last === undefined || market === undefined) {
    throw new Failure('store-damaged', `There is nothing in this log to go on from. ${reason}`, { index: 0, folder })
  }
  const heads = await copy.heads()
  const blocks = last.index + 1
  const salvage = {
    ...{ room: first.body.genesis.name, id: roomIdOf(first), blocks, time: last.time, damage: reason },
    lost: heads.length === 0 ? undefined : Math.max(0, ...heads.map(({ count }) => count - blocks)),
  }
  const records = heads.flatMap(({ meta }) => {
    const decoded = decodeMeta(meta)
    return 'value' in decoded ? [decoded.value.meta] : []
  })
  return { salvage, market, genesis: first.body.genesis, records }
}

async function goOn(folder: string, copy: OpenCopy, { salvage, market, genesis, records }: Found): Promise<Salvaged> {
  const { room, id, blocks, time } = salvage
  const path = roomFolder(folder, room)
  const profile = await openProfile(folder)
  const identity = await openIdentity(profile.keyFile)
  const beginning = refoundOn({ genesis, market, time: Math.max(time, Date.now()) }, identity, createEntropy())
  const incarnation = Math.max(market.incarnationOf(identity.self), ...records.map((record) => record.incarnation))
  // The damaged log is where it was, whatever ended the start before this.
  await finishPutBack(path)
  await restore(path)
  const archive = await archiveLog(path, id, goodBlocks(copy, blocks))
  const draft = `${path}.new`
  await rm(draft, { recursive: true, force: true })
  const store = createStore(draft)
  try {
    await store.open()
    await store.write(firstBatch(beginning, { incarnation, loss: undefined }))
  } finally {
    await store.close()
  }
  // Until the new one is in its place, a start puts the damaged one back.
  const aside = await putAside(path)
  await rename(draft, path)
  await forgetAside(path)
  const [code = ''] = (await profile.readRooms()).filter(({ name }) => name === room).map((known) => known.code)
  const made = roomIdOf(beginning[0] as Block)
  await profile.rememberRoom({ id: made, name: room, code })
  return { room: made, archive, aside }
}

async function* goodBlocks(copy: OpenCopy, count: number): AsyncGenerator<readonly Block[]> {
  for await (const step of verifyLogBlocks(copy.wholeRows(count))) if (step.kind === 'checked') yield [step.verified.block]
}
