import { assert } from '../core/assert.ts'
import { type AccountId, type AuctionId, type Instant, issuerAccount, type PeerId } from '../core/ids.ts'
import { issuerCentsMin } from '../core/limits.ts'
import type { Cents } from '../core/money.ts'
import type { Operation } from './operation.ts'
import type { MarketEvent, Rejection } from './outcome.ts'
import type { AccountEntry, AccountView, RoomRules } from './types.ts'

/** Entries of an account that are kept for certain. */
export const historyMax = 100

/** One account; `available + held` is what its owner has. Only functions of this file change it. */
export interface Account extends AccountView {
  available: Cents
  held: Cents
  closed: boolean
  history: AccountEntry[]
  /** Open auctions that pay into it. */
  readonly payeeOf: Set<AuctionId>
}

/** Accounts of a room, in double entry: the sum over all, the issuer included, is always 0 **[S4]**. */
export interface Bank {
  readonly rules: RoomRules
  readonly accounts: Map<AccountId, Account>
  readonly issuer: Account
  /** Accounts whose balances changed in the block that is applied. */
  readonly changed: Set<Account>
}

/** Where and when an operation stands: block index, block time, author. */
export interface Place {
  readonly index: number
  readonly time: Instant
  readonly author: PeerId
}

export function createBank(rules: RoomRules): Bank {
  return { rules, accounts: new Map(), issuer: createAccount(issuerAccount, '', rules.founder), changed: new Set() }
}

export function createAccount(id: AccountId, holder: string, owner: PeerId): Account {
  return { id, holder, owner, available: 0 as Cents, held: 0 as Cents, closed: false, history: [], payeeOf: new Set() }
}

type Of<Kind extends Operation['kind']> = Extract<Operation, { kind: Kind }>

/** Ids are never reused, closed or not; the issuer's is taken from the beginning. */
export function openAccount(
  bank: Bank,
  place: Place,
  { account: id, holder }: Of<'open-account'>,
  events: MarketEvent[],
): Rejection | undefined {
  if (id === issuerAccount || bank.accounts.has(id)) return { code: 'account-taken', account: id }
  const account = createAccount(id, holder, place.author)
  bank.accounts.set(id, account)
  bank.changed.add(account)
  events.push({ kind: 'account-opened', account: id, holder })
  return undefined
}

export function closeAccount(
  bank: Bank,
  place: Place,
  operation: Of<'close-account'>,
  events: MarketEvent[],
): Rejection | undefined {
  const account = findOpen(bank, operation.account)
  if ('code' in account) return account
  if (account.owner !== place.author) return { code: 'not-owner', account: account.id }
  const { available, held } = account
  if (available !== 0 || held !== 0) return { code: 'account-not-empty', available, held }
  const [auction] = account.payeeOf
  if (auction !== undefined) return { code: 'account-in-use', auction }
  account.closed = true
  bank.changed.add(account)
  events.push({ kind: 'account-closed', account: account.id })
  return undefined
}

export function deposit(bank: Bank, place: Place, operation: Of<'deposit'>, events: MarketEvent[]): Rejection | undefined {
  const account = findOpen(bank, operation.account)
  if ('code' in account) return account
  if (bank.rules.deposits === 'open' && account.owner !== place.author) return { code: 'not-owner', account: account.id }
  if (bank.rules.deposits === 'host' && bank.rules.founder !== place.author) return { code: 'not-host' }
  const left = bank.issuer.available - issuerCentsMin
  if (operation.amount > left) return { code: 'room-limit', available: left as Cents }
  bank.issuer.available = (bank.issuer.available - operation.amount) as Cents
  bank.changed.add(bank.issuer)
  change(bank, account, place, 'deposit', operation.amount, 0, issuerAccount)
  events.push({ kind: 'moved', from: issuerAccount, to: account.id, amount: operation.amount, memo: '' })
  return undefined
}

