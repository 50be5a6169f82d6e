import { parseAuctionRef } from '../api/auction-ref.ts'
import type { Api } from '../api/client.ts'
import type { AuctionSummary, EventKind, EventView } from '../api/views.ts'
import { allAuctions } from '../api/whole-lists.ts'
import { profileOption, valid, withPeer } from './client.ts'
import { type Call, type Command, textFlag } from './command.ts'
import { usageError } from './errors.ts'
import { describeEvent, refusedText } from './event-text.ts'
import { timeText } from './format.ts'
import { shortPeer } from './output.ts'
import { otherRoomText } from './room-text.ts'
import { accountWord, amountFlag, naming } from './words.ts'

export const events: Command = {
  name: 'events',
  summary: 'what happens in the room, as it happens, for ever; only what you ask for',
  operands: [],
  options: [
    { name: 'kind', short: 'k', value: 'KIND', many: true, text: 'only of this kind, or of any of several' },
    { name: 'auction', value: 'LOT', text: 'only about this auction: its number, `last`, or its id' },
    { name: 'account', value: 'ACCOUNT', text: 'only where this account is on one side' },
    { name: 'least', value: 'AMOUNT', text: 'only with an amount of at least so much' },
    { name: 'new', text: 'only from now on, without what happened before' },
    profileOption,
  ],
  examples: [
    'gavelring events',
    'gavelring events --kind bid-accepted --kind outbid --auction last',
    'gavelring events --account ana --least 100 --json | jq .event',
  ],
  details:
    'First what is still kept of the past, at most 1,000 events. All that is named has to fit; the peer looks at that, so\n' +
    'nothing else comes over. Kinds: market, rejected, announced, members, quorum, other-room, presence, suspected, note; and\n' +
    'of what happened to the market account-opened, account-closed, moved, held, released, auction-started, bid-accepted,\n' +
    'outbid, auction-extended, auction-paused, auction-resumed, auction-ended, pace-set,\n' +
    'experiment-started, experiment-ended. Without --kind all but announced\n' +
    'and note, which are single steps of the ring.',
  async run(call) {
    const filter = await readFilter(call)
    return withPeer(call, (api) => follow(call, api, filter))
  },
}

interface Filter {
  readonly kinds: EventKind[]
  readonly auction?: string
  readonly account?: string
  readonly least?: string
}

async function readFilter(call: Call): Promise<Filter> {
  const { eventKinds } = await import('../api/views.ts')
  const named = Array.isArray(call.flags.kind) ? call.flags.kind : []
  const unknown = named.find((kind) => !eventKinds.some((known) => known === kind))
  if (unknown !== undefined) throw usageError(`--kind: there is no kind “${unknown}”.`, `Kinds are ${eventKinds.join(', ')}.`)
  const kinds = eventKinds.filter((kind) => (named.length === 0 ? kind !== 'announced' && kind !== 'note' : named.includes(kind)))
  const [auction, account, least] = [textFlag(call, 'auction'), textFlag(call, 'account'), amountFlag(call, 'least')]
  return {
    kinds,
    ...(auction !== undefined && { auction: valid(parseAuctionRef, auction, '--auction') }),
    ...(account !== undefined && { account: accountWord(account, '--account') }),
    ...(least !== undefined && { least }),
  }
}

async function follow(call: Call, api: Api, filter: Filter): Promise<number> {
  const stop = new AbortController()
  void call.terminal.closed.then(() => stop.abort())
  const { time } = await api.status()
  const isNewOnly = call.flags.new === true
  const teller = createTeller(api)
  try {
    const stream = await naming({ 'filter.least': '--least' }, api.events({ after: 0, filter }, { signal: stop.signal }))
    for await (const event of stream) {
      if (call.terminal.isClosed) break
      if (isNewOnly && event.kind !== 'opened' && event.at <= time) continue
      if (call.json) call.terminal.json(event)
      else for (const text of await teller(event)) call.terminal.line(`${timeText(event.at)}  ${text}`)
      await call.terminal.drained()
    }
  } catch (error) {
    if (!call.terminal.isClosed) throw error
  } finally {
    stop.abort()
  }
  return 0
}

/** In words; asks for lots once more where one is not known. */
function createTeller(api: Api): (event: EventView) => Promise<readonly string[]> {
  const lots = new Map<string, AuctionSummary>()
  const learnLots = async (auction: string): Promise<void> => {
    if (lots.has(auction)) return
    for (const lot of await allAuctions(api)) lots.set(lot.auction, lot)
  }
  const lotOf = (auction: string): string => {
    const lot = lots.get(auction)
    return lot === undefined ? `auction ${auction}` : `lot ${lot.number}`
  }
  return async (event) => {
    if (event.kind === 'market' && 'auction' in event.event) await learnLots(event.event.auction)
    return eventTexts(event, lotOf)
  }
}

function eventTexts(event: EventView, lotOf: (auction: string) => string): readonly string[] {
  switch (event.kind) {
    case 'opened':
      return []
    case 'gap':
      return ['some events were missed']
    case 'market': {
      const { event: what } = event
      const text = describeEvent(what, lotOf)
      const isNamed = !('auction' in what) || what.kind === 'auction-started'
      return [isNamed ? text : `${lotOf(what.auction)}: ${text}`]
    }
    case 'rejected':
      return [refusedText(event)]
    case 'announced':
      return [`${event.what} is on its way, ${event.operation}`]
    case 'members':
      return [`${event.members.length} members in epoch ${event.epoch}: ${event.members.map(shortPeer).join(', ')}`]
    case 'quorum':
      return [event.text]
    case 'other-room':
      return [`Beware: ${otherRoomText(event.room).text}`]
    case 'presence':
      return [`${event.name || shortPeer(event.peer)} is ${event.here ? 'in' : 'out of'} reach`]
    case 'suspected':
      return [`asking the others after ${event.suspect === undefined ? 'the token' : shortPeer(event.suspect)}: ${event.why}`]
    case 'note':
      return [`${event.event} ${JSON.stringify(event.facts)}`]
  }
}
