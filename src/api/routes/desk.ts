import { type Currency, currencyOf } from '../../core/currency.ts'
import type { AuctionId, Instant } from '../../core/ids.ts'
import { type Cents, parseAmount } from '../../core/money.ts'
import type { Operation } from '../../market/operation.ts'
import type { AuctionView } from '../../market/types.ts'
import type { Peer, Receipt } from '../../peer/peer.ts'
import { type AuctionRef, findAuction, refText } from '../auction-ref.ts'
import { refuseField, refuseRejected, refuseUnknownAuction, refuseVoided } from '../refuse.ts'
import { toMarketEvent } from '../to-view.ts'
import type { Settled } from '../views.ts'

/** What handlers of all subjects need: the peer, and the words of requests that only its room can read. */
export interface Desk {
  /** The one that is asked. */
  readonly peer: Peer
  currency(): Currency
  /** The room's. */
  time(): Instant
  /** In the currency of the room that the peer is in now. `field`: where it stands in the request. */
  amount(text: string, field?: string): Cents
  /** Throws `auction-unknown`. */
  auction(ref: AuctionRef): AuctionView
  /** An id goes into the log also where this peer does not know it: others may. */
  auctionId(ref: AuctionRef): AuctionId
  /** Of an auction that an operation was about: it is there, unless the peer has moved to another room since. */
  lotNumber(id: AuctionId): number
  /** Resolves when it is accepted and committed; throws what the rules, or the world, refuse it with. */
  settle(input: SettleInput, operation: Operation): Promise<Settled>
  /** The same of what was submitted already, to this peer. */
  settled(receipt: Receipt, what: Operation['kind'], peer?: Peer): Settled
  settleOnLot(
    input: SettleInput,
    operation: Operation & { readonly auction: AuctionId },
  ): Promise<Settled & { auction: string; number: number }>
}

export interface SettleInput {
  readonly requestId?: string | undefined
  readonly deadlineMillis: number
}

export function createDesk(peerNow: () => Peer): Desk {
  const find = (ref: AuctionRef, by: 'operation' | 'question'): AuctionView => {
    const peer = peerNow()
    const auction = ref !== 'last' && 'id' in ref ? peer.auction(ref.id) : findAuction(ref, peer.auctions())
    if (auction === undefined) throw refuseUnknownAuction(refText(ref), by)
    return auction
  }

  const desk: Desk = {
    get peer() {
      return peerNow()
    },
    currency: () => currencyOf(peerNow().rules().currency),
    time: () => peerNow().status().time,
    amount(text, field = 'amount') {
      const amount = parseAmount(text, desk.currency())
      if (!amount.ok) throw refuseField(field, amount.error)
      return amount.value
    },
    auction: (ref) => find(ref, 'question'),
    auctionId: (ref) => (ref !== 'last' && 'id' in ref ? ref.id : find(ref, 'operation').id),
    lotNumber: (id) => peerNow().auction(id)?.number ?? 0,
    async settle(input, operation) {
      const request = input.requestId as Parameters<Peer['submit']>[0]['request']
      const peer = peerNow()
      const receipt: Receipt = await peer.submit({ request, operation }, input.deadlineMillis)
      return desk.settled(receipt, operation.kind, peer)
    },
    settled(receipt, what, peer = peerNow()) {
      const { outcome } = receipt
      if ('voided' in outcome) throw refuseVoided()
      // Its own room's, whatever room the seat is in by now.
      const currency = currencyOf(peer.rules().currency)
      if (!outcome.accepted) throw refuseRejected(outcome.rejection, currency, what, receipt)
      const events = outcome.events.map((event) => toMarketEvent(event, currency))
      return { operation: receipt.id, block: receipt.block, events }
    },
    async settleOnLot(input, operation) {
      const settled = await desk.settle(input, operation)
      return { ...settled, auction: operation.auction, number: desk.lotNumber(operation.auction) }
    },
  }
  return desk
}
