import type { PeerId } from '../core/ids.ts'
import { type Expected, expectedMessages } from './formula.ts'
import type { MutexEvent } from './participant.ts'
import { Referee, type TrialEvent, type Violation } from './trial.ts'

/** What an experiment comes to. Times in milliseconds; `undefined` where there is nothing to measure. */
export interface Results {
  readonly algorithm: string
  readonly members: number
  readonly entries: number
  readonly entriesByPeer: ReadonlyMap<PeerId, number>
  /** Messages that were sent for entries, and for something else: elections, and the beginning of epochs. */
  readonly messages: { readonly entry: number; readonly overhead: number }
  readonly messagesPerEntry: number | undefined
  readonly expected: Expected | undefined
  /** From the wish to the entry. */
  readonly waiting: { readonly mean: number; readonly p95: number } | undefined
  /** From one's release to the next one's entry, where somebody was waiting. */
  readonly synchronisationDelay: number | undefined
  /** Jain's index of the entries that peers had until the first of them was done: 1 is fair, 1/n the opposite. */
  readonly fairness: number | undefined
  readonly entriesPerSecond: number | undefined
  /** From a crash to the next entry; the longest. */
  readonly recovery: number | undefined
  readonly violations: readonly Violation[]
}

/** Events in their order. `quota`: entries that each peer was to make. */
export function resultsOf(algorithm: string, members: readonly PeerId[], quota: number, events: readonly TrialEvent[]): Results {
  const referee = new Referee()
  const measures = new Measures(members, quota)
  for (const event of events) {
    referee.observe(event)
    if (event.kind === 'crashed') measures.crashed(event.at, event.peer)
    else if (event.kind === 'mutex') measures.add(event.at, event.peer, event.event)
  }
  return { ...measures.figures(algorithm), violations: referee.violations }
}

/** What an experiment comes to, event by event: none of them has to be kept. */
export class Measures {
  readonly #members: readonly PeerId[]
  readonly #quota: number
  readonly #entries: Map<PeerId, number>
  readonly #messages = { entry: 0, overhead: 0 }
  readonly #wished = new Map<PeerId, number>()
  readonly #waits: number[] = []
  #delays = { count: 0, sum: 0 }
  #releasedAt: number | undefined
  #crashedAt: number | undefined
  #recovery: number | undefined
  #fairness: number | undefined
  #begin: number | undefined
  #end = 0

  constructor(members: readonly PeerId[], quota: number) {
    this.#members = members
    this.#quota = quota
    this.#entries = new Map(members.map((member) => [member, 0]))
  }

  crashed(at: number, peer: PeerId): void {
    this.#crashedAt ??= at
    this.#wished.delete(peer)
  }

  add(at: number, peer: PeerId, { what, purpose }: Pick<MutexEvent, 'what' | 'purpose'>): void {
    switch (what) {
      case 'sent':
        this.#messages[purpose ?? 'entry']++
        return
      case 'wished':
        this.#begin ??= at
        this.#wished.set(peer, at)
        return
      case 'left':
        this.#wished.delete(peer)
        return
      case 'released':
        this.#releasedAt = this.#wished.size > 0 ? at : undefined
        return
      case 'entered':
        return this.#entered(at, peer)
      case 'began':
      case 'received':
        return
    }
  }

  /** `messages`: what the peers themselves have counted, where not every message was told as an event. */
  figures(algorithm: string, messages: Results['messages'] = this.#messages): Omit<Results, 'violations'> {
    const waits = this.#waits
    const entries = waits.length
    const [begin, end] = [this.#begin, this.#end]
    const { count, sum } = this.#delays
    return {
      algorithm,
      members: this.#members.length,
      entries,
      entriesByPeer: this.#entries,
      messages,
      messagesPerEntry: entries === 0 ? undefined : messages.entry / entries,
      expected: expectedMessages(algorithm, { members: this.#members, entries: this.#entries }),
      waiting: entries === 0 ? undefined : { mean: mean(waits), p95: percentile(waits, 95) },
      synchronisationDelay: count === 0 ? undefined : sum / count,
      fairness: this.#fairness,
      entriesPerSecond: begin === undefined || end <= begin ? undefined : entries / ((end - begin) / 1_000),
      recovery: this.#recovery,
    }
  }

  #entered(at: number, peer: PeerId): void {
    this.#end = Math.max(this.#end, at)
    const count = (this.#entries.get(peer) ?? 0) + 1
    this.#entries.set(peer, count)
    this.#waits.push(at - (this.#wished.get(peer) ?? at))
    this.#wished.delete(peer)
    if (this.#releasedAt !== undefined)
      this.#delays = { count: this.#delays.count + 1, sum: this.#delays.sum + at - this.#releasedAt }
    this.#releasedAt = undefined
    if (this.#crashedAt !== undefined && at > this.#crashedAt) {
      this.#recovery = Math.max(this.#recovery ?? 0, at - this.#crashedAt)
      this.#crashedAt = undefined
    }
    if (count === this.#quota) this.#fairness ??= jain([...this.#entries.values()])
  }
}

/** (Σx)² / (n Σx²) (Jain, Chiu and Hawe, A Quantitative Measure of Fairness, DEC-TR-301, 1984). */
export function jain(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0)
  const squares = shares.reduce((total, share) => total + share * share, 0)
  return squares === 0 ? 1 : (sum * sum) / (shares.length * squares)
}

const mean = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0) / numbers.length

/** Nearest rank. */
function percentile(numbers: readonly number[], percent: number): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0
}
