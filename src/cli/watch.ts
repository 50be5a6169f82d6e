import type { Api } from '../api/client.ts'
import type { AuctionDetail, AuctionSummary, MarketEventView } from '../api/views.ts'
import { allAuctions } from '../api/whole-lists.ts'
import { profileOption, withPeer } from './client.ts'
import type { Call, Command } from './command.ts'
import { createCountdown, leftText } from './countdown.ts'
import { describeEvent, endingText } from './event-text.ts'
import { timeText } from './format.ts'
import { lotWord } from './words.ts'

export const auctionWatch: Command = {
  name: 'auction watch',
  summary: 'an auction as it goes, until it ends; without LOT: all of them, for ever',
  operands: ['LOT?'],
  options: [profileOption],
  examples: ['gavelring auction watch last', 'gavelring auction watch --json | jq .event.amount.text'],
  details:
    'LOT is its number, `last`, or its id. First the bids so far, then each as it is committed, with the time that is left;\n' +
    'of one that has ended the result. The exit code is 0 once it has ended, however it did.',
  async run(call) {
    const auction = call.operands[0] === undefined ? undefined : lotWord(call)
    return withPeer(call, async (api) => (auction === undefined ? watchAll(call, api) : watchOne(call, api, auction)))
  },
}

/** Of one auction what a person wants to see, in the order in which it was committed. */
async function watchOne(call: Call, api: Api, asked: string): Promise<number> {
  // Before the look at what there is: nothing can fall between.
  const stop = new AbortController()
  const events = await api.events({ after: 0 }, { signal: stop.signal })
  const { commit, time } = await api.status()
  const lot = await api.auctions.show({ auction: asked })
  tellLot(call, lot)
  if (lot.ended !== undefined) {
    stop.abort()
    return 0
  }
  const countdown = createCountdown(call.terminal, lot, time - Date.now(), call.json)
  const onClosed = (): void => stop.abort()
  void call.terminal.closed.then(onClosed)
  let highest = lot.leader?.amount.cents ?? 0
  try {
    for await (const event of events) {
      if (event.kind === 'gap') {
        const found = await api.auctions.show({ auction: lot.auction })
        countdown.say('some events were missed', Date.now())
        countdown.follow(found)
        if (found.ended === undefined) continue
        countdown.end()
        tellLot(call, found)
        return 0
      }
      if (event.kind === 'quorum' && event.at > time) {
        if (call.json) call.terminal.json(event)
        else countdown.say(event.text, event.at)
      }
      if (event.kind !== 'market' || !isAbout(event.event, lot.auction)) continue
      const { event: what } = event
      // The look has shown it already.
      if (what.kind === 'bid-accepted' ? what.amount.cents <= highest : event.block <= commit.index) continue
      if (what.kind === 'bid-accepted') highest = what.amount.cents
      // The countdown below what is said is to know of it already.
      const said = sentences(what, countdown.endsAt)
      countdown.take(what)
      if (call.json) call.terminal.json(event)
      else for (const text of said) countdown.say(text, event.at)
      if (what.kind === 'auction-ended') return 0
    }
  } catch (error) {
    if (!call.terminal.isClosed) throw error
  } finally {
    countdown.end()
    stop.abort()
  }
  return 0
}

async function watchAll(call: Call, api: Api): Promise<number> {
  const events = await api.events({ after: 0 })
  const known = new Map<string, AuctionSummary>()
  for await (const event of events) {
    if (call.terminal.isClosed) break
    if (event.kind !== 'market' || !('auction' in event.event)) continue
    if (call.json) {
      call.terminal.json(event)
      continue
    }
    const { auction } = event.event
    if (!known.has(auction)) for (const each of await allAuctions(api)) known.set(each.auction, each)
    const found = known.get(auction)
    const name = found === undefined ? `auction ${auction}` : lotName(found)
    for (const text of sentences(event.event, Number.POSITIVE_INFINITY))
      call.terminal.line(`${timeText(event.at)}  ${name}: ${text}`)
  }
  return 0
}

/** What it is, what was bid so far, and how it ended, if it did. */
function tellLot(call: Call, lot: AuctionDetail): void {
  if (call.json) return call.terminal.json(lot)
  const { recentBids, bids, ended, leader } = lot
  call.terminal.line(`${lotName(lot)}: ${ended === undefined ? `the least bid is ${lot.minimum.text}` : 'has ended'}`)
  if (recentBids.length < bids) call.terminal.line(`${bids - recentBids.length} bids came before these`)
  for (const { account, amount, at } of recentBids) call.terminal.line(`${timeText(at)}  ${account} leads with ${amount.text}`)
  if (ended === undefined) return
  const reason = ended.reason && ` (${ended.reason})`
  const how =
    ended.why === 'sold' && leader !== undefined ? `sold to ${leader.account} for ${leader.amount.text}` : endingText(ended.why)
  call.terminal.line(`${timeText(ended.at)}  ${how}${reason}`)
}

const lotName = ({ number, item }: AuctionSummary): string => `Lot ${number}, ${item}`

const isAbout = (event: MarketEventView, auction: string): boolean => 'auction' in event && event.auction === auction

/** Money that is held and free again follows from who leads, and is no news of the auction's. */
function sentences(event: MarketEventView, endedAt: number): string[] {
  if (event.kind === 'held' || event.kind === 'released' || event.kind === 'outbid') return []
  const text = describeEvent(event)
  const isLater = event.kind === 'bid-accepted' && event.endsAt > endedAt
  return isLater
    ? [text, `the bid came late: the end moves to ${timeText(event.endsAt)}, ${leftText(event.endsAt - endedAt)} later`]
    : [text]
}
