import { execFile } from 'node:child_process'
import { readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Failure, type FailureCode } from '../../core/failure.ts'
import { codeOf, diskFailure } from '../files.ts'

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
 * Throws a `Failure`: `profile-in-use`, or by the file system's own names.
 */
export async function takeLock(folder: string): Promise<Lock> {
  try {
    const self = await describe(process.pid)
    for (;;) {
      const before = await readOwners(folder)
      const living = await findLiving(before, self)
      if (living !== undefined) throw inUse(folder, living)
      const number = Math.max(0, ...before.keys()) + 1
      const path = pathOf(folder, number)
      if (await isMade(path, JSON.stringify(self))) {
        const others = await readOwners(folder)
        others.delete(number)
        if (Math.max(0, ...others.keys()) < number && (await findLiving(others, self)) === undefined) {
          for (const other of others.keys()) await rm(pathOf(folder, other), { force: true })
          const last = others.get(number - 1)
          const takenFrom = last === undefined || isHere(last, self) || isEarlier(last, self) ? undefined : last.host
          // Its number stays taken, since numbers only grow; empty, it is nobody's. Where that fails, it is a dead process's soon.
          return { takenFrom, release: () => writeFile(path, '').catch(() => {}) }
        }
        await rm(path, { force: true })
      }
      await sleep(20 * Math.random())
    }
  } catch (error) {
    throw diskFailure(error, folder)
  }
}

/** For whoever only reads. In a folder that cannot be written nobody can be kept out; so it is looked whether somebody is there. */
export async function takeReadingLock(folder: string): Promise<Lock> {
  try {
    return await takeLock(folder)
  } catch (error) {
    if (!(error instanceof Failure) || !unwritable.has(error.code)) throw error
    const living = await findLiving(await readOwners(folder), await describe(process.pid))
    if (living !== undefined) throw inUse(folder, living)
    return { takenFrom: undefined, release: async () => {} }
  }
}

const unwritable: ReadonlySet<FailureCode> = new Set(['disk-read-only', 'disk-full', 'permission-denied'])

/** Enough to know a process again: its number is given to another one later, or after a start of the machine. */
interface Owner {
  readonly pid: number
  /** When it began, in the system's own words; empty where it does not tell. */
  readonly began: string
  /** The machine’s name, its present run, and the container whose processes it numbers. */
  readonly host: string
  readonly boot: string
  readonly space: string
}

async function describe(pid: number): Promise<Owner> {
  const [began, boot, space] = await Promise.all([
    beganOf(pid),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ])
  return { pid, began, host: hostname(), boot: boot.trim(), space }
}

/** Its processes are seen from here. */
const isHere = (owner: Owner, self: Owner): boolean =>
  owner.boot === self.boot && owner.space === self.space && (self.boot !== '' || owner.host === self.host)

/** Of this machine, before it was started anew. */
const isEarlier = (owner: Owner, self: Owner): boolean => owner.host === self.host && owner.boot !== self.boot

async function findLiving(owners: ReadonlyMap<number, Owner | undefined>, self: Owner): Promise<Owner | undefined> {
  for (const owner of owners.values()) if (owner !== undefined && isHere(owner, self) && (await lives(owner))) return owner
  return undefined
}

async function lives({ pid, began }: Owner): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Somebody else's process lives, too.
    if (codeOf(error) === 'ESRCH') return false
  }
  const now = await beganOf(pid)
  return began === '' || now === '' || now === began
}

/** Linux counts from its own start; others have `ps`, and Windows neither. */
async function beganOf(pid: number): Promise<string> {
  if (process.platform === 'win32') return ''
  if (process.platform !== 'linux') {
    const ps = promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], { env: { ...process.env, LC_ALL: 'C' } })
    return ps.then(({ stdout }) => stdout.trim()).catch(() => '')
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name, in brackets, may hold anything; field 22 is the 20th after it (proc_pid_stat(5)).
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

const pathOf = (folder: string, number: number): string => join(folder, `lock-${number}`)

/** By number. `undefined`: it was released, or its owner died, or is still busy, as it wrote it. */
async function readOwners(folder: string): Promise<Map<number, Owner | undefined>> {
  const owners = new Map<number, Owner | undefined>()
  for (const name of await readdir(folder)) {
    const number = Number(/^lock-(\d{1,15})$/.exec(name)?.[1] ?? Number.NaN)
    if (Number.isNaN(number)) continue
    owners.set(number, parse(await readFile(pathOf(folder, number), 'utf8').catch(ifGone)))
  }
  return owners
}

function ifGone(error: unknown): string {
  if (codeOf(error) === 'ENOENT') return ''
  throw error
}

function parse(text: string): Owner | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { pid, began, host, boot, space } = value as Record<string, unknown>
  const texts = [began, host, boot, space].every((one) => typeof one === 'string')
  return Number.isSafeInteger(pid) && texts ? (value as Owner) : undefined
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

function inUse(folder: string, { pid }: Owner): Failure {
  const message = `The folder ${folder} is in use by another peer (process ${pid}).`
  return new Failure('profile-in-use', message, { folder, pid })
}
