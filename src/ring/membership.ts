import type { PeerId } from '../core/ids.ts'
import { numberMax } from '../core/limits.ts'
import type { Block } from './block.ts'
import type { Wishes } from './epochs.ts'
import type { RequestMessage, RequestPurpose } from './message.ts'
import { askingMax } from './patience.ts'
import type { Ring } from './ring.ts'
import { timing } from './timing.ts'
import { compareEpochs, type Epoch, isCommitQuorum, membersAtMost, sameEpoch } from './view.ts'

type MembershipState =
  | { readonly kind: 'staying' }
  /** Its log was lost: it promises, installs, counts, initiates and agrees to nothing. */
  | { readonly kind: 'forgotten'; readonly loss: number }
  | { readonly kind: 'leaving' }

/** Who is in, who wants in or out, and what this peer itself is to the room (PROTOCOL, section 5). How long whoever asks has to wait is {@link Patience}’s. */
export class Membership {
  readonly #ring: Ring
  #state: MembershipState
  #incarnation: number
  /** What others asked for since this epoch began, by what they ask to be above of. */
  readonly #joiners = new Map<PeerId, Epoch>()
  readonly #leavers = new Map<PeerId, Epoch>()
  readonly #lost = new Map<PeerId, number>()
  /** Those who had asked when the epoch was begun that is being made, so that it can serve them. */
  #inTurn: ReadonlySet<PeerId> = new Set()
  /** Strangers had asked when the epoch was begun that is being made; `served`: and it was their turn. */
  #strangersIn: 'none' | 'waiting' | 'served' = 'none'
  /** It wants in, and lacked too much of the log, or what it promised on its disk, when it looked last whether it may ask. */
  #isHeldBack = false
  /** Of the view that the requests speak of. */
  #members: readonly PeerId[]

  constructor(ring: Ring, loss: number | undefined, incarnation: number) {
    this.#ring = ring
    this.#state = loss === undefined ? { kind: 'staying' } : { kind: 'forgotten', loss }
    this.#incarnation = incarnation
    this.#members = ring.log.installedView.members
  }

