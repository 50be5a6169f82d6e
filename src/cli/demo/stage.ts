import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { readApiAddress } from '../../api/api-files.ts'
import { type Api, type ApiClient, connectApi } from '../../api/client.ts'
import { CliError } from '../errors.ts'

/** The demo's peers, each a process of its own. */
export interface Stage {
  /** Starts a peer, or starts it again, and resolves when its API answers. */
  start(options: DemoPeerOptions): Promise<DemoPeer>
  /** Ends every process at once. */
  killAll(): void
  /** The same, and waits until they are gone. */
  clear(): Promise<void>
  /** The newest log lines of each peer, for when something went wrong. */
  lastWords(): readonly string[]
}

export interface DemoPeerOptions {
  readonly name: string
  readonly room: string
  readonly code: string
  readonly create: boolean
  /** Addresses to join by; empty: by mDNS. */
  readonly bootstrap: readonly string[]
}

export interface DemoPeer {
  readonly name: string
  readonly profile: string
  readonly api: Api
  readonly addresses: readonly string[]
  /** SIGKILL: no time for a last word. */
  kill(): Promise<void>
  /** Leaves in good order; resolves with the exit code. */
  stop(): Promise<number | null>
}

/** A fresh machine may take a while to load everything for the first time. */
const startMillis = 30_000
const lastLines = 15

export function createStage(folder: string): Stage {
  const processes = new Map<
    string,
    { readonly child: ChildProcess; readonly lines: string[]; readonly gone: Promise<number | null> }
  >()
  const clients = new Set<ApiClient>()

  return {
    async start(options) {
      const profile = join(folder, options.name.toLowerCase())
      await mkdir(profile, { recursive: true, mode: 0o700 })
      const started = spawnPeer(options, profile)
      processes.set(options.name, started)
      const client = await connectWhenUp(options.name, profile, started)
      clients.add(client)
      const { child, gone } = started
      return {
        name: options.name,
        profile,
        api: client.api,
        addresses: (await client.api.status()).addresses,
        async kill() {
          clients.delete(client)
          child.kill('SIGKILL')
          await gone
        },
        async stop() {
          clients.delete(client)
          client.close()
          child.kill('SIGTERM')
          return gone
        },
      }
    },
    killAll() {
      for (const { child } of processes.values()) child.kill('SIGKILL')
    },
    async clear() {
      for (const client of clients) client.close()
      for (const { child } of processes.values()) child.kill('SIGKILL')
      await Promise.all([...processes.values()].map(({ gone }) => gone))
    },
    lastWords: () => [...processes].flatMap(([name, { lines }]) => lines.map((line) => `${name}: ${line}`)),
  }
}

function spawnPeer({ name, room, code, create, bootstrap }: DemoPeerOptions, profile: string) {
  const launcher = fileURLToPath(new URL('../gavelring.mjs', import.meta.url))
  const joining = bootstrap.length === 0 ? [] : ['--no-mdns', ...bootstrap.flatMap((address) => ['--bootstrap', address])]
  const args = [
    'peer',
    '--room',
    room,
    '--name',
    name,
    '--profile',
    profile,
    '--listen',
    '/ip4/127.0.0.1/tcp/0',
    '--currency',
    'EUR',
    ...joining,
  ]
  // The code in the environment, where other users of the machine do not see it; nothing of the person's own settings.
  const clean = Object.entries(process.env).filter(([variable]) => !variable.startsWith('GAVELRING_'))
  const child = spawn(process.execPath, [launcher, ...args, ...(create ? ['--create'] : [])], {
    env: { ...Object.fromEntries(clean), GAVELRING_CODE: code },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Ctrl-C is the demo's to hear: its peers go when it says so.
    detached: process.platform !== 'win32',
  })
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      if (lines.length > lastLines) lines.shift()
    })
  }
  const gone = new Promise<number | null>((resolve) => {
    child.once('exit', (exitCode) => resolve(exitCode))
    child.once('error', () => resolve(null))
  })
  return { child, lines, gone }
}

async function connectWhenUp(name: string, profile: string, { gone }: { gone: Promise<number | null> }): Promise<ApiClient> {
  let isGone = false
  void gone.then(() => {
    isGone = true
  })
  const refuseGone = (): void => {
    if (isGone) throw new CliError(3, 'demo-failed', `${name} stopped before it was up.`)
  }
  const client = await until(`${name} is up`, startMillis, async () => {
    refuseGone()
    const address = readApiAddress(profile)
    return address && connectApi(address).catch(() => undefined)
  })
  await until(`${name} is in the room`, startMillis, async () => {
    refuseGone()
    return (await client.api.rooms.list()).state === 'in'
  })
  return client
}

/** How often a condition is looked at, in milliseconds. */
const lookEvery = 50

/** Waits for a condition, with a deadline; resolves with what `look` found. */
export async function until<T>(
  what: string,
  deadlineMillis: number,
  look: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const end = performance.now() + deadlineMillis
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > end) {
      throw new CliError(3, 'demo-failed', `After ${Math.round(deadlineMillis / 1000)} s it is still not so that ${what}.`)
    }
    await new Promise((resolve) => setTimeout(resolve, lookEvery))
  }
}
