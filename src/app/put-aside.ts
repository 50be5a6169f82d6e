import { existsSync } from 'node:fs'
import { copyFile, link, mkdir, open, readdir, realpath, rename, rm, rmdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Failure } from '../core/failure.ts'
import { codeOf, diskFailure, namesIn, pathIn, readBeginningIfThere, replaceFile, syncFolder } from '../io/files.ts'
import { openingName } from '../io/store/inspect.ts'
import { createStore } from '../io/store/store.ts'
import { readWitness, witnessName } from '../io/store/witness.ts'
import type { Store, StoreOpened } from '../peer/ports.ts'
import { firstFree, roomFolder } from './room-folder.ts'

/**
 * What becomes of the folder of a log that may be damaged. LevelDB changes its files as it opens them, and drops what it cannot read: so
 * before anything is checked, the files as they are get a second place, and whatever ends the check, they are what is left. No log gives
 * way to what stands beside it unless that is looked at: it may be older, or none at all.
 */

/** {@link Store.open}, which leaves the files as they were where it fails, or is ended by whatever. */
export async function openGuarded(store: Store, folder: string, onProgress?: Parameters<Store['open']>[0]): Promise<StoreOpened> {
  await restore(folder)
  const place = await placeOf(folder)
  const isGuarded = await guard(place)
  try {
    const opened = await store.open(onProgress)
    if (isGuarded) await release(place)
    return opened
  } catch (error) {
    // Whoever has it open writes on: the copy is nothing to go back to.
    const isElsewhere = error instanceof Failure && error.code === 'profile-in-use'
    // Where the disk is in the way of that as well, the next start does it; what is told is why this one failed.
    if (isGuarded) await (isElsewhere ? release(place) : restore(folder)).catch(() => {})
    throw error
  }
}

/** Beside the folder itself, where that is a link to one elsewhere. */
const placeOf = (folder: string): Promise<string> => realpath(folder).catch(() => folder)

/**
 * Keeps the files of this log until {@link release}; {@link restore} brings them back. False where there is none, where the file system
 * has no second names and the log is too large to be copied at each start, and where it is full.
 */
async function guard(place: string): Promise<boolean> {
  if (!(await isLog(place))) return false
  const draft = draftOf(place)
  try {
    await mkdir(draft, { mode: 0o700 })
    await copyLog(place, draft, createPlacing())
    // The very file: whoever locks it, locks it.
    await link(join(place, lockName), join(draft, lockName)).catch(() => {})
    // A power cut may come as soon as LevelDB has begun to change what this is a copy of.
    for (const name of await readdir(draft)) if (!isLinked(name)) await syncFile(join(draft, name))
    await syncFolder(draft)
    await rename(draft, guardOf(place))
    await syncFolder(dirname(place))
    return true
  } catch {
    await rm(draft, { recursive: true, force: true })
    return false
  }
}

/**
 * So much of a log is copied before a check, in bytes, where it can have no second name, as on exFAT and most network disks. More keeps a
 * start on a slow stick waiting for longer than half a minute; less leaves more logs without a copy.
 */
const copiedBytesMax = 256 * 2 ** 20

function createPlacing(): typeof link {
  let bytesLeft = copiedBytesMax
  return async (from, to) => {
    try {
      await link(from, to)
    } catch (error) {
      bytesLeft -= (await stat(from)).size
      if (bytesLeft < 0) throw error
      await copyFile(from, to)
      await syncFile(String(to))
    }
  }
}

/**
 * Tables are only ever made and deleted: `place` may give them a second name. All other files are copied, LevelDB's notes only where they
 * can be read: they say nothing of the log. Throws where one of them is no file.
 */
export async function copyLog(from: string, to: string, place: typeof link): Promise<void> {
  for (const name of await namesIn(from)) {
    if (isPassing(name)) continue
    const copying = copyEntry(join(from, name), join(to, name), name.endsWith('.ldb') ? place : copyFile)
    await (isNote(name) ? copying.catch(() => {}) : copying)
  }
}

