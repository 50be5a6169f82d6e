import { Writer } from '../core/codec.ts'
import { type Crypto, fromHex, type Hash, toHex } from '../core/crypto.ts'
import type { Account } from './bank.ts'
import type { AppliedBlock, AppliedOutcome, RoomRules } from './market.ts'

/** What a room's state chain starts from. */
export function firstStateHash(rules: RoomRules, hash: Crypto['hash']): Hash {
  const writer = new Writer().text('gavelring/1/state').text(rules.currency).text(rules.deposits).text(rules.founder)
  return toHex(hash(writer.finish()))
}

/**
 * The next link: the state before, this block's results and the balances that it changed, never the whole state
 * (PROTOCOL, section 4). What a bank operation did shows in the balances; of auctions the events are named too.
 */
export function nextStateHash(
  before: Hash,
  block: AppliedBlock,
  outcomes: readonly AppliedOutcome[],
  changed: Iterable<Account>,
  hash: Crypto['hash'],
): Hash {
  const writer = new Writer(512).raw(fromHex(before) as Uint8Array).unsigned(block.index)
  for (const { outcome } of outcomes) {
    if (outcome === undefined) writer.byte(0)
    else if (outcome.accepted) {
      const { events } = outcome
      const isPlain = events.length === 0 || (events.length === 1 && events[0]?.kind === 'moved')
      writer.byte(1)
      if (!isPlain) writer.text(JSON.stringify(events))
    } else writer.byte(2).text(JSON.stringify(outcome.rejection))
  }
  for (const account of changed) writer.text(account.id).signed(account.available).unsigned(account.held).flag(account.closed)
  return toHex(hash(writer.finish()))
}
