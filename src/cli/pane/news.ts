import type { EventView } from '../../api/views.ts'
import { describeEvent, refusedText } from '../event-text.ts'
import { otherRoomText } from '../room-text.ts'

type MarketEvent = Extract<EventView, { kind: 'market' }>['event']

/** What a line about an event needs to know of the room. */
export interface RoomEyes {
  readonly self: string
  nameOf(peer: string): string
  /** Whether this peer opened the account. */
  isOwn(account: string): boolean
  /** `lot 3, Brass lamp`, or the id of an auction that is not known. */
  lotText(auction: string): string
  readonly members: readonly string[]
}

/** One thing that a person who sits at this peer wants to know, and a program can wait for: `event` is stable. */
export interface News {
  readonly event: NewsName
  /** `usual` is shown unless `--quiet`, `verbose` with `-v` only; `alarm` always. */
  readonly weight: 'alarm' | 'usual' | 'verbose'
  readonly facts: Readonly<Record<string, string | number | boolean | undefined>>
  /** A sentence without a full stop. Of other people's text nothing is cleaned yet. */
  readonly text: string
}

export type NewsName =
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
  | 'account-changed'
  | 'money-moved'
  | 'operation-refused'
  | 'peer-refused'
  | 'other-room'
  | 'events-missed'

/** Turns the peer's events into lines, one by one, in their order: it remembers who was a member and when lots end. */
export function createNewsDesk(eyes: RoomEyes): (event: EventView) => readonly News[] {
  let members: readonly string[] = eyes.members
  const ends = new Map<string, number>()

  const ofMembers = ({ epoch, members: now }: Extract<EventView, { kind: 'members' }>): News[] => {
    const joined = now.filter((peer) => !members.includes(peer))
    const left = members.filter((peer) => !now.includes(peer))
    members = now
    const count = `${now.length} ${now.length === 1 ? 'member' : 'members'}`
    const words = (peer: string): string => (peer === eyes.self ? 'this peer is' : `${eyes.nameOf(peer)} is`)
    return [
      ...joined.map((peer): News => {
        const text = `${words(peer)} a member now: ${count}, epoch ${epoch}`
        return { event: 'member-joined', weight: 'usual', facts: { peer, epoch, members: now.length }, text }
      }),
      ...left.map((peer): News => {
        const text = `${words(peer)} no member any more: ${count}, epoch ${epoch}`
        return { event: 'member-left', weight: 'usual', facts: { peer, epoch, members: now.length }, text }
      }),
      ...(joined.length + left.length > 0
        ? []
        : [
            {
              event: 'epoch-begun',
              weight: 'usual',
              facts: { epoch, members: now.length },
              text: `epoch ${epoch}: ${count}`,
            } as const,
          ]),
    ]
  }

  const ofMarket = (operation: string, block: number, event: MarketEvent): News[] => {
    const facts = { operation, block, ...flat(event) }
    switch (event.kind) {
      case 'auction-started':
        ends.set(event.auction, event.endsAt)
        return [{ event: 'auction-opened', weight: 'usual', facts, text: `${eyes.lotText(event.auction)} is offered` }]
      case 'bid-accepted': {
        const text = `${event.account} leads ${eyes.lotText(event.auction)} with ${event.amount.text}`
        const led: News = { event: 'auction-led', weight: 'usual', facts, text }
        const before = ends.get(event.auction)
        ends.set(event.auction, event.endsAt)
        if (before === undefined || event.endsAt <= before) return [led]
        const seconds = Math.round((event.endsAt - before) / 1_000)
        const longer = `${eyes.lotText(event.auction)} ends ${seconds} s later, since the bid came so late`
        return [led, { event: 'auction-extended', weight: 'usual', facts, text: longer }]
      }
      case 'outbid': {
        if (!eyes.isOwn(event.account)) return []
        const text = `your ${event.account} is outbid by ${event.by} on ${eyes.lotText(event.auction)}: its money is free again`
        return [{ event: 'outbid', weight: 'usual', facts, text }]
      }
      case 'auction-extended': {
        ends.set(event.auction, event.endsAt)
        const text = `${eyes.lotText(event.auction)}: ${describeEvent(event)}`
        return [{ event: 'auction-extended', weight: 'usual', facts, text }]
      }
      case 'auction-paused':
      case 'auction-resumed': {
        ends.set(event.auction, event.endsAt)
        return [{ event: event.kind, weight: 'usual', facts, text: `${eyes.lotText(event.auction)}: ${describeEvent(event)}` }]
      }
      case 'auction-ended': {
        ends.delete(event.auction)
        const closed: News = {
          event: 'auction-closed',
          weight: 'usual',
          facts,
          text: `${eyes.lotText(event.auction)}: ${describeEvent(event)}`,
        }
        if (event.winner === undefined || event.price === undefined || !eyes.isOwn(event.winner)) return [closed]
        const text = `your ${event.winner} won ${eyes.lotText(event.auction)} for ${event.price.text}`
        return [closed, { event: 'won', weight: 'usual', facts, text }]
      }
      case 'account-opened':
      case 'account-closed':
        return [{ event: 'account-changed', weight: 'verbose', facts, text: describeEvent(event) }]
      case 'moved': {
        const isOwn = eyes.isOwn(event.from) || eyes.isOwn(event.to)
        return [{ event: 'money-moved', weight: isOwn ? 'usual' : 'verbose', facts, text: describeEvent(event) }]
      }
      case 'held':
      case 'released':
        return [{ event: 'money-moved', weight: 'verbose', facts, text: describeEvent(event) }]
    }
  }

  return (event) => {
    switch (event.kind) {
      case 'members':
        return ofMembers(event)
      case 'market':
        return ofMarket(event.operation, event.block, event.event)
      case 'presence': {
        const { peer, name, here } = event
        const text = `${name} ${here ? 'is in reach' : 'is out of reach'}`
        return [{ event: here ? 'peer-here' : 'peer-gone', weight: 'usual', facts: { peer, name }, text }]
      }
      case 'suspected': {
        const { suspect, why } = event
        const whom = suspect === undefined ? 'the room' : eyes.nameOf(suspect)
        return [{ event: 'suspected', weight: 'usual', facts: { suspect, why }, text: `${whom} ${whyText(why)}: asking around` }]
      }
      case 'quorum':
        return [
          { event: event.held ? 'quorum-back' : 'quorum-lost', weight: 'alarm', facts: { text: event.text }, text: event.text },
        ]
      case 'other-room': {
        const { text, wayOver } = otherRoomText(event.room)
        return [{ event: 'other-room', weight: 'alarm', facts: event.room, text: `${text}. ${wayOver}` }]
      }
      case 'rejected': {
        const { code, what, operation, block } = event
        return [
          { event: 'operation-refused', weight: 'verbose', facts: { code, what, operation, block }, text: refusedText(event) },
        ]
      }
      case 'gap':
        return [{ event: 'events-missed', weight: 'usual', facts: {}, text: 'some events were missed' }]
      case 'note':
        return ofNote(event, eyes)
      case 'announced':
        return []
    }
  }
}

