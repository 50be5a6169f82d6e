import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { readApiAddress } from '../../src/api/api-files.ts'
import { readPeerConfig } from '../../src/app/config.ts'
import type { Flags } from '../../src/app/flags.ts'
import { type RunningSeat, startSeat } from '../../src/app/start.ts'

/** A real peer with a disk, a network on loopback and an HTTP door. */
export interface RealPeer extends RunningSeat {
  readonly profile: string
  readonly url: string
  readonly token: string
  /** Plain HTTP as the owner, unless told otherwise. */
  readonly ask: (path: string, options?: RequestInit) => Promise<Response>
}

export function makeProfile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-http-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

/** Founds a room of its own, unless told otherwise; gone when the test is over. */
export async function startRealPeer(
  profile = makeProfile(),
  flags: Flags = { room: 'evening', create: true },
): Promise<RealPeer> {
  const quiet = { profile, 'no-mdns': true, listen: ['127.0.0.1:0'], http: '127.0.0.1:0', name: 'Ana' }
  const config = readPeerConfig({ ...quiet, ...flags }, {})
  if (!config.ok) throw new Error(config.error.message)
  const running = await startSeat(config.value, { onProgress: () => {}, write: () => {} })
  onTestFinished(() => running.stop(5_000))
  await running.entered
  const address = readApiAddress(profile)
  if (address === undefined) throw new Error('it has no API')
  const { url, token } = address
  return { ...running, profile, url, token, ask: asker(url, token) }
}

/** Plain HTTP with a token, or without one. */
export const asker =
  (url: string, token: string | undefined) =>
  (path: string, { headers, ...options }: RequestInit = {}): Promise<Response> =>
    fetch(`${url}${path}`, {
      ...options,
      headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers },
    })

/** A request that changes something. */
export const posted = (body: object, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})
