import type { PeerId } from '../core/ids.ts'
import type { Ring } from './ring.ts'
import { timing } from './timing.ts'
import { sameEpoch } from './view.ts'

/** When an epoch that was made for a peer came, and how long its requests lead to no other after that. */
interface Served {
  readonly servedAt: number
  readonly pause: number
  /**
   * `proven`: this peer made that epoch, and had no answer from it. `seeming`: another peer made it, or the answer is still
   * to come. Where nothing follows that says otherwise, the next pause is longer.
   */
  readonly inVain: 'no' | 'seeming' | 'proven'
}

/** Put off until then, and longer the next time. */
interface Delay {
  readonly until: number
  readonly pause: number
}

const unasked: Served = { servedAt: Number.NEGATIVE_INFINITY, pause: timing.requestPause, inVain: 'no' }

/** Whoever knows the code can ask under a new name each time: so many are remembered. */
export const askingMax = 256

/**
 * How long those wait for whom epochs would be made, and who has no place in one: what is asked of a room is paced by what
 * came of it before, or whoever asks again and again keeps it from working (PROTOCOL, section 5).
 */
export class Patience {
  readonly #ring: Ring
  readonly #served = new Map<PeerId, Served>()
  /** Whoever promised, was put into a view, and had no part in it, or keeps our tokens: until when it has no place in a view of ours. */
  readonly #leftOut = new Map<PeerId, Delay>()
  /** Members that have kept our token, and have passed none on since. */
  readonly #keepers = new Set<PeerId>()
  /** Whose loss was written down: a new one of its own has to wait. */
  readonly #lossWritten = new Map<PeerId, Delay>()
  /** Strangers, all together: names cost nothing. */
  #strangers: Delay & { readonly before: number } = { until: Number.NEGATIVE_INFINITY, pause: 0, before: 0 }
  /** When a voter last said that it takes part. */
  readonly #activeAt = new Map<PeerId, number>()
  /** Members that were not in the view before, since when; `isHere`: they have said that they have it, or a later one. */
  readonly #newcomers = new Map<PeerId, { readonly since: number; readonly isHere: boolean }>()

  constructor(ring: Ring) {
    this.#ring = ring
  }

  /** An epoch was made for it not long ago. */
  mustWait(peer: PeerId): boolean {
    const served = this.#served.get(peer)
    return served !== undefined && this.#ring.out.now < served.servedAt + served.pause
  }

  /** A loss of its own was written down not long ago. */
  mustWaitToLose(peer: PeerId): boolean {
    return this.#ring.out.now < (this.#lossWritten.get(peer)?.until ?? 0)
  }

  lossWritten(peer: PeerId): void {
    this.#putOff(this.#lossWritten, peer, timing.lossPause)
  }

  /** It did not do its part: in the view that it was put into, or with the token. */
  leaveOut(peer: PeerId): void {
    this.#putOff(this.#leftOut, peer, timing.leftOut)
  }

  /** It was sent our token, and says nothing to it. Who has just come in, and goes on talking, is known by its word only. */
  tookNoToken(peer: PeerId): void {
    const { out, peers } = this.#ring
    const since = this.#newcomers.get(peer)?.since ?? Number.NEGATIVE_INFINITY
    if (out.now - since < timing.trial && !peers.isSilent(peer, timing.chooseWait)) this.leaveOut(peer)
  }

