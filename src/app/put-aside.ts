import { existsSync } from 'node:fs'
import { copyFile, link, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { diskFailure, pathIn, readFileIfThere, replaceFile } from '../io/files.ts'
import { openingName } from '../io/store/inspect.ts'
import { createStore } from '../io/store/store.ts'
import type { Store, StoreOpened } from '../peer/ports.ts'
import { firstFree, roomFolder } from './room-folder.ts'

/**
 * What becomes of the folder of a log that may be damaged. LevelDB changes its files as it opens them, and drops what it cannot read: so
 * before anything is checked, the files as they are get a second place, and whatever ends the check, they are what is left.
 */

/** {@link Store.open}, which leaves the files as they were where it fails, or is ended by whatever. */
export async function openGuarded(store: Store, folder: string, onProgress?: Parameters<Store['open']>[0]): Promise<StoreOpened> {
  await restore(folder)
  const isGuarded = await guard(folder)
  try {
    const opened = await store.open(onProgress)
    if (isGuarded) await release(folder)
    return opened
  } catch (error) {
    // Where the disk is in the way of that as well, the next start does it; what is told is why this one failed.
    await restore(folder).catch(() => {})
    throw error
  }
}

/**
 * Keeps the files of this folder until {@link release}; {@link restore} brings them back. False where there are none, where the file system has no second names, and where it is full.
 */
async function guard(folder: string): Promise<boolean> {
  if (!existsSync(folder)) return false
  try {
    await mkdir(draftOf(folder), { mode: 0o700 })
    await copyLog(folder, draftOf(folder), link)
    await rename(draftOf(folder), guardOf(folder))
    return true
  } catch {
    await rm(draftOf(folder), { recursive: true, force: true })
    return false
  }
}

/** Tables are only ever made and deleted: `place` may give them a second name. All other files are copied. */
export async function copyLog(from: string, to: string, place: typeof link): Promise<void> {
  for (const name of await readdir(from)) await (name.endsWith('.ldb') ? place : copyFile)(join(from, name), join(to, name))
}

/** The log is good. All at once: half of what is kept would be restored as a whole. */
const release = (folder: string): Promise<void> =>
  named(folder, async () => {
    await rename(guardOf(folder), draftOf(folder))
    await rm(draftOf(folder), { recursive: true, force: true })
  })

/** The folder as it was before a check that did not come to a good end, if there was one. */
export const restore = (folder: string): Promise<void> =>
  named(folder, async () => {
    await rm(draftOf(folder), { recursive: true, force: true })
    if (!existsSync(guardOf(folder))) return
    // That a check came to no end is told to the next one.
    const unfinished = join(folder, openingName)
    if (existsSync(unfinished)) await copyFile(unfinished, join(guardOf(folder), openingName))
    await rm(folder, { recursive: true, force: true })
    await rename(guardOf(folder), folder)
  })

/** What the system says, by its own name. */
async function named<T>(folder: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    throw diskFailure(error, pathIn(error) ?? folder)
  }
}

const guardOf = (folder: string): string => `${folder}.before`
const draftOf = (folder: string): string => `${folder}.before.new`

/** Whether something stands in the log of this room's name: a search that found nothing leaves an empty store behind. */
export async function hasRoom(profile: string, room: string): Promise<boolean> {
  const folder = roomFolder(profile, room)
  await finishPutBack(folder)
  await restore(folder)
  if (!existsSync(folder)) return false
  const store = createStore(folder)
  try {
    return (await openGuarded(store, folder)).meta !== undefined
  } catch {
    // What cannot be read is not written over either.
    return true
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
  const aside = firstFree((number) => `${folder}.old${number > 1 ? `-${number}` : ''}`)
  await replaceFile(noteOf(folder), basename(aside), 0o600)
  await named(folder, () => rename(folder, aside))
  return aside
}

/** Undoes {@link putAside}, if there is one to undo. */
export async function finishPutBack(folder: string): Promise<void> {
  const aside = await asideOf(folder)
  if (aside !== undefined && existsSync(aside)) {
    await named(folder, async () => {
      await rm(folder, { recursive: true, force: true })
      await rename(aside, folder)
    })
  }
  await forgetAside(folder)
}

/** Where the log is that belongs into this folder, whatever ended the last start; for whoever only reads. */
export async function placeOfLog(folder: string): Promise<string | undefined> {
  return [await asideOf(folder), guardOf(folder), folder].find((path) => path !== undefined && existsSync(path))
}

async function asideOf(folder: string): Promise<string | undefined> {
  const note = await readFileIfThere(noteOf(folder))
  return note && join(dirname(folder), new TextDecoder().decode(note))
}

/** What was put aside stays there: another log has taken its place for good. */
export const forgetAside = (folder: string): Promise<void> => named(folder, () => rm(noteOf(folder), { force: true }))

const noteOf = (folder: string): string => `${folder}.put-aside`
