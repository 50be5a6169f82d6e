import type { AuctionDetail, EventView, Money } from '../api/views.ts'
import { printable } from '../core/safe-text.ts'
import type { Notice } from './messages.ts'
import type { Words } from './words.ts'

/** What is asked of the market, as it is after the event. */
export interface Market {
  readonly self: string
  /** Owner of an account; `undefined`: there is none. */
  ownerOf(account: string): string | undefined
  lotOf(auction: string): Pick<AuctionDetail, 'item' | 'seller' | 'recentBids'> | undefined
}

/** What happened longer ago, in milliseconds of the room's clock, is history: a peer that catches up tells all of it at once. */
const freshMillis = 30_000
const itemCharsMax = 60

/** What an event means to the person at this machine: outbid, won, or a lot that is closed that they sold or bid on. */
export function noticeOf(event: EventView, market: Market, now: number): Notice | undefined {
  if (event.kind !== 'market' || now - event.at > freshMillis) return undefined
  const isOwn = (account: string | undefined): boolean => account !== undefined && market.ownerOf(account) === market.self
  const told = event.event
  if (told.kind !== 'outbid' && told.kind !== 'auction-ended') return undefined
  const lot = market.lotOf(told.auction)
  const item = lot?.item ?? told.auction
  if (told.kind === 'outbid') {
    const isNews = isOwn(told.account) && !isOwn(told.by)
    return isNews ? { kind: 'outbid', item, by: told.by, amount: told.amount } : undefined
  }
  const { winner, price, why } = told
  if (isOwn(winner) && price !== undefined) return { kind: 'won', item, price }
  const isConcerned = lot?.seller === market.self || lot?.recentBids.some(({ account }) => isOwn(account)) === true
  if (!isConcerned) return undefined
  if (why !== 'sold') return { kind: 'closed', item, why }
  return winner === undefined || price === undefined ? undefined : { kind: 'sold', item, to: winner, price }
}

/** As the desktop shows it. */
export function noticeText(told: Notice, words: Words): { readonly title: string; readonly body: string } {
  const { notice } = words
  const item = plain(told.item)
  switch (told.kind) {
    case 'outbid':
      return { title: notice.outbid(item), body: notice.leads(plain(told.by), amountText(told.amount, words)) }
    case 'won':
      return { title: notice.won(item), body: notice.yours(amountText(told.price, words)) }
    case 'sold':
      return { title: notice.closed(item), body: notice.sold(plain(told.to), amountText(told.price, words)) }
    case 'closed':
      return { title: notice.closed(item), body: notice.endings[told.why] }
  }
}

/** `1350.50 EUR` as the language writes it: `1.350,50 EUR`. */
function amountText({ text }: Money, { language }: Words): string {
  const [number = '', currency = ''] = text.split(' ')
  const decimals = number.split('.')[1]?.length ?? 0
  const format = new Intl.NumberFormat(language, { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
  return `${format.format(Number(number))} ${currency}`
}

/** Some desktops take what looks like markup in a notification for markup, and names are other peers' text. */
function plain(text: string): string {
  const characters = [...printable(text)]
  const short = characters.length > itemCharsMax ? `${characters.slice(0, itemCharsMax - 1).join('')}…` : characters.join('')
  return short.replaceAll('<', '‹').replaceAll('>', '›').replaceAll('&', '＆')
}

/** Whether an auction of this peer is open. */
export const isHosting = (self: string, auctions: readonly { readonly seller: string; readonly ended: unknown }[]): boolean =>
  auctions.some(({ seller, ended }) => seller === self && ended === undefined)
