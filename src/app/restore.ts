import { existsSync } from 'node:fs'
import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../core/failure.ts'
import type { RoomId } from '../core/ids.ts'
import { createEntropy } from '../io/entropy.ts'
import { createIdentity, openIdentity } from '../io/identity.ts'
import { takeLock } from '../io/lock.ts'
import { openProfile } from '../io/profile.ts'
import { createStore } from '../io/store/store.ts'
import { drawLoss, encodeMeta, toStored } from '../peer/disk.ts'
import { createLogVerifier } from '../peer/verify.ts'
import { type CheckedBackup, checkBackup, NoBackup, readBackup } from './backup.ts'
import { roomFolder } from './room-folder.ts'

export interface Restored {
  readonly room: RoomId
  readonly name: string
  readonly blocks: number
  /** When the backup was made. */
  readonly made: number
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
  if (existsSync(join(folder, 'rooms')) && (await readdir(join(folder, 'rooms'))).length > 0) {
    const message = `Rooms are kept in ${folder} already: a backup is restored into a folder without any.`
    throw new Failure('room-known', message, { folder })
  }
  const checked = await checkBackup(file, (count) => onBlocks('checking', count, undefined))
  if (!checked.ok) return { reason: checked.reason }
  const profile = await openProfile(folder)
  const lock = await takeLock(folder)
  const path = roomFolder(folder, checked.head.name)
  const draft = `${path}.new`
  try {
    const incarnation = await incarnationOf(profile.keyFile, checked)
    const { blocks } = checked.facts
    await writeLog(draft, file, checked, incarnation, (count) => onBlocks('restoring', count, blocks))
    await rename(draft, path)
    const { room, name, made } = checked.head
    await profile.rememberRoom({ id: room, name, code: '' })
    return { room, name, blocks, made }
  } catch (error) {
    if (error instanceof NoBackup) return { reason: error.message }
    throw error
  } finally {
    await rm(draft, { recursive: true, force: true })
    await lock.release()
  }
}

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
