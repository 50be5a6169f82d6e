import { Writer } from '../core/codec.ts'
import { type Crypto, fromHex, type Hash, hashText } from '../core/crypto.ts'
import type { Account } from './bank.ts'
import { writeOutcome } from './outcome-codec.ts'
import type { AppliedBlock, AppliedOutcome, RoomRules } from './types.ts'

/** What a room's state chain starts from. */
export function firstStateHash(rules: RoomRules, hash: Crypto['hash']): Hash {
  const writer = new Writer().text('gavelring/1/state').text(rules.currency).text(rules.deposits).text(rules.founder)
  return hashText(hash(writer.finish()))
}

/**
 * The next link: the state before, this block's results and the balances that it changed, never the whole state
 * (PROTOCOL, section 4).
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
    writer.flag(outcome !== undefined)
    if (outcome !== undefined) writeOutcome(writer, outcome)
  }
  for (const account of changed) writer.text(account.id).signed(account.available).unsigned(account.held).flag(account.closed)
  return hashText(hash(writer.finish()))
}
