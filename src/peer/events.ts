import type { Instant, PeerId } from '../core/ids.ts'
import { operationId } from '../core/ids.ts'
import { decodeSubmission } from '../market/codec.ts'
import type { Operation } from '../market/operation.ts'
import type { AppliedOutcome } from '../market/types.ts'
import type { Block } from '../ring/block.ts'
import type { AnnouncedOp } from '../ring/message.ts'
import type { PeerEvent, Subscription } from './peer.ts'

type Unnumbered<Event> = Event extends unknown ? Omit<Event, 'number'> : never
/** An event before it has its number. */
export type NewEvent = Unnumbered<PeerEvent>

/** How many of the newest events a subscriber that comes back can have. */
export const recentEventsMax = 1_000

/** Numbers events, keeps the newest, and tells subscribers, all of them in the same order. */
export interface EventLog {
  add(event: NewEvent): void
  /** The events of a committed block. Objects for them are made only for somebody who looks. */
  addBlock(block: Block, outcomes: readonly AppliedOutcome[]): void
  /** For eyes only: made for subscribers that want to see everything, and otherwise not at all. */
  addForEyes(make: () => readonly NewEvent[]): void
  /** See {@link Peer.subscribe}. */
  subscribe(listener: (event: PeerEvent) => void, options?: Subscription): () => void
  recent(): readonly PeerEvent[]
}

/** Consecutive events that are not made yet. */
interface Chunk {
  readonly first: number
  readonly count: number
  readonly make: () => readonly NewEvent[]
}

export function createEventLog(onListenerError: (error: unknown) => void): EventLog {
  const listeners = new Set<(event: PeerEvent) => void>()
  /** Those of them that want to see everything. */
  const eyes = new Set<(event: PeerEvent) => void>()
  let chunks: Chunk[] = []
  let next = 1

  const addChunk = (count: number, make: () => readonly NewEvent[], hearers = listeners): void => {
    if (count === 0) return
    const chunk = { first: next, count, make }
    next += count
    chunks.push(chunk)
    const oldest = next - recentEventsMax
    let gone = 0
    while ((chunks[gone] as Chunk).first + (chunks[gone] as Chunk).count <= oldest) gone++
    if (gone > 0) chunks = chunks.slice(gone)
    if (hearers.size > 0) for (const event of numbered(chunk)) tell(event, hearers)
  }

  const tell = (event: PeerEvent, hearers: ReadonlySet<(event: PeerEvent) => void>): void => {
    for (const listener of [...hearers]) {
      try {
        listener(event)
      } catch (error) {
        onListenerError(error)
      }
    }
  }

  return {
    add: (event) => addChunk(1, () => [event]),
    addBlock: (block, outcomes) => addChunk(countEvents(outcomes), () => blockEvents(block, outcomes)),
    addForEyes(make) {
      if (eyes.size === 0) return
      const events = make()
      addChunk(events.length, () => events, eyes)
    },
    subscribe(listener, { isForEyes = true } = {}) {
      // One function may subscribe twice: each time is a subscription of its own.
      const own = (event: PeerEvent): void => listener(event)
      listeners.add(own)
      if (isForEyes) eyes.add(own)
      return () => {
        listeners.delete(own)
        eyes.delete(own)
      }
    },
    recent: () => chunks.flatMap(numbered).slice(-recentEventsMax),
  }
}

/** Events of operations that a peer announced: not committed yet. */
export function announcedEvents(author: PeerId, ops: readonly AnnouncedOp[], at: Instant): NewEvent[] {
  return ops.map(({ incarnation, sequence, bytes }) => {
    const operation = operationId(author, incarnation, sequence)
    return { kind: 'announced', at, operation, asked: operationOf(bytes) }
  })
}

function numbered(chunk: Chunk): PeerEvent[] {
  return chunk.make().map((event, offset): PeerEvent => ({ ...event, number: chunk.first + offset }))
}

function countEvents(outcomes: readonly AppliedOutcome[]): number {
  let count = 0
  for (const { outcome, isRepeat } of outcomes) {
    if (outcome !== undefined && isRepeat !== true) count += outcome.accepted ? outcome.events.length : 1
  }
  return count
}

function blockEvents(block: Block, outcomes: readonly AppliedOutcome[]): NewEvent[] {
  const { author, body, index, time: at } = block
  if (body.kind !== 'ops') return []
  const events: NewEvent[] = []
  for (const { sequence, outcome, isRepeat } of outcomes) {
    // A request that came again did nothing again: its first result is all that there is to tell.
    if (outcome === undefined || isRepeat === true) continue
    const operation = operationId(author, body.incarnation, sequence)
    if (outcome.accepted) {
      for (const event of outcome.events) events.push({ kind: 'market', at, operation, block: index, event })
    } else {
      const asked = operationOf(body.ops[sequence - body.firstSequence])
      events.push({ kind: 'rejected', at, operation, block: index, rejection: outcome.rejection, asked })
    }
  }
  return events
}

function operationOf(bytes: Uint8Array | undefined): Operation | undefined {
  const decoded = bytes === undefined ? undefined : decodeSubmission(bytes)
  return decoded === undefined || 'malformed' in decoded ? undefined : decoded.value.operation
}
