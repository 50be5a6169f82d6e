import { randomBytes } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { exposureOf } from '../core/exposure.ts'
import { Failure } from '../core/failure.ts'
import type { Unreachable } from './client.ts'
import { isKeyText } from './proof.ts'

/**
 * Two small files in the profile folder, readable by its owner only, that are there while the peer runs: `api-token` for
 * people and curl, and `api.json`, which says where the peer's API is. Both are new with each start, so what was read out of
 * them once is good for nothing later.
 */

export interface ApiAddress {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string
  readonly token: string
}

export interface ApiFile extends ApiAddress {
  /** Of the process that wrote it. */
  readonly pid: number
}

/** 32 random bytes as base64url. */
export const makeToken = (): string => randomBytes(32).toString('base64url')

export function writeApiFiles(profile: string, { url, token }: ApiAddress): void {
  writeOwnerOnly(join(profile, tokenFile), `${token}\n`)
  writeOwnerOnly(join(profile, addressFile), `${JSON.stringify({ url, token, pid: process.pid } satisfies ApiFile)}\n`)
}

export function removeApiFiles(profile: string): void {
  for (const name of [addressFile, tokenFile]) {
    try {
      rmSync(join(profile, name), { force: true })
    } catch {
      // What is left behind opens nothing, and the next start writes it anew.
    }
  }
}

/**
 * `undefined`: no peer has said where it is. One that died without a word leaves its file behind: the client finds nobody
 * there, or somebody who cannot prove anything (see {@link whyUnreachable}). Throws a `Failure`, `profile-exposed`, where others
 * could have read or written the file.
 */
export function readApiAddress(profile: string): ApiFile | undefined {
  const path = join(profile, addressFile)
  try {
    refuseExposed(profile, 'folder', statSync(profile))
    return parseAddress(readOwnerOnly(path))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    if (code === 'ELOOP') throw exposed(path, 'is a link')
    // A socket.
    if (code === 'ENXIO' || code === 'EOPNOTSUPP') throw exposed(path, 'is no file')
    if (code === 'EACCES' || code === 'EPERM') throw exposed(path, 'cannot be read by you')
    throw error
  }
}

/** What became of the peer that wrote the file, in one sentence for people. */
export function whyUnreachable(file: ApiFile, { reason, message }: Pick<Unreachable, 'reason' | 'message'>): string {
  if (isRunning(file.pid)) return reason === 'silent' ? `${message} Its process is ${file.pid}.` : message
  const end = `The peer of this folder (process ${file.pid}) ended without a word, and left its api.json behind`
  return reason === 'stranger' ? `${end}: another program is at ${file.url} now, and was not told the token.` : `${end}.`
}

const addressFile = 'api.json'
const tokenFile = 'api-token'

/** Far more than address and token take. */
const bytesMax = 64 * 1024

/** A process of another user counts, too: signal 0 only asks. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Half a file counts as none. */
function parseAddress(text: string): ApiFile | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null) return undefined
  const { url, token, pid } = value as Record<string, unknown>
  const isLocal = typeof url === 'string' && /^http:\/\/127\.0\.0\.1:\d{1,5}$/.test(url)
  const isPid = typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0
  return isLocal && isPid && isKeyText(token) ? { url, token, pid } : undefined
}

/** Whole or not at all, and never readable by others, not even for a moment; a link in its place is replaced, not followed. */
function writeOwnerOnly(path: string, text: string): void {
  const draft = `${path}.new`
  rmSync(draft, { force: true })
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx' })
  renameSync(draft, path)
}

/** Follows no link, and does not wait at a pipe. What is checked is what is read, whatever the name stands for meanwhile. */
function readOwnerOnly(path: string): string {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0))
  try {
    const stats = fstatSync(file)
    if (!stats.isFile()) throw exposed(path, 'is no file')
    refuseExposed(path, 'file', stats)
    const bytes = Buffer.alloc(bytesMax + 1)
    const length = readSync(file, bytes)
    if (length > bytesMax) throw exposed(path, 'is far larger than what a peer writes')
    return bytes.toString('utf8', 0, length)
  } finally {
    closeSync(file)
  }
}

/** Windows keeps files by their folder's rights, and has no such modes. */
function refuseExposed(
  path: string,
  kind: 'file' | 'folder',
  { mode, uid }: { readonly mode: number; readonly uid: number },
): void {
  const self = process.getuid?.()
  const exposure = self === undefined ? undefined : exposureOf({ path, kind, mode, owner: uid }, self)
  if (exposure !== undefined) throw exposure
}

function exposed(path: string, what: string): Failure {
  const remedy = 'Start the peer again, which writes it anew, or use another folder with --profile.'
  return new Failure('profile-exposed', `${path} ${what}, so it is not trusted. ${remedy}`, { path })
}
