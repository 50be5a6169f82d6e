import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../core/failure.ts'
import { type Lock, refuseInUse, takeLock } from '../io/lock.ts'
import { isHeld } from '../io/store/database.ts'

/**
 * The profile for this process alone: its lock, and no log in it that somebody has open. Of whoever had the lock in another container, or
 * where its file was emptied, the lock tells nothing; LevelDB's own does. It is asked first: to take the lock over removes what the one
 * before wrote. Throws a `Failure`: `profile-in-use`, or by the file system's own names.
 */
export async function lockProfile(folder: string, take: typeof takeLock = takeLock): Promise<Lock> {
  const rooms = join(folder, 'rooms')
  const names = await readdir(rooms).catch(() => [])
  const held = await Promise.all(names.map((name) => isHeld(join(rooms, name))))
  if (!held.includes(true)) return take(folder)
  await refuseInUse(folder)
  throw new Failure('profile-in-use', `The folder ${folder} is in use by another peer, which has a log in it open.`, { folder })
}
