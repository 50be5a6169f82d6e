import type { PeerId } from '../core/ids.ts'
import { createLamportClock } from '../core/lamport.ts'
import type { Algorithm, AlgorithmKind, MutexMessage, Place } from './algorithm.ts'
import { Channel, type ChannelFrame } from './channel.ts'

/** What a participant says to another one of the same section. */
export interface MutexFrame {
  /** Number of the view that its sender is in. Frames of another view mean nothing. */
  readonly epoch: number
  readonly part: ChannelFrame<Payload>
}

export interface Payload {
  readonly message: MutexMessage | Begin
  /** The sender's clocks at the event of sending: Lamport time, and how many events of each peer it knew of, its own last one among them. */
  readonly lamport: number
  readonly vector: VectorTime
}

/** What each member says first in an epoch: whether it is inside. */
export interface Begin {
  readonly kind: 'begin'
  readonly isInside: boolean
}

/** Events of each peer, counted from 1; who is not in it: none. */
export type VectorTime = Readonly<Record<PeerId, number>>

export type MutexOutput =
  | { readonly kind: 'send'; readonly to: PeerId; readonly frame: MutexFrame }
  /** Inside from here on, until `release` or `left`. */
  | { readonly kind: 'entered' }
  /** The view is without this peer: what it did inside is over, and its wish is none any more. */
  | { readonly kind: 'left' }
  /** Call `tick` then. */
  | { readonly kind: 'wake'; readonly at: number }
  | { readonly kind: 'event'; readonly event: MutexEvent }

/** One event of this peer, for logs and diagrams. Its own entry of `vector` is one more than at its event before. */
export interface MutexEvent {
  readonly what: 'began' | 'wished' | 'entered' | 'released' | 'left' | 'sent' | 'received'
  readonly epoch: number
  /** Of a message: its other end. */
  readonly peer: PeerId | undefined
  /** Of an entry: what let it in, where that was no message of the algorithm. */
  readonly message: MutexMessage | Begin | undefined
  /** `entry`: it counts for entries; `overhead`: it chooses somebody for all of them, or begins an epoch. */
  readonly purpose: 'entry' | 'overhead' | undefined
  readonly lamport: number
  readonly vector: VectorTime
}

export interface MutexView {
  /** Later views have greater numbers. */
  readonly epoch: number
  /** In ring order. */
  readonly members: readonly PeerId[]
}

/**
 * One peer's part in one named section: an algorithm in the room's present view. When the view changes, all its members first
 * tell each other whether they are inside, as in virtual synchrony (Birman and Joseph, Exploiting Virtual Synchrony in Distributed
 * Systems, SOSP 1987), and the algorithm begins anew with that: so it needs to know nothing of crashes. Nobody enters in an epoch
 * before every member of it has spoken, and nobody any more in one before. Whoever is out of the view is inside no longer.
 */
export class Participant {
  readonly #self: PeerId
  readonly #kind: AlgorithmKind
  readonly #clock = createLamportClock(0)
  readonly #vector: Record<PeerId, number> = {}
  #now = 0
  #outputs: MutexOutput[] = []
  #state: 'out' | 'waiting' | 'inside' = 'out'
  #view: MutexView | undefined
  /** It wanted in while no view had it. */
  #wantsLater = false
  /** Only once all members have said whether they are inside. */
  #algorithm: Algorithm<MutexMessage> | undefined
  readonly #begun = new Map<PeerId, boolean>()
  /** What came in this epoch before it had begun here. */
  readonly #early: { readonly from: PeerId; readonly message: MutexMessage }[] = []
  readonly #channels = new Map<PeerId, Channel<Payload>>()
  #algorithmWakesAt = Number.POSITIVE_INFINITY

  /** `firstEvents`: its own events count from there on, where the peer has had another life in the same experiment. */
  constructor(self: PeerId, kind: AlgorithmKind, firstEvents = 0) {
    this.#self = self
    this.#kind = kind
    this.#vector[self] = firstEvents
  }

  get state(): 'out' | 'waiting' | 'inside' {
    return this.#state
  }

  /** The number of its newest event. */
  get events(): number {
    return this.#vector[this.#self] ?? 0
  }

  /** Wants in. Nothing happens where it already does, or is inside; out of the view it wants so from the next one on that has it. */
  request(now: number): readonly MutexOutput[] {
    return this.#step(now, () => {
      if (this.#state !== 'out') return
      this.#wantsLater = this.#view?.members.includes(this.#self) !== true
      if (this.#wantsLater) return
      this.#wish()
      this.#algorithm?.request(this.#clock.time)
    })
  }

