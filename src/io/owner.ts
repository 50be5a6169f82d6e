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
export function signsOf(platform: NodeJS.Platform): Signs {
  if (platform === 'win32') return nameSigns((name) => `\\\\.\\pipe\\${name}`)
  const beganOf = platform === 'linux' ? beganByProc : beganByPs
  return { own: async () => ({ began: await beganOf(process.pid), end() {} }), of: ({ pid }) => beganOf(pid) }
}

/** No text that a system tells of a beginning. */
const gone = 'gone'

/**
 * A process that was killed keeps its number, and when it began, until its parent asks what became of it, which may be never: a
 * zombie, or dead (Z, X). One whose other threads still end, and write, is none yet.
 */
async function beganByProc(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The name, in brackets, may hold anything; what follows it is field 3 and on (proc_pid_stat(5)): state, threads, beginning.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (isEnded(fields[0]) && Number(fields[17]) <= 1) return gone
  return fields[19] ?? ''
}

/** Tried with the `ps` of Linux. That of macOS has the same two by its manual; what it tells of a zombie was not tried. */
async function beganByPs(pid: number): Promise<string> {
  const args = ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)]
  const { stdout } = await promisify(execFile)('ps', args, { env: { ...process.env, LC_ALL: 'C' } }).catch(() => ({ stdout: '' }))
  const [, state, began = ''] = /^(\S+)\s+(.*)$/.exec(stdout.trim()) ?? []
  return isEnded(state) ? gone : began
}

const isEnded = (state = ''): boolean => /^[ZX]/.test(state)

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
        socket.once('error', (error) => found(unheld.has(codeOf(error) ?? '') ? gone : ''))
      }),
  }
}

const unheld: ReadonlySet<string> = new Set(['ENOENT', 'ECONNREFUSED'])

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
  return isProcessNumber(pid) && texts ? (value as Owner) : undefined
}

/** 0 and below mean whole groups of processes to the system, which always live; what is larger it does not take at all. */
const isProcessNumber = (pid: unknown): boolean => Number.isInteger(pid) && Number(pid) > 0 && Number(pid) < 2 ** 31
