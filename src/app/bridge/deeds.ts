import type { AccountSummary, Money } from '../../api/views.ts'
import { allAccounts, allAuctions } from '../../api/whole-lists.ts'
import { parseNewName } from '../../core/ids.ts'
import { auctionMillisMax } from '../../core/limits.ts'
import { formatAmount } from '../../core/money.ts'
import { classicAmount, readClassicAmount } from '../../gateway/amounts.ts'
import type { Command, Product, Who } from './command.ts'
import type { PeerLink } from './peer-link.ts'
import type { Post } from './post.ts'
import type { BridgeTexts } from './texts.ts'

/** What became of a command. `done`: the notice that the room makes of it says so. `open`: it is asked again, under the same request. */
export type Deed = { readonly kind: 'done' } | { readonly kind: 'refused'; readonly text: string } | { readonly kind: 'open' }

export interface Doing {
  readonly link: PeerLink
  readonly post: Post
  readonly texts: BridgeTexts
  /** Whose account it is where a command names none. */
  readonly account: string | undefined
  /** Every try of one command has the same. */
  readonly requestId: string
  /** It may have been asked for already. */
  readonly isRepeat: boolean
}

/** How long one try may take to be committed, in milliseconds: then it is asked again what became of it. */
const tryMillis = 5_000

/** Asks the room for it. Never rejects: what cannot be asked just now is `open`. */
export async function carryOut(command: Command, doing: Doing): Promise<Deed> {
  try {
    switch (command.kind) {
      case 'start':
        return await start(command, doing)
      case 'bid':
        return await bid(command, doing)
      case 'finish':
        return await finish(command.product, doing)
    }
  } catch (error) {
    return deedOf(error, doing)
  }
}

async function start({ product, item, amount, seconds, who }: Extract<Command, { kind: 'start' }>, doing: Doing): Promise<Deed> {
  const { link, texts, requestId, isRepeat } = doing
  if (!parseNewName(item).ok) return refused(texts.itemInvalid)
  const durationMillis = /^\d{1,7}$/.test(seconds) ? Number(seconds) * 1_000 : 0
  if (durationMillis < 1_000 || durationMillis > auctionMillisMax) return refused(texts.secondsInvalid)
  const price = readClassicAmount(amount, link.room.currency)
  if (!price.ok) return refused(texts.amountInvalid)
  const payee = await ownAccount(who, doing)
  if (typeof payee === 'object') return payee
  // Asked again, it may be the lot that came of this very request.
  if (product !== undefined && !isRepeat && (await isTaken(product, doing))) return refused(texts.productTaken)
  const [startingPrice, increment] = [price.value, 1].map((cents) => formatAmount(cents, link.room.currency)) as [string, string]
  await link.api.auctions.start({
    ...{ item, payee, startingPrice, increment, durationMillis },
    requestId,
    deadlineMillis: tryMillis,
  })
  return done
}

/** By a lot that is open. */
async function isTaken(product: Product, { link, post }: Doing): Promise<boolean> {
  const auction = await post.auctionOf(product)
  if (auction === undefined) return false
  return (await allAuctions(link.api)).some((lot) => lot.auction === auction && lot.ended === undefined)
}

async function bid({ product, amount, who }: Extract<Command, { kind: 'bid' }>, doing: Doing): Promise<Deed> {
  const { link, texts, requestId } = doing
  const given = readClassicAmount(amount, link.room.currency)
  if (!given.ok) return refused(texts.amountInvalid)
  const account = await ownAccount(who, doing)
  if (typeof account === 'object') return account
  const auction = await auctionOf(product, doing)
  if (auction === undefined) return refused(texts.rejected['auction-unknown'])
  const text = formatAmount(given.value, link.room.currency)
  await link.api.auctions.bid({ auction, account, amount: text, requestId, deadlineMillis: tryMillis })
  return done
}

/** Without bids it is called off; with bids the room sells it when its time is over, whoever would have it earlier. */
async function finish(product: Product, doing: Doing): Promise<Deed> {
  const { link, texts, requestId } = doing
  const auction = await auctionOf(product, doing)
  if (auction === undefined) return refused(texts.rejected['auction-unknown'])
  const [lot, { time }] = await Promise.all([link.api.auctions.show({ auction }), link.api.status()])
  if (lot.bids > 0 && lot.ended === undefined) return refused(texts.hasBids(Math.max(0, Math.ceil((lot.endsAt - time) / 1_000))))
  await link.api.auctions.cancel({ auction, requestId, deadlineMillis: tryMillis })
  return done
}

/** Programs' own names go before the room's numbers. */
async function auctionOf(product: Product, { link, post }: Doing): Promise<string | undefined> {
  const named = await post.auctionOf(product)
  if (named !== undefined) return named
  const text = String(product)
  const before = link.known.auctions.get(text)
  if (before !== undefined) return before
  for (const { auction, number } of await allAuctions(link.api)) {
    link.known.auctions.set(auction, auction)
    link.known.auctions.set(String(number), auction)
  }
  return link.known.auctions.get(text)
}

/** An account of this peer's, by its id, or by the name of its holder, where only one has it. */
async function ownAccount({ named, maybe }: Who, { link, texts, account }: Doing): Promise<string | Deed> {
  const before = link.known.accounts.get(named ?? maybe ?? '')
  if (before !== undefined) return before
  const all = await allAccounts(link.api)
  const own = all.filter(({ owner, closed }) => owner === link.self && !closed)
  if (named !== undefined) {
    const found = find(own, named, link)
    if (found !== undefined) return found
    const other = all.find((one) => one.account === named)
    if (other === undefined) return refused(texts.clientUnknown)
    return refused(other.closed ? texts.rejected['account-closed'] : (texts.rejected['not-owner'] ?? texts.notOwn))
  }
  const found = maybe === undefined ? undefined : find(own, maybe, link)
  return found ?? account ?? refused(texts.accountNeeded)
}

/** Ids first; whose account it is never changes, and one that is closed the rules refuse. */
function find(own: readonly AccountSummary[], text: string, { known }: PeerLink): string | undefined {
  const called = own.filter(({ holder }) => holder === text)
  const found = own.find(({ account }) => account === text) ?? (called.length === 1 ? called[0] : undefined)
  if (found !== undefined) known.accounts.set(text, found.account)
  return found?.account
}

const done: Deed = { kind: 'done' }
const refused = (text: string): Deed => ({ kind: 'refused', text })

/** Refusals of the rules, and of the door; all else is the world's, and passes. */
const finalStatuses: ReadonlySet<number> = new Set([400, 404, 409, 413, 422])
const passing: ReadonlySet<unknown> = new Set(['no-room', 'called-off'])

function deedOf(error: unknown, { link, texts }: Doing): Deed {
  if (!(error instanceof Error && 'code' in error && 'status' in error && 'data' in error)) return { kind: 'open' }
  const { code, status, data } = error
  if (typeof code !== 'string' || typeof status !== 'number') return { kind: 'open' }
  if (!finalStatuses.has(status) || passing.has(code)) return { kind: 'open' }
  if (code === 'funds-short') return refused(texts.fundsShort)
  if (code === 'account-unknown') return refused(texts.clientUnknown)
  if (code === 'voided') return refused(texts.withdrawnByPerson)
  if (code === 'bid-too-low') {
    // The contract says what comes with this code.
    const { minimum } = data as { readonly minimum: Money }
    return refused(texts.bidTooLow(classicAmount(minimum.cents, link.room.currency)))
  }
  return refused(texts.rejected[code as keyof BridgeTexts['rejected']] ?? texts.refused(code))
}
