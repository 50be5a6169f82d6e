import type { EventView, MarketEventView, Money } from '../../api/views.ts'
import { addressText } from '../../core/address.ts'
import { type LogEvent, logEvents } from '../../core/log-events.ts'
import { printable } from '../../core/safe-text.ts'
import { describeEvent, endingText, refusedText } from '../event-text.ts'
import { timeText } from '../format.ts'
import { shortPeer } from '../output.ts'
import { otherRoomText } from '../room-text.ts'
import { shorten } from '../table.ts'

/** What a line about an event needs to know of the room, as it is just then. */
export interface RoomEyes {
  readonly self: string
  room(): { readonly id: string; readonly name: string }
  /** It is still catching up with the room. */
  isBehind(): boolean
  members(): readonly string[]
  reachable(): readonly string[]
  nameOf(peer: string): string
  /** Whether this peer opened the account. */
  isOwn(account: string): boolean
  lot(auction: string): LotSight | undefined
}

export interface LotSight {
  readonly number: number
  readonly item: string
  readonly seller: string
  /** The least bid. */
  readonly minimum: string
}

/** One thing that a person who sits at this peer wants to know, and a program can wait for: `event` is stable. */
export interface News {
  readonly event: NewsName
  readonly weight: Weight
  /** Whether it is good or bad for this peer; absent: neither. */
  readonly tone?: 'good' | 'bad'
  /** Flat, amounts as text. */
  readonly facts: Facts
  /** A sentence without a full stop, with other people's text in it. */
  readonly text: string
  /** How many of its kind become one line, when too many come in a second. */
  readonly burst?: Burst
}

/** `usual`: not with `--quiet`; `verbose`: with `-v` only; the others always. */
export type Weight = 'alarm' | 'result' | 'usual' | 'verbose'

export interface Burst {
  /** Those of one key become one line. */
  readonly key: string
  /** What adds up. */
  readonly amount?: Money
  /** `together`: the sum of the amounts. */
  text(count: number, together: string): string
}

export type Facts = Readonly<Record<string, string | number | boolean | undefined>>

export type NewsName = Extract<
  LogEvent,
  | 'room-entered'
  | 'peer-here'
  | 'peer-gone'
  | 'member-joined'
  | 'member-left'
  | 'epoch-begun'
  | 'suspected'
  | 'quorum-lost'
  | 'quorum-back'
  | 'auction-opened'
  | 'auction-led'
  | 'auction-extended'
  | 'auction-paused'
  | 'auction-resumed'
  | 'auction-closed'
  | 'outbid'
  | 'won'
  | 'pace-set'
  | 'lab-run'
  | 'account-changed'
  | 'money-moved'
  | 'operation-refused'
  | 'events-missed'
  | Logged
>

/** News that the peer writes into its log itself, also while nobody shows the room. */
const logged = ['peer-refused', 'peer-version', 'peer-faulty', 'peer-wrong-code', 'other-room'] as const
type Logged = (typeof logged)[number]
export const loggedNews: ReadonlySet<LogEvent> = new Set(logged)

/** Cells of a name, a lot, a memo in a sentence. */
const textCells = 40
const short = (text: string): string => shorten(printable(text), textCells)

/**
 * Turns the peer's events into lines, one by one, in their order: it remembers who was a member, whom the ring misses, and when
 * lots end. `before`: the members of the view before the first event. `ends`: of the lots that are open.
 */
