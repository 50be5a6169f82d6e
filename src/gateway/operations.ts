import { currencyOf } from '../core/currency.ts'
import { type AccountId, parseAccountId, parseNewName, parseRequestId } from '../core/ids.ts'
import { auctionMillisMax } from '../core/limits.ts'
import type { Cents } from '../core/money.ts'
import type { Operation, Submission } from '../market/operation.ts'
import type { MarketEvent, Rejection } from '../market/outcome.ts'
import type { AccountView } from '../market/types.ts'
import type { Peer } from '../peer/peer.ts'
import { classicAmount, readClassicAmount } from './amounts.ts'
import { findLot } from './auctions.ts'
import { type Answer, type Changing, no, type Request, yes } from './message.ts'
import type { Texts } from './texts.ts'

/** What a request that changes something becomes, and what is said once that is done. */
export interface Made {
  readonly submission: Submission
  done(events: readonly MarketEvent[]): Answer
}

interface Place {
  readonly peer: Peer
  readonly texts: Texts
  /** The account that logged in; only it is debited. */
  readonly own: AccountId | undefined
}

/**
 * What the request asks the room for, or why the room is not asked: what can be seen here is refused in the words of the classic
 * bank, and in its order. The rules decide all the same: between a look and the log things change.
 */
export function makeOperation(request: Request<Changing>, place: Place): Made | Answer {
  const id = request.id === undefined ? undefined : parseRequestId(request.id)
  if (id?.ok === false) return no(place.texts.idInvalid)
  const asked = makers[request.kind](request as never, place)
  if ('ok' in asked) return asked
  const amount = readClassicAmount(request.amount, currencyOf(place.peer.rules().currency))
  if (!amount.ok) return no(place.texts.amountInvalid)
  return { submission: { request: id?.value, operation: asked.operation(amount.value) }, done: asked.done }
}

interface AskedFor {
  operation(amount: Cents): Operation
  done(events: readonly MarketEvent[]): Answer
}

type MakerOf<Kind extends Changing['kind']> = (
  request: Extract<Request<Changing>, { kind: Kind }>,
  place: Place,
) => AskedFor | Answer

const makers: { readonly [Kind in Changing['kind']]: MakerOf<Kind> } = {
  deposit({ account: text }, { peer, texts }) {
    const account = findAccount(peer, text)?.id
    if (account === undefined) return no(texts.clientUnknown)
    return { operation: (amount) => ({ kind: 'deposit', account, amount }), done: () => yes(texts.deposited) }
  },
  withdraw({ account: text }, place) {
    const account = findAccount(place.peer, text)?.id
    if (account === undefined) return no(place.texts.clientUnknown)
    const asked: AskedFor = {
      operation: (amount) => ({ kind: 'withdraw', account, amount }),
      done: () => yes(place.texts.withdrawn),
    }
    return refuseDebit(account, place) ?? asked
  },
  transfer(request, place) {
    const { peer, texts } = place
    const from = findAccount(peer, request.from)?.id
    if (from === undefined) return no(texts.fromUnknown)
    const to = findAccount(peer, request.to)?.id
    if (to === undefined) return no(texts.toUnknown)
    if (from === to) return no(texts.sameAccount)
    const asked: AskedFor = {
      operation: (amount) => ({ kind: 'transfer', from, to, amount, memo: '' }),
      done: () => yes(texts.transferred),
    }
    return refuseDebit(from, place) ?? asked
  },
  bid(request, { peer, texts, own: account }) {
    if (account === undefined) return no(texts.notLoggedIn)
    if (request.account !== undefined && request.account !== account) return no(texts.notOwn)
    const lot = findLot(request.lot, peer)
    if (lot === undefined) return no(texts.rejected['auction-unknown'])
    return {
      operation: (amount) => ({ kind: 'bid', auction: lot.id, account, amount }),
      done: () => yes(texts.bidDone, [['productId', String(lot.number)]]),
    }
  },
  start(request, { peer, texts, own: payee }) {
    if (payee === undefined) return no(texts.notLoggedIn)
    const item = parseNewName(request.item)
    if (!item.ok) return no(texts.itemInvalid)
    const durationMillis = /^\d{1,7}$/.test(request.seconds) ? Number(request.seconds) * 1_000 : 0
    if (durationMillis < 1_000 || durationMillis > auctionMillisMax) return no(texts.secondsInvalid)
    const lot = { item: item.value, description: '', picture: new Uint8Array(), payee, durationMillis }
    const plain = { increment: 1 as Cents, reserve: undefined, buyNow: undefined, softClose: undefined }
    return {
      operation: (startingPrice) => ({ kind: 'start-auction', ...lot, ...plain, startingPrice }),
      done(events) {
        const started = events.find((event) => event.kind === 'auction-started')
        const number = started === undefined ? 0 : (peer.auction(started.auction)?.number ?? 0)
        return yes(texts.started(number), [['productId', String(number)]])
      },
    }
  },
}

function refuseDebit(account: AccountId, { texts, own }: Place): Answer | undefined {
  if (own === undefined) return no(texts.notLoggedIn)
  return account === own ? undefined : no(texts.notOwn)
}

/** `undefined`: there is none, or the text is none. */
export function findAccount(peer: Peer, text: string): AccountView | undefined {
  const id = parseAccountId(text)
  return id.ok ? peer.account(id.value) : undefined
}

/** Why the rules refused it, in the words of the classic bank where it had some. */
export function rejectionText(rejection: Rejection, operation: Operation, { peer, texts }: Omit<Place, 'own'>): string {
  switch (rejection.code) {
    case 'funds-short':
      return texts.fundsShort
    case 'account-unknown':
      if (operation.kind !== 'transfer') return texts.clientUnknown
      return rejection.account === operation.from ? texts.fromUnknown : texts.toUnknown
    case 'bid-too-low':
      return texts.bidTooLow(classicAmount(rejection.minimum, currencyOf(peer.rules().currency)))
    default:
      return texts.rejected[rejection.code] ?? texts.refused(rejection.code)
  }
}
