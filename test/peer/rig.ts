import type { AccountId, RequestId } from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import { createClock } from '../../src/io/clock.ts'
import { createEntropy } from '../../src/io/entropy.ts'
import { createIdentity } from '../../src/io/identity.ts'
import type { Lot, Operation } from '../../src/market/operation.ts'
import type { PeerOptions } from '../../src/peer/context.ts'
import { createPeer } from '../../src/peer/create-peer.ts'
import type { Peer, Receipt } from '../../src/peer/peer.ts'
import type { Clock, Identity, Logger, Topic } from '../../src/peer/ports.ts'
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts'
import { createMemoryHub, type MemoryHub } from '../support/memory-transport.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { until } from '../support/wait.ts'

/** Real peers of one process over a hub in memory, with what each keeps from one start to the next. */
export interface Rig {
  readonly hub: MemoryHub
  /** A person's machine: its key and its disk. */
  machine(name: string): Machine
  /** The same key with an empty disk, or with this one. */
  machineWithKeyOf(machine: Machine, store?: MemoryStore): Machine
  /** Stops every peer that still runs. */
  end(): Promise<void>
}

export interface Machine {
  readonly name: string
  readonly identity: Identity
  readonly store: MemoryStore
  readonly clock: Clock & { wallOffset: number }
  /** Of its next start. */
  logger: Logger
  start(options?: Partial<PeerOptions>): Promise<Peer>
  /** The process dies: nothing more is written, sent or heard. */
  crash(): Promise<void>
  /** Says this to the room in the name of its peer, which knows nothing of it. */
  say(topic: Topic, frame: Uint8Array): void
}

export function createRig(): Rig {
  const hub = createMemoryHub()
  const running = new Set<Peer>()
  return {
    hub,
    machine: (name) => createMachine(name, createIdentity(), hub, running),
    machineWithKeyOf: ({ name, identity }, store) => createMachine(name, { ...identity, isNew: false }, hub, running, store),
    async end() {
      await Promise.all([...running].map((peer) => peer.stop(200)))
    },
  }
}

function createMachine(
  name: string,
  made: Identity,
  hub: MemoryHub,
  running: Set<Peer>,
  store: MemoryStore = createMemoryStore(),
): Machine {
  const real = createClock()
  const clock = { ...real, wallOffset: 0, wall: () => real.wall() + clock.wallOffset }
  let starts = 0
  let crash = async (): Promise<void> => {}
  let say: Machine['say'] = () => {}
  const machine: Machine = {
    name,
    identity: made,
    store,
    clock,
    logger: silentLogger,
    async start(options = {}) {
      const identity: Identity = { ...made, isNew: made.isNew && starts++ === 0 }
      const transport = hub.transport(made.self, options.code)
      say = (topic, frame) => transport.gossip(topic, frame)
      crash = async () => {
        store.crash()
        await transport.stop()
      }
      const peer = await createPeer(
        {
          name,
          room: { name: 'test', currency: 'EUR', deposits: 'open' },
          code: 'code',
          entry: { kind: 'look' },
          lookMillis: 300,
          pace: { idleHop: 50 },
          seed: 1,
          version: '0.0.0',
          onProgress: () => {},
          ...options,
        },
        { identity, store, transport, clock, entropy: createEntropy(), logger: machine.logger },
      )
      running.add(peer)
      peer.stopped.then(() => running.delete(peer))
      return peer
    },
    crash: () => crash(),
    say: (topic, frame) => say(topic, frame),
  }
  return machine
}

export const cents = (amount: number): Cents => amount as Cents
export const account = (id: string): AccountId => id as AccountId

export function submit(peer: Peer, operation: Operation, request?: string): Promise<Receipt> {
  return peer.submit({ request: request as RequestId | undefined, operation }, 20_000)
}

/** Fails where the rules refuse it. */
export async function accept(peer: Peer, operation: Operation): Promise<Receipt> {
  const receipt = await submit(peer, operation)
  if (!receipt.outcome.accepted) throw new Error(`refused: ${JSON.stringify(receipt.outcome)}`)
  return receipt
}

export async function openWith(peer: Peer, id: string, amount: number): Promise<AccountId> {
  await accept(peer, { kind: 'open-account', account: account(id), holder: id })
  await accept(peer, { kind: 'deposit', account: account(id), amount: cents(amount) })
  return account(id)
}

export const lotOf = (payee: string, changes: Partial<Lot> = {}): Lot => ({
  item: 'a lamp',
  description: '',
  picture: new Uint8Array(),
  payee: account(payee),
  startingPrice: cents(100),
  increment: cents(10),
  reserve: undefined,
  buyNow: undefined,
  durationMillis: 1_500,
  softClose: undefined,
  ...changes,
})

/** Every peer has applied the same log, up to the same place. */
export async function agree(peers: readonly Peer[]): Promise<void> {
  await until('all peers agree', () => {
    const [first, ...others] = peers.map((peer) => peer.status())
    return others.every((other) => other.commit.hash === first?.commit.hash && other.stateHash === first?.stateHash)
  })
}
