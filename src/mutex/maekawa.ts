import type { PeerId } from '../core/ids.ts'
import { type Algorithm, type AlgorithmKind, compareWishes, type Effects, isCount, type Place, type Wish } from './algorithm.ts'
import { quorumOf } from './quorums.ts'

/** `time` is always that of the wish that it is about: what comes late for another one changes nothing. */
export type MaekawaMessage = {
  readonly kind: 'request' | 'locked' | 'failed' | 'inquire' | 'yield' | 'release'
  readonly time: number
}

const kinds: readonly string[] = ['request', 'locked', 'failed', 'inquire', 'yield', 'release'] satisfies MaekawaMessage['kind'][]

/**
 * Maekawa, A √N Algorithm for Mutual Exclusion in Decentralized Systems, ACM TOCS 3(2), 1985: whoever wants in asks a quorum
 * that meets everybody else's, and each of it is locked for one at a time. Against deadlock as Sanders (The Information Structure
 * of Distributed Mutual Exclusion Algorithms, ACM TOCS 5(3), 1987) corrects it: who is locked for a later wish inquires, who has
 * failed elsewhere yields, and an earlier wish that is overtaken in the queue hears that it has failed, too. 3 to 6 messages for
 * each member of the quorum but oneself.
 */
class Maekawa implements Algorithm<MaekawaMessage> {
  readonly #place: Place
  readonly #effects: Effects<MaekawaMessage>
  readonly #quorum: readonly PeerId[]
  // As one who wishes.
  #state: 'out' | 'waiting' | 'inside'
  #time = -1
  readonly #locks = new Set<PeerId>()
  readonly #failed = new Set<PeerId>()
  readonly #inquirers = new Set<PeerId>()
  // As one who is asked.
  #lockedFor: Wish | undefined
  #hasInquired = false
  readonly #queue: Wish[] = []
  /** What this peer says to itself: no message. */
  readonly #own: MaekawaMessage[] = []
  #isSpeaking = false

  constructor(place: Place, effects: Effects<MaekawaMessage>) {
    const { self, members, holder } = place
    this.#place = place
    this.#effects = effects
    this.#quorum = quorumOf(self, members)
    this.#state = holder === self ? 'inside' : 'out'
    if (holder !== undefined && quorumOf(holder, members).includes(self)) this.#lockedFor = { peer: holder, time: -1 }
  }

  request(time: number): void {
    this.#state = 'waiting'
    this.#time = time
    this.#locks.clear()
    this.#failed.clear()
    this.#inquirers.clear()
    for (const peer of this.#quorum) this.#tell(peer, { kind: 'request', time })
  }

  release(): void {
    const time = this.#time
    this.#state = 'out'
    this.#time = -1
    for (const peer of this.#quorum) this.#tell(peer, { kind: 'release', time })
  }

  receive(from: PeerId, message: MaekawaMessage): void {
    const { time } = message
    switch (message.kind) {
      case 'request':
        return this.#onRequest({ peer: from, time })
      case 'release':
      case 'yield':
        return this.#onFree({ peer: from, time }, message.kind === 'yield')
      default:
        if (this.#state === 'waiting' && time === this.#time) this.#onAnswer(from, message.kind)
    }
  }

  #onRequest(wish: Wish): void {
    const holder = this.#lockedFor
    if (holder === undefined) return this.#lock(wish)
    const [first] = this.#queue
    this.#queue.push(wish)
    this.#queue.sort(compareWishes)
    if (compareWishes(holder, wish) < 0 || (first !== undefined && compareWishes(first, wish) < 0)) {
      return this.#tell(wish.peer, { kind: 'failed', time: wish.time })
    }
    // It comes first of all. Whoever would have been the next has a say no more, and the holder may give way.
    if (first !== undefined) this.#tell(first.peer, { kind: 'failed', time: first.time })
    if (this.#hasInquired) return
    this.#hasInquired = true
    this.#tell(holder.peer, { kind: 'inquire', time: holder.time })
  }

  /** Whom it was locked for is done, or gives way. */
  #onFree(wish: Wish, comesAgain: boolean): void {
    if (this.#lockedFor === undefined || compareWishes(this.#lockedFor, wish) !== 0) return
    if (comesAgain) {
      this.#queue.push(wish)
      this.#queue.sort(compareWishes)
    }
    this.#lockedFor = undefined
    const next = this.#queue.shift()
    if (next !== undefined) this.#lock(next)
  }

  #lock(wish: Wish): void {
    this.#lockedFor = wish
    this.#hasInquired = false
    this.#tell(wish.peer, { kind: 'locked', time: wish.time })
  }

  #onAnswer(from: PeerId, kind: MaekawaMessage['kind']): void {
    if (kind === 'locked') {
      this.#locks.add(from)
      this.#failed.delete(from)
      if (this.#locks.size < this.#quorum.length) return
      this.#state = 'inside'
      this.#effects.enter()
      return
    }
    if (kind === 'failed') this.#failed.add(from)
    else this.#inquirers.add(from)
    // While it may still get all of them it keeps what it has.
    if (this.#failed.size === 0) return
    for (const peer of this.#inquirers) {
      this.#inquirers.delete(peer)
      if (!this.#locks.delete(peer)) continue
      this.#failed.add(peer)
      this.#tell(peer, { kind: 'yield', time: this.#time })
    }
  }

  #tell(peer: PeerId, message: MaekawaMessage): void {
    if (peer !== this.#place.self) return this.#effects.send(peer, message)
    this.#own.push(message)
    if (this.#isSpeaking) return
    this.#isSpeaking = true
    for (let next = this.#own.shift(); next !== undefined; next = this.#own.shift()) this.receive(peer, next)
    this.#isSpeaking = false
  }
}

export const maekawa: AlgorithmKind<MaekawaMessage> = {
  name: 'maekawa',
  // Else an inquiry could overtake the lock that it asks about.
  needsFifo: true,
  accepts: (message): message is MaekawaMessage =>
    kinds.includes(message.kind) && (isCount(message.time) || (message.time as unknown) === -1),
  create: (place, effects) => new Maekawa(place, effects),
}
