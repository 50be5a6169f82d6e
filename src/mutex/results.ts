import type { PeerId } from '../core/ids.ts'
import { type Expected, expectedMessages } from './formula.ts'
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
  const entriesByPeer = new Map<PeerId, number>(members.map((member) => [member, 0]))
  const messages = { entry: 0, overhead: 0 }
  const wished = new Map<PeerId, number>()
  const waits: number[] = []
  const delays: number[] = []
  let releasedAt: number | undefined
  let crashedAt: number | undefined
  let recovery: number | undefined
  let fairness: number | undefined
  let begin: number | undefined
  let end = 0
  for (const event of events) {
    referee.observe(event)
    if (event.kind === 'crashed') {
      crashedAt ??= event.at
      wished.delete(event.peer)
    }
    if (event.kind !== 'mutex') continue
    const { at, peer } = event
    const { what, purpose } = event.event
    if (what === 'sent') messages[purpose ?? 'entry']++
    else if (what === 'wished') {
      begin ??= at
      wished.set(peer, at)
    } else if (what === 'left') wished.delete(peer)
    else if (what === 'released') releasedAt = wished.size > 0 ? at : undefined
    else if (what === 'entered') {
      end = at
      const count = (entriesByPeer.get(peer) ?? 0) + 1
      entriesByPeer.set(peer, count)
      waits.push(at - (wished.get(peer) ?? at))
      wished.delete(peer)
      if (releasedAt !== undefined) delays.push(at - releasedAt)
      releasedAt = undefined
      if (crashedAt !== undefined) recovery = Math.max(recovery ?? 0, at - crashedAt)
      crashedAt = undefined
      if (count === quota) fairness ??= jain([...entriesByPeer.values()])
    }
  }
  const entries = waits.length
  return {
    algorithm,
    members: members.length,
    entries,
    entriesByPeer,
    messages,
    messagesPerEntry: entries === 0 ? undefined : messages.entry / entries,
    expected: expectedMessages(algorithm, { members, entries: entriesByPeer }),
    waiting: entries === 0 ? undefined : { mean: mean(waits), p95: percentile(waits, 95) },
    synchronisationDelay: delays.length === 0 ? undefined : mean(delays),
    fairness,
    entriesPerSecond: begin === undefined || end <= begin ? undefined : entries / ((end - begin) / 1_000),
    recovery,
    violations: referee.violations,
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
