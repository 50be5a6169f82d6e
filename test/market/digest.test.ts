import { describe, expect, it } from 'vitest'
import type { AccountId, AuctionId, Instant, PeerId } from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import { type Account, createAccount } from '../../src/market/bank.ts'
import { nextStateHash } from '../../src/market/digest.ts'
import type { Operation } from '../../src/market/operation.ts'
import type { AppliedBlock, AppliedOutcome, Market } from '../../src/market/types.ts'
import {
  ana,
  bid,
  bob,
  close,
  closeAuction,
  createRoom,
  deposit,
  encode,
  eve,
  open,
  type Room,
  sha256,
  start,
  startTime,
  transfer,
  withdraw,
} from './room.ts'

const before = '0'.repeat(64)
const block: AppliedBlock = { index: 7, time: startTime as Instant, author: ana, incarnation: 1, firstSequence: 1, ops: [] }
const done: AppliedOutcome = { sequence: 1, outcome: { accepted: true, events: [] } }
const refused = (available: number): AppliedOutcome => ({
  sequence: 1,
  outcome: { accepted: false, rejection: { code: 'funds-short', available: available as Cents } },
})
const skipped: AppliedOutcome = { sequence: 1, outcome: undefined }
const account = (changes: { readonly [Field in 'available' | 'held' | 'closed']?: number | boolean } = {}): Account =>
  Object.assign(createAccount('ana' as AccountId, 'Ana', ana), changes)

describe('a link of the state chain', () => {
  const links: readonly (readonly [string, Parameters<typeof nextStateHash>])[] = [
    ['nothing', [before, block, [done], [account()], sha256]],
    ['the state before', ['1'.repeat(64), block, [done], [account()], sha256]],
    ['the index of the block', [before, { ...block, index: 8 }, [done], [account()], sha256]],
    ['one more result', [before, block, [done, done], [account()], sha256]],
    ['a refusal', [before, block, [refused(1)], [account()], sha256]],
    ['a number of a refusal', [before, block, [refused(2)], [account()], sha256]],
    ['no result', [before, block, [skipped], [account()], sha256]],
    ['what is available', [before, block, [done], [account({ available: 1 })], sha256]],
    ['a debt of as much', [before, block, [done], [account({ available: -1 })], sha256]],
    ['what is held', [before, block, [done], [account({ held: 1 })], sha256]],
    ['a closed account', [before, block, [done], [account({ closed: true })], sha256]],
    ['another account', [before, block, [done], [createAccount('eve' as AccountId, 'Ana', ana)], sha256]],
    ['no change at all', [before, block, [done], [], sha256]],
  ]

  it.each(links)('is one of its own where it differs in %s', (name, link) => {
    const others = links.filter(([other]) => other !== name).map(([, other]) => nextStateHash(...other))
    expect(others).not.toContain(nextStateHash(...link))
    expect(nextStateHash(...link)).toBe(nextStateHash(...link))
  })
})

describe('the state chain covers the balance of every account that a block changed, and of no other', () => {
  const lamp = 'BBBBBB-1-2' as AuctionId
  const rows: readonly (readonly [string, PeerId, Operation, readonly string[]])[] = [
    ['opening', eve, open('eve'), ['eve']],
    ['closing', bob, close('empty'), ['empty']],
    ['a deposit', ana, deposit('ana', 5), ['issuer', 'ana']],
    ['a withdrawal', ana, withdraw('ana', 5), ['issuer', 'ana']],
    ['a transfer', ana, transfer('ana', 'bob', 5), ['ana', 'bob']],
    ['a bid that beats another', ana, bid(lamp, 'ana', 300), ['ana', 'purse']],
    ['a bid at buy-now', ana, bid(lamp, 'ana', 900), ['ana', 'purse', 'bob']],
    ['the closing of an auction', eve, closeAuction(lamp), ['purse', 'bob']],
    ['the start of an auction', bob, start('bob'), []],
    ['a refusal', ana, withdraw('ana', 9_999), []],
  ]

  it.each(rows)('%s', (_name, author, operation, changed) => {
    const room = roomWithBid()
    const { market } = room
    if (operation.kind === 'close-auction') room.time += 30_000
    const last = market.stateHash
    const applied = room.submit(author, operation)
    const accounts = changed.map((id) => accountOf(market, id))
    const next = { ...block, index: market.index, ops: [encode(operation)] }
    expect(market.stateHash).toBe(nextStateHash(last, next, [applied], accounts, sha256))
  })

  /** Ana's `purse` leads with 150; Bob is paid; `empty` is Bob's too. */
  function roomWithBid(): Room {
    const room = createRoom()
    room.accept(bob, open('bob'), start('bob', { buyNow: 900 }), open('empty'))
    room.accept(ana, open('ana'), open('purse'), deposit('ana', 1_000), deposit('purse', 1_000), bid(lamp, 'purse', 150))
    return room
  }

  function accountOf({ accounts, issuer }: Market, id: string): Account {
    if (id === 'issuer') return Object.assign(createAccount('issuer' as AccountId, '', ana), { available: issuer })
    return accounts.get(id as AccountId) as Account
  }
})
