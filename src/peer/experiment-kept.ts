import type { PeerId } from '../core/ids.ts'
import type { MutexEvent, MutexView } from '../mutex/participant.ts'
import { TokenTimes } from '../mutex/room-ring.ts'
import type { Entered, Violation } from '../mutex/trial.ts'
import { lifeEvents, type ToldBatch, type ToldEvent, Witness } from '../mutex/witness.ts'

/** Numbered from 1 on, as this peer put them in order: each after all that it knew of. */
export type ExperimentEvent = { readonly number: number; readonly at: number } & (
  | { readonly kind: 'event'; readonly peer: PeerId; readonly own: number; readonly event: MutexEvent }
  | { readonly kind: 'view'; readonly epoch: number; readonly members: readonly PeerId[] }
  | { readonly kind: 'violation'; readonly violation: Violation }
  | { readonly kind: 'missed'; readonly peer: PeerId; readonly count: number }
)

export const keptMax = 100_000

/** What one peer told, of one life of its part. */
export interface Told {
  readonly deeds: ToldBatch
  /** `undefined`: none just now. */
  readonly messages: ToldBatch | undefined
}

export interface KeptEvents {
  /** Everything that happened, from the first on: at most {@link keptMax}. */
  readonly events: readonly ExperimentEvent[]
  /** Nothing more is kept. */
  readonly isFull: boolean
  readonly missed: number
  missedOf(peer: PeerId): number
  enterView(at: number, view: MutexView): void
  /** In the order of its telling; of a life that is over nothing is told any more. */
  tell(now: number, peer: PeerId, told: Told): void
  /** It is kept right after the later one of both entries. */
  violated(violation: Violation): void
  /** So many were lost. */
  miss(peer: PeerId, at: number, count: number): void
  /** Nobody waits for the messages of that peer any more. */
  release(now: number, peer: PeerId): void
  /** Goes on with what waited for its causes. `isWaiting`: some are still to come, whatever time it takes. */
  look(now: number, isWaiting: boolean): void
  /** All that was told is kept, whatever is missing. */
  end(): void
  /** Keeps nothing any more, what was kept included. */
  forget(): void
}

interface Life {
  readonly life: number
  /** How many events the earlier ones had. */
  readonly before: number
  /** Told up to this one. */
  through: number
}

interface Teller {
  /** In order, not yet put between each other. */
  deeds: ToldEvent[]
  messages: ToldEvent[]
  deedsThrough: number
  messagesThrough: number
  /** Up to this one all are in between each other. */
  merged: number
  readonly lives: Life[]
  /** The newest one that is kept, counted over all lives. */
  kept: number
  missed: number
  /** Its newest entry that is kept. */
  entered: Pick<Entered, 'epoch' | 'lamport'> | undefined
}

/**
 * The events of a run in an order that extends happened-before. Deeds are told at once, messages when there is time: so this stands
 * still where messages are to come, and whoever judges does not wait for it. `hasMessages`: they are told at all.
 */