  get kind(): 'learner' | 'member' | 'forgotten' | 'leaving' {
    const { log, self } = this.#ring
    if (this.#state.kind !== 'staying') return this.#state.kind
    return log.lastView.members.includes(self) ? 'member' : 'learner'
  }

  get incarnation(): number {
    return this.#incarnation
  }

  get loss(): number | undefined {
    return this.#state.kind === 'forgotten' ? this.#state.loss : undefined
  }

  // Rule 5-forgotten [S2]
  get hasForgotten(): boolean {
    return this.#state.kind === 'forgotten'
  }

  get isLeaving(): boolean {
    return this.#state.kind === 'leaving'
  }

  /** What the next epoch that this peer makes should bring about. */
  get wishes(): Wishes {
    const { log, patience } = this.#ring
    const { members } = log.installedView
    const isDue = (peer: PeerId): boolean => patience.isDue(peer)
    return {
      joiners: new Set([...this.#joiners.keys()].filter((peer) => !members.includes(peer) && isDue(peer))),
      leavers: new Set([...this.#leavers.keys()].filter(isDue)),
      lost: new Map([...this.#lost].filter(([peer]) => isDue(peer))),
    }
  }

  /** Shuts down in good order. One that has forgotten is nobody's member, and stops at once. */
  becomeLeaving(): void {
    const { out, due } = this.#ring
    if (this.#state.kind === 'forgotten') return out.stop({ kind: 'left' })
    this.#state = { kind: 'leaving' }
    due.arm('request', out.now)
  }

  /**
   * Ends the forgetting once a COMMITTED view block carries this peer's own loss, and never before: not just any view
   * without it. It then joins like a newcomer.
   * Rule 5-loss-committed [S2] [S3]
   */
  remember(): void {
    const { log, self, disk, out } = this.#ring
    if (this.#state.kind !== 'forgotten' || !log.hasCommittedLoss(self, this.#state.loss)) return
    this.#state = { kind: 'staying' }
    disk.change()
    out.note('remembered', { epoch: log.committedView.epoch.number })
  }

  /**
   * A committed block of this very peer that is none of its queue's. While it has forgotten, such blocks show which
   * incarnations are used up; otherwise one of this start's number or a later one was written by a twin, or by a life of
   * which this disk knows nothing: it takes no more part.
   * Rule 5-own-later [S3]
   */
  meetOwn({ author, body, index }: Block): void {
    const { self, out, disk } = this.#ring
    if (author !== self || body.kind !== 'ops' || body.incarnation < this.#incarnation) return
    if (this.hasForgotten) {
      this.#incarnation = body.incarnation + 1
      return disk.change()
    }
    const which = body.incarnation > this.#incarnation ? 'older-copy' : 'twin'
    out.stop({ kind: 'own-later-block', which, index, incarnation: body.incarnation })
  }

  /** Somebody wants in, out, or in again: the next holder serves it. */
  onRequest(from: PeerId, { purpose, above, loss }: RequestMessage): void {
    const { log, faults, patience } = this.#ring
    if (faults.isLiar(from) || patience.mustWait(from) || patience.isLeftOut(from)) return
    // A crowd of strangers keeps no member waiting.
    const asking = this.#joiners.size + this.#leavers.size + this.#lost.size
    if (asking >= askingMax && !log.wasMember(from)) return
    const view = log.installedView
    // What a member of this epoch wants says so: older words are of a life before, and come late.
    // Rule 5-stale-leave [L]
    if (purpose === 'leave') {
      if (!view.members.includes(from) || compareEpochs(above, view.epoch) >= 0) this.#leavers.set(from, above)
    } else if (loss !== undefined) {
      const mayLose = purpose === 'rejoin' && !patience.mustWaitToLose(from)
      if (mayLose && !log.hasLoss(from, loss)) this.#lost.set(from, loss)
    }
    // A present member's counts only if it cannot follow this epoch any more.
    // Rule 5-present-joins [L]
    else if (!view.members.includes(from) || compareEpochs(above, view.epoch) > 0) this.#joiners.set(from, above)
  }

  /** An epoch was promised: what is asked from here on is for one after it. */
  epochBegins(): void {
    const { patience } = this.#ring
    const asking = [...this.#joiners.keys(), ...this.#lost.keys(), ...this.#leavers.keys()]
    this.#inTurn = new Set(asking.filter((peer) => patience.isDue(peer)))
    const strangers = asking.filter((peer) => patience.isStranger(peer))
    this.#strangersIn = strangers.length === 0 ? 'none' : strangers.some((peer) => this.#inTurn.has(peer)) ? 'served' : 'waiting'
  }

  /**
   * A new epoch: requests are repeated, so those of the one before are dropped; a request with a loss that comes late costs
   * one epoch at most. Whoever had asked before it was begun has had its turn, and waits before it is served again: one who
   * came in the midst of it has not, and in a class that joins at once would wait longer each time.
   */
  enterEpoch(): void {
    const { log, faults, epochs, self, patience } = this.#ring
    const { members } = log.installedView
    const { state } = epochs
    const stayed = members.filter((member) => this.#members.includes(member)).length
    // Who found no place in a view that is full is not to blame.
    const isFull = stayed === 0 || members.length >= membersAtMost(stayed)
    for (const peer of this.#inTurn) {
      const loss = this.#lost.get(peer)
      // Only whoever made the epoch knows: one that has answered, and had no place in it, is behind by no fault of its own.
      const isSilent = state.kind === 'installing' && state.asked.has(peer) && !state.promised.includes(peer)
      if (this.#joiners.has(peer) && (members.includes(peer) || !isFull)) patience.pauseAfter(peer, isSilent)
      // One that has forgotten answers nothing. (It may have asked in an earlier life, too: that is one turn all the same.)
      else if (loss !== undefined && !log.hasLoss(peer, loss)) patience.pauseAfter(peer, false)
      else if (loss !== undefined) patience.lossWritten(peer)
      // A member that leaves is out with that; whoever was out already goes on asking for nothing.
      else if (this.#leavers.has(peer) && !this.#members.includes(peer)) patience.pauseAfter(peer, false)
    }
    this.#inTurn = new Set()
    // Whoever has just come in itself is what that epoch was good for.
    const wasMade = this.#strangersIn !== 'none' && this.#members.includes(self)
    const isLonger = wasMade && this.#strangersIn === 'served'
    this.#strangersIn = 'none'
    const haveGone = patience.meetNewcomers(members, this.#members)
    if (wasMade || haveGone) patience.pauseStrangers(isLonger || haveGone)
    this.#members = members
    this.#joiners.clear()
    this.#leavers.clear()
    // Rule 5-loss-dropped [L]
    this.#lost.clear()
    for (const member of members) faults.pardon(member)
  }

  /**
   * An epoch that this peer made for others came to nothing, and these have not done their part in it. `isProposed`: they had
   * promised, and did not answer the view.
   */
  wasInVain(peers: readonly PeerId[], isProposed: boolean): void {
    const { log, patience } = this.#ring
    const { members } = log.committedView
    if (this.#strangersIn === 'served' && peers.some((peer) => patience.isStranger(peer))) patience.pauseStrangers(true)
    for (const peer of peers) {
      if (this.#joiners.delete(peer)) patience.pauseAfter(peer, true)
      // A member is only late: without it the room would lose a copy of its log for a frame that the network lost.
      if (isProposed && !members.includes(peer)) patience.leaveOut(peer)
    }
  }

  /** The holder collects requests for a moment, gives the token up, and initiates: inside the critical section. */
  advance(): void {
    const { token, epochs, log, out, attempts } = this.#ring
    if (this.#isHeldBack && this.#mayJoin()) this.repeatRequest()
    if (token.holding === undefined || !epochs.isActive) return
    const { members } = log.installedView
    if (this.staysInstead() !== undefined || !this.#hasServable(members)) {
      token.stopCollecting()
      if (this.isLeaving && members.length === 1) out.stop({ kind: 'left' })
      return
    }
    if (!token.collect()) return
    token.stopCollecting()
    const above = Math.max(0, ...[...this.#joiners.values(), ...this.#leavers.values()].map(({ number }) => number))
    attempts.start(this.wishes, above, 'requests')
  }

  /** The next member in ring order that stays, for a leaver to leave the work to. Rule 5-leaver [L] */
  staysInstead(): PeerId | undefined {
    const { log, self } = this.#ring
    if (!this.isLeaving) return undefined
    const { members } = log.installedView
    const place = members.indexOf(self)
    const after = [...members.slice(place + 1), ...members.slice(0, Math.max(0, place))]
    return after.find((member) => !this.#leavers.has(member))
  }

  /** Asks to join, to rejoin or to leave, again and again until it is so. */
  repeatRequest(): void {
    const { out, due, epochs, disk, log, self } = this.#ring
    due.arm('request', out.now + timing.requestEvery)
    this.#isHeldBack = false
    if (this.#state.kind === 'leaving') {
      this.#leavers.set(self, epochs.promised)
      return this.#request('leave', epochs.promised, undefined)
    }
    if (epochs.isActive || epochs.state.kind === 'preparing' || epochs.state.kind === 'installing' || disk.failed) return
    const isNewcomer = this.#state.kind === 'staying' && !log.isVoter(self)
    this.#isHeldBack = isNewcomer && !this.#mayJoin()
    if (this.#isHeldBack || !this.#isPromiseWritten) return
    if (this.#state.kind === 'forgotten') {
      // It must be on disk first: what the others write down is what ends the forgetting.
      if (disk.written.loss === this.#state.loss) this.#request('rejoin', epochs.promised, this.#state.loss)
    } else this.#request(isNewcomer ? 'join' : 'rejoin', this.#above, undefined)
  }

  /** A leaver goes only when nobody can need its answer any more. Rule 5-leave [L] */
  leaveWhenFree(): void {
    const { log, out, epochs, peers, self } = this.#ring
    if (!this.isLeaving || out.stopped !== undefined) return
    const view = log.committedView
    if (log.isVoter(self) || compareEpochs(epochs.promised, view.epoch) > 0) return
    const has = (peer: PeerId): boolean => {
      const { persistedCommit } = peers.of(peer)
      return (
        persistedCommit !== undefined &&
        compareEpochs(persistedCommit.epoch, view.epoch) >= 0 &&
        persistedCommit.index >= view.index
      )
    }
    if (isCommitQuorum(view.members, has)) out.stop({ kind: 'left' })
  }

  /** How far behind the room this peer is, as far as voters of its log say; where none is known, as far as anybody says. */
  get behind(): number {
    const { peers, log, out } = this.#ring
    let ofVoters = -1
    let ofAnybody = 0
    for (const [peer, { persistedCommit, useless }] of peers.all) {
      if (persistedCommit === undefined || (useless !== undefined && out.now < useless.until)) continue
      if (log.isVoter(peer)) ofVoters = Math.max(ofVoters, persistedCommit.index)
      else ofAnybody = Math.max(ofAnybody, persistedCommit.index)
    }
    return Math.max(0, (ofVoters < 0 ? ofAnybody : ofVoters) - log.commit.index)
  }

  /** Leavers in the view, and those that promised something above it and so may still be needed. */
  #hasServable(members: readonly PeerId[]): boolean {
    const { log, self, patience } = this.#ring
    const { epoch } = log.installedView
    const isOthers = (peer: PeerId): boolean => peer !== self && patience.isDue(peer)
    for (const peer of this.#joiners.keys()) if (isOthers(peer)) return true
    for (const [peer, loss] of this.#lost) if (isOthers(peer) && !log.hasLoss(peer, loss)) return true
    for (const [peer, promised] of this.#leavers) {
      if (isOthers(peer) && (members.includes(peer) || compareEpochs(promised, epoch) > 0)) return true
    }
    return false
  }

  /** What the next epoch must be above: one more where this peer cannot take part in the very epoch that it promised. */
  get #above(): Epoch {
    const { epochs, faults } = this.#ring
    const { promised } = epochs
    const isOver = epochs.hasRestartedIn || faults.isSpoiled(promised)
    // After the last number there is none: no epoch can be made, and what is asked can still be read.
    return isOver ? { ...promised, number: Math.min(promised.number + 1, numberMax) } : promised
  }

  #mayJoin(): boolean {
    return this.#isPromiseWritten && this.#isCaughtUp()
  }

  /** A disk that hangs could not answer the epoch that we ask for: one after the other would be made in vain. */
  get #isPromiseWritten(): boolean {
    const { epochs, disk } = this.#ring
    return sameEpoch(disk.written.promised, epochs.promised)
  }

  /** Before that it is a learner: it gets the log and counts nowhere. */
  #isCaughtUp(): boolean {
    const { peers, limits } = this.#ring
    let isKnown = false
    for (const [, { persistedCommit }] of peers.all) isKnown ||= persistedCommit !== undefined
    return isKnown && this.behind <= limits.caughtUpBlocks
  }

  #request(purpose: RequestPurpose, above: Epoch, loss: number | undefined): void {
    const { out, log, self } = this.#ring
    const message: RequestMessage = { kind: 'request', purpose, above, loss }
    const voters = new Set(log.configs.flatMap(({ members }) => members))
    voters.delete(self)
    out.send([...voters], message)
    out.gossip(message)
  }
}
