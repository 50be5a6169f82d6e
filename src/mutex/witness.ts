import type { PeerId } from '../core/ids.ts'
import type { MutexEvent, MutexView } from './participant.ts'
import { fenceOf, keepNewest } from './room-ring.ts'
import type { Entered, Violation } from './trial.ts'

/** An event of one peer's part, as that peer told it. */
export interface ToldEvent {
  /** Its own number: its own entry of the vector. Greater than at the event before. */
  readonly number: number
  /** On its room clock, milliseconds. */
  readonly at: number
  readonly event: MutexEvent
}

/** What a peer told, in order: all its events from `after` on, up to `through`, that are told at all. */
export interface ToldBatch {
  readonly after: number
  readonly events: readonly ToldEvent[]
  readonly through: number
}

/** What the witness has put in order: an event after all those that it knew of. */
export type Witnessed =
  | { readonly kind: 'event'; readonly peer: PeerId; readonly told: ToldEvent }
  | { readonly kind: 'view'; readonly view: MutexView }
  | { readonly kind: 'violation'; readonly violation: Violation }

/** A peer's numbers in its next life begin at the next multiple of this. */
export const lifeEvents = 2 ** 24
const lifeOf = (number: number): number => Math.floor(number / lifeEvents)

/** What has not been told for so long, though others knew of it, is taken for lost with its peer. Milliseconds. */
const patience = 2_000
/** Only a liar says that its events know of each other's future: then the oldest one is taken. */
const lastPatience = 4 * patience
/** Events that wait for their causes. */
const waitingMax = 100_000
/** Of one peer: how often in a row something was lost. */
const gapsMax = 100

/** Events up to this one are in order, and those between two that were told are told of nobody. */
const doneOf = ({ waiting: { first }, through }: Teller): number => (first === undefined ? through : first.number - 1)

export const isMessage = ({ event: { what } }: ToldEvent): boolean => what === 'sent' || what === 'received'

interface Section {
  readonly entered: Entered
  readonly number: number
  /** The event with which it ended; `undefined`: none was told yet. */
  end: number | undefined
}

interface Teller {
  readonly waiting: Queue<ToldEvent & { readonly arrivedAt: number }>
  /** Nobody waits for those up to this one any more. */
  lost: number
  /** All up to this one came. */
  through: number
  section: Section | undefined
  /** What came before each of these was not all told here. */
  gaps: number[]
}

/** What late messages bring at once are thousands: to move them all up for each that is taken would take longer than all else. */
class Queue<T> {
  #items: T[] = []
  #at = 0

  get first(): T | undefined {
    return this.#items[this.#at]
  }

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    const { first } = this
    if (first !== undefined) this.#at++
    if (this.#at > 1_000 && this.#at * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#at)
      this.#at = 0
    }
    return first
  }
}

/**
 * The referee on the real room. Clocks of laptops differ, so it goes by happened-before alone (vector clocks: Fidge 1988, Mattern
 * 1989): of two entries one must know of the other's release. It takes events in an order that extends happened-before; then of
 * each peer only the last section has to be looked at. A section also ends where its peer is out of a view of the room, or begins
 * a new life: what it does in earlier epochs counts nowhere (fencing).
 */
export class Witness {
  readonly #tellers = new Map<PeerId, Teller>()
  readonly #views: MutexView[] = []
  #untaken: MutexView[] = []
  #waiting = 0
  readonly #isByToken: boolean
  /** Who entered with the token of the room's ring, at each of its newest places. */
  readonly #fences = new Map<string, Entered>()
  /** The newest places to which that token was handed on, as far as is known here or ever will be. */
  readonly #hops = new Set<string>()

  /** `isByToken`: entries go by the token of the room's ring, and say its place. */
  constructor(isByToken = false) {
    this.#isByToken = isByToken
  }

  /** The room has this view, as its log says; in their order. */
  enterView(view: MutexView): void {
    this.#views.push(view)
    this.#untaken.push(view)
  }

  /** The peers whose section has begun, and has not ended as far as was told. */
  get inside(): readonly PeerId[] {
    return [...this.#tellers].flatMap(([peer, { section }]) =>
      section !== undefined && section.end === undefined && !this.#isFenced(section, Number.POSITIVE_INFINITY) ? [peer] : [],
    )
  }

  /** Events that were told, and wait for their causes. */
  get waiting(): number {
    return this.#waiting
  }

  /** Answers how many events of it are none that could come: they are left out. */
  tell(now: number, peer: PeerId, { after, events, through }: ToldBatch): number {
    const teller = this.#tellerOf(peer)
    if (after > teller.through) {
      teller.through = after
      teller.gaps = [...teller.gaps.slice(-gapsMax), after]
    }
    let refused = 0
    for (const told of events) {
      if (told.number <= teller.through || told.number > through || this.#waiting >= waitingMax) {
        refused++
        continue
      }
      teller.through = told.number
      teller.waiting.push({ ...told, arrivedAt: now })
      this.#waiting++
    }
    teller.through = Math.max(teller.through, through)
    return refused
  }

