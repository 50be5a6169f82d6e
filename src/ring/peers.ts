import type { PeerId } from '../core/ids.ts'
import type { Ring } from './ring.ts'
import { timing } from './timing.ts'
import type { Epoch } from './view.ts'

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

  /** An answer to a fetch came to nothing: others are asked first, for longer each time. */
  foundUseless(peer: PeerId): void {
    const { now } = this.#ring.out
    const before = this.of(peer).useless
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