  /**
   * It took our token, and no more was seen of that until another epoch came. Once it is unlucky, as one whose frames to its
   * successor are lost; twice in a row the room is better off without it for a while, whoever is at fault.
   */
  keptToken(peer: PeerId): void {
    if (this.#ring.peers.isSilent(peer, timing.chooseWait)) return
    if (this.#keepers.has(peer)) this.leaveOut(peer)
    this.#keepers.add(peer)
  }

  /** What it took from us has come back. */
  passedOn(peer: PeerId): void {
    this.#keepers.delete(peer)
  }

  /** It has no place in a view of ours, whatever it promises; nor has one that came in, and never took part since. */
  isLeftOut(peer: PeerId): boolean {
    const { now } = this.#ring.out
    const newcomer = this.#newcomers.get(peer)
    const isSilent = newcomer !== undefined && !newcomer.isHere && now - newcomer.since > timing.suspectAfter
    return isSilent || now < (this.#leftOut.get(peer)?.until ?? 0)
  }

  /** It was put into the view, and has not said yet that it has it. */
  isUntried(peer: PeerId): boolean {
    return this.#newcomers.get(peer)?.isHere === false
  }

  /** An epoch that was made for it has come, or was given up, and it had no place in it. */
  wasTooSlow(peer: PeerId): boolean {
    return (this.#served.get(peer)?.inVain ?? 'no') !== 'no'
  }

  /** It takes part in the installed epoch: its requests have come to their end. */
  sawActive(peer: PeerId): void {
    this.#served.delete(peer)
    this.#activeAt.set(peer, this.#ring.out.now)
    forgetOldest(this.#activeAt)
  }

  /** It answered that it has the view of an epoch which this peer made: it did its part, whatever was before. */
  answered(peer: PeerId): void {
    this.#forgive(peer)
    this.#welcome(peer)
  }

  /** It says that it has the view of this epoch on its disk: so it did its part, unless this peer knows better. */
  sawInstalled(peer: PeerId): void {
    this.#welcome(peer)
    if (this.#served.get(peer)?.inVain === 'seeming') this.#forgive(peer)
  }

  /**
   * An epoch that was made for a peer has come, or was given up. `isSilent`: this peer made it, and had no answer from it.
   * Rule 5-pace [L]
   */
  pauseAfter(peer: PeerId, isSilent: boolean): void {
    const { out, faults, peers } = this.#ring
    const { pause: before, inVain } = this.#served.get(peer) ?? unasked
    const pause = inVain === 'no' ? timing.requestPause : Math.min(2 * before, timing.requestPauseMost)
    // One that has been cut off, or has crashed again, is unlucky: at fault is who goes on talking and does not do its part.
    const isHere = !peers.isSilent(peer, timing.chooseWait)
    if (isSilent && pause > timing.requestPauseNamed && isHere) faults.refuse(peer, 'request', 'its epochs come to nothing', true)
    this.#served.delete(peer)
    this.#served.set(peer, { servedAt: out.now, pause, inVain: isSilent || inVain === 'proven' ? 'proven' : 'seeming' })
    forgetOldest(this.#served)
  }

  /** For longer each time, unless it was good for as long as it had to wait. */
  #putOff(delays: Map<PeerId, Delay>, peer: PeerId, first: number): void {
    const { now } = this.#ring.out
    const before = delays.get(peer)
    const isAgain = before !== undefined && now < before.until + before.pause
    const pause = isAgain ? Math.min(2 * before.pause, timing.putOffMost) : first
    delays.delete(peer)
    delays.set(peer, { until: now + pause, pause })
    forgetOldest(delays)
  }

  /** Nobody vouches for it: no member, or one that has not been here for long, and none that took part of late. */
  isStranger(peer: PeerId): boolean {
    const { log, out } = this.#ring
    const isMember = log.isVoter(peer) && !this.#newcomers.has(peer)
    return !isMember && out.now - (this.#activeAt.get(peer) ?? Number.NEGATIVE_INFINITY) > timing.trial
  }

  /** What members need is never paced; strangers wait for those that have just come in, and after each epoch that brought nobody in. */
  isDue(peer: PeerId): boolean {
    const { now } = this.#ring.out
    if (!this.isStranger(peer)) return true
    for (const { isHere, since } of this.#newcomers.values()) if (!isHere && now - since <= timing.suspectAfter) return false
    return now >= this.#strangers.until
  }

  /**
   * An epoch was made for strangers: until one of them is here it was in vain, whatever their names, and the next is later. Each
   * minute of rest makes up for one of them. `isLonger`: not where it was another member that took it to be their turn.
   * Rule 5-pace [L]
   */
  pauseStrangers(isLonger: boolean): void {
    const { now } = this.#ring.out
    const { until, pause: before } = this.#strangers
    const rests = Math.max(0, Math.floor((now - until) / timing.trial))
    const longer = Math.min(Math.max(2 * before * 0.5 ** rests, timing.strangersPause), timing.strangersPauseMost)
    const pause = isLonger ? longer : before
    this.#strangers = { until: now + pause, pause, before }
  }

  /**
   * A view is here: who was not in the one `before` has still to show that it takes part. Answers whether some that had just come in are
   * out again: a whole class that was cut off is one such epoch, and not one for each of them.
   */
  meetNewcomers(members: readonly PeerId[], before: readonly PeerId[]): boolean {
    const { out, self, log } = this.#ring
    let haveGone = false
    for (const [peer, { since }] of this.#newcomers) {
      if (members.includes(peer)) continue
      this.#newcomers.delete(peer)
      if (out.now - since >= timing.trial) continue
      this.#activeAt.delete(peer)
      haveGone = true
    }
    // Whoever has just come in itself cannot tell who was there before.
    if (!before.includes(self)) return haveGone
    const { committedView } = log
    const known = sameEpoch(committedView.epoch, log.installedView.epoch) ? [] : committedView.members
    for (const peer of members) {
      const isNew = peer !== self && !before.includes(peer) && !known.includes(peer)
      if (isNew && !this.#newcomers.has(peer)) this.#newcomers.set(peer, { since: out.now, isHere: false })
    }
    return haveGone
  }

  #welcome(peer: PeerId): void {
    const newcomer = this.#newcomers.get(peer)
    if (newcomer === undefined || newcomer.isHere) return
    this.#newcomers.set(peer, { ...newcomer, isHere: true })
    // The epoch that brought it was not in vain: whoever waits is next.
    const { until, before } = this.#strangers
    const { now } = this.#ring.out
    if (now < until) this.#strangers = { until: now, pause: before, before }
  }

  /** Its last epoch was not in vain: the next one comes as soon as after the first. */
  #forgive(peer: PeerId): void {
    const served = this.#served.get(peer)
    if (served !== undefined) this.#served.set(peer, { ...served, pause: timing.requestPause, inVain: 'no' })
  }
}

function forgetOldest(asking: Map<PeerId, unknown>): void {
  if (asking.size > askingMax) for (const oldest of asking.keys()) return void asking.delete(oldest)
}