export function createNewsDesk(
  eyes: RoomEyes,
  before: readonly string[],
  ends: Iterable<readonly [auction: string, endsAt: number]> = [],
): (event: EventView) => readonly News[] {
  let room = eyes.room().id
  let members = before
  /** Whom the ring misses, and of whom that was said; empty text: the token, or progress. */
  const missed = new Set<string>()
  const endOf = new Map(ends)
  /** It has caught up once: whoever comes in is not told the whole evening, but for what is about own accounts. */
  let isLive = false

  const lotText = (auction: string): string => {
    const lot = eyes.lot(auction)
    return lot === undefined ? `auction ${auction}` : `lot ${lot.number} “${short(lot.item)}”`
  }
  const name = (peer: string): string => short(eyes.nameOf(peer))
  const own = (account: string): string => (eyes.isOwn(account) ? `your ${account}` : account)

  const ofMembers = ({ epoch, members: now }: Extract<EventView, { kind: 'members' }>): News[] => {
    const joined = now.filter((peer) => !members.includes(peer))
    const left = members.filter((peer) => !now.includes(peer))
    members = now
    missed.clear()
    const count = `${now.length} ${now.length === 1 ? 'member' : 'members'}`
    const facts = { epoch, members: now.length }
    if (joined.length + left.length === 0) {
      return [{ event: 'epoch-begun', weight: 'usual', facts, text: `epoch ${epoch} has begun: ${count}` }]
    }
    const who = (peer: string): string => (peer === eyes.self ? 'this peer' : name(peer))
    const line = (event: 'member-joined' | 'member-left', peer: string, what: string): News => ({
      event,
      weight: 'usual',
      facts: { ...facts, peer, name: eyes.nameOf(peer) },
      text: `${who(peer)} ${what}: ${count}, epoch ${epoch}`,
    })
    return [
      ...joined.map((peer) => line('member-joined', peer, 'is a member now')),
      ...left.map((peer) => line('member-left', peer, 'is no member any more')),
    ]
  }

  const ofQuorum = ({ held }: Extract<EventView, { kind: 'quorum' }>): News => {
    const reachable = eyes.reachable()
    const missing = eyes.members().filter((peer) => !reachable.includes(peer))
    const facts = { reachable: reachable.length, members: eyes.members().length, missing: missing.map(eyes.nameOf).join(', ') }
    const count = `${facts.reachable} of ${facts.members} members reachable`
    const names = missing.map(name).join(', ')
    if (held) {
      missed.clear()
      const text = `the quorum is back: ${count}${names && `, without ${names}`}`
      return { event: 'quorum-back', weight: 'alarm', tone: 'good', facts, text }
    }
    const text = `no quorum: ${count}${names && `, waiting for ${names}`}; until then nothing is written`
    return { event: 'quorum-lost', weight: 'alarm', tone: 'bad', facts, text }
  }

  const ofSuspicion = ({ suspect, why }: Extract<EventView, { kind: 'suspected' }>): News[] => {
    // The ring asks again for as long as it gets no answer; to people that is one thing that happened.
    const key = suspect ?? ''
    if (missed.has(key)) return []
    missed.add(key)
    const text = `${whyText(why, suspect === undefined ? 'somebody' : name(suspect))}: asking the others`
    const facts = { suspect, name: suspect === undefined ? undefined : eyes.nameOf(suspect), why }
    return [{ event: 'suspected', weight: 'usual', facts, text }]
  }

  const ofMarket = ({ operation, block, event }: Extract<EventView, { kind: 'market' }>): readonly News[] => {
    const facts = { operation, block, ...flat(event) }
    switch (event.kind) {
      case 'auction-started': {
        endOf.set(event.auction, event.endsAt)
        const lot = eyes.lot(event.auction)
        const terms = lot === undefined ? '' : ` by ${name(lot.seller)} from ${lot.minimum}`
        const text = `${lotText(event.auction)} is offered${terms} until ${timeText(event.endsAt)}`
        const more = lot === undefined ? {} : { lot: lot.number, seller: lot.seller }
        const burst: Burst = { key: 'opened', text: (count) => `${count} more lots are offered` }
        return [{ event: 'auction-opened', weight: 'usual', facts: { ...facts, ...more }, text, burst }]
      }
      case 'bid-accepted':
        return ofBid(event, facts)
      case 'outbid': {
        if (!eyes.isOwn(event.account)) return []
        const text = `your ${event.account} is outbid on ${lotText(event.auction)}: its money is free again`
        const burst: Burst = {
          key: `outbid ${event.account} ${event.auction}`,
          text: (count) => `your ${event.account} was outbid ${count} times more on ${lotText(event.auction)}`,
        }
        return [{ event: 'outbid', weight: 'usual', tone: 'bad', facts, text, burst }]
      }
      case 'auction-extended': {
        endOf.set(event.auction, event.endsAt)
        const text = `${lotText(event.auction)} ends later: ${timeText(event.endsAt)}`
        return [{ event: 'auction-extended', weight: 'usual', facts, text, burst: extensions(event.auction) }]
      }
      case 'auction-paused': {
        endOf.set(event.auction, event.endsAt)
        const text = `${lotText(event.auction)} is paused until ${timeText(event.until)} at most`
        return [{ event: 'auction-paused', weight: 'usual', facts, text }]
      }
      case 'auction-resumed': {
        endOf.set(event.auction, event.endsAt)
        const text = `${lotText(event.auction)} goes on until ${timeText(event.endsAt)}`
        return [{ event: 'auction-resumed', weight: 'usual', facts, text }]
      }
      case 'auction-ended':
        return ofEnd(event, facts)
      case 'pace-set':
        return [{ event: 'pace-set', weight: 'usual', facts, text: describeEvent(event) }]
      case 'experiment-started':
      case 'experiment-ended':
        return [{ event: 'lab-run', weight: 'usual', facts, text: describeEvent(event) }]
      case 'account-opened':
      case 'account-closed':
        return [{ event: 'account-changed', weight: 'verbose', facts, text: describeEvent(brief(event)) }]
      case 'moved':
        return [ofMoney(event, facts)]
      case 'held':
      case 'released':
        return [{ event: 'money-moved', weight: 'verbose', facts, text: describeEvent(event) }]
    }
  }

  const ofBid = (event: Of<'bid-accepted'>, facts: Facts): readonly News[] => {
    const { auction, account, amount, endsAt } = event
    const leads = `${own(account)} leads ${lotText(auction)} with ${amount.text}`
    const burst: Burst = { key: `led ${auction}`, text: (count) => `${count} more bids on ${lotText(auction)}: ${leads}` }
    const led: News = { event: 'auction-led', weight: 'usual', facts, text: leads, burst }
    const before = endOf.get(auction)
    endOf.set(auction, endsAt)
    if (before === undefined || endsAt <= before) return [led]
    const later = Math.max(1, Math.round((endsAt - before) / 1_000))
    const text = `${lotText(auction)} ends ${later} s later, at ${timeText(endsAt)}: the bid came late`
    const { operation, block } = facts
    const moved = { operation, block, auction, endsAt, laterMillis: endsAt - before }
    return [led, { event: 'auction-extended', weight: 'usual', facts: moved, text, burst: extensions(auction) }]
  }

  const extensions = (auction: string): Burst => ({
    key: `extended ${auction}`,
    text: (count) => `${lotText(auction)} ends later, ${count} times more: ${timeText(endOf.get(auction) ?? 0)}`,
  })

  const ofEnd = (event: Of<'auction-ended'>, facts: Facts): readonly News[] => {
    const { auction, winner, price, why, reason } = event
    endOf.delete(auction)
    const because = reason && ` (${short(reason)})`
    const burst: Burst = { key: 'closed', text: (count) => `${count} more auctions have ended` }
    if (winner === undefined || price === undefined) {
      const text = `${lotText(auction)} ${why === 'cancelled' ? 'was' : 'has'} ${endingText(why)}${because}`
      return [{ event: 'auction-closed', weight: 'result', facts, text, burst }]
    }
    const sold = `${lotText(auction)} is sold to ${own(winner)} for ${price.text}`
    const closed: News = { event: 'auction-closed', weight: 'result', facts, text: sold, burst }
    if (!eyes.isOwn(winner)) return [closed]
    const won = `your ${winner} won ${lotText(auction)} for ${price.text}`
    const wins: Burst = { key: 'won', text: (count) => `your accounts won ${count} more lots` }
    return [closed, { event: 'won', weight: 'result', tone: 'good', facts, text: won, burst: wins }]
  }

  const ofMoney = (event: Of<'moved'>, facts: Facts): News => {
    const { from, to, amount } = event
    const [pays, gets] = [eyes.isOwn(from), eyes.isOwn(to)]
    const where = gets ? `to ${to}` : pays ? `from ${from}` : 'between others'
    const burst: Burst = {
      key: `moved ${where}`,
      amount,
      text: (count, together) => `${count} more payments ${where}, together ${together}`,
    }
    return {
      event: 'money-moved',
      weight: pays || gets ? 'usual' : 'verbose',
      facts,
      text: describeEvent(brief(event)),
      burst,
    }
  }

  /** A room that was left for another: what was known of it says nothing about the new one. */
  const enterRoom = (): News[] => {
    const { id, name: called } = eyes.room()
    if (id === room) return []
    room = id
    members = eyes.members()
    missed.clear()
    endOf.clear()
    const text = `this peer is in another room “${short(called)}” now: ${id.slice(0, 8)}`
    return [{ event: 'room-entered', weight: 'alarm', facts: { room: id.slice(0, 16), name: called }, text }]
  }

  const ofEvent = (event: EventView): readonly News[] => {
    switch (event.kind) {
      case 'members':
        return ofMembers(event)
      case 'market': {
        const news = ofMarket(event)
        isLive ||= !eyes.isBehind()
        return isLive ? news : news.filter((one) => one.weight === 'verbose' || isOwnNews(event.event, one, eyes))
      }
      case 'presence': {
        const { peer, here } = event
        if (here) missed.delete(peer)
        const burst: Burst = {
          key: `presence ${here}`,
          text: (count) => `${count} more peers are ${here ? 'in' : 'out of'} reach`,
        }
        const text = `${name(peer)} is ${here ? 'in' : 'out of'} reach`
        const facts = { peer, name: event.name }
        return [{ event: here ? 'peer-here' : 'peer-gone', weight: 'usual', facts, text, burst }]
      }
      case 'suspected':
        return ofSuspicion(event)
      case 'quorum':
        return [ofQuorum(event)]
      case 'other-room': {
        const { text, wayOver } = otherRoomText(event.room)
        const { id, ...rest } = event.room
        const facts = { room: id, ...rest }
        return [{ event: 'other-room', weight: 'alarm', tone: 'bad', facts, text: `Beware: ${text}. ${wayOver}` }]
      }
      case 'rejected': {
        const { code, what, operation, block } = event
        const facts = { code, what, operation, block }
        return [{ event: 'operation-refused', weight: 'verbose', facts, text: refusedText(event) }]
      }
      case 'gap':
        return [{ event: 'events-missed', weight: 'usual', facts: {}, text: logEvents['events-missed'] }]
      case 'note':
        return ofNote(event, name)
      case 'announced':
      case 'opened':
        return []
    }
  }

  // Whoever moves is greeted in the new room before anything happens there.
  return (event) => (event.kind === 'presence' || event.kind === 'members' ? [...enterRoom(), ...ofEvent(event)] : ofEvent(event))
}