  /** Is done inside. */
  release(now: number): readonly MutexOutput[] {
    return this.#step(now, () => {
      if (this.#state !== 'inside') return
      this.#state = 'out'
      this.#event('released')
      this.#algorithm?.release()
    })
  }

  receive(now: number, from: PeerId, { epoch, part }: MutexFrame): readonly MutexOutput[] {
    return this.#step(now, () => {
      if (epoch !== this.#view?.epoch) return
      for (const payload of this.#channels.get(from)?.receive(now, part) ?? []) this.#take(from, payload)
    })
  }

  /** Time has come; also whenever it is convenient. */
  tick(now: number): readonly MutexOutput[] {
    return this.#step(now, () => {
      if (now < this.#algorithmWakesAt) return
      this.#algorithmWakesAt = Number.POSITIVE_INFINITY
      this.#algorithm?.tick?.()
    })
  }

  /** What the algorithm looks at beside its messages has changed. */
  look(now: number): readonly MutexOutput[] {
    return this.#step(now, () => this.#algorithm?.tick?.())
  }

  /** A message that is none of the algorithm's own, and carries no times, goes to that peer, or came from it: an event of this one. */
  hop(now: number, what: 'sent' | 'received', peer: PeerId, message: MutexMessage): readonly MutexOutput[] {
    return this.#step(now, () => {
      this.#clock.advance()
      this.#record(what, peer, message)
    })
  }

  /** The room has a later view. Each is told, in order: whoever was out of one for a while must not take itself for still inside. */
  enterView(now: number, view: MutexView): readonly MutexOutput[] {
    return this.#step(now, () => {
      if (view.epoch <= (this.#view?.epoch ?? Number.NEGATIVE_INFINITY)) return
      this.#view = view
      this.#algorithm = undefined
      this.#algorithmWakesAt = Number.POSITIVE_INFINITY
      this.#begun.clear()
      this.#early.length = 0
      this.#channels.clear()
      if (!view.members.includes(this.#self)) {
        if (this.#state !== 'out') {
          this.#event('left')
          this.#outputs.push({ kind: 'left' })
        }
        this.#state = 'out'
        return
      }
      const isInside = this.#state === 'inside'
      this.#begun.set(this.#self, isInside)
      for (const peer of view.members) {
        if (peer === this.#self) continue
        this.#channels.set(peer, new Channel(this.#kind.needsFifo))
        this.#send(peer, { kind: 'begin', isInside })
      }
      if (this.#wantsLater) this.#wish()
      this.#beginIfAllSpoke(view)
    })
  }

  #wish(): void {
    this.#wantsLater = false
    this.#state = 'waiting'
    this.#event('wished')
  }

  #step(now: number, act: () => void): readonly MutexOutput[] {
    this.#now = now
    this.#outputs = []
    act()
    let wakeAt = this.#algorithmWakesAt
    const epoch = this.#view?.epoch ?? 0
    for (const [to, channel] of this.#channels) {
      for (const part of channel.due(now)) this.#outputs.push({ kind: 'send', to, frame: { epoch, part } })
      wakeAt = Math.min(wakeAt, channel.dueAt)
    }
    if (wakeAt < Number.POSITIVE_INFINITY) this.#outputs.push({ kind: 'wake', at: wakeAt })
    return this.#outputs
  }

  #take(from: PeerId, { message, lamport, vector }: Payload): void {
    if (this.#view === undefined) return
    this.#clock.observe(lamport)
    for (const [peer, events] of Object.entries(vector)) {
      const known = peer as PeerId
      this.#vector[known] = Math.max(this.#vector[known] ?? 0, events)
    }
    this.#record('received', from, message)
    if (isBegin(message)) {
      if (!this.#begun.has(from)) this.#begun.set(from, message.isInside)
      return this.#beginIfAllSpoke(this.#view)
    }
    if (!this.#kind.accepts(message)) return
    if (this.#algorithm === undefined) this.#early.push({ from, message })
    else this.#algorithm.receive(from, message)
  }

  #beginIfAllSpoke({ members }: MutexView): void {
    if (this.#algorithm !== undefined || !members.every((member) => this.#begun.has(member))) return
    const place: Place = { self: this.#self, members, holder: members.find((member) => this.#begun.get(member) === true) }
    this.#event('began')
    const algorithm = this.#kind.create(place, {
      send: (to, message) => this.#send(to, message),
      enter: (by) => {
        this.#state = 'inside'
        this.#event('entered', by)
        this.#outputs.push({ kind: 'entered' })
      },
      wake: (inMillis) => {
        this.#algorithmWakesAt = this.#now + inMillis
      },
    })
    this.#algorithm = algorithm
    // It has left since it told the others, and they still count on it.
    if (place.holder === this.#self && this.#state !== 'inside') algorithm.release()
    if (this.#state === 'waiting') algorithm.request(this.#clock.time)
    for (const { from, message } of this.#early.splice(0)) algorithm.receive(from, message)
  }

  #send(to: PeerId, message: MutexMessage | Begin): void {
    this.#clock.advance()
    this.#record('sent', to, message)
    this.#channels.get(to)?.send({ message, lamport: this.#clock.time, vector: { ...this.#vector } })
  }

  #event(what: 'began' | 'wished' | 'entered' | 'released' | 'left', by?: MutexMessage): void {
    this.#clock.advance()
    this.#record(what, undefined, by)
  }

  #record(what: MutexEvent['what'], peer: PeerId | undefined, message: MutexMessage | Begin | undefined): void {
    this.#vector[this.#self] = (this.#vector[this.#self] ?? 0) + 1
    const isOverhead = message !== undefined && (isBegin(message) || this.#kind.isOverhead?.(message) === true)
    this.#outputs.push({
      kind: 'event',
      event: {
        what,
        epoch: this.#view?.epoch ?? 0,
        peer,
        message,
        purpose: what !== 'sent' && what !== 'received' ? undefined : isOverhead ? 'overhead' : 'entry',
        lamport: this.#clock.time,
        vector: { ...this.#vector },
      },
    })
  }
}

const isBegin = (message: MutexMessage | Begin): message is Begin => message.kind === 'begin'