export function createKeptEvents(hasMessages: boolean, isByToken: boolean): KeptEvents {
  /** For its order alone: what it says of violations is known sooner to the one that judges. */
  let order = new Witness(isByToken)
  const tokenTimes = isByToken ? new TokenTimes() : undefined
  const tellers = new Map<PeerId, Teller>()
  const kept: ExperimentEvent[] = []
  let views: { readonly at: number; readonly view: MutexView }[] = []
  /** By an entry that is not kept yet. */
  let violations = new Map<string, Violation[]>()
  let keptMost = keptMax
  let missed = 0
  let pending = 0

  const keep = (event: Unnumbered): void => {
    if (kept.length < keptMost) kept.push({ number: kept.length + 1, ...event } as ExperimentEvent)
  }

  const tellerOf = (peer: PeerId): Teller => {
    let teller = tellers.get(peer)
    if (teller === undefined) {
      teller = {
        ...{ deeds: [], messages: [], deedsThrough: 0, messagesThrough: 0, merged: 0 },
        ...{ lives: [], kept: 0, missed: 0, entered: undefined },
      }
      tellers.set(peer, teller)
    }
    return teller
  }

  const miss = (peer: PeerId, at: number, count: number): void => {
    if (count <= 0 || kept.length >= keptMost) return
    tellerOf(peer).missed += count
    missed += count
    keep({ kind: 'missed', at, peer, count })
  }

  /** Events of a peer count from 1 on, also over its lives. Of one that is over nobody can know more than was told. */
  const denseOf = (peer: PeerId, own: number): number => {
    const life = Math.floor(own / lifeEvents)
    const lives = tellers.get(peer)?.lives ?? []
    const known = lives.findLast((one) => one.life <= life)
    if (known === undefined) return own % lifeEvents
    return known.before + ((known === lives.at(-1) ? own : Math.min(own, known.through)) % lifeEvents)
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

  const keepViews = (through: number): void => {
    for (const { at, view } of views)
      if (view.epoch <= through) keep({ kind: 'view', at, epoch: view.epoch, members: view.members })
    views = views.filter(({ view }) => view.epoch > through)
  }

  const isKept = ({ peer, epoch, lamport }: Entered): boolean => {
    const entered = tellers.get(peer)?.entered
    return entered !== undefined && (entered.epoch > epoch || (entered.epoch === epoch && entered.lamport >= lamport))
  }

  const violate = (violation: Violation): void => {
    const waitsFor = [violation.first, violation.second].find((entered) => !isKept(entered))
    if (waitsFor === undefined) return keep({ kind: 'violation', at: violation.at, violation })
    const key = entryKey(waitsFor)
    const waiting = violations.get(key)
    if (waiting !== undefined) waiting.push(violation)
    else if (violations.size < keptMax) violations.set(key, [violation])
  }

  /** Each number is that of an event: those before it that are not here were lost, or were too many. */
  const missBefore = (peer: PeerId, own: number, at: number): void => {
    const teller = tellerOf(peer)
    if (hasMessages) miss(peer, at, own - 1 - teller.kept)
    teller.kept = own
  }

  const keepEvent = (peer: PeerId, { number, at, event }: ToldEvent): void => {
    keepViews(event.epoch)
    const own = denseOf(peer, number)
    missBefore(peer, own, at)
    keep({ kind: 'event', at, peer, own, event: denseEvent(tokenTimes?.joined(peer, event) ?? event) })
    if (event.what !== 'entered') return
    const entered = { peer, epoch: event.epoch, lamport: event.lamport }
    tellerOf(peer).entered = entered
    if (violations.size === 0) return
    const due = violations.get(entryKey(entered)) ?? []
    violations.delete(entryKey(entered))
    for (const violation of due) violate(violation)
  }

  const take = (now: number): void => {
    for (const taken of order.take(now)) if (taken.kind === 'event') keepEvent(taken.peer, taken.told)
    if (pending + order.waiting === 0) keepViews(Number.POSITIVE_INFINITY)
  }

  /** As far as both were told. */
  const merge = (now: number, peer: PeerId): void => {
    const teller = tellerOf(peer)
    const through = Math.min(teller.deedsThrough, teller.messagesThrough)
    if (through <= teller.merged) return
    const events = [...cut(teller.deeds, through), ...cut(teller.messages, through)].sort((a, b) => a.number - b.number)
    pending -= events.length
    order.tell(now, peer, { after: teller.merged, events, through })
    teller.merged = through
  }

  const release = (now: number, peer: PeerId): void => {
    const teller = tellerOf(peer)
    teller.messagesThrough = Math.max(teller.messagesThrough, teller.deedsThrough)
    merge(now, peer)
  }

  const begin = (now: number, peer: PeerId, life: number): void => {
    const teller = tellerOf(peer)
    release(now, peer)
    const last = teller.lives.at(-1)
    const first = life * lifeEvents
    teller.lives.push({ life, before: last === undefined ? 0 : last.before + (last.through % lifeEvents), through: first })
    Object.assign(teller, { deedsThrough: first, messagesThrough: first, merged: first })
  }

  /** Those that are news, and as many as can be kept. */
  const add = (list: ToldEvent[], through: number, events: readonly ToldEvent[]): void => {
    for (const told of events) {
      if (told.number <= through || pending + order.waiting >= keptMax) continue
      list.push(told)
      pending++
    }
  }

  /** What waits is not going to be kept. */
  const drop = (): void => {
    for (const teller of tellers.values()) Object.assign(teller, { deeds: [], messages: [] })
    pending = 0
    order = new Witness(isByToken)
    violations = new Map()
    views = []
  }

  return {
    events: kept,
    get isFull() {
      return kept.length >= keptMost
    },
    get missed() {
      return missed
    },
    missedOf: (peer) => tellers.get(peer)?.missed ?? 0,
    enterView(at, view) {
      if (kept.length >= keptMost) return
      order.enterView(view)
      views.push({ at, view })
      if (pending + order.waiting === 0) keepViews(Number.POSITIVE_INFINITY)
    },
    tell(now, peer, { deeds, messages }) {
      if (kept.length >= keptMost) return
      const teller = tellerOf(peer)
      const life = Math.floor(deeds.through / lifeEvents)
      if (teller.lives.at(-1)?.life !== life) begin(now, peer, life)
      add(teller.deeds, teller.deedsThrough, deeds.events)
      teller.deedsThrough = Math.max(teller.deedsThrough, deeds.through)
      if (messages !== undefined) add(teller.messages, teller.messagesThrough, messages.events)
      const through = hasMessages ? (messages?.through ?? 0) : deeds.through
      teller.messagesThrough = Math.max(teller.messagesThrough, through)
      const last = teller.lives.at(-1)
      if (last !== undefined) last.through = Math.max(teller.deedsThrough, teller.messagesThrough)
      merge(now, peer)
    },
    violated(violation) {
      if (kept.length < keptMost) violate(violation)
    },
    miss,
    release,
    look(now, isWaiting) {
      take(isWaiting ? Number.NEGATIVE_INFINITY : now)
      if (kept.length >= keptMost) drop()
    },
    end() {
      for (const peer of tellers.keys()) release(0, peer)
      take(Number.POSITIVE_INFINITY)
      for (const [peer, { merged }] of tellers) missBefore(peer, denseOf(peer, merged) + 1, kept.at(-1)?.at ?? 0)
      keepViews(Number.POSITIVE_INFINITY)
      for (const violation of [...violations.values()].flat()) keep({ kind: 'violation', at: violation.at, violation })
      violations = new Map()
    },
    forget() {
      kept.length = 0
      keptMost = 0
      drop()
    },
  }
}

const entryKey = ({ peer, epoch, lamport }: Pick<Entered, 'peer' | 'epoch' | 'lamport'>): string => `${peer} ${epoch} ${lamport}`

/** Takes those up to `through` out of a list in order. */
function cut(list: ToldEvent[], through: number): readonly ToldEvent[] {
  const end = list.findIndex(({ number }) => number > through)
  return list.splice(0, end < 0 ? list.length : end)
}

type Unnumbered = ExperimentEvent extends infer Each ? (Each extends ExperimentEvent ? Omit<Each, 'number'> : never) : never
