import { randomBytes } from 'node:crypto'
import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Two small files in the profile folder, readable by its owner only: the session token, which lasts, and where the
 * running peer's API is, which goes when it stops.
 */

export interface ApiAddress {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string
  readonly token: string
}

/** The profile's token; made when it is not there, or is none. */
export function readOrMakeToken(profile: string): string {
  const path = join(profile, 'api-token')
  const kept = readText(path)?.trim()
  if (kept !== undefined && /^[A-Za-z0-9_-]{43}$/.test(kept)) {
    chmodSync(path, 0o600)
    return kept
  }
  const token = randomBytes(32).toString('base64url')
  writeOwnerOnly(path, `${token}\n`)
  return token
}

export function writeApiAddress(profile: string, address: ApiAddress): void {
  writeOwnerOnly(join(profile, 'api.json'), `${JSON.stringify(address)}\n`)
}

export function removeApiAddress(profile: string): void {
  rmSync(join(profile, 'api.json'), { force: true })
}

/** `undefined`: no peer has said where it is. One that died without a word may have left its file behind. */
export function readApiAddress(profile: string): ApiAddress | undefined {
  try {
    const address: unknown = JSON.parse(readText(join(profile, 'api.json')) ?? '')
    return isAddress(address) ? address : undefined
  } catch {
    return undefined
  }
}

function isAddress(value: unknown): value is ApiAddress {
  if (typeof value !== 'object' || value === null) return false
  const { url, token } = value as Record<string, unknown>
  return typeof url === 'string' && typeof token === 'string'
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Whole or not at all, and never readable by others, not even for a moment. */
function writeOwnerOnly(path: string, text: string): void {
  const draft = `${path}.new`
  rmSync(draft, { force: true })
  writeFileSync(draft, text, { mode: 0o600 })
  renameSync(draft, path)
}
