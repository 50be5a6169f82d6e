import type { PeerId } from '../core/ids.ts'
import { type Figures, toFigures } from '../mutex/figures.ts'
import { compareHeld, type HeldMessage } from '../mutex/gate.ts'
import type { PartState } from '../mutex/part.ts'
import type { MutexEvent, MutexView } from '../mutex/participant.ts'
import { Measures } from '../mutex/results.ts'
import { isRoomRing } from '../mutex/room-ring.ts'
import type { ExperimentSetting } from '../mutex/setting.ts'
import type { Violation } from '../mutex/trial.ts'
import { lifeEvents, Witness, type Witnessed } from '../mutex/witness.ts'
import type { TellFrame } from './experiment-frame.ts'

/** What one peer knows of an experiment, from what all parts tell: a referee of its own, figures, and the newest events. */
export interface ExperimentRecord {
  readonly members: readonly MemberState[]
  readonly inside: readonly PeerId[]
  /** At most 20. */
  readonly violations: readonly Violation[]
  /** Events that were lost on their way, or were too many to tell. */
  readonly missed: number
  /** The waiting messages of all peers, in the order in which they are let go. */
  readonly held: readonly Held[]
  readonly figures: Figures
  /** Everything that happened, from the first on: at most {@link keptMax}. What comes later is judged and measured, and not kept. */
  readonly kept: readonly ExperimentEvent[]
  /** The room has this view; whoever takes part is in `parts`. */
  enterView(now: number, at: number, view: MutexView, parts: readonly PeerId[]): void
  /** What a peer told. Answers how many events of it no honest peer tells. */
  tell(now: number, from: PeerId, frame: TellFrame): number
  /** Goes on with what waited for its causes. Call it now and then. */
  look(now: number): void
  /** Keeps no events any more, those that were kept included: they take up memory. */
  forget(): void
  /** All parts of the view are at their end, and all that they told is here; but for messages of a token that nobody wants. */
  readonly isFinished: boolean
  /** Called with each peer that enters. */
  onEntered: (peer: PeerId) => void
}

export interface MemberState {
  readonly peer: PeerId
  /** `absent`: it takes no part, or has told nothing yet. */
  readonly part: PartState | 'absent'
  readonly why: string
  readonly entries: number
  readonly sent: { readonly entry: number; readonly overhead: number }
  readonly told: number
  readonly missed: number
}

export type Held = HeldMessage & { readonly from: PeerId }

/** Numbered from 1 on, as this peer put them in order: each after all that it knew of. */
export type ExperimentEvent = { readonly number: number; readonly at: number } & (
  | { readonly kind: 'event'; readonly peer: PeerId; readonly own: number; readonly event: MutexEvent }
  | { readonly kind: 'view'; readonly epoch: number; readonly members: readonly PeerId[] }
  | { readonly kind: 'violation'; readonly violation: Violation }
  | { readonly kind: 'missed'; readonly peer: PeerId; readonly count: number }
)

export const keptMax = 100_000
const violationsMax = 20
/** Starts of one peer in the middle of one experiment. */
const livesMax = 64

interface Teller {
  newest: TellFrame | undefined
  told: number
  /** Events that did not come, by their numbers, or were not told. */
  missed: number
  /** Of its lives before the present one: what it had sent and entered. */
  before: { readonly entry: number; readonly overhead: number; readonly entries: number }
  held: readonly HeldMessage[]
  lastAt: number | undefined
  /** By life: how many events its earlier ones had. */
  readonly lives: { readonly life: number; readonly before: number; through: number }[]
}

