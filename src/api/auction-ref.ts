import { type AuctionId, parseAuctionId } from '../core/ids.ts'
import { type Parsed, parsed, refused } from '../core/result.ts'

/** How a person names an auction: by its id, by its number among the room's lots, or as the one that was started last. */
export type AuctionRef = { readonly id: AuctionId } | { readonly number: number } | 'last'

export function parseAuctionRef(text: string): Parsed<AuctionRef> {
  if (text === 'last') return parsed('last')
  const [, number] = /^#?([1-9]\d{0,8})$/.exec(text) ?? []
  if (number !== undefined) return parsed({ number: Number(number) })
  const id = parseAuctionId(text)
  return id.ok
    ? parsed({ id: id.value })
    : refused('auction-id-invalid', 'An auction is named by its number, by `last`, or by its id, as k3XbQz-2-15.')
}

/** As it was typed, near enough to find it again. */
export function refText(ref: AuctionRef): string {
  if (ref === 'last') return ref
  return 'id' in ref ? ref.id : String(ref.number)
}

/** The auction that is meant; of an id that is not known here nothing can be said. */
export function findAuction<Auction extends { readonly id: AuctionId; readonly number: number }>(
  ref: AuctionRef,
  auctions: readonly Auction[],
): Auction | undefined {
  if (ref === 'last') return auctions.at(-1)
  return auctions.find((auction) => ('id' in ref ? auction.id === ref.id : auction.number === ref.number))
}