/** A file, also where a link stands for it: one to a file beside it would lead elsewhere from there. One that leads nowhere is none. */
async function copyEntry(from: string, to: string, place: typeof link): Promise<void> {
  const path = await realpath(from).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error
  })
  if (path !== undefined && !(await stat(path)).isDirectory()) await place(path, to)
}

const isLinked = (name: string): boolean => name === lockName || name.endsWith('.ldb')
const isNote = (name: string): boolean => name === 'LOG' || name === 'LOG.old'
/** A lock, what a check leaves, and drafts. */
const isPassing = (name: string): boolean => name === lockName || name === openingName || name.endsWith('.new')
/** What nobody but LevelDB and the store beside it makes. */
const isOurs = (name: string): boolean =>
  isNote(name) || isPassing(name) || /^(?:CURRENT|witness|DAMAGED|MANIFEST-\d+|\d+\.\w+)$/.test(name)

/** The log is good. All at once: half of what is kept would be restored as a whole. */
const release = (place: string): Promise<void> =>
  named(place, async () => {
    await rename(guardOf(place), draftOf(place))
    // Before anything is written that is not in it.
    await syncFolder(dirname(place))
    await rm(draftOf(place), { recursive: true, force: true })
  })

/** The folder as it was before a check that did not come to a good end, if there was one. */
export const restore = (folder: string): Promise<void> =>
  named(folder, async () => {
    const place = await placeOf(folder)
    const [kept, draft] = [guardOf(place), draftOf(place)]
    await rm(draft, { recursive: true, force: true })
    if (!existsSync(kept)) return
    const standing = await standingOf(place)
    // Where it is an empty folder there is nothing to keep.
    if (standing === 'folder') return rmdir(kept).catch(() => setAside(kept, place))
    // That a check came to no end is told to the next one.
    const unfinished = join(place, openingName)
    if (existsSync(unfinished)) await copyFile(unfinished, join(kept, openingName))
    if (existsSync(place)) {
      const isSpent = standing === 'same' && (await readdir(place)).every(isOurs)
      await (isSpent ? rename(place, draft) : setAside(place, place))
    }
    await rename(kept, place)
    await syncFolder(dirname(place))
    await rm(draft, { recursive: true, force: true })
  })

/** Out of the way, under a name that nothing has; nothing is deleted. */
async function setAside(path: string, place: string): Promise<void> {
  await rename(path, freeName(place))
  await syncFolder(dirname(place))
}

const freeName = (folder: string): string => firstFree((number) => `${folder}.old${number > 1 ? `-${number}` : ''}`)

/**
 * Which of the two is the log: what was kept of this folder, or the folder. Their witnesses tell, without a look into LevelDB: no check
 * changes one. `same`: the folder has nothing that the copy has not.
 */
async function standingOf(place: string): Promise<'copy' | 'same' | 'folder'> {
  const kept = guardOf(place)
  if (!(await isLog(kept))) return 'folder'
  if (!existsSync(place)) return 'copy'
  const [copied, own] = [await witnessIn(kept), await witnessIn(place)]
  if (copied === undefined || own === undefined) return copied !== undefined ? 'copy' : own === undefined ? 'same' : 'folder'
  if (Buffer.compare(copied, own) === 0) return 'same'
  const [before, now] = [readWitness(copied).head, readWitness(own).head]
  if (typeof before !== 'object') return 'folder'
  if (typeof now !== 'object') return now === 'damaged' ? 'copy' : 'folder'
  return Buffer.compare(before.id, now.id) === 0 && before.batch > now.batch ? 'copy' : 'folder'
}

/** A folder with anything of a log in it. */
const isLog = (path: string): Promise<boolean> =>
  readdir(path).then(
    (names) => names.includes(witnessName) || names.includes('CURRENT'),
    () => false,
  )

const witnessIn = (path: string): Promise<Uint8Array | undefined> =>
  readBeginningIfThere(join(path, witnessName)).catch(() => undefined)

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  await file.sync().finally(() => file.close())
}

