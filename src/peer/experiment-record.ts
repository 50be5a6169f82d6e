import type { PeerId } from '../core/ids.ts'
import { type Figures, toFigures } from '../mutex/figures.ts'
import { compareHeld, type HeldMessage } from '../mutex/gate.ts'
import type { PartState } from '../mutex/part.ts'
import type { MutexView } from '../mutex/participant.ts'
import { Measures } from '../mutex/results.ts'
import { isRoomRing } from '../mutex/room-ring.ts'
import type { ExperimentSetting } from '../mutex/setting.ts'
import type { Violation } from '../mutex/trial.ts'
import { isMessage, lifeEvents, type ToldBatch, Witness } from '../mutex/witness.ts'
import type { TellFrame } from './experiment-frame.ts'
import { createKeptEvents, type ExperimentEvent } from './experiment-kept.ts'

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
  /**
   * Everything that happened, from the first on, as far as it can be put in order: at most `keptMax`. What comes later is judged and
   * measured, and not kept.
   */
  readonly kept: readonly ExperimentEvent[]
  /** Nothing more is. */
  readonly isFull: boolean
  /** So many messages are still to come: parts that have much to do keep them aside. `kept` goes on with them. */
  readonly awaited: number
  /** The room has this view; whoever takes part is in `parts`. */
  enterView(now: number, at: number, view: MutexView, parts: readonly PeerId[]): void
  /** What a peer told. Answers how many events of it no honest peer tells. */
  tell(now: number, from: PeerId, frame: TellFrame): number
  /** Goes on with what waited for its causes. Call it now and then. `isLate`: what is still to come has had its time. */
  look(now: number, isLate?: boolean): void
  /** Nobody tells anything any more: all that is here is judged and kept, whatever is missing. */
  end(): void
  /** Keeps no events any more, those that were kept included: they take up memory. */
  forget(): void
  /** All parts of the view are at their end, and all that they told is here; but for messages, which say nothing new of it. */
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

const violationsMax = 20
/** Starts of one peer in the middle of one experiment. */
const livesMax = 64

interface Teller {
  newest: TellFrame | undefined
  told: number
  /** Of its lives before the present one: what it had sent and entered. */
  before: { readonly entry: number; readonly overhead: number; readonly entries: number }
  held: readonly HeldMessage[]
  lastAt: number | undefined
  readonly lives: { readonly life: number; through: number }[]
}

export function createExperimentRecord(setting: ExperimentSetting): ExperimentRecord {
  const isByToken = isRoomRing(setting)
  /** It judges by what is told at once: all but messages. */
  const witness = new Witness(isByToken)
  const keeping = createKeptEvents(setting.record, isByToken)
  const tellers = new Map<PeerId, Teller>()
  const violations: Violation[] = []
  let violationCount = 0
  let measures = new Measures([], setting.entries)
  let members: readonly PeerId[] = []
  let parts: readonly PeerId[] = []
  /** Nobody has told anything before the first view. */
  let hasMembers = false

  const tellerOf = (peer: PeerId): Teller => {
    let teller = tellers.get(peer)
    if (teller === undefined) {
      const before = { entry: 0, overhead: 0, entries: 0 }
      teller = { newest: undefined, told: 0, before, held: [], lastAt: undefined, lives: [] }
      tellers.set(peer, teller)
    }
    return teller
  }

  const judge = (now: number): void => {
    for (const witnessed of witness.take(now)) {
      if (witnessed.kind === 'violation') {
        const { violation } = witnessed
        violationCount++
        if (violations.length < violationsMax) violations.push(violation)
        keeping.violated(violation)
      } else if (witnessed.kind === 'event') {
        const { peer, told } = witnessed
        measures.add(told.at, peer, told.event)
        if (told.event.what === 'entered') record.onEntered(peer)
      }
    }
  }

  /** Its last one, or a new one that begins; `undefined`: one that is over, or too many. */
  const lifeIn = (teller: Teller, life: number): Teller['lives'][number] | undefined => {
    const last = teller.lives.at(-1)
    if (last?.life === life) return last
    if ((last !== undefined && life < last.life) || teller.lives.length >= livesMax) return undefined
    const begun = { life, through: life * lifeEvents }
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
      missed: keeping.missedOf(peer),
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
      return keeping.missed
    },
    kept: keeping.events,
    get isFull() {
      return keeping.isFull
    },
    get awaited() {
      return parts.reduce((sum, peer) => sum + (tellers.get(peer)?.newest?.aside ?? 0), 0)
    },
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
      keeping.enterView(at, view)
      // Whoever is gone tells nothing any more.
      for (const peer of tellers.keys()) if (!parts.includes(peer)) keeping.release(now, peer)
      record.look(now)
    },
    tell(now, from, frame) {
      const teller = tellerOf(from)
      const { events, after, through, messages, held } = frame
      const last = teller.newest
      const number = Math.floor(through / lifeEvents)
      // What comes twice, or late, says nothing new. Whoever was started again numbers its tells anew, in a later life.
      if (last !== undefined && number <= lifeOf(last) && (number < lifeOf(last) || frame.number <= last.number)) return 0
      const life = lifeIn(teller, number)
      const lies = events.filter(isMessage).length + (messages === undefined ? 0 : liesIn(messages, number))
      if (life === undefined || lies > 0) return Math.max(1, lies)
      // Where only entries are told, nobody knows how many there were among what was lost.
      if (!setting.record && after > life.through) keeping.miss(from, teller.lastAt ?? 0, 1)
      life.through = Math.max(life.through, through)
      teller.newest = frame
      if (held !== undefined) teller.held = held
      teller.told += events.length + (messages?.events.length ?? 0)
      teller.lastAt = events.at(-1)?.at ?? teller.lastAt
      const refused = witness.tell(now, from, { after, events, through })
      judge(now)
      keeping.tell(now, from, { deeds: { after, events, through }, messages })
      keeping.look(now, record.awaited > 0)
      return refused
    },
    look(now, isLate = false) {
      judge(now)
      keeping.look(now, !isLate && record.awaited > 0)
    },
    end() {
      judge(Number.POSITIVE_INFINITY)
      keeping.end()
    },
    forget: keeping.forget,
    get isFinished() {
      const ends: readonly MemberState['part'][] = ['done', 'failed', 'dead']
      const states = parts.map(stateOf)
      return (
        witness.waiting === 0 && states.every(({ part }) => ends.includes(part)) && states.some(({ part }) => part === 'done')
      )
    },
  }
  return record
}

const lifeOf = ({ through }: TellFrame): number => Math.floor(through / lifeEvents)

/** How many of them are none that a life of that number can have, in order. */
function liesIn({ after, events, through }: ToldBatch, life: number): number {
  let lies = after > through || Math.floor(through / lifeEvents) !== life ? 1 : 0
  let newest = after
  for (const told of events) {
    if (!isMessage(told) || told.number <= newest || told.number > through) lies++
    newest = Math.max(newest, told.number)
  }
  return lies
}
