import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../core/failure.ts'
import { type Lock, takeLock } from '../io/lock.ts'
import { isHeld } from '../io/store/database.ts'

/**
 * The profile for this process alone: its lock, and no log in it that somebody has open. Of whoever had the lock in another container, or
 * where its file was emptied, the lock tells nothing; LevelDB's own does. Throws a `Failure`: `profile-in-use`, or by the file system's
 * own names.
 */
export async function lockProfile(folder: string, take: typeof takeLock = takeLock): Promise<Lock> {
  const lock = await take(folder)
  try {
    const rooms = join(folder, 'rooms')
    const names = await readdir(rooms).catch(() => [])
    const held = await Promise.all(names.map((name) => isHeld(join(rooms, name))))
    if (!held.includes(true)) return lock
    const message = `The folder ${folder} is in use by another peer: it has a log in it open.`
    throw new Failure('profile-in-use', message, { folder })
  } catch (error) {
    await lock.release()
    throw error
  }
}