function ofNote({ event, facts }: Extract<EventView, { kind: 'note' }>, eyes: RoomEyes): News[] {
  const peer = typeof facts.peer === 'string' ? eyes.nameOf(facts.peer) : 'a peer'
  switch (event) {
    case 'what a peer says is refused':
      return [{ event: 'peer-refused', weight: 'alarm', facts, text: `what ${peer} says is refused: ${String(facts.reason)}` }]
    case 'a peer is proven to be faulty':
      return [{ event: 'peer-refused', weight: 'alarm', facts, text: `${peer} is proven to be faulty: ${String(facts.what)}` }]
    case 'a peer speaks another version of the protocol': {
      const text = `${peer} speaks version ${String(facts.version)} of the protocol, and cannot take part`
      return [{ event: 'peer-refused', weight: 'usual', facts, text }]
    }
    default:
      return []
  }
}

function whyText(why: string): string {
  switch (why) {
    case 'unacknowledged':
      return 'did not take the token'
    case 'silent':
      return 'is silent'
    case 'stalled':
      return 'commits nothing'
    case 'token-lost':
      return 'has lost the token'
    case 'spoiled':
      return 'needs a new epoch'
    case 'stood-still':
      return 'stood still'
    default:
      return why
  }
}

/** The event's own fields, without its kind; amounts as text. */
function flat({ kind: _, ...facts }: MarketEvent): News['facts'] {
  return Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, typeof fact === 'object' ? fact.text : fact]))
}
