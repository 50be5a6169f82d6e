import type { Instant, PeerId } from '../core/ids.ts'
import { numberMax } from '../core/limits.ts'
import type { Block } from './block.ts'
import type { StatusMessage } from './message.ts'
import type { Ring } from './ring.ts'
import { timeAheadNote, timing } from './timing.ts'
import { type Epoch, noEpoch, sameEpoch } from './view.ts'

/** What is known of another peer. All of it is hearsay about getting going: no safety rests on it. */
export interface Known {
  readonly heardAt: number
  /** The connection was reset and a re-dial refused: the process is gone. */
  readonly isRefused: boolean
  readonly isConnected: boolean
  /** Its last status: whether it took part in its epoch, and when that came. */
  readonly told: { readonly isActive: boolean; readonly at: number } | undefined
  readonly persistedCommit: { readonly epoch: Epoch; readonly index: number } | undefined
  /** The index of the last commit that a frame to it named. */
  readonly commitTold: number
  /** Milliseconds that its wall clock is ahead of ours. */
  readonly clockOffset: number | undefined
  readonly roundTrip: number
  readonly pingedAt: number
  /** It answered fetches with nothing of use: not asked before `until`. */
  readonly useless: { readonly until: number; readonly pause: number } | undefined
  /** So many of its answers in a row held nothing beyond `index`, which was reached when the first of them came. */
  readonly overtaken: { readonly index: number; readonly count: number } | undefined
}

const unknown: Known = {
  heardAt: Number.NEGATIVE_INFINITY,
  isRefused: false,
  isConnected: true,
  told: undefined,
  persistedCommit: undefined,
  commitTold: -1,
  clockOffset: undefined,
  roundTrip: 0,
  pingedAt: Number.NEGATIVE_INFINITY,
  useless: undefined,
  overtaken: undefined,
}

/** Whoever knows the code can come under a new name each time: so many are remembered. */
const knownMax = 512

type Writable = { -readonly [Name in keyof Known]: Known[Name] }

export class Peers {
  readonly #ring: Ring
  readonly #known = new Map<PeerId, Writable>()

  constructor(ring: Ring) {
    this.#ring = ring
  }

  of(peer: PeerId): Known {
    return this.#known.get(peer) ?? unknown
  }

  get all(): Iterable<readonly [PeerId, Known]> {
    return this.#known
  }

  update(peer: PeerId, changes: Partial<Known>): void {
    Object.assign(this.#entry(peer), changes)
  }

  /** A frame came: it lives, and can be reached. */
  heard(peer: PeerId): void {
    const entry = this.#entry(peer)
    entry.heardAt = this.#ring.out.now
    entry.isRefused = false
    entry.isConnected = true
  }

  link(peer: PeerId, state: 'up' | 'down' | 'refused'): void {
    this.update(peer, { isConnected: state === 'up', isRefused: state === 'refused' })
  }

  /** Gone, as far as this peer can tell: refused, or not heard for `wait` milliseconds. */
  isSilent(peer: PeerId, wait: number): boolean {
    const { isRefused, heardAt } = this.of(peer)
    return isRefused || this.#ring.out.now - heardAt > wait
  }

  /** A frame that names our commit has left for these peers. */
  commitTold(peers: readonly PeerId[]): void {
    const { index } = this.#ring.log.commit
    for (const peer of peers) this.#entry(peer).commitTold = index
  }

  /**
   * An answer to a fetch came to nothing: others are asked first, for longer each time. What comes meanwhile was asked for before, and
   * makes it no longer: late answers can be many.
   */
  foundUseless(peer: PeerId): void {
    const { now } = this.#ring.out
    const before = this.of(peer).useless
    if (before !== undefined && now < before.until) return
    const pause = before === undefined ? timing.uselessPause : Math.min(2 * before.pause, timing.uselessPauseMost)
    this.update(peer, { useless: { until: now + pause, pause } })
  }

  #entry(peer: PeerId): Writable {
    let entry = this.#known.get(peer)
    if (entry === undefined) {
      if (this.#known.size >= knownMax) this.#forgetOne()
      entry = { ...unknown }
      this.#known.set(peer, entry)
    }
    return entry
  }

  #forgetOne(): void {
    for (const peer of this.#known.keys()) {
      if (this.#ring.log.isVoter(peer)) continue
      this.#known.delete(peer)
      return
    }
  }
}

/** The heartbeat, the back-up of lost reports, and the measure of clock offsets (PROTOCOL, section 3). */
export class Status {
  readonly #ring: Ring

  constructor(ring: Ring) {
    this.#ring = ring
  }