  /** All that can be put in order by now. Call it after each `tell`, and now and then. */
  take(now: number): readonly Witnessed[] {
    const taken: Witnessed[] = []
    for (const view of this.#untaken) taken.push({ kind: 'view', view })
    this.#untaken = []
    for (;;) {
      let isMoving = false
      for (const [peer, teller] of this.#tellers) {
        while (this.#isReady(peer, teller)) {
          this.#takeNext(peer, teller, taken)
          isMoving = true
        }
        this.#closeGaps(teller)
      }
      if (isMoving) continue
      if (!this.#giveUp(now, taken)) return taken
    }
  }

  /** Stops waiting for what will not come, if it has been long enough; answers whether that may help. */
  #giveUp(now: number, taken: Witnessed[]): boolean {
    let oldest: readonly [PeerId, Teller, number] | undefined
    for (const [peer, teller] of this.#tellers) {
      const next = teller.waiting.first
      if (next === undefined || now - next.arrivedAt < patience) continue
      if (oldest === undefined || next.event.lamport < oldest[2]) oldest = [peer, teller, next.event.lamport]
      const hop = this.#hopBefore(next)
      // Its other end would have been told by now, were it to come.
      if (hop !== undefined) {
        keepNewest(this.#hops.add(hop))
        return true
      }
      for (const [known, count] of Object.entries(next.event.vector)) {
        const cause = this.#tellerOf(known as PeerId)
        // Whoever has events that wait is there: they wait for somebody else.
        if (known === peer || count <= Math.max(doneOf(cause), cause.lost) || cause.waiting.first !== undefined) continue
        cause.lost = count
        return true
      }
    }
    if (oldest === undefined) return false
    const [peer, teller] = oldest
    const next = teller.waiting.first
    const waitsForView = (next?.event.epoch ?? 0) > (this.#views.at(-1)?.epoch ?? 0)
    if (next === undefined || (!waitsForView && now - next.arrivedAt < lastPatience)) return false
    this.#takeNext(peer, teller, taken)
    return true
  }

  #tellerOf(peer: PeerId): Teller {
    let teller = this.#tellers.get(peer)
    if (teller === undefined) {
      teller = { waiting: new Queue(), lost: 0, through: 0, section: undefined, gaps: [] }
      this.#tellers.set(peer, teller)
    }
    return teller
  }

  #isReady(peer: PeerId, { waiting }: Teller): boolean {
    const next = waiting.first
    if (next === undefined) return false
    if (next.event.epoch > (this.#views.at(-1)?.epoch ?? 0)) return false
    if (this.#hopBefore(next) !== undefined) return false
    const { vector } = next.event
    // Of all that happens here this happens most often: no list is made of it.
    for (const known in vector) {
      if (known === peer) continue
      const cause = this.#tellerOf(known as PeerId)
      if ((vector[known as PeerId] ?? 0) > Math.max(doneOf(cause), cause.lost)) return false
    }
    return true
  }

  #takeNext(peer: PeerId, teller: Teller, taken: Witnessed[]): void {
    const told = teller.waiting.shift()
    if (told === undefined) return
    this.#waiting--
    // Where something was lost before it, that is over now.
    this.#closeGaps(teller, told.number - 1)
    taken.push({ kind: 'event', peer, told })
    const { what, epoch, lamport } = told.event
    if (what === 'released' || what === 'left') {
      if (teller.section !== undefined) teller.section.end ??= told.number
      return
    }
    if (what === 'sent' && this.#isByToken) {
      const place = fenceOf(told.event.message)
      if (place !== undefined) keepNewest(this.#hops.add(place))
    }
    if (what !== 'entered') return
    const entered: Entered = { peer, at: told.at, epoch, lamport }
    const section: Section = { entered, number: told.number, end: undefined }
    const fence = this.#isByToken ? fenceOf(told.event.message) : undefined
    if (fence !== undefined) {
      this.#judgeFence(fence, entered, taken)
      teller.section = section
      return
    }
    for (const [other, { section: before }] of this.#tellers) {
      const known = told.event.vector[other] ?? 0
      if (other === peer || before === undefined || this.#isOrdered(before, section, known)) continue
      // It knew more of the other one than has been told here: that may have left.
      if (before.end === undefined && known > doneOf(this.#tellerOf(other))) continue
      taken.push({ kind: 'violation', violation: { at: told.at, first: before.entered, second: entered } })
    }
    teller.section = section
  }

  /**
   * No message joins entries with the token of the room's ring, so vector times say nothing of their order: its place does, which only
   * grows. Whoever is inside with an earlier one is inside no longer (fencing); two with the same one are inside at once.
   */
  #judgeFence(fence: string, second: Entered, taken: Witnessed[]): void {
    const first = this.#fences.get(fence)
    if (first !== undefined && first.peer !== second.peer) {
      taken.push({ kind: 'violation', violation: { at: second.at, first, second } })
    }
    keepNewest(this.#fences.set(fence, second))
  }

  /** The place with which the token came here, while it is not known to have been handed on: no vector time says that it was. */
  #hopBefore({ event: { what, message } }: ToldEvent): string | undefined {
    const place = this.#isByToken && what === 'received' ? fenceOf(message) : undefined
    return place !== undefined && !this.#hops.has(place) ? place : undefined
  }

  /** A section may have ended where something was lost: nobody can say that it had not. */
  #closeGaps(teller: Teller, through = doneOf(teller)): void {
    if (teller.gaps.length === 0) return
    for (const gap of teller.gaps) if (gap <= through && teller.section !== undefined) teller.section.end ??= gap
    teller.gaps = teller.gaps.filter((gap) => gap > through)
  }

  /** `known`: the last event of the earlier one's peer that the later entry knew of. */
  #isOrdered(before: Section, after: Section, known: number): boolean {
    if (before.end !== undefined && before.end <= known) return true
    if (lifeOf(known) > lifeOf(before.number)) return true
    return this.#isFenced(before, after.entered.epoch) || this.#isFenced(after, before.entered.epoch)
  }

  /** A view since then, and not after `until`, is without its peer. */
  #isFenced({ entered: { peer, epoch } }: Section, until: number): boolean {
    return this.#views.some((view) => view.epoch > epoch && view.epoch <= until && !view.members.includes(peer))
  }
}
