import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PeerConfig } from '../src/app/config.ts'
import type { Order } from './peer-process.ts'

/** A peer in another process. */
export interface RemotePeer {
  readonly process: ChildProcess
  order<T>(order: Order): Promise<T>
}

export interface BenchRoom {
  readonly peers: readonly RemotePeer[]
  close(): Promise<void>
}

/** So many peers in as many processes on loopback, all members of one room, each with two accounts and money. */
export async function openRoom(count: number, options: { readonly http?: boolean } = {}): Promise<BenchRoom> {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-bench-'))
  const room = `bench-${randomBytes(4).toString('hex')}`
  const peers: RemotePeer[] = []
  const bootstrap: string[] = []
  const close = async (): Promise<void> => {
    for (const peer of peers) if (peer.process.exitCode === null && peer.process.signalCode === null) peer.process.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    for (let i = 0; i < count; i++) {
      const config: PeerConfig = {
        room,
        create: i === 0,
        currency: 'EUR',
        deposits: 'open',
        code: 'bench',
        name: `bench ${i}`,
        profile: join(folder, String(i)),
        listen: ['/ip4/127.0.0.1/tcp/0'],
        bootstrap: [...bootstrap],
        mdns: false,
        refetch: false,
        httpPort: options.http === true ? 0 : undefined,
        logFormat: 'text',
      }
      const peer = forkPeer()
      peers.push(peer)
      const { addresses } = await peer.order<{ addresses: string[] }>({ kind: 'start', config })
      bootstrap.push(...addresses)
    }
    await until(async () => (await statuses(peers)).every((status) => status.members === count), 60_000)
    for (const peer of peers) await peer.order({ kind: 'open-accounts' })
  } catch (error) {
    await close()
    throw error
  }
  return { peers, close }
}

export interface BenchStatus {
  readonly members: number
  readonly holdsToken: boolean
  readonly commit: number
  readonly quorum: boolean
  readonly turn: number
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

function forkPeer(): RemotePeer {
  const child = fork(fileURLToPath(new URL('./peer-process.ts', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const waiting = new Map<number, { resolve: (answer: never) => void; reject: (error: Error) => void }>()
  let next = 1
  child.on('message', ({ id, answer, error }: { id: number; answer: never; error?: string }) => {
    const order = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) order?.resolve(answer)
    else order?.reject(new Error(error))
  })
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the peer’s process is gone'))
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
