import { currencyOf } from '../core/currency.ts'
import { parseAuctionId } from '../core/ids.ts'
import type { MarketEvent } from '../market/outcome.ts'
import type { AuctionView } from '../market/types.ts'
import type { Peer } from '../peer/peer.ts'
import { classicAmount } from './amounts.ts'
import type { Answer, Notice } from './message.ts'
import { type Happening, noticeOf } from './notices.ts'
import type { GatewaySeat } from './standing.ts'
import type { Texts } from './texts.ts'

/** A list says at most so many lots, the newest: one line is no place for a catalogue. */
const listedMax = 100

/** Lots by number, as notices say it, or by id. */
export function findLot(text: string, peer: Peer): AuctionView | undefined {
  const id = parseAuctionId(text)
  if (id.ok) return peer.auction(id.value)
  return /^\d{1,9}$/.test(text) ? peer.auctions().find(({ number }) => number === Number(text)) : undefined
}

/** Each open lot is a group of fields that begins with its `productId`. `segundos`: what is left of it. */
export function listLots(peer: Peer, texts: Texts): Answer {
  const { currency, now } = { currency: currencyOf(peer.rules().currency), now: peer.status().time }
  const open = peer.auctions().filter(({ ended }) => ended === undefined)
  const fields = open.slice(-listedMax).flatMap((auction): [string, string][] => [
    ['productId', String(auction.number)],
    ['nome', auction.lot.item],
    ['valor', classicAmount(auction.lot.startingPrice, currency)],
    ['lanceAtual', classicAmount(auction.leader?.amount ?? auction.lot.startingPrice, currency)],
    ['vencedor', auction.leader?.account ?? ''],
    ['segundos', String(Math.max(0, Math.ceil((auction.endsAt - now) / 1_000)))],
  ])
  return { ok: true, text: texts.lots(open.length), fields }
}

/** What the classic notices have words for; `undefined`: they have none. */
function happeningOf(event: MarketEvent, { number, lot, leader }: AuctionView): Happening | undefined {
  const about = { productId: String(number), item: lot.item }
  switch (event.kind) {
    case 'auction-started':
      return { kind: 'started', ...about, price: lot.startingPrice }
    case 'bid-accepted':
      return { kind: 'bid', ...about, account: event.account, amount: event.amount }
    case 'auction-ended': {
      const { why, winner, price } = event
      return { kind: 'ended', ...about, why, winner, amount: price ?? leader?.amount ?? lot.startingPrice }
    }
    default:
      return undefined
  }
}

/** Tells every subscriber what happens to the lots of the room that the seat is in, whichever that is. */
export interface Notices {
  /** Until the returned function is called. */
  subscribe(listener: (notice: Notice) => void): () => void
  close(): void
}

/** Events are made for listeners only: the peer is listened to while somebody has subscribed. */
export function createNotices(seat: GatewaySeat, texts: Texts): Notices {
  const listeners = new Set<(notice: Notice) => void>()
  let heard: { readonly peer: Peer; readonly stop: () => void } | undefined

  const tell = (peer: Peer, event: MarketEvent): void => {
    if (!('auction' in event)) return
    const auction = peer.auction(event.auction)
    const happening = auction && happeningOf(event, auction)
    if (happening === undefined) return
    const notice = noticeOf(happening, currencyOf(peer.rules().currency), texts)
    for (const listener of [...listeners]) listener(notice)
  }
  const listen = (): void => {
    const peer = listeners.size === 0 ? undefined : seat.peer
    if (heard?.peer === peer) return
    heard?.stop()
    heard = undefined
    if (peer === undefined) return
    const stop = peer.subscribe((event) => event.kind === 'market' && tell(peer, event.event), { isForEyes: false })
    heard = { peer, stop }
  }
  const forget = seat.onChange(listen)

  return {
    subscribe(listener) {
      listeners.add(listener)
      listen()
      return () => {
        listeners.delete(listener)
        listen()
      }
    },
    close() {
      forget()
      listeners.clear()
      listen()
    },
  }
}
