import type { Failure } from '../core/failure.ts'
import type { Instant, PeerId, RoomId } from '../core/ids.ts'
import { type LogEvent, logEvents } from '../core/log-events.ts'
import type { AppliedOutcome } from '../market/types.ts'
import type { Block } from '../ring/block.ts'
import { type Evidence, evidenceKey, liarOf } from '../ring/faults.ts'
import type { AnnouncedOp } from '../ring/message.ts'
import type { RingLimits } from '../ring/timing.ts'
import type { DiskMeta, Note, Pace, Refusal } from '../ring/types.ts'
import { epochText } from '../ring/view.ts'
import { announcedEvents, createEventLog, type EventLog } from './events.ts'
import type { OwnKind } from './experiments.ts'
import type { Notice, OtherRoom } from './peer.ts'
import type { Ports, Sighting, TransportTrouble } from './ports.ts'
import { createRecorder, type Recorder } from './recorder.ts'
import type { RoomPlan } from './room.ts'
import type { Entry, Waiting } from './search.ts'
import type { Session } from './session.ts'
import { damageNotice, type EndReason, evidenceText, nameOrId, type Stranded, stopText } from './status.ts'

export interface PeerOptions {
  /** The person's name, as it is at first; empty: none. */
  readonly name: string
  /** The room's name, and its rules where this peer founds it. */
  readonly room: RoomPlan
  /** The room code, for join links; empty: none. */
  readonly code: string
  /** How it comes into a room, where its disk knows none. */
  readonly entry: Entry
  /** How long to look for the room before founding it or saying for whom it waits, in milliseconds (PROTOCOL, section 6: 3,000). */
  readonly lookMillis: number
  /** How long to wait where it does not found one, in milliseconds; then it fails with `room-not-found`. Default: without end. */
  readonly waitMillis?: number
  /** Called while it waits for its room: soon, when what keeps it away changes, and every 10 s. */
  readonly onWaiting?: (waiting: Waiting) => void
  /** Calls the search for the room off: it fails with `stopping`. */
  readonly signal?: AbortSignal
  /**
   * Whether the room on its disk is left for another one of its name, which was asked for by its id, although something was done
   * in it: `archive` keeps its log. Default: it fails with `room-has-history`.
   */
  readonly leavesHistory?: boolean
  /** Keeps the log of a room that this peer leaves for another for good; resolves with its place. Default: it moves only where there is nothing to keep. */
  readonly archive?: (room: RoomId, blocks: AsyncIterable<readonly Block[]>) => Promise<string>
  readonly pace: Pace
  /** Of back-off and automatic bidders. */
  readonly seed: number
  /** Algorithms of the person's own, for the lab, as they are on the disk just now. Never rejects. Default: none. */
  readonly ownAlgorithms?: () => Promise<readonly OwnKind[]>
  /** Of the program, for `status`. */
  readonly version: string
  /** Long work at the start: blocks checked, then blocks replayed. */
  readonly onProgress: (what: 'check' | 'replay', done: number, total: number) => void
  /** Default: `ringLimits`, which every peer of a room shares. */
  readonly limits?: RingLimits
  /** Committed blocks from one snapshot of the market to the next; default 1,000. More: a longer next start, fewer writes. */
  readonly snapshotEvery?: number
  /** Operations that the market applies at once; default 1,500. */
  readonly applySliceOps?: number
}