  send(): void {
    const { epochs, out, due, peers } = this.#ring
    due.arm('status', out.now + timing.statusEvery)
    out.gossip(this.#own())
    peers.commitTold(epochs.otherMembers)
  }

  /** To one peer, out of turn. */
  tell(peer: PeerId): void {
    const { out, peers } = this.#ring
    out.send([peer], this.#own())
    peers.commitTold([peer])
  }

  #own(): StatusMessage {
    const { log, epochs, token, roomClock } = this.#ring
    const view = log.installedView
    const { isActive } = epochs
    return {
      kind: 'status',
      epoch: view.epoch,
      // A durable index vouches for something only while its sender is active.
      // Rule 3-status [S2] [S3]
      durable: isActive && log.durable >= view.index ? { index: log.durable, hash: log.at(log.durable).hash } : undefined,
      commit: log.commit,
      persistedCommit: this.#persistedCommit(),
      turn: token.taken,
      promised: epochs.promised,
      active: isActive,
      wallClock: roomClock.ownTime(),
    }
  }

  /** From whoever knows the code it is an offer to catch up; the rest counts from voters of our log only. */
  onStatus(from: PeerId, status: StatusMessage, isOfferOnly: boolean): void {
    const { log, epochs, peers, counting, token, roomClock, catchUp, fetching, patience, out } = this.#ring
    const { active, persistedCommit, durable } = status
    peers.update(from, { told: { isActive: active, at: out.now }, persistedCommit })
    const isOfOurEpoch = sameEpoch(status.epoch, log.installedView.epoch)
    if (isOfOurEpoch) patience.sawInstalled(from)
    if (!isOfferOnly) {
      epochs.saw(status.promised)
      epochs.saw(status.epoch)
      roomClock.clockSeen(from, status.wallClock)
      if (durable !== undefined) counting.report(from, status.epoch, durable)
      token.sawTurn(status.epoch, status.turn)
      counting.learn(status.commit)
      if (active && isOfOurEpoch) patience.sawActive(from)
      if (epochs.isActive && isOfOurEpoch && (durable?.index ?? 0) > log.head.index) fetching.askForTail(from)
    }
    catchUp.consider(from, status)
  }

  /** What a leaver may rely on; a peer that has forgotten can be relied on for nothing. */
  #persistedCommit(): { readonly epoch: Epoch; readonly index: number } {
    const { log, disk, membership } = this.#ring
    if (membership.hasForgotten) return { epoch: noEpoch, index: 0 }
    const { index } = disk.written.commit
    return { epoch: log.find(index)?.epoch ?? log.committedView.epoch, index }
  }
}

/** What time it is in the room: the median of its members' clocks (PROTOCOL, section 3). */
export class RoomClock {
  readonly #ring: Ring
  /** Milliseconds since 1970 minus monotonic milliseconds, fixed at start. */
  readonly #base: number
  /** When the head of the log got here. */
  #headAt: number
  /** Of the offsets to these members, until one of them is measured anew. */
  #median: { readonly of: readonly PeerId[]; readonly offset: number | undefined } | undefined

  constructor(ring: Ring, wallClock: { readonly at: number; readonly now: number }) {
    this.#ring = ring
    this.#base = wallClock.at - wallClock.now
    this.#headAt = wallClock.now
  }

  /** Milliseconds since 1970 on this peer's own clock: the wall clock at its start, carried on by the monotonic one. */
  ownTime(now = this.#ring.out.now): number {
    // A clock that is set to another age is told as far as a frame can say it.
    return Math.min(numberMax, Math.max(0, Math.floor(this.#base + now)))
  }

  /**
   * Own clock plus the median of the offsets to the members, its own 0 included; of an even number the earlier middle
   * value. `undefined` until more than half of the view is measured: one clock that is an hour off must not carry a room
   * away just because the others are not known yet.
   */
  #measured(now: number): number | undefined {
    const others = this.#ring.epochs.otherMembers
    // It is asked for far more often than it changes.
    if (this.#median?.of !== others) this.#median = { of: others, offset: this.#medianOf(others) }
    const { offset } = this.#median
    return offset === undefined ? undefined : this.ownTime(now) + offset
  }

  #medianOf(others: readonly PeerId[]): number | undefined {
    const { peers } = this.#ring
    const offsets = [0]
    for (const member of others) {
      const { clockOffset } = peers.of(member)
      if (clockOffset !== undefined) insert(offsets, clockOffset)
    }
    if (2 * offsets.length <= others.length + 1) return undefined
    return Math.floor(offsets[(offsets.length - 1) >> 1] as number)
  }

  /** The time that a block would carry at `now`: never before the head's plus what has passed here since that came. */
  blockTime(now = this.#ring.out.now): Instant {
    const carried = Math.floor(this.#ring.log.head.time + Math.max(0, now - this.#headAt))
    return Math.min(numberMax, Math.max(carried, this.#measured(now) ?? 0)) as Instant
  }

  /** A block is at the head of the log: names its author where it is far ahead of the room. */
  blockCame(block: Block): void {
    const { out, self } = this.#ring
    this.#headAt = out.now
    if (block.author === self) return
    const clock = this.#measured(out.now)
    if (clock !== undefined && block.time > clock + timeAheadNote) {
      out.note('time-ahead', { author: block.author, index: block.index, millis: block.time - clock })
    }
  }

  /** A status carried the sender's own clock; half a round trip has passed since. */
  clockSeen(peer: PeerId, wallClock: number): void {
    const { peers } = this.#ring
    peers.update(peer, { clockOffset: wallClock + peers.of(peer).roundTrip / 2 - this.ownTime() })
    this.#median = undefined
  }

  pingMembers(): void {
    const { epochs, peers, out, due } = this.#ring
    due.arm('ping', out.now + timing.pingEvery)
    // Members only: others need no answer, and get none.
    if (!epochs.isInView) return
    for (const member of epochs.otherMembers) peers.update(member, { pingedAt: out.now })
    out.send(epochs.otherMembers, { kind: 'ping', nonce: Math.floor(out.now) })
  }

  onPing(from: PeerId, nonce: number): void {
    this.#ring.out.send([from], { kind: 'pong', nonce, wallClock: this.ownTime() })
  }

  onPong(from: PeerId, nonce: number, wallClock: number): void {
    const { peers, out } = this.#ring
    const { pingedAt } = peers.of(from)
    if (nonce !== Math.floor(pingedAt)) return
    peers.update(from, { roundTrip: out.now - pingedAt })
    this.clockSeen(from, wallClock)
  }
}

/** At its place in order: of as few as a room has members that takes less than to sort them all afterwards. */
function insert(sorted: number[], value: number): void {
  let place = sorted.push(value) - 1
  for (; place > 0 && (sorted[place - 1] as number) > value; place--) sorted[place] = sorted[place - 1] as number
  sorted[place] = value
}
