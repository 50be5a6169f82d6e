import type { PeerId } from '../core/ids.ts'
import { roomMembersMax } from '../core/limits.ts'

/** So many votes for this peer. */
export interface Tally {
  readonly peer: PeerId
  readonly votes: number
}

/** A round of votes that is over. */
export interface Prediction {
  readonly round: number
  /** Most votes first. */
  readonly tally: readonly Tally[]
  /** Who entered next; `undefined`: nobody has yet. */
  readonly entered: PeerId | undefined
}

/** All rounds together whose truth is known and in which somebody voted, also those that are kept no more. */
export interface PredictionSum {
  readonly rounds: number
  readonly votes: number
  /** Of these votes: for the peer that did enter next. */
  readonly right: number
}

/** Rounds that are kept. */
const keptMax = 20

/** Who enters next? Members vote until the host's next step; then the votes are shown, and in the end the truth. */
export class Predictions {
  #round = 1
  readonly #votes = new Map<PeerId, PeerId>()
  #closed: Prediction[] = []
  #sum: PredictionSum = { rounds: 0, votes: 0, right: 0 }
  /** Of rounds that wait for their truth: many steps can pass before somebody enters. */
  #waitingRounds = 0
  readonly #waitingVotes = new Map<PeerId, number>()

  /** The one that is open. */
  get round(): number {
    return this.#round
  }

  get votes(): ReadonlyMap<PeerId, PeerId> {
    return this.#votes
  }

  /** The newest last. */
  get closed(): readonly Prediction[] {
    return this.#closed
  }

  get sum(): PredictionSum {
    return this.#sum
  }

  /** The last vote of a peer counts. False: of another round, so it comes too late. */
  vote(round: number, voter: PeerId, choice: PeerId): boolean {
    if (round !== this.#round) return false
    this.#votes.set(voter, choice)
    return true
  }

  /** What has been voted in the open round. */
  tally(): readonly Tally[] {
    const counts = new Map<PeerId, number>()
    for (const choice of this.#votes.values()) counts.set(choice, (counts.get(choice) ?? 0) + 1)
    return [...counts].map(([peer, votes]) => ({ peer, votes })).sort((a, b) => b.votes - a.votes || (a.peer < b.peer ? -1 : 1))
  }

  /** The host has made its step: of that round its count is the one that counts. One that is closed already stays as it is. */
  close(round: number, tally: readonly Tally[]): void {
    if (round < this.#round) return
    this.#closed = [...this.#closed, { round, tally, entered: undefined }].slice(-keptMax)
    this.#votes.clear()
    this.#round = round + 1
    if (tally.length > 0) this.#waitingRounds++
    for (const { peer, votes } of tally) {
      // Only a host that lies names more peers than a room has.
      const waiting = this.#waitingVotes.get(peer)
      if (waiting !== undefined || this.#waitingVotes.size < roomMembersMax) this.#waitingVotes.set(peer, (waiting ?? 0) + votes)
    }
  }

  /** Somebody has: the truth for all rounds that wait for it. */
  entered(peer: PeerId): void {
    this.#closed = this.#closed.map((one) => (one.entered === undefined ? { ...one, entered: peer } : one))
    const { rounds, votes, right } = this.#sum
    this.#sum = {
      rounds: rounds + this.#waitingRounds,
      votes: [...this.#waitingVotes.values()].reduce((sum, count) => sum + count, votes),
      right: right + (this.#waitingVotes.get(peer) ?? 0),
    }
    this.#waitingRounds = 0
    this.#waitingVotes.clear()
  }
}