/** What the system says, by its own name. */
async function named<T>(folder: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    throw diskFailure(error, pathIn(error) ?? folder)
  }
}

/** LevelDB's. */
const lockName = 'LOCK'

const guardOf = (place: string): string => `${place}.before`
const draftOf = (place: string): string => `${place}.before.new`

/** Whether something stands in the log of this room's name: a search that found nothing leaves an empty store behind. */
export async function hasRoom(profile: string, room: string): Promise<boolean> {
  const folder = roomFolder(profile, room)
  await finishPutBack(folder)
  await restore(folder)
  return !(await isBlank(folder, openGuarded))
}

/** What cannot be read is not written over either. */
async function isBlank(folder: string, open: (store: Store, folder: string) => Promise<StoreOpened>): Promise<boolean> {
  if (!existsSync(folder)) return true
  const store = createStore(folder)
  try {
    return (await open(store, folder)).meta === undefined
  } catch {
    return false
  } finally {
    await store.close()
  }
}

/**
 * Makes room for another log. The old one is kept beside it: a damaged log may be all that is left of a room. Until the peer is in the
 * room again a note says where it is, so that it comes back after a crash, too: else the next start would find nothing, and found a
 * new room. Resolves with where it is.
 */
export async function putAside(folder: string): Promise<string | undefined> {
  if (!existsSync(folder)) return undefined
  // What an earlier start put aside, and could not put back, may be the only copy.
  const aside = freeName(folder)
  await replaceFile(noteOf(folder), basename(aside), 0o600)
  await named(folder, async () => {
    await rename(folder, aside)
    await syncFolder(dirname(folder))
  })
  return aside
}

/**
 * Undoes {@link putAside}, if there is one to undo: not where the peer came into the room meanwhile. By what it wrote there it may count
 * in the room again, and the log from before knows nothing of that.
 */
export async function finishPutBack(folder: string): Promise<void> {
  const aside = await asideOf(folder)
  if (aside !== undefined && (await isBlank(folder, (store) => store.open()))) {
    await named(folder, async () => {
      await rm(draftOf(folder), { recursive: true, force: true })
      if (existsSync(folder)) await rename(folder, draftOf(folder))
      await rename(aside, folder)
      await syncFolder(dirname(folder))
      await rm(draftOf(folder), { recursive: true, force: true })
    })
  }
  await forgetAside(folder)
}

/** Where the log is that belongs into this folder, whatever ended the last start; for whoever only reads. */
export async function placeOfLog(folder: string): Promise<string | undefined> {
  const aside = await asideOf(folder)
  if (aside !== undefined && !(await isEntered(folder))) return aside
  const place = await placeOf(folder)
  if (existsSync(guardOf(place)) && (await standingOf(place)) !== 'folder') return guardOf(place)
  return existsSync(folder) ? folder : undefined
}

/** {@link isBlank} by its witness alone. */
async function isEntered(folder: string): Promise<boolean> {
  const witness = await witnessIn(folder)
  const head = witness && readWitness(witness).head
  return typeof head === 'object' && head.meta.length > 0
}

/** Where the note says that the log is. What is no such name was written by nobody here, and leads nowhere. */
async function asideOf(folder: string): Promise<string | undefined> {
  const note = await readBeginningIfThere(noteOf(folder), noteBytesMax)
  const name = note && new TextDecoder().decode(note)
  if (name === undefined || !name.startsWith(`${basename(folder)}.old`) || !/\.old(?:-\d+)?$/.test(name)) return undefined
  const aside = join(dirname(folder), name)
  return (await isLog(aside)) ? aside : undefined
}

/** What was put aside stays there: another log has taken its place for good. */
export const forgetAside = (folder: string): Promise<void> =>
  named(folder, async () => {
    if (!existsSync(noteOf(folder))) return
    await rm(noteOf(folder), { force: true })
    await syncFolder(dirname(folder))
  })

/** No name of a folder is longer. */
const noteBytesMax = 4096

const noteOf = (folder: string): string => `${folder}.put-aside`
