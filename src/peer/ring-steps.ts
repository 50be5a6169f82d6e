import type { PeerId } from '../core/ids.ts'
import type { Message } from '../ring/message.ts'
import { compareEpochs, type Epoch, epochText, sameEpoch } from '../ring/view.ts'
import type { FrameRecord } from './lab-frame.ts'
import { createNewest } from './newest.ts'
import type { RingTopic } from './ports.ts'

/** What the ring does, for eyes. Times are on the room clock, milliseconds since 1970 with fractions. */
export type RingStep =
  | {
      readonly kind: 'token'
      readonly at: number
      readonly epoch: string
      readonly turn: number
      /** `undefined`: the token's frame was not seen, only what was written in that turn. */
      readonly from: PeerId | undefined
      readonly to: PeerId
    }
  /** Who waits for the token now. */
  | { readonly kind: 'requests'; readonly at: number; readonly peers: readonly PeerId[] }
  | ({ readonly kind: 'frame' } & FrameStep)
  | {
      readonly kind: 'block'
      readonly at: number
      readonly index: number
      readonly author: PeerId
      readonly turn: number
      readonly lamport: number
    }
  /** Whose frames are told. */
  | { readonly kind: 'recorders'; readonly peers: readonly PeerId[] }
  /** So many steps were not recorded, or not told. */
  | { readonly kind: 'missed'; readonly count: number }

/** One message of the ring, as far as its two ends are known. */
export interface FrameStep {
  /** The ends of its peers' ids with its sender's clock between them, which counts each sending: {@link frameId}. */
  readonly id: string
  /** When it was sent; where only its arrival is known, when it arrived. */
  readonly at: number
  /**
   * Where it was for everyone, the first arrival that is known. Each end has its own clock of the room, and these may differ by a
   * few milliseconds: an arrival before the sending is told as if it had taken no time at all.
   */
  readonly arrivedAt: number | undefined
  readonly from: PeerId
  /** Empty: everyone who listens to `topic`. */
  readonly to: PeerId | ''
  readonly message: Message['kind']
  readonly topic: RingTopic | undefined
  readonly lamport: number
  readonly arrivedLamport: number | undefined
  readonly epoch: string | undefined
  readonly turn: number | undefined
  readonly block: number | undefined
  readonly bytes: number
}

export type FrameEnds = Pick<FrameStep, 'from' | 'to' | 'lamport'>

/** Short, since there are a thousand a second of them; where two pairs of peers have one, the second is not told. */
export const frameId = ({ from, lamport, to }: FrameEnds): string => `${from.slice(-idChars)}.${lamport}.${to.slice(-idChars)}`
const idChars = 10

/** A committed block, as far as the ring's steps need it. */
export interface SeenBlock {
  readonly index: number
  readonly epoch: Epoch
  /** 0: written without the token. */
  readonly turn: number
  readonly author: PeerId
  readonly lamport: number
  readonly time: number
}

/** Puts what several peers recorded together: times are this peer's monotonic ones only where they are called `now`. */
export interface RingSteps {
  /** `by` sent or received it. `isBelieved`: also what it says of the token, and of who wants it. */
  frame(by: PeerId, record: FrameRecord, now: number, isBelieved: boolean): readonly RingStep[]
  block(block: SeenBlock, now: number): readonly RingStep[]
  /** What was held back and is now due. Call it often; `time`: the room clock. */
  look(now: number, time: number): readonly RingStep[]
  frameOf(id: string): FrameStep | undefined
  /** The last move of the token that was told. */
  readonly turnTold: { readonly epoch: Epoch; readonly turn: number } | undefined
}

/** Frames whose other end may still be told, or that somebody may ask for. */
const framesMax = 4_096
/** How long the other end of a frame may be in coming, in milliseconds. */
const joinMillis = 5_000
/** Moves of the token that wait for an earlier one, and for how long at most, in milliseconds: records come every 200. */
const movesMax = 2_048
export const moveWait = 500
/** Somebody who asked for the token and was not seen to get it is forgotten, in milliseconds. */
const askedMillis = 10_000

