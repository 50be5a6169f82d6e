import { blockBytesMax, blockOpsMax } from '../core/limits.ts'

/**
 * Times of PROTOCOL.md, in milliseconds. All are about getting going: safety depends on none of them.
 * Shorter notices failures sooner, and disturbs a slow but healthy room more often.
 */
export const timing = {
  statusEvery: 500,
  pingEvery: 5_000,
  /** Silence of a ring neighbour, or of a successor that owes an acknowledgement, until it is suspected. */
  suspectAfter: 1_500,
  /** Added to `idleHop`: no sign of the token. */
  tokenTimeout: 3_000,
  /** Uncommitted blocks without progress: reason to ask around, and reason to agree. */
  commitStall: 2_500,
  commitStallAgree: 1_500,
  suspicionEvery: 250,
  preVoteLife: 500,
  /** How long the next holder collects requests before it initiates. */
  collect: 300,
  requestEvery: 600,
  /** How recently a peer was heard to be worth waiting for, and how long it is waited for. */
  lately: 1_200,
  chooseWait: 600,
  /** The same of one that only wants in. */
  joinWait: 250,
  attemptLife: 2_500,
  /** A fetch for an epoch that brings nothing for so long is over: the attempt that it was for is. */
  stageLife: 5_000,
  /** A token, `Prepare`, `Install` or fetch without an answer is repeated. */
  repeat: 150,
  activatedRepeat: 200,
  wantRepeatFirst: 200,
  wantRepeatMost: 1_600,
  ackWait: 20,
  ownFsyncWait: 2,
  commitTell: 2,
  /** `commit` alone is worth an fsync only once nothing else has brought one for so long. */
  commitFlush: 100,
  announceEvery: 100,
  syncEvery: 200,
  /** A status this old no longer says that its sender stands still. */
  standstill: 700,
  /** One peer's requests lead to an epoch this often at most; longer, by doubling, where it brings none to its end. */
  requestPause: 2_000,
  requestPauseMost: 300_000,
  /** Whoever answers no epoch that is made for it, and has to wait longer than this, is named by who made it. */
  requestPauseNamed: 10_000,
  /** Whoever promised, and then had no part in the view that it was put into, is in none for so long, doubled each time. */
  leftOut: 5_000,
  /** So long after it came in a member is new: its word alone is not enough. */
  trial: 60_000,
  /** Epochs for strangers that bring nobody in, whatever their names: so long after one there is no other, doubled each time. */
  strangersPause: 250,
  strangersPauseMost: 15_000,
  /** Between two losses of one peer, doubled each time: a disk is not lost that often. */
  lossPause: 10_000,
  /** The most that one peer has no place, or no loss written: one that was cut off waits so long, and one that lies costs no more. */
  putOffMost: 30_000,
  /** Proof of whoever proved nothing is looked at again only after this. */
  proofPause: 1_000,
  /** A promised log that does not come for so long is left out, and so are further ones of its owner, doubled each time. */
  withheld: 1_000,
  distrust: 5_000,
  distrustMost: 60_000,
  /** A peer that answers a fetch not at all for so long, or with nothing of use, is asked again only after this, doubled each time. */
  unanswered: 1_000,
  uselessPause: 1_000,
  uselessPauseMost: 60_000,
  quietAgree: 1_000,
  quietStartLeast: 1_500,
  quietStartSpread: 2_000,
  retrySpread: 600,
  waitSpread: 1_000,
} as const

/** Sizes that every peer of a room shares. The simulator draws smaller ones, so that every cut and every wrap is met. */
export interface RingLimits {
  /** Blocks that a holder may be ahead of the commit (PROTOCOL, section 2, Window). */
  readonly windowBlocks: number
  /** A joiner that lacks at most so many blocks counts as caught up. */
  readonly caughtUpBlocks: number
  /**
   * Blocks below the commit kept in memory for peers that are a little behind, and up to a quarter more; older ones are served from the
   * store. More costs each block of a busy room: what lives for more than a moment is copied twice, and then has to be looked for among
   * all that stays. (With four times as many a transfer takes a tenth more of a processor.) Fewer than `caughtUpBlocks` would send who
   * has just come in to the disks.
   */
  readonly memoryBlocks: number
  /** Blocks ahead of a gap that wait for it to be filled. */
  readonly aheadBlocks: number
  /**
   * Of blocks in one answer to a fetch; one block always fits. More costs whoever catches up: an answer is decoded at once, and all of its
   * operations wait in memory until they are applied. Less costs round trips.
   */
  readonly fetchedBytes: number
  /** Operations in a block, and their bytes together; one operation always fits. */
  readonly blockOps: number
  readonly blockBytes: number
}

export const ringLimits: RingLimits = {
  windowBlocks: 64,
  caughtUpBlocks: 64,
  memoryBlocks: 64,
  aheadBlocks: 256,
  fetchedBytes: 128 * 1024,
  blockOps: blockOpsMax,
  blockBytes: blockBytesMax,
}
/** Announcements are for eyes: at most so much each. */
export const announceOpsMax = 16
export const announceBytesMax = 8 * 1024
/** A block so far ahead of the room clock is pointed at. */
export const timeAheadNote = 2_000

/** Everything that is done at a time, by name. */
const names = [
  'status',
  'ping',
  'look',
  'want',
  'announce',
  'ack',
  'tokenRepeat',
  'token',
  'collect',
  'commitTell',
  'commitFlush',
  'attempt',
  'activation',
  'request',
  'stage',
] as const

export type Deadline = (typeof names)[number]

const never = Number.POSITIVE_INFINITY

/** When each thing is to be done next, on the peer's monotonic clock. Armed and read here and nowhere else. */
export class Deadlines {
  readonly #at: Record<Deadline, number> = Object.fromEntries(names.map((name) => [name, never])) as Record<Deadline, number>
  /** The earliest of all, unless it was the one that moved away since. It is asked for far more often than it changes. */
  #next = never
  #isStale = false

  arm(name: Deadline, at: number): void {
    if (at <= this.#next) this.#next = at
    else if (this.#at[name] === this.#next) this.#isStale = true
    this.#at[name] = at
  }

  /** At the latest then: an earlier time stays. */
  armBy(name: Deadline, at: number): void {
    if (at < this.#at[name]) this.arm(name, at)
  }

  disarm(name: Deadline): void {
    this.arm(name, never)
  }

  /** True once for each time that came: it is disarmed by being taken. */
  take(name: Deadline, now: number): boolean {
    if (now < this.#at[name]) return false
    this.disarm(name)
    return true
  }

  /** True where it was armed: it is done now, whenever its time would have come. */
  takeEarly(name: Deadline): boolean {
    if (this.#at[name] === never) return false
    this.disarm(name)
    return true
  }

  /** The earliest of all; `Infinity`: nothing is to be done. */
  get next(): number {
    if (this.#isStale) {
      this.#isStale = false
      this.#next = never
      for (const name of names) if (this.#at[name] < this.#next) this.#next = this.#at[name]
    }
    return this.#next
  }
}
