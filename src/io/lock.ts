import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure, type FailureCode } from '../core/failure.ts'
import { codeOf, diskFailure, readFileIfThere } from './files.ts'
import { describeSelf, isEarlier, isHere, lives, type Owner, parseOwner, type Signs, signsOf } from './owner.ts'

/** A folder that one process at a time uses. */
export interface Lock {
  /** Another machine, or another container, had it when it ended or was cut off: whether it still runs cannot be seen from here. */
  readonly takenFrom: string | undefined
  release(): Promise<void>
}

/**
 * The lock is a file `lock-N` that says who has it. Whoever finds no living owner makes the next one, which only one can, and has
 * the lock if its number is then the highest and still no other owner lives. Of two that both do so, the one that came to look
 * last sees the other. To delete a dead owner's file and make one's own would not do: it may be a third's by then, who was quicker.
 * Throws a `Failure`: `profile-in-use`, `path-taken` by a number after which there is none, or by the file system's own names.
 */
export async function takeLock(folder: string, signs: Signs = signsOf(process.platform)): Promise<Lock> {
  const { self, end } = await describeSelf(signs)
  try {
    for (;;) {
      const before = await readOwners(folder)
      const living = await findLiving(before, self, signs)
      if (living !== undefined) throw inUse(folder, living)
      const number = Math.max(0, ...before.keys()) + 1
      const path = pathOf(folder, number)
      if (number > numberMax) throw usedUp(pathOf(folder, numberMax))
      if (await isMade(path, JSON.stringify(self))) {
        const others = await readOwners(folder)
        others.delete(number)
        if (Math.max(0, ...others.keys()) < number && (await findLiving(others, self, signs)) === undefined) {
          for (const other of others.keys()) await rm(pathOf(folder, other), { force: true })
          const last = others.get(number - 1)
          const takenFrom = last === undefined || isHere(last, self) || isEarlier(last, self) ? undefined : last.host
          return {
            takenFrom,
            async release() {
              // Its number stays taken, since numbers only grow; empty, it is nobody's. Where that fails, it is a dead process's soon.
              await writeFile(path, '').catch(() => {})
              end()
            },
          }
        }
        await rm(path, { force: true })
      }
      await sleep(20 * Math.random())
    }
  } catch (error) {
    end()
    throw diskFailure(error, folder)
  }
}

/** For whoever only reads. In a folder that cannot be written nobody can be kept out; so it is looked whether somebody is there. */
export async function takeReadingLock(folder: string): Promise<Lock> {
  try {
    return await takeLock(folder)
  } catch (error) {
    if (!(error instanceof Failure) || !unwritable.has(error.code)) throw error
    await refuseInUse(folder)
    return { takenFrom: undefined, release: async () => {} }
  }
}

/** Throws `profile-in-use` where an owner of the lock lives, as far as that is seen from here. Takes nothing. */
export async function refuseInUse(folder: string): Promise<void> {
  const signs = signsOf(process.platform)
  const { self, end } = await describeSelf(signs)
  const living = await findLiving(await readOwners(folder), self, signs).finally(end)
  if (living !== undefined) throw inUse(folder, living)
}

const unwritable: ReadonlySet<FailureCode> = new Set(['disk-read-only', 'disk-full', 'permission-denied'])

async function findLiving(owners: ReadonlyMap<number, Owner | undefined>, self: Owner, signs: Signs): Promise<Owner | undefined> {
  for (const owner of owners.values()) if (owner !== undefined && isHere(owner, self) && (await lives(owner, signs))) return owner
  return undefined
}

const pathOf = (folder: string, number: number): string => join(folder, `lock-${number}`)

/**
 * The last that {@link numberIn} reads: nobody would see who had a higher one. Numbers grow by one with each start, so that a file
 * of this one is somebody's doing: who has it keeps the others out as ever, and after that nobody starts until it is taken away.
 */
const numberMax = 999_999_999_999_999

/** As {@link pathOf} writes it, and in no other way. What is no such name is no lock. */
function numberIn(name: string): number | undefined {
  const [, digits] = /^lock-([1-9]\d{0,14})$/.exec(name) ?? []
  return digits === undefined ? undefined : Number(digits)
}

/** By number. `undefined`: it was released, or its owner died, or is still busy, as it wrote it. */
async function readOwners(folder: string): Promise<Map<number, Owner | undefined>> {
  const owners = new Map<number, Owner | undefined>()
  for (const name of await readdir(folder)) {
    const number = numberIn(name)
    if (number === undefined) continue
    const contents = await readFileIfThere(pathOf(folder, number))
    owners.set(number, contents && parseOwner(new TextDecoder().decode(contents)))
  }
  return owners
}

async function isMade(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    // On a full disk its name may be there, and nothing in it.
    await rm(path, { force: true }).catch(() => {})
    throw error
  }
}

function usedUp(path: string): Failure {
  return new Failure('path-taken', `No lock can have a higher number than this one, which gavelring did not make: ${path}`, {
    path,
  })
}

function inUse(folder: string, { pid }: Owner): Failure {
  const message = `The folder ${folder} is in use by another peer (process ${pid}).`
  return new Failure('profile-in-use', message, { folder, pid })
}
