import type { Crypto } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import { createLamportClock, type LamportClock } from '../core/lamport.ts'
import type { Random } from '../core/random.ts'
import { Attempts } from './attempts.ts'
import { CatchUp } from './catch-up.ts'
import { Checkpoints, Counting } from './commit.ts'
import { Disk } from './disk.ts'
import { Epochs, Promises } from './epochs.ts'
import { Faults } from './faults.ts'
import { Fetching } from './fetching.ts'
import { Blocks, Log } from './log.ts'
import { Membership } from './membership.ts'
import type { Message } from './message.ts'
import { Asking, OwnOperations } from './operations.ts'
import { RingPace } from './pace.ts'
import { Patience } from './patience.ts'
import { Peers, RoomClock, Status } from './peers.ts'
import { Suspicion } from './suspicion.ts'
import { Deadlines, type RingLimits, ringLimits } from './timing.ts'
import { Token } from './token.ts'
import type { Note, Output, ReplicaOptions, StopReason } from './types.ts'

/** One replica: its roles. Each owns its state and has the only way into it; they know each other through this. */
export class Ring {
  readonly self: PeerId
  readonly crypto: Crypto
  readonly random: Random
  readonly pace: RingPace
  readonly limits: RingLimits

  readonly out: Outbox
  readonly due = new Deadlines()
  readonly log: Log
  readonly own: OwnOperations
  readonly peers: Peers
  readonly disk: Disk
  readonly faults: Faults
  readonly epochs: Epochs
  readonly token: Token
  readonly asking: Asking
  readonly membership: Membership
  readonly patience: Patience
  readonly suspicion: Suspicion
  readonly attempts: Attempts
  readonly promises: Promises
  readonly blocks: Blocks
  readonly fetching: Fetching
  readonly catchUp: CatchUp
  readonly counting: Counting
  readonly checkpoints: Checkpoints
  readonly roomClock: RoomClock
  readonly status: Status

  /** What a replica knows when it starts: what is on its disk, and nothing of anybody else. */
  constructor({ self, crypto, random, pace, limits = ringLimits, disk, incarnation, wallClock }: ReplicaOptions) {
    const { meta } = disk
    this.self = self
    this.crypto = crypto
    this.random = random
    this.pace = new RingPace(this, pace.idleHop)
    this.limits = limits
    this.log = new Log(disk.blocks, disk.viewBlocks, meta.commit, limits.memoryBlocks)
    this.out = new Outbox(wallClock.now, this.log.head.lamport)
    this.own = new OwnOperations(limits)
    this.peers = new Peers(this)
    this.disk = new Disk(this, meta)
    this.faults = new Faults(this, disk.evidence)
    this.epochs = new Epochs(this, meta.promised)
    this.token = new Token(this)
    this.asking = new Asking(this)
    this.membership = new Membership(this, meta.loss, incarnation)
    this.patience = new Patience(this)
    this.suspicion = new Suspicion(this)
    this.attempts = new Attempts(this)
    this.promises = new Promises(this)
    this.blocks = new Blocks(this)
    this.fetching = new Fetching(this)
    this.catchUp = new CatchUp(this)
    this.counting = new Counting(this)
    this.checkpoints = new Checkpoints(this)
    this.roomClock = new RoomClock(this, wallClock)
    this.status = new Status(this)
    for (const name of ['status', 'ping', 'look', 'request'] as const) this.due.arm(name, wallClock.now)
  }
}

/** The only way out of the ring: what a step decided, in order. Each sending advances the Lamport clock. */
export class Outbox {
  readonly clock: LamportClock
  /** Monotonic milliseconds of the step that runs. */
  now: number
  #outputs: Output[] = []
  #stopped: StopReason | undefined

  constructor(now: number, lamport: number) {
    this.now = now
    this.clock = createLamportClock(lamport)
  }

  get stopped(): StopReason | undefined {
    return this.#stopped
  }

  put(output: Output): void {
    this.#outputs.push(output)
  }

  send(to: readonly PeerId[], message: Message): void {
    if (to.length > 0) this.#outputs.push({ kind: 'send', to, lamport: this.clock.advance(), message })
  }

  gossip(message: Message): void {
    this.#outputs.push({ kind: 'gossip', lamport: this.clock.advance(), message })
  }

  note(event: string, facts: Note['facts']): void {
    this.#outputs.push({ kind: 'note', note: { event, facts } })
  }

  /** This peer takes no more part. Said last, whatever else the step still decides. */
  stop(reason: StopReason): void {
    this.#stopped ??= reason
  }

  /** What the step decided. */
  take(): readonly Output[] {
    const outputs = this.#outputs
    this.#outputs = []
    return outputs
  }
}