export function withdraw(bank: Bank, place: Place, operation: Of<'withdraw'>, events: MarketEvent[]): Rejection | undefined {
  const account = findOpen(bank, operation.account)
  if ('code' in account) return account
  if (account.owner !== place.author) return { code: 'not-owner', account: account.id }
  if (account.available < operation.amount) return { code: 'funds-short', available: account.available }
  bank.issuer.available = (bank.issuer.available + operation.amount) as Cents
  bank.changed.add(bank.issuer)
  change(bank, account, place, 'withdraw', -operation.amount, 0, issuerAccount)
  events.push({ kind: 'moved', from: account.id, to: issuerAccount, amount: operation.amount, memo: '' })
  return undefined
}

export function transfer(bank: Bank, place: Place, operation: Of<'transfer'>, events: MarketEvent[]): Rejection | undefined {
  const { amount, memo } = operation
  const from = bank.accounts.get(operation.from)
  const to = bank.accounts.get(operation.to)
  if (from === undefined) return { code: 'account-unknown', account: operation.from }
  if (to === undefined) return { code: 'account-unknown', account: operation.to }
  if (from.closed || to.closed) return { code: 'account-closed', account: from.closed ? from.id : to.id }
  if (from.owner !== place.author) return { code: 'not-owner', account: from.id }
  if (from.available < amount) return { code: 'funds-short', available: from.available }
  change(bank, from, place, 'sent', -amount, 0, to.id, undefined, memo)
  change(bank, to, place, 'received', amount, 0, from.id, undefined, memo)
  events.push({ kind: 'moved', from: from.id, to: to.id, amount, memo })
  return undefined
}

/** First phase of a two-phase transfer: money that is spoken for. The caller has checked that it is there. */
export function hold(bank: Bank, account: Account, place: Place, amount: number, auction: AuctionId): void {
  change(bank, account, place, 'held', -amount, amount, undefined, auction)
}

/** Second phase, backed out: free at once. */
export function release(bank: Bank, account: Account, place: Place, amount: number, auction: AuctionId): void {
  change(bank, account, place, 'released', amount, -amount, undefined, auction)
}

/** Second phase, carried out: the held money is the payee's. */
export function post(bank: Bank, from: Account, to: Account, place: Place, amount: number, auction: AuctionId): void {
  change(bank, from, place, 'paid', 0, -amount, to.id, auction)
  change(bank, to, place, 'sold', amount, 0, from.id, auction)
}

/** The account, or why it cannot be used. The issuer is none that an operation can name. */
export function findOpen(
  bank: Bank,
  id: AccountId,
): Account | Extract<Rejection, { code: 'account-unknown' | 'account-closed' }> {
  const account = bank.accounts.get(id)
  if (account === undefined) return { code: 'account-unknown', account: id }
  return account.closed ? { code: 'account-closed', account: id } : account
}

/** Most of what applying an operation costs: what an entry says comes one by one, not in an object that is made only for that. */
function change(
  bank: Bank,
  account: Account,
  place: Place,
  kind: AccountEntry['kind'],
  available: number,
  held: number,
  counterparty: AccountId | undefined,
  auction?: AuctionId,
  memo = '',
): void {
  account.available = (account.available + available) as Cents
  account.held = (account.held + held) as Cents
  assert(account.available >= 0 && account.held >= 0, 'no balance below 0')
  bank.changed.add(account)
  account.history.push({
    index: place.index,
    time: place.time,
    kind,
    change: available,
    counterparty,
    auction,
    memo,
    available: account.available,
    held: account.held,
  })
  // Cut rarely: one copy for a hundred entries. A new list, since an image of the market may still show the old one.
  if (account.history.length >= 2 * historyMax) account.history = account.history.slice(-historyMax)
}

/** Of the first `count` entries the newest, at most 100: what is told of an account, whenever its list was cut last. */
export const newestHistory = (
  { history }: { readonly history: readonly AccountEntry[] },
  count: number = history.length,
): readonly AccountEntry[] => history.slice(Math.max(0, count - historyMax), count)
