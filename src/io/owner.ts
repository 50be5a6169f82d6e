import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFile, readlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { hostname } from 'node:os'
import { promisify } from 'node:util'
import { codeOf } from './files.ts'

/** Who has a lock. Enough to know a process again: its number is given to another one later, or after a start of the machine. */
export interface Owner {
  readonly pid: number
  /** What {@link Signs} tells of it; empty where it does not tell. */
  readonly began: string
  /** The machine’s name, its present run, and the container whose processes it numbers. */
  readonly host: string
  readonly boot: string
  readonly space: string
}

/** What a system tells of a process that no later one of its number has: the same text for as long as it lives. */
export interface Signs {
  /** Of this process. `end`: it is needed no longer. */
  own(): Promise<{ readonly began: string; end(): void }>
  /** Of whichever process has this owner’s number now, or its sign; empty: the system does not tell. */
  of(owner: Pick<Owner, 'pid' | 'began'>): Promise<string>
}

/** Linux counts from its own start; others have `ps`. Windows tells a program nothing of when it began, but keeps a name for it. */
export const signsOf = (platform: NodeJS.Platform): Signs =>
  platform === 'win32'
    ? nameSigns((name) => `\\\\.\\pipe\\${name}`)
    : { own: async () => ({ began: await beganOf(process.pid), end() {} }), of: ({ pid }) => beganOf(pid) }

async function beganOf(pid: number): Promise<string> {
  if (process.platform !== 'linux') {
    const ps = promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], { env: { ...process.env, LC_ALL: 'C' } })
    return ps.then(({ stdout }) => stdout.trim()).catch(() => '')
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name, in brackets, may hold anything; field 22 is the 20th after it (proc_pid_stat(5)).
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

/**
 * A name that the system keeps for as long as the process lives that took it, whatever ends that: one at which it listens, a named
 * pipe of Windows. `pathOf`: where such a name is.
 */
export function nameSigns(pathOf: (name: string) => string): Signs {
  return {
    async own() {
      const began = pathOf(`gavelring-${randomUUID()}`)
      const server = createServer((socket) => socket.destroy())
      return (await isListening(server, began)) ? { began, end: () => void server.close() } : { began: '', end() {} }
    },
    of: ({ began }) =>
      new Promise((resolve) => {
        const socket = connect(began)
        const found = (sign: string): void => {
          socket.destroy()
          resolve(sign)
        }
        socket.once('connect', () => found(began))
        socket.once('error', (error) => found(gone.has(codeOf(error) ?? '') ? 'gone' : ''))
      }),
  }
}

const gone: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED'])

const isListening = (server: Server, path: string): Promise<boolean> =>
  new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(path, () => resolve(true)).unref()
  })

export async function describeSelf(signs: Signs): Promise<{ readonly self: Owner; end(): void }> {
  const [{ began, end }, boot, space] = await Promise.all([
    signs.own(),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ])
  return { self: { pid: process.pid, began, host: hostname(), boot: boot.trim(), space }, end }
}

/** Its processes are seen from here. */
export const isHere = (owner: Owner, self: Owner): boolean =>
  owner.boot === self.boot && owner.space === self.space && (self.boot !== '' || owner.host === self.host)

/** Of this machine, before it was started anew. */
export const isEarlier = (owner: Owner, self: Owner): boolean => owner.host === self.host && owner.boot !== self.boot

/** Of one whose processes are seen from here. */
export async function lives(owner: Owner, signs: Signs): Promise<boolean> {
  if (!runs(owner.pid)) return false
  return isSame(owner.began, owner.began === '' ? '' : await signs.of(owner))
}

/** Whether the process that has an owner’s number is that owner, by its sign then and now. Where nobody can tell, it is. Pure. */
export const isSame = (began: string, now: string): boolean => began === '' || now === '' || now === began

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else’s process lives, too.
    return codeOf(error) !== 'ESRCH'
  }
}

/** `undefined`: it is nobody. */
export function parseOwner(text: string): Owner | undefined {
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