type Of<Kind extends MarketEventView['kind']> = Extract<MarketEventView, { kind: Kind }>

const isOwnNews = (event: MarketEventView, { event: name }: News, eyes: RoomEyes): boolean =>
  name === 'outbid' ||
  name === 'won' ||
  (event.kind === 'moved' && (eyes.isOwn(event.from) || eyes.isOwn(event.to))) ||
  (event.kind === 'auction-ended' && event.winner !== undefined && eyes.isOwn(event.winner))

/** The notes of {@link loggedNews}; the ring's own are for the board and the log. */
function ofNote({ event, facts }: Extract<EventView, { kind: 'note' }>, name: (peer: string) => string): News[] {
  const peer = typeof facts.peer === 'string' ? named(facts.peer, name) : undefined
  const alarm = (called: NewsName, text: string): News[] => [{ event: called, weight: 'alarm', tone: 'bad', facts, text }]
  switch (event) {
    case 'peer-refused':
      return alarm(event, `what ${peer} says is refused: ${short(String(facts.reason))}`)
    case 'peer-faulty':
      return alarm(event, `${peer ?? 'somebody'} is proven to be faulty: ${String(facts.what)}`)
    case 'peer-version':
      return alarm(event, `${peer} speaks version ${String(facts.version)} of the protocol, and cannot take part`)
    case 'peer-wrong-code':
      return alarm(event, `whoever is at ${addressText(String(facts.address))} was refused: most likely another room code`)
    default:
      return []
  }
}

/** Anybody can call themselves Ana: whoever is accused is told by the end of the id as well. */
function named(peer: string, name: (peer: string) => string): string {
  const end = shortPeer(peer)
  return name(peer).includes(end) ? name(peer) : `${name(peer)} (${end})`
}

function whyText(why: string, who: string): string {
  switch (why) {
    case 'unacknowledged':
      return `${who} did not take the token`
    case 'silent':
      return `${who} is silent`
    case 'stalled':
      return 'nothing is committed any more'
    case 'token-lost':
      return 'the token was not seen for too long'
    case 'spoiled':
      return 'the new epoch cannot begin'
    case 'stood-still':
      return 'everybody is here, and nobody takes part'
    default:
      return `${who} is missed (${why})`
  }
}

/** With what its person wrote shortened to what fits into a line. */
function brief(event: MarketEventView): MarketEventView {
  if (event.kind === 'moved') return { ...event, memo: short(event.memo) }
  return event.kind === 'account-opened' ? { ...event, holder: short(event.holder) } : event
}

/** The event's own fields, without its kind; amounts as text, with their currency. */
function flat({ kind: _, ...facts }: MarketEventView): Facts {
  return Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, typeof fact === 'object' ? fact.text : fact]))
}