export function createRingSteps(): RingSteps {
  const frames = createNewest<Joined>(framesMax)
  const trail = createTrail()
  /** When they asked, monotonic. */
  const asked = new Map<PeerId, number>()
  let wanting: readonly PeerId[] = []
  let requestsTold = ''

  const move = (moves: readonly Move[]): readonly RingStep[] =>
    moves.map(({ epoch, turn, from, to, at, wanting: next }) => {
      asked.delete(to)
      wanting = next.filter((peer) => peer !== to)
      return { kind: 'token', at, epoch: epochText(epoch), turn, from, to }
    })

  const join = (by: PeerId, record: FrameRecord, now: number): FrameStep | undefined => {
    const ends = endsOf(by, record)
    const id = frameId(ends)
    const known = frames.get(id)
    if (known !== undefined && !isAnother(known, record, now)) return complete(known, ends, record) ? toStep(known) : undefined
    const joined = begin(id, ends, record, now)
    frames.set(id, joined)
    return toStep(joined)
  }

  return {
    frame(by, record, now, isBelieved) {
      const step = join(by, record, now)
      if (step === undefined) return []
      const told: RingStep = { kind: 'frame', ...step }
      if (isBelieved && record.message === 'want') asked.set(step.from, now)
      const { epoch, turn, wanting: next } = record
      if (!isBelieved || record.message !== 'token' || epoch === undefined || turn === undefined || step.to === '') return [told]
      const { from, to, at, arrivedAt } = step
      return [told, ...move(trail.add({ epoch, turn, from, to, at: arrivedAt ?? at, wanting: next }, now))]
    },
    block({ index, epoch, turn, author, lamport, time }, now) {
      const told: RingStep = { kind: 'block', at: time, index, author, turn, lamport }
      if (turn === 0) return [told]
      return [told, ...move(trail.add({ epoch, turn, from: undefined, to: author, at: time, wanting: [] }, now))]
    },
    look(now, time) {
      const told = [...move(trail.due(now))]
      for (const [peer, at] of asked) if (now - at > askedMillis) asked.delete(peer)
      const peers = [...new Set([...asked.keys(), ...wanting])]
      if (String(peers) === requestsTold) return told
      requestsTold = String(peers)
      return [...told, { kind: 'requests', at: time, peers }]
    },
    frameOf(id) {
      const joined = frames.get(id)
      return joined && toStep(joined)
    },
    get turnTold() {
      return trail.last
    },
  }
}

/** What is known so far: of both ends, or of one. */
type Joined = { -readonly [Name in keyof Omit<FrameStep, 'at'>]: FrameStep[Name] } & {
  sentAt: number | undefined
  /** When it was first heard of, monotonic. */
  readonly since: number
}

/** A peer that was started anew counts its sendings from the log's clock on, and so some of them a second time. */
const isAnother = (known: Joined, record: FrameRecord, now: number): boolean =>
  now - known.since > joinMillis || (record.way === 'sent' && known.sentAt !== undefined && known.sentAt !== record.at)

function endsOf(by: PeerId, record: FrameRecord): FrameEnds {
  const { lamport, topic } = record
  if (record.way === 'sent') return { from: by, to: record.to ?? '', lamport }
  return { from: record.from, to: topic === undefined ? by : '', lamport }
}

function begin(id: string, { from, to }: FrameEnds, record: FrameRecord, since: number): Joined {
  const { message, topic, lamport, turn, block, bytes } = record
  const isSent = record.way === 'sent'
  return {
    id,
    since,
    from,
    to,
    message,
    topic,
    lamport,
    epoch: record.epoch && textOf(record.epoch),
    turn,
    block,
    bytes,
    sentAt: isSent ? record.at : undefined,
    arrivedAt: isSent ? undefined : record.at,
    arrivedLamport: isSent ? undefined : record.arrivedLamport,
  }
}

