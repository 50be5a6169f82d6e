import type { AuctionSummary } from '../api/views.ts'
import { currencyOf } from '../core/currency.ts'
import { formatMoney } from '../core/money.ts'
import { durationText } from './format.ts'

/** An operation as the API tells it: `kind`, and fields by their names. */
export type ToldOperation = Readonly<Record<string, unknown>>

/** What the words need to know of the room. */
export interface RoomWords {
  readonly currency: string
  /** `lot 3`, or the id of an auction that is not known. */
  lotOf(auction: string): string
}

export function roomWords(currency: string, auctions: readonly AuctionSummary[]): RoomWords {
  const numbers = new Map(auctions.map(({ auction, number }) => [auction, number]))
  return {
    currency,
    lotOf: (auction) => (numbers.has(auction) ? `lot ${numbers.get(auction)}` : `auction ${auction}`),
  }
}

/** What an operation wants, in words, as the end of a sentence that its author begins: `pays bob 4.00 EUR from ana (tea)`. */
export function operationText(operation: ToldOperation, { currency, lotOf }: RoomWords): string {
  const text = (name: string): string => (typeof operation[name] === 'string' ? operation[name] : '?')
  const lot = (): string => lotOf(text('auction'))
  const money = (name: string): string => moneyText(operation[name], currency)
  switch (operation.kind) {
    case 'open-account':
      return `opens account ${text('account')} for ${text('holder')}`
    case 'close-account':
      return `closes account ${text('account')}`
    case 'deposit':
      return `deposits ${money('amount')} into ${text('account')}`
    case 'withdraw':
      return `withdraws ${money('amount')} from ${text('account')}`
    case 'transfer':
      return `pays ${text('to')} ${money('amount')} from ${text('from')}${inBrackets(operation.memo)}`
    case 'start-auction':
      return `offers ${text('item')} from ${money('startingPrice')} on, paid to ${text('payee')}`
    case 'bid':
      return `bids ${money('amount')} for ${text('account')} on ${lot()}`
    case 'cancel-auction':
      return `calls ${lot()} off${inBrackets(operation.reason)}`
    case 'close-auction':
      return `closes ${lot()}`
    case 'extend-auction':
      return `gives ${lot()} ${durationOf(operation.millis)} more`
    case 'pause-auction':
      return `pauses ${lot()} for ${durationOf(operation.millis)} at most`
    case 'resume-auction':
      return `lets ${lot()} go on`
    case 'set-pace':
      return `sets the ring’s pace to ${durationOf(operation.millis)}`
    case 'record-experiment':
      return operation.what === 'setup'
        ? `sets up an experiment of the lab in section ${text('section')}`
        : `${operation.what === 'result' ? 'records the result of' : 'stops'} experiment ${String(operation.experiment)}`
    case 'void':
      return 'takes an operation back'
    case 'malformed':
      return 'wrote what cannot be read'
    default:
      return String(operation.kind)
  }
}

/** Minor units, or an amount that comes with its text. */
function moneyText(amount: unknown, currency: string): string {
  if (typeof amount === 'number') return formatMoney(amount, currencyOf(currency))
  const told = typeof amount === 'object' && amount !== null && 'text' in amount ? amount.text : undefined
  return typeof told === 'string' ? told : '?'
}

const inBrackets = (text: unknown): string => (typeof text === 'string' && text !== '' ? ` (${text})` : '')
const durationOf = (millis: unknown): string => (typeof millis === 'number' ? durationText(millis) : '?')
