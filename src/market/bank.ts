import { assert } from '../core/assert.ts'
import { type AccountId, type AuctionId, type Instant, issuerAccount, type PeerId } from '../core/ids.ts'
import { issuerCentsMin } from '../core/limits.ts'
import type { Cents } from '../core/money.ts'
import { History } from './history.ts'
import type { Operation } from './operation.ts'
import type { MarketEvent, Rejection } from './outcome.ts'
import type { AccountEntry, AccountView, RoomRules } from './types.ts'

/** One account; `available + held` is what its owner has. Only functions of this file change it. */
export class Account implements AccountView {
  readonly id: AccountId
  readonly holder: string
  readonly owner: PeerId
  available = 0 as Cents
  held = 0 as Cents
  closed = false
  readonly entries = new History()
  /** Open auctions that pay into it. */
  readonly payeeOf = new Set<AuctionId>()
  /** The block in which it changed last, as its bank counts them. */
  #changedIn = 0

  constructor(id: AccountId, holder: string, owner: PeerId) {
    this.id = id
    this.holder = holder
    this.owner = owner
  }

  get history(): readonly AccountEntry[] {
    return this.entries.list()
  }

  /** It is one of those that changed in the block that is applied. */
  noteChange(bank: Bank): void {
    if (this.#changedIn === bank.blocks) return
    this.#changedIn = bank.blocks
    bank.changed.push(this)
  }
}

/** Accounts of a room, in double entry: the sum over all, the issuer included, is always 0 **[S4]**. */
export interface Bank {
  readonly rules: RoomRules
  readonly accounts: Map<AccountId, Account>
  readonly issuer: Account
  /** Accounts that changed in the block that is applied, each once, in the order in which they did. */
  changed: Account[]
  /** Counts those that were applied. */
  blocks: number
}

/** Where and when an operation stands: block index, block time, author. */
export interface Place {
  readonly index: number
  readonly time: Instant
  readonly author: PeerId
}

export function createBank(rules: RoomRules): Bank {
  return { rules, accounts: new Map(), issuer: createAccount(issuerAccount, '', rules.founder), changed: [], blocks: 0 }
}

/** A block is applied: nothing has changed in it yet. */
export function beginBlock(bank: Bank): void {
  bank.blocks++
  bank.changed = []
}

export const createAccount = (id: AccountId, holder: string, owner: PeerId): Account => new Account(id, holder, owner)

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
  account.noteChange(bank)
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
  account.noteChange(bank)
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
  bank.issuer.noteChange(bank)
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
  bank.issuer.noteChange(bank)
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
  account.noteChange(bank)
  account.entries.add(place, kind, available, counterparty, auction, memo, account.available, account.held)
}
