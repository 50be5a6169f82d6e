import type { Instant, PeerId } from '../core/ids.ts'
import { isSameToken, type RoomToken, type TokenMove } from '../mutex/room-ring.ts'
import type { Message, StatusMessage, TokenMessage } from '../ring/message.ts'
import type { Input, Output, Replica, ReplicaView } from '../ring/types.ts'
import { type Epoch, epochText, sameEpoch } from '../ring/view.ts'
import { createTurnBook, type Turn } from './turn-book.ts'

/**
 * What can be told of the other peers of a room and of its token, from all that the ring hears and says: hearsay, for people. The
 * ring itself keeps no more of it than it needs, and nothing here has a way back to it.
 */
export interface RingNotes {
  /** The same replica, whose steps are looked at. */
  around(replica: Replica): Replica
  of(peer: PeerId, now: number): PeerNotes
  /** The newest turns of the token, oldest first. */
  readonly turns: readonly Turn[]
  /** Who had the token last in the epoch that is here; `undefined`: nobody was seen with it. */
  readonly holder: PeerId | undefined
  /** This peer has the token, or has it no more, until the returned function is called. It must not throw: the ring's loop is at work. */
  hearToken(listener: TokenListener): () => void
}

export type TokenListener = (move: TokenMove) => void

export interface PeerNotes {
  /** What its last heartbeat said. */
  readonly told: Pick<StatusMessage, 'durable' | 'commit'> | undefined
  /** A heartbeat came lately. */
  readonly isHeard: boolean
  /** Smoothed, in milliseconds. */
  readonly roundTrip: number | undefined
  /** It asked for the token, and has not had it since. */
  readonly wants: boolean
  /** A member asks the others whether they miss it. */
  readonly suspected: boolean
}

/** Times in milliseconds. Heartbeats come every 500: so many may be lost. */
const heardFor = 2_000
/** Whoever waits for the token says so again sooner than that. */
const wantsFor = 2_500
/** A member that is missed is asked after again and again, sooner than that. */
const suspectedFor = 5_000
/** Each new round trip counts so much: one slow answer is no slow network. */
const roundTripShare = 0.25
/** Whoever knows the code can come under a new name each time: so many are remembered. */
const peersMax = 512
/** Whoever hears a token has it soon, or never. */
const arrivalsMax = 16

interface Known {
  told: PeerNotes['told']
  toldAt: number
  roundTrip: number | undefined
  ping: { readonly nonce: number; readonly at: number } | undefined
  /** Its newest request in an epoch, and when that was last said. */
  asked: { readonly epoch: Epoch; readonly request: number; readonly at: number } | undefined
  suspectedAt: number
}

const never = Number.NEGATIVE_INFINITY