/** What happened, told once, by whoever saw it. */
export type News =
  | { readonly kind: 'applied'; readonly block: Block; readonly outcomes: readonly AppliedOutcome[] }
  /** Every batch up to `id` is on disk; `meta`: the record of the last. */
  | { readonly kind: 'persisted'; readonly id: number; readonly meta: DiskMeta }
  /** Operations on their way, of another peer or of this one: for eyes only. */
  | { readonly kind: 'announced'; readonly author: PeerId; readonly ops: readonly AnnouncedOp[] }
  | { readonly kind: 'note'; readonly note: Note }
  /** The ring has another view. */
  | { readonly kind: 'members'; readonly epoch: string; readonly members: readonly PeerId[] }
  | { readonly kind: 'quorum'; readonly held: boolean; readonly text: string }
  /** A peer of this room is connected, or has not been for a while. */
  | { readonly kind: 'presence'; readonly peer: PeerId; readonly here: boolean }
  /** A write failed: the peer is read-only from here on. */
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** The ring takes no more part in the room; the last news of a room. */
  | { readonly kind: 'stopped'; readonly reason: Exclude<EndReason, Stranded> }
  | Stranded
  /** Bytes that are no frame, or have no place where they came. */
  | { readonly kind: 'malformed'; readonly from: PeerId; readonly reason: string }
  /** The ring refuses what this peer says. */
  | { readonly kind: 'refused'; readonly peer: PeerId; readonly reason: string }
  /** The room that a peer is in could not be joined, as its first blocks did not come, or are none. `isFault`: no honest peer gives those. */
  | {
      readonly kind: 'unjoined'
      readonly peer: PeerId
      readonly room: RoomId
      readonly reason: string
      readonly isFault: boolean
    }
  /** Proof of somebody's fault, on disk from an earlier start or new. */
  | { readonly kind: 'faulty'; readonly evidence: Evidence }
  | { readonly kind: 'version'; readonly peer: PeerId; readonly version: number }
  /** The log that was here is damaged, and put aside: the room is looked for anew. */
  | { readonly kind: 'damaged'; readonly damage: Failure }
  /** The log that was here is gone: the room is looked for anew. */
  | { readonly kind: 'gone'; readonly gone: Failure }
  /** A copy of this very profile has met what this peer wrote, and stopped. */
  | { readonly kind: 'copied'; readonly incarnation: number }
  /** A peer of another room of our name, to which ours is to give way. */
  | { readonly kind: 'met'; readonly found: FoundRoom }
  /** A room of our name that this one will not mix with is in sight, or has changed. */
  | { readonly kind: 'other-room'; readonly room: OtherRoom }
  | { readonly kind: 'sighted'; readonly sighting: Sighting }
  | { readonly kind: 'trouble'; readonly trouble: TransportTrouble }

/** A room that a connected peer is in. */
export interface FoundRoom {
  readonly peer: PeerId
  readonly room: { readonly id: RoomId; readonly holdsFast: boolean }
}

/** What all of one peer share: what it was started with, what it runs on, and the one place where what happens is told. */
export interface PeerContext {
  readonly options: PeerOptions
  readonly ports: Ports
  readonly events: EventLog
  /** Senders of frames that cannot be read, with the first reason; bounded. Those that the ring refuses are in its view. */
  readonly refused: ReadonlyMap<PeerId, Refusal>
  /** What a person should know though the peer goes on, the oldest first. */
  readonly notices: readonly Notice[]
  /** The room that this peer is in: none until the first is opened. */
  room: Session | undefined
  /** Sees the ring's frames, for whoever looks. */
  readonly recorder: Recorder
  /** The person's name; empty: none. */
  name: string
  /** The names that peers gave, also those that are gone; not this one's. */
  readonly names: ReadonlyMap<PeerId, string>
  /** Its name, or the end of its id. */
  nameOf(peer: PeerId): string
  /** A peer said its name. */
  learnName(peer: PeerId, name: string): void
  /** Writes it to the log and to the events, as far as it belongs there, then tells those who `hear`. */
  tell(news: News): void
  /** Called with everything that is told, in order, at once; until the returned function is called. */
  hear(listener: (news: News) => void): () => void
}

/**
 * What is worth saying once of so many, for each kind; senders counted; names kept: what strangers can make a peer remember. Members, and
 * whoever is connected, keep their places: the oldest of all others gives its own up.
 */
const saidMax = 256
const refusedMax = 256
/**
 * Names can be made up without end: where all places are taken, one more is said in so long, in milliseconds: of those that are
 * connected, and of others. How many were left out is one line.
 */
const sayConnectedEvery = 1_000
const sayOtherEvery = 60_000
const namesMax = 1_024
/** The ring asks around again and again while somebody is missed: people are told once in so long, in milliseconds. */
const suspicionEvery = 5_000

/** What was said of one kind, and of whom. */
interface Said {
  readonly keys: Map<string, PeerId | undefined>
  /** When the place of another was taken last. */
  tookAt: number
  /** So many were left out since they were summed up. */
  unsaid: number
  summedAt: number
}

/** Whether there was one that may be forgotten. */
function forgetOldest<Key, Value>(places: Map<Key, Value>, mayForget: (value: Value, key: Key) => boolean): boolean {
  for (const [key, value] of places) if (mayForget(value, key)) return places.delete(key)
  return false
}

const goneNotice = ({ facts }: Failure): Notice => ({
  code: 'log-gone',
  text: `the log of this room is gone from ${facts.folder}; the other members give this peer the log anew`,
})