/** False where the record says nothing new. What its sender says of a frame goes before what a receiver says. */
function complete(known: Joined, ends: FrameEnds, record: FrameRecord): boolean {
  if (known.from !== ends.from || known.to !== ends.to) return false
  if (record.way === 'received') {
    if (known.arrivedAt !== undefined) return false
    known.arrivedAt = record.at
    known.arrivedLamport = record.arrivedLamport
    return true
  }
  if (known.sentAt !== undefined) return false
  const { arrivedAt, arrivedLamport } = known
  Object.assign(known, begin(known.id, ends, record, known.since), { arrivedAt, arrivedLamport })
  return true
}

/** Most frames of a while are of one epoch. */
let lastEpoch: { readonly epoch: Epoch; readonly text: string } | undefined

function textOf(epoch: Epoch): string {
  if (lastEpoch === undefined || !sameEpoch(lastEpoch.epoch, epoch)) lastEpoch = { epoch, text: epochText(epoch) }
  return lastEpoch.text
}

function toStep(joined: Joined): FrameStep {
  const { id, from, to, message, topic, lamport, arrivedLamport, epoch, turn, block, bytes, sentAt, arrivedAt } = joined
  const at = sentAt ?? arrivedAt ?? 0
  const arrived = arrivedAt === undefined ? undefined : Math.max(at, arrivedAt)
  return { id, from, to, message, topic, lamport, arrivedLamport, epoch, turn, block, bytes, at, arrivedAt: arrived }
}

interface Move {
  readonly epoch: Epoch
  readonly turn: number
  readonly from: PeerId | undefined
  readonly to: PeerId
  readonly at: number
  readonly wanting: readonly PeerId[]
}

/**
 * Moves of the token in the order of epoch and turn, each once, never backwards, though those who tell of them are heard in any
 * order: one that is not the next waits for those before it.
 */
function createTrail() {
  /** In order. `since`: monotonic. */
  const waiting: { readonly move: Move; readonly since: number }[] = []
  let last: { readonly epoch: Epoch; readonly turn: number } | undefined

  const isNext = ({ epoch, turn }: Move): boolean => last !== undefined && sameEpoch(epoch, last.epoch) && turn === last.turn + 1

  /** The first ones, as long as each is the next or need not wait: `since` it is here, and so many are from it on. */
  const take = (isDue: (since: number, count: number) => boolean): readonly Move[] => {
    let taken = 0
    for (const { move, since } of waiting) {
      if (!isNext(move) && !isDue(since, waiting.length - taken)) break
      last = { epoch: move.epoch, turn: move.turn }
      taken++
    }
    return taken === 0 ? [] : waiting.splice(0, taken).map(({ move }) => move)
  }

  return {
    get last() {
      return last
    },
    /** Moves that can be told now. */
    add(move: Move, now: number): readonly Move[] {
      if (last !== undefined && compareMoves(move, last) <= 0) return []
      let place = waiting.length
      while (place > 0 && compareMoves(waiting[place - 1]?.move as Move, move) > 0) place--
      const before = waiting[place - 1]
      if (before === undefined || compareMoves(before.move, move) < 0) waiting.splice(place, 0, { move, since: now })
      // Its own frame says more than a block that was written in that turn.
      else if (before.move.from === undefined && move.from !== undefined) waiting[place - 1] = { move, since: before.since }
      return take((_, count) => count > movesMax)
    },
    /** Those for whose predecessors nobody need wait any more. */
    due: (now: number): readonly Move[] => take((since) => now - since >= moveWait),
  }
}

type Place = Pick<Move, 'epoch' | 'turn'>

const compareMoves = (a: Place, b: Place): number => compareEpochs(a.epoch, b.epoch) || a.turn - b.turn