export function createRingNotes(self: PeerId): RingNotes {
  const book = createTurnBook()
  const known = new Map<PeerId, Known>()
  let view: ReplicaView | undefined
  let held: number | undefined
  const tokenListeners = new Set<TokenListener>()
  /** Where those were told last that it is. */
  let toldPlace: RoomToken | undefined
  let handedOn: { readonly epoch: Epoch; readonly turn: number } | undefined
  /** Who handed it on to this peer, at its newest places. */
  const arrivals = new Map<string, PeerId>()

  const tellMove = (move: TokenMove): void => {
    for (const listener of tokenListeners) listener(move)
  }

  const tellPlace = (place: RoomToken | undefined): void => {
    if (place === undefined ? toldPlace === undefined : isSameToken(place, toldPlace)) return
    toldPlace = place
    if (place === undefined) return tellMove({ kind: 'left', hop: undefined })
    tellMove({ kind: 'came', place, from: arrivals.get(placeText(place)) })
  }

  /** Under load it comes and goes in one step, and is repeated until it is acknowledged. */
  const lookAtToken = (outputs: readonly Output[]): void => {
    for (const output of outputs) {
      if (output.kind !== 'send' || output.message.kind !== 'token') continue
      const { epoch, turn } = output.message
      const [to] = output.to
      if (to === undefined || (handedOn !== undefined && sameEpoch(epoch, handedOn.epoch) && turn <= handedOn.turn)) continue
      handedOn = { epoch, turn }
      tellPlace({ epoch: epochText(epoch), turn: turn - 1 })
      toldPlace = undefined
      tellMove({ kind: 'left', hop: { to, place: { epoch: epochText(epoch), turn } } })
    }
    if (view !== undefined)
      tellPlace(view.holding === undefined ? undefined : { epoch: epochText(view.installed), turn: view.holding })
  }

  const arrive = (from: PeerId, { epoch, turn }: TokenMessage): void => {
    arrivals.set(placeText({ epoch: epochText(epoch), turn }), from)
    for (const oldest of arrivals.keys()) {
      if (arrivals.size <= arrivalsMax) return
      arrivals.delete(oldest)
    }
  }

  const noteOf = (peer: PeerId): Known => {
    let notes = known.get(peer)
    if (notes === undefined) {
      if (known.size >= peersMax) for (const other of known.keys()) if (!isMember(other)) known.delete(other)
      notes = { told: undefined, toldAt: never, roundTrip: undefined, ping: undefined, asked: undefined, suspectedAt: never }
      known.set(peer, notes)
    }
    return notes
  }
  const isMember = (peer: PeerId): boolean => view?.members.includes(peer) === true
  const isNow = (epoch: Epoch): boolean => view !== undefined && sameEpoch(epoch, view.installed)

  /** A turn that the ring has not seen itself is none: what it refused to believe is not shown. */
  const took = (turn: Omit<Turn, 'at' | 'block'> & { readonly block?: number }, now: number, isSure: boolean): void => {
    if (view === undefined || turn.turn === 0 || !isNow(turn.epoch) || turn.turn > view.turnSeen) return
    book.add({ ...turn, block: turn.block, at: Math.floor(view.time(now)) as Instant }, isSure)
    const notes = known.get(turn.holder)
    if (notes !== undefined && book.newest.at(-1)?.holder === turn.holder) notes.asked = undefined
  }

  const receive = (from: PeerId, message: Message, now: number): void => {
    const notes = noteOf(from)
    notes.suspectedAt = never
    switch (message.kind) {
      case 'status':
        notes.told = message
        notes.toldAt = now
        if (message.active && isMember(from)) took({ epoch: message.epoch, turn: message.turn, holder: from }, now, false)
        return
      case 'want':
        if (isMember(from)) notes.asked = { epoch: message.epoch, request: message.request, at: now }
        return
      case 'pong':
        if (notes.ping?.nonce === message.nonce) measure(notes, now - notes.ping.at)
        return
      case 'pre-vote':
        if (isMember(from)) suspect(message.suspect, now)
        return
      case 'token':
        if (tokenListeners.size > 0 && isMember(from)) arrive(from, message)
        return readToken(message, now)
      default:
    }
  }

  const send = (to: readonly PeerId[], message: Message, now: number): void => {
    if (message.kind === 'ping') for (const peer of to) noteOf(peer).ping = { nonce: message.nonce, at: now }
    if (message.kind !== 'token') return
    readToken(message, now)
    for (const peer of to)
      book.add({ epoch: message.epoch, turn: message.turn, holder: peer, at: timeOf(now), block: undefined }, true)
  }

  const timeOf = (now: number): Instant => Math.floor(view?.time(now) ?? 0) as Instant

  /** Who waits, as whoever passes the token knows it: a want bit is set, or a request is newer than the last one served. */
  const readToken = ({ epoch, served, wants }: TokenMessage, now: number): void => {
    if (!isNow(epoch) || view?.members.length !== wants.length) return
    for (const [at, member] of view.members.entries()) {
      const notes = noteOf(member)
      const { asked } = notes
      const last = served[at] ?? 0
      if (wants[at] === true) notes.asked = { epoch, request: Math.max(last + 1, asked?.request ?? 0), at: now }
      else if (asked !== undefined && sameEpoch(asked.epoch, epoch) && asked.request <= last) notes.asked = undefined
    }
  }

  const suspect = (peer: PeerId | undefined, now: number): void => {
    if (peer !== undefined && peer !== self && isMember(peer)) noteOf(peer).suspectedAt = now
  }

  const look = (now: number, input: Input, outputs: readonly Output[]): void => {
    if (input.kind === 'receive') receive(input.from, input.message, now)
    if (view?.holding !== undefined && view.holding !== held)
      took({ epoch: view.installed, turn: view.holding, holder: self }, now, true)
    held = view?.holding
    if (tokenListeners.size > 0) lookAtToken(outputs)
    for (const output of outputs) {
      if (output.kind === 'send') send(output.to, output.message, now)
      else if (output.kind === 'note' && output.note.event === 'pre-vote')
        suspect(output.note.facts.suspect as PeerId | undefined, now)
      else if (output.kind === 'apply') {
        for (const { epoch, turn, author, index, body } of output.blocks) {
          if (body.kind === 'ops') took({ epoch, turn, holder: author, block: index }, now, true)
        }
      }
    }
  }

  return {
    around(replica) {
      view = replica.view
      return {
        view: replica.view,
        step(now, input) {
          const outputs = replica.step(now, input)
          look(now, input, outputs)
          return outputs
        },
      }
    },
    of(peer, now) {
      const notes = known.get(peer)
      const asked = notes?.asked
      return {
        told: notes?.told,
        isHeard: notes !== undefined && now - notes.toldAt <= heardFor,
        roundTrip: notes?.roundTrip,
        wants: asked !== undefined && isNow(asked.epoch) && now - asked.at <= wantsFor,
        suspected: notes !== undefined && now - notes.suspectedAt <= suspectedFor && isMember(peer),
      }
    },
    hearToken(listener) {
      // What somebody was told some time ago is no news any more.
      if (tokenListeners.size === 0) toldPlace = undefined
      const own: TokenListener = (move) => listener(move)
      tokenListeners.add(own)
      return () => tokenListeners.delete(own)
    },
    get turns() {
      return book.newest
    },
    get holder() {
      if (view?.holding !== undefined) return self
      const last = book.newest.at(-1)
      return last !== undefined && isNow(last.epoch) ? last.holder : undefined
    },
  }
}

const placeText = ({ epoch, turn }: RoomToken): string => `${epoch} ${turn}`

function measure(notes: Known, millis: number): void {
  notes.ping = undefined
  notes.roundTrip = notes.roundTrip === undefined ? millis : notes.roundTrip + roundTripShare * (millis - notes.roundTrip)
}