export function createContext(options: PeerOptions, ports: Ports): PeerContext {
  const { logger, clock, identity } = ports
  const events = createEventLog((error) => logger.error('listener-failed', { error }))
  const listeners = new Set<(news: News) => void>()
  const refused = new Map<PeerId, { readonly reason: string; count: number }>()
  const names = new Map<PeerId, string>()
  const said = new Map<LogEvent, Said>()
  const suspected = new Map<PeerId | undefined, number>()

  const time = (): Instant => {
    const now = context.room?.view.time(clock.monotonic()) ?? clock.wall()
    return Math.floor(now) as Instant
  }

  const isMember = (peer: PeerId | undefined): boolean => peer !== undefined && context.room?.view.members.includes(peer) === true
  const isOther = (peer: PeerId | undefined): boolean =>
    !isMember(peer) && !ports.transport.peers.some((connected) => connected.peer === peer)

  /** Each event is said once for each key: the world repeats itself. `peer`: of whom. */
  const isFirst = (event: LogEvent, key: string, peer: PeerId | undefined): boolean => {
    const kind = said.get(event) ?? {
      keys: new Map(),
      tookAt: Number.NEGATIVE_INFINITY,
      unsaid: 0,
      summedAt: Number.NEGATIVE_INFINITY,
    }
    said.set(event, kind)
    if (kind.keys.has(key)) return false
    const isPlaced = kind.keys.size < saidMax || takesPlace(kind, peer)
    if (isPlaced) kind.keys.set(key, peer)
    else sumUp(event, kind)
    return isPlaced
  }
  const takesPlace = (kind: Said, peer: PeerId | undefined): boolean => {
    const ago = clock.monotonic() - kind.tookAt
    if (!isMember(peer) && ago < (isOther(peer) ? sayOtherEvery : sayConnectedEvery)) return false
    const hasPlace = forgetOldest(kind.keys, isOther)
    if (isMember(peer)) return true
    if (hasPlace) kind.tookAt = clock.monotonic()
    return hasPlace
  }
  const sumUp = (event: LogEvent, kind: Said): void => {
    kind.unsaid++
    if (clock.monotonic() - kind.summedAt < sayOtherEvery) return
    logger.warn(event, { unnamed: kind.unsaid })
    kind.summedAt = clock.monotonic()
    kind.unsaid = 0
  }

  const warnOnce = (event: LogEvent, key: string, facts: Readonly<Record<string, string | number>>, peer?: PeerId): void => {
    if (!isFirst(event, key, peer)) return
    logger.warn(event, facts)
    events.add({ kind: 'note', at: time(), event, facts })
  }

  const count = (from: PeerId, reason: string): void => {
    const known = refused.get(from)
    if (known !== undefined) known.count++
    else if (refused.size < refusedMax || forgetOldest(refused, (_, peer) => isOther(peer)) || isMember(from)) {
      refused.set(from, { reason, count: 1 })
    }
    warnRefused(from, reason)
  }
  const warnRefused = (peer: PeerId, reason: string): void => warnOnce('peer-refused', peer, { peer, reason }, peer)
  const warnVersion = (peer: PeerId, version: number): void => warnOnce('peer-version', peer, { peer, version }, peer)

  const notices: Notice[] = []
  const notice = (next: Notice): void => {
    if (!notices.some(({ code, text }) => code === next.code && text === next.text)) notices.push(next)
  }

  const write = (news: News): void => {
    switch (news.kind) {
      case 'applied':
        return events.addBlock(news.block, news.outcomes)
      case 'announced':
        return events.addForEyes(() => announcedEvents(news.author, news.ops, time()))
      case 'note':
        logger.debug('ring-step', () => ({ step: news.note.event, ...news.note.facts }))
        if (news.note.event === 'pre-vote') writeSuspicion(news.note)
        if (news.note.event === 'unnamed') logger.warn('peer-refused', { unnamed: Number(news.note.facts.count) })
        return events.addForEyes(() => [{ kind: 'note', at: time(), ...news.note }])
      case 'members':
      case 'quorum':
        return events.add({ ...news, at: time() })
      case 'presence':
        return events.add({ ...news, at: time(), name: context.nameOf(news.peer) })
      case 'failed':
        return logger.error('write-failed', { code: news.failure.code, error: news.failure })
      case 'stopped':
        if (news.reason.kind !== 'left') logger.error('peer-stopped', { reason: stopText(news.reason) })
        return
      case 'stranded':
        return logger.error('peer-stopped', { reason: stopText(news) })
      case 'malformed':
        return count(news.from, news.reason)
      case 'refused':
        return warnRefused(news.peer, news.reason)
      case 'unjoined':
        return writeUnjoined(news)
      case 'faulty':
        return warnFaulty(news.evidence)
      case 'version':
        return warnVersion(news.peer, news.version)
      case 'damaged':
        logger.error('log-damaged', news.damage.facts)
        return notice(damageNotice(news.damage))
      case 'gone':
        logger.warn('log-gone', news.gone.facts)
        return notice(goneNotice(news.gone))
      case 'copied':
        notice({ code: 'peer-copied', text: logEvents['peer-copied'] })
        return warnOnce('peer-copied', String(news.incarnation), { incarnation: news.incarnation })
      case 'other-room':
        return writeOtherRoom(news.room)
      case 'trouble':
        return writeTrouble(news.trouble)
      case 'met':
      case 'sighted':
      case 'persisted':
        return
    }
  }

  const writeSuspicion = ({ facts }: Note): void => {
    const now = clock.monotonic()
    // Whom the ring suspects is a member.
    const suspect = facts.suspect as PeerId | undefined
    for (const [peer, at] of suspected) if (now - at >= suspicionEvery) suspected.delete(peer)
    if (suspected.has(suspect)) return
    suspected.set(suspect, now)
    events.add({ kind: 'suspected', at: time(), suspect, why: String(facts.why) })
  }

  const warnFaulty = (evidence: Evidence): void => {
    const { index, epoch } = evidence.kind === 'checkpoint' ? evidence.block : evidence.first
    const peer = liarOf(evidence)
    const facts = { ...(peer !== undefined && { peer }), what: evidenceText(evidence), index, epoch: epochText(epoch) }
    // Once of each author, whatever else it did; of two that wrote into one place either may be honest.
    warnOnce('peer-faulty', peer ?? evidenceKey(evidence), facts, peer)
  }

  /** Whoever offers a room that it does not give is met again and again. */
  const writeUnjoined = ({ peer, room, reason, isFault }: Extract<News, { kind: 'unjoined' }>): void => {
    const key = `${peer} ${reason.replace(/\d+/g, '')}`
    if (isFirst('room-unjoined', key, peer)) logger.warn('room-unjoined', { peer, room, reason })
    if (isFault) count(peer, `first blocks of a room: ${reason}`)
  }

  const writeOtherRoom = (room: OtherRoom): void => {
    const { id, size, founded, hasCode, reason, version } = room
    logger.warn('other-room', { room: id, members: size, founded, hasCode, reason, version })
    events.add({ kind: 'other-room', at: time(), room })
  }

  const writeTrouble = (trouble: TransportTrouble): void => {
    switch (trouble.kind) {
      case 'version':
        return warnVersion(trouble.peer, trouble.version)
      case 'bad-frame':
        return count(trouble.peer, trouble.reason)
      case 'wrong-code':
        return warnOnce('peer-wrong-code', trouble.address, { address: trouble.address })
      case 'unreachable':
        return logger.debug('address-unreachable', () => trouble)
      case 'copy':
        return meetCopy(trouble.isLater)
    }
  }

  let givesWay = false
  /** Before it is in a room neither has written anything. It is heard again and again; whoever stops does so once. */
  const meetCopy = (isLater: boolean): void => {
    const view = context.room?.view
    if (view === undefined || view.stopped !== undefined || givesWay) return
    givesWay = isLater
    if (isLater) context.tell({ kind: 'stopped', reason: { kind: 'copy-runs' } })
    else context.tell({ kind: 'copied', incarnation: view.incarnation })
  }

  const context: PeerContext = {
    options,
    ports,
    events,
    refused,
    notices,
    room: undefined,
    recorder: createRecorder({ ports, tell: (news) => context.tell(news), hear: (listener) => context.hear(listener) }),
    name: options.name,
    names,
    nameOf: (peer) => nameOrId(peer === identity.self ? context.name : names.get(peer), peer),
    learnName(peer, name) {
      if (names.size >= namesMax) names.clear()
      names.set(peer, name)
    },
    tell(news) {
      write(news)
      for (const listener of listeners) listener(news)
    },
    hear(listener) {
      const own = (news: News): void => listener(news)
      listeners.add(own)
      return () => listeners.delete(own)
    },
  }
  return context
}
