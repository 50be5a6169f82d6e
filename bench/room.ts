import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PeerConfig } from '../src/app/config.ts'
import type { Order } from './peer-process.ts'

/** A process that is told what to do, and answers. */
export interface Ordered<O> {
  readonly process: ChildProcess
  order<T>(order: O): Promise<T>
}

/** A peer in another process. */
export type RemotePeer = Ordered<Order>

export interface BenchRoom {
  /** The room's, for others that join it. */
  readonly name: string
  readonly peers: readonly RemotePeer[]
  /** Where they listen. */
  readonly addresses: readonly string[]
  /** Kills all at once and starts them again together, where they were. */
  restart(): Promise<void>
  close(): Promise<void>
}

export const benchCode = 'bench'

interface RoomOptions {
  readonly http?: boolean
  readonly gateway?: boolean
  /** For the processes of the peers. */
  readonly execArgv?: readonly string[]
}

/** So many peers in as many processes on loopback, all members of one room, each with two accounts and money. */
export async function openRoom(count: number, options: RoomOptions = {}): Promise<BenchRoom> {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-bench-'))
  const name = `bench-${randomBytes(4).toString('hex')}`
  const peers: RemotePeer[] = []
  const addresses: string[] = []
  const fork = (): RemotePeer => forkOrdered(peerScript, options.execArgv ?? [])
  const kill = (): void => {
    for (const peer of peers) if (peer.process.exitCode === null && peer.process.signalCode === null) peer.process.kill('SIGKILL')
  }
  const close = async (): Promise<void> => {
    kill()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  const start = async (index: number, listen: string): Promise<void> => {
    const config = configOf({
      room: name,
      entry: index === 0 && addresses.length === 0 ? { kind: 'create' } : { kind: 'join', room: undefined },
      name: `bench ${index}`,
      profile: join(folder, String(index)),
      listen: [listen],
      bootstrap: [...addresses],
      httpPort: options.http === true ? 0 : undefined,
      gateway: options.gateway === true ? { host: '127.0.0.1', port: 0, language: 'pt' } : undefined,
    })
    const found = await peers[index]?.order<{ addresses: string[] }>({ kind: 'start', config })
    addresses[index] = found?.addresses[0] ?? ''
  }
  try {
    for (let i = 0; i < count; i++) {
      peers.push(fork())
      await start(i, '/ip4/127.0.0.1/tcp/0')
    }
    await until(async () => (await statuses(peers)).every((status) => status.members === count), 60_000)
    for (const peer of peers) await peer.order({ kind: 'open-accounts' })
  } catch (error) {
    await close()
    throw error
  }
  return {
    name,
    peers,
    addresses,
    async restart() {
      const gone = Promise.all(peers.map((peer) => once(peer.process, 'exit')))
      kill()
      await gone
      for (let i = 0; i < count; i++) peers[i] = fork()
      await Promise.all(peers.map((_, index) => start(index, addresses[index]?.split('/p2p/')[0] ?? '')))
    },
    close,
  }
}

export interface BenchStatus {
  readonly role: string
  readonly members: number
  readonly holdsToken: boolean
  readonly commit: number
  readonly quorum: boolean
  readonly turn: number
  readonly stateHash: string
}

export const statuses = (peers: readonly RemotePeer[]): Promise<BenchStatus[]> =>
  Promise.all(peers.map((peer) => peer.order<BenchStatus>({ kind: 'status' })))

export async function until(condition: () => Promise<boolean>, deadlineMillis: number): Promise<void> {
  const end = Date.now() + deadlineMillis
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('the room did not get there in time')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A peer on loopback that founds its room, unless told otherwise. */
export const configOf = (own: Pick<PeerConfig, 'room' | 'name' | 'profile'> & Partial<PeerConfig>): PeerConfig => ({
  entry: { kind: 'look' },
  waitMillis: undefined,
  currency: 'EUR',
  deposits: 'open',
  code: benchCode,
  listen: ['/ip4/127.0.0.1/tcp/0'],
  bootstrap: [],
  mdns: false,
  refetch: false,
  isLast: false,
  isNewCode: false,
  httpPort: undefined,
  logFormat: 'text',
  ...own,
})

export const peerScript = fileURLToPath(new URL('./peer-process.ts', import.meta.url))

export function forkOrdered<O extends object>(script: string, execArgv: readonly string[]): Ordered<O> {
  // As the launcher does for peers, src/cli/gavelring.mjs.
  const env = { ...process.env, MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' }
  const flags = ['--max-semi-space-size=16', ...execArgv]
  const child = fork(script, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: flags, env })
  const waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>()
  let next = 1
  child.on('message', ({ id, answer, error }: { id: number; answer: never; error?: string }) => {
    const order = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) order?.resolve(answer)
    else order?.reject(new Error(error))
  })
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the process is gone'))
  })
  return {
    process: child,
    order: (order) =>
      new Promise((resolve, reject) => {
        const id = next++
        waiting.set(id, { resolve, reject })
        child.send({ ...order, id })
      }),
  }
}

export const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))
