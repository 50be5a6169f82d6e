import { type AccountId, issuerAccount, parseAccountId, parseAuctionId } from '../core/ids.ts'
import { issuerCentsMin } from '../core/limits.ts'
import { checkAmount } from '../core/money.ts'
import type { Auction } from './auctions.ts'
import { isPace } from './pace.ts'
import type { MarketState } from './state.ts'

/**
 * What is wrong with a state that was read from bytes: the first invariant that it breaks (PROTOCOL, section 7, S4), or
 * `undefined`. The rules count on each of these when they move money without asking again.
 */
export function faultOfState({ bank, auctions, pace, experiments }: MarketState): string | undefined {
  if (pace.millis !== undefined && !isPace(pace.millis)) return 'its pace is none'
  const numbers = [...experiments.running.values()].map(({ number }) => number)
  const areNumbered = numbers.every((number) => number >= 1 && number <= experiments.count)
  if (!areNumbered || new Set(numbers).size < numbers.length) return 'an experiment has a number that it cannot have'
  const heldBy = new Map<AccountId, number>()
  for (const auction of auctions.byId.values()) {
    const fault = faultOfAuction(auction)
    if (fault !== undefined) return `auction ${auction.id}: ${fault}`
    if (auction.ended !== undefined) continue
    const { leader, lot } = auction
    if (!isOpen(lot.payee)) return `auction ${auction.id}: its payee is no open account`
    if (leader === undefined) continue
    if (!isOpen(leader.account)) return `auction ${auction.id}: its leader is no open account`
    heldBy.set(leader.account, (heldBy.get(leader.account) ?? 0) + leader.amount)
  }
  let total = 0
  for (const { id, available, held } of bank.accounts.values()) {
    if (!parseAccountId(id).ok || id === issuerAccount) return `account ${id}: no such id can be opened`
    if (held !== (heldBy.get(id) ?? 0)) return `account ${id}: what it holds is not what it bids`
    total += available + held
    if (total > -issuerCentsMin) return 'there is more money than a room can have'
  }
  return bank.issuer.available === -total ? undefined : 'the sum of all accounts is not 0'

  function isOpen(id: AccountId): boolean {
    return bank.accounts.get(id)?.closed === false
  }
}

function faultOfAuction(auction: Auction): string | undefined {
  const { id, lot, leader, bids, recentBids, startedAt, firstEnd, endsAt, paused } = auction
  if (!parseAuctionId(id).ok) return 'its id is none'
  if (startedAt > firstEnd || firstEnd > endsAt) return 'its times are out of order'
  if (paused !== undefined) {
    // What resuming may take back must have been put on before.
    const { at, until } = paused
    const isPause = startedAt <= at && at < until && until <= endsAt && firstEnd - (until - at) >= startedAt
    if (!isPause) return 'its pause is none'
  }
  if ((leader === undefined) !== (bids === 0)) return 'it has a leader and no bids, or bids and no leader'
  const last = recentBids.at(-1)
  const isLast = last === undefined || (last.account === leader?.account && last.amount === leader.amount)
  if (!isLast || recentBids.length > bids) return 'its last bid is not the leading one'
  if (leader === undefined) return undefined
  const { account, amount } = leader
  const isBid = checkAmount(amount).ok && amount >= lot.startingPrice && amount <= (lot.buyNow ?? amount) && account !== lot.payee
  // Each bid was at least 1 above the one before.
  return isBid && bids <= amount ? undefined : 'its leading bid could not be made'
}