export function createExperimentRecord(setting: ExperimentSetting): ExperimentRecord {
  const witness = new Witness(isRoomRing(setting))
  const tellers = new Map<PeerId, Teller>()
  const violations: Violation[] = []
  const kept: ExperimentEvent[] = []
  let violationCount = 0
  let missed = 0
  let measures = new Measures([], setting.entries)
  let members: readonly PeerId[] = []
  let parts: readonly PeerId[] = []
  let number = 0
  let keptMost = keptMax
  /** Nobody has told anything before the first view. */
  let hasMembers = false

  const tellerOf = (peer: PeerId): Teller => {
    let teller = tellers.get(peer)
    if (teller === undefined) {
      const before = { entry: 0, overhead: 0, entries: 0 }
      teller = { newest: undefined, told: 0, missed: 0, before, held: [], lastAt: undefined, lives: [] }
      tellers.set(peer, teller)
    }
    return teller
  }

  const keep = (event: Unnumbered): void => {
    number++
    if (kept.length < keptMost) kept.push({ number, ...event } as ExperimentEvent)
  }

  const miss = (peer: PeerId, count: number): void => {
    if (count <= 0) return
    tellerOf(peer).missed += count
    missed += count
    keep({ kind: 'missed', at: tellerOf(peer).lastAt ?? 0, peer, count })
  }

  /** Events of a peer count from 1 on, also over its lives. */
  const denseOf = (peer: PeerId, own: number): number => {
    const life = Math.floor(own / lifeEvents)
    const { lives } = tellerOf(peer)
    const known = lives.findLast((one) => one.life <= life)
    return (known?.before ?? 0) + (own % lifeEvents)
  }

  const denseEvent = (event: MutexEvent): MutexEvent => {
    const vector: Record<PeerId, number> = {}
    for (const peer in event.vector) {
      const known = peer as PeerId
      const count = event.vector[known] ?? 0
      vector[known] = count === 0 ? 0 : denseOf(known, count)
    }
    return { ...event, vector }
  }

  const take = (now: number): void => {
    for (const witnessed of witness.take(now)) judge(witnessed)
  }

  const judge = (witnessed: Witnessed): void => {
    if (witnessed.kind === 'violation') {
      const { violation } = witnessed
      violationCount++
      if (violations.length < violationsMax) violations.push(violation)
      keep({ kind: 'violation', at: violation.at, violation })
    } else if (witnessed.kind === 'event') {
      const { peer, told } = witnessed
      measures.add(told.at, peer, told.event)
      if (told.event.what === 'entered') record.onEntered(peer)
      keep({ kind: 'event', at: told.at, peer, own: denseOf(peer, told.number), event: denseEvent(told.event) })
    }
  }

  /** Its last one, or a new one that begins; `undefined`: one that is over, or too many. */
  const lifeIn = (teller: Teller, life: number): Teller['lives'][number] | undefined => {
    const last = teller.lives.at(-1)
    if (last?.life === life) return last
    if ((last !== undefined && life < last.life) || teller.lives.length >= livesMax) return undefined
    const begun = { life, before: last === undefined ? 0 : last.before + (last.through % lifeEvents), through: life * lifeEvents }
    teller.lives.push(begun)
    const { newest } = teller
    if (newest === undefined) return begun
    const { entry, overhead } = newest.sent
    teller.before = {
      entry: teller.before.entry + entry,
      overhead: teller.before.overhead + overhead,
      entries: teller.before.entries + newest.entries,
    }
    return begun
  }

  const stateOf = (peer: PeerId): MemberState => {
    const teller = tellers.get(peer)
    const { newest, told = 0 } = teller ?? {}
    const isPart = parts.includes(peer)
    const { entry, overhead, entries } = teller?.before ?? { entry: 0, overhead: 0, entries: 0 }
    return {
      peer,
      part: isPart && newest !== undefined ? newest.part : 'absent',
      why: newest?.why ?? '',
      entries: entries + (newest?.entries ?? 0),
      sent: { entry: entry + (newest?.sent.entry ?? 0), overhead: overhead + (newest?.sent.overhead ?? 0) },
      told,
      missed: teller?.missed ?? 0,
    }
  }

  const record: ExperimentRecord = {
    onEntered: () => {},
    get members() {
      const gone = [...tellers.keys()].filter((peer) => !members.includes(peer))
      return [...members, ...gone].map(stateOf)
    },
    get inside() {
      return witness.inside
    },
    violations,
    get missed() {
      return missed
    },
    kept,
    get held() {
      return [...tellers]
        .filter(([peer]) => parts.includes(peer))
        .flatMap(([from, { held }]) => held.map((one) => ({ ...one, from })))
        .sort(compareHeld)
    },
    get figures() {
      const states = record.members
      const messages = {
        entry: states.reduce((sum, { sent }) => sum + sent.entry, 0),
        overhead: states.reduce((sum, { sent }) => sum + sent.overhead, 0),
      }
      return toFigures(measures.figures(setting.algorithm, messages), violationCount)
    },
    enterView(now, at, view, taking) {
      if (!hasMembers) measures = new Measures(taking, setting.entries)
      hasMembers = true
      for (const peer of parts) if (!view.members.includes(peer)) measures.crashed(tellers.get(peer)?.lastAt ?? at, peer)
      members = view.members
      parts = taking
      for (const teller of tellers.values()) teller.held = []
      witness.enterView(view)
      keep({ kind: 'view', at, epoch: view.epoch, members: view.members })
      take(now)
    },
    tell(now, from, frame) {
      const teller = tellerOf(from)
      const { events, through, held } = frame
      const last = teller.newest
      // What comes twice, or late, says nothing new.
      if (last !== undefined && frame.number <= last.number) return 0
      const life = lifeIn(teller, Math.floor(through / lifeEvents))
      if (life === undefined) return events.length
      const before = Math.max(life.through, life.life * lifeEvents)
      // Where only entries are told, nobody knows how many there were among what was lost.
      if (frame.after > before) miss(from, setting.record ? frame.after - before : 1)
      life.through = Math.max(life.through, through)
      teller.newest = frame
      if (held !== undefined) teller.held = held
      teller.told += events.length
      teller.lastAt = events.at(-1)?.at ?? teller.lastAt
      const refused = witness.tell(now, from, { after: frame.after, events, through })
      take(now)
      return refused
    },
    look: take,
    forget() {
      kept.length = 0
      keptMost = 0
    },
    get isFinished() {
      const ends: readonly MemberState['part'][] = ['done', 'failed', 'dead']
      const states = parts.map(stateOf)
      return (
        hasMembers &&
        witness.isSettled &&
        states.length > 0 &&
        states.every(({ part }) => ends.includes(part)) &&
        states.some(({ part }) => part === 'done')
      )
    },
  }
  return record
}

type Unnumbered = ExperimentEvent extends infer Each ? (Each extends ExperimentEvent ? Omit<Each, 'number'> : never) : never
