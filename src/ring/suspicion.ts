import type { PeerId } from '../core/ids.ts'
import type { Wishes } from './epochs.ts'
import type { MessageOf } from './message.ts'
import type { Ring } from './ring.ts'
import { timing } from './timing.ts'
import { isViewQuorum, nextInRing, previousInRing } from './view.ts'

interface Doubt {
  readonly why: 'unacknowledged' | 'silent' | 'stalled' | 'token-lost' | 'spoiled' | 'stood-still'
  readonly suspect: PeerId | undefined
}

type SuspicionState =
  | { readonly kind: 'calm' }
  /** Asks around before an epoch is started. */
  | { readonly kind: 'asking'; readonly attempt: number; readonly since: number; readonly agreed: Set<PeerId> }
  /** Starts over above a refusal, without a pre-vote. */
  | { readonly kind: 'retrying'; readonly wishes: Wishes }

const calm: SuspicionState = { kind: 'calm' }

/** When an epoch has to be started for a failure: a peer with a bad link must not disturb a healthy room (PROTOCOL, section 5). */
export class Suspicion {
  readonly #ring: Ring
  #state: SuspicionState = calm
  #preVotes = 0
  /** No pre-vote before: an epoch that was promised is to come about first. */
  #quietUntil: number
  #waitUntil: number

  constructor(ring: Ring) {
    this.#ring = ring
    this.#quietUntil = ring.out.now
    this.#waitUntil = ring.out.now
  }

  /** An epoch was promised: drops its own pre-vote, and starts none for a while. */
  keepQuiet(): void {
    const { out, random } = this.#ring
    this.#quietUntil = out.now + timing.quietStartLeast + random.below(timing.quietStartSpread)
    this.#state = calm
  }

  retryLater(wishes: Wishes): void {
    const { out, random } = this.#ring
    this.#state = { kind: 'retrying', wishes }
    this.#waitUntil = out.now + random.below(timing.retrySpread)
  }

  waitAWhile(least: number): void {
    const { out, random } = this.#ring
    this.#waitUntil = out.now + least + random.below(timing.waitSpread)
  }

  /** Nothing can come about without this peer, and everything with it alone. */
  get isQuorumAlone(): boolean {
    const { log, self } = this.#ring
    return log.configs.every((view) => isViewQuorum(view.members, (peer) => peer === self))
  }

  /** One that has forgotten has no say, and that it has no more counts once it is on disk: a crash would bring it back. */
  get #isMute(): boolean {
    const { membership, disk } = this.#ring
    return membership.hasForgotten || disk.written.loss !== undefined
  }

  onPreVote(from: PeerId, { attempt, suspect }: MessageOf<'pre-vote'>): void {
    const { out, epochs, peers, self, token, counting } = this.#ring
    // Rule 5-quiet [L]
    if ((out.now - epochs.promisedAt < timing.quietAgree && !epochs.isSettled) || this.#isMute) return
    const cannotReach = suspect !== undefined && suspect !== self && peers.isSilent(suspect, timing.suspectAfter)
    if (cannotReach || token.isMissed(1) || counting.isStalled(timing.commitStallAgree) || !epochs.isActive) {
      out.send([from], { kind: 'agree', attempt, promised: epochs.promised })
    }
  }

  onAgree(from: PeerId, { attempt, promised }: MessageOf<'agree'>): void {
    this.#ring.epochs.saw(promised)
    if (this.#state.kind === 'asking' && this.#state.attempt === attempt) this.#state.agreed.add(from)
  }

  /** Looks for a failure, asks around, and starts an epoch when a view quorum of every config agrees. */
  advance(): void {
    const { epochs, disk, out, attempts, log, self } = this.#ring
    const isAttempting = epochs.state.kind === 'preparing' || epochs.state.kind === 'installing'
    if (isAttempting || disk.failed || this.#isMute) return
    const state = this.#state
    if (state.kind === 'asking') return this.#count(state)
    if (state.kind === 'retrying') {
      if (out.now < this.#waitUntil) return
      this.#state = calm
      return attempts.start(state.wishes, 0, 'refused')
    }
    if ((out.now < this.#quietUntil && !epochs.isSettled) || out.now < this.#waitUntil || !log.isVoter(self)) return
    const doubt = this.#findDoubt()
    if (doubt !== undefined) this.#ask(doubt)
  }

  /** A peer that alone is a view quorum of every config waits for nobody. */
  startAlone(): void {
    const { attempts, membership } = this.#ring
    if (this.isQuorumAlone) attempts.start(membership.wishes, 0, 'alone')
  }

  #findDoubt(): Doubt | undefined {
    const { epochs, token, peers, log, self, counting, membership, faults, out } = this.#ring
    if (epochs.isActive) {
      const sent = token.unacknowledged
      if (sent !== undefined && (out.now - sent.since > timing.suspectAfter || peers.of(sent.to).isRefused)) {
        return { why: 'unacknowledged', suspect: sent.to }
      }
      const { members } = log.installedView
      for (const neighbour of [nextInRing(members, self), previousInRing(members, self)]) {
        if (neighbour !== self && peers.isSilent(neighbour, timing.suspectAfter)) return { why: 'silent', suspect: neighbour }
      }
      if (counting.isStalled(timing.commitStall)) return { why: 'stalled', suspect: undefined }
    } else if (this.#stoodStill()) return { why: 'stood-still', suspect: undefined }
    else if (faults.isSpoiled(epochs.promised)) return { why: 'spoiled', suspect: undefined }
    return token.isMissed(membership.isLeaving ? 2 : 1) ? { why: 'token-lost', suspect: undefined } : undefined
  }

  /**
   * A room that was restarted as a whole: everybody is here, and nobody takes part. The first member of the last view does
   * not wait for the token that cannot come.
   * Rule 5-stood-still [L]
   */
  #stoodStill(): boolean {
    const { log, self, peers, out } = this.#ring
    if (log.lastView.members[0] !== self) return false
    return log.configs.every(({ members }) =>
      members.every((member) => {
        const { isConnected, told } = peers.of(member)
        return member === self || (isConnected && told !== undefined && !told.isActive && out.now - told.at <= timing.standstill)
      }),
    )
  }

  #ask({ why, suspect }: Doubt): void {
    const { out, self, log } = this.#ring
    const state = { kind: 'asking', attempt: ++this.#preVotes, since: out.now, agreed: new Set([self]) } as const
    this.#state = state
    out.note('pre-vote', { why, suspect })
    const voters = new Set(log.configs.flatMap(({ members }) => members))
    voters.delete(self)
    out.send([...voters], { kind: 'pre-vote', attempt: state.attempt, suspect })
    this.#count(state)
  }

  #count(state: Extract<SuspicionState, { kind: 'asking' }>): void {
    const { log, attempts, membership, out } = this.#ring
    const has = (peer: PeerId): boolean => state.agreed.has(peer)
    // Rule 5-pre-vote [L]
    if (log.configs.every((view) => isViewQuorum(view.members, has))) {
      this.#state = calm
      attempts.start(membership.wishes, 0, 'failure')
    } else if (out.now - state.since > timing.preVoteLife) {
      this.#state = calm
      this.waitAWhile(timing.repeat)
    }
  }
}
