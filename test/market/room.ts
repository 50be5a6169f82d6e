import { createHash } from 'node:crypto'
import type { AccountId, AuctionId, Instant, PeerId, RequestId } from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import { encodeSubmission } from '../../src/market/codec.ts'
import { createMarket, restoreMarket } from '../../src/market/market.ts'
import type { Lot, Operation } from '../../src/market/operation.ts'
import type { Outcome, Rejection } from '../../src/market/outcome.ts'
import type { AppliedOutcome, Market, RoomRules } from '../../src/market/types.ts'
import { peerNamed } from '../peer/keyed-crypto.ts'

/** Ana founded the room. */
export const ana = peerNamed('A')
export const bob = peerNamed('B')
export const eve = peerNamed('E')

export const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()

export const rules: RoomRules = { version: 4, currency: 'EUR', deposits: 'open', founder: ana }
export const startTime = 1_000_000

/** One market, and what is needed to write operations to it one by one. Block time stands still unless it is moved. */
export interface Room {
  market: Market
  time: number
  /** As the author's next operation, in a block of its own. */
  submit(author: PeerId, operation: Operation, request?: string): AppliedOutcome
  /** The same for bytes of any kind. */
  submitBytes(author: PeerId, bytes: Uint8Array): AppliedOutcome
  /** The rejection's code, or `undefined` where it was accepted. */
  codeOf(author: PeerId, operation: Operation): string | undefined
  /** Several at once, each of which must be accepted. */
  accept(author: PeerId, ...operations: readonly Operation[]): void
  restore(): void
}

export function createRoom(given: RoomRules = rules): Room {
  const sequences = new Map<PeerId, number>()
  const room: Room = {
    market: createMarket(given, sha256),
    time: startTime,
    submit: (author, operation, request) => room.submitBytes(author, encode(operation, request)),
    submitBytes(author, bytes) {
      const sequence = (sequences.get(author) ?? 0) + 1
      sequences.set(author, sequence)
      const block = { time: room.time as Instant, author, incarnation: 1, firstSequence: sequence, ops: [bytes] }
      return room.market.apply({ ...block, index: room.market.index + 1 })[0] as AppliedOutcome
    },
    codeOf: (author, operation) => rejectionOf(room.submit(author, operation).outcome)?.code,
    accept(author, ...operations) {
      for (const operation of operations) {
        const rejection = rejectionOf(room.submit(author, operation).outcome)
        if (rejection !== undefined) throw new Error(`${JSON.stringify(operation)} was refused: ${JSON.stringify(rejection)}`)
      }
    },
    restore() {
      room.market = restored(room.market.snapshot(), given)
    },
  }
  return room
}

export function restored(bytes: Uint8Array, given: RoomRules = rules): Market {
  const result = restoreMarket(bytes, given, sha256)
  if ('malformed' in result) throw new Error(result.malformed)
  return result.value
}

/** All that can be asked of each account, in order: its history, which stands in no field, with it. */
export const accountsOf = ({ accounts }: Market): readonly object[] =>
  Array.from(accounts.values(), (account) => ({ ...account, history: account.history }))

export const encode = (operation: Operation, request?: string): Uint8Array =>
  encodeSubmission({ request: request as RequestId | undefined, operation })

export function rejectionOf(outcome: Outcome | undefined): Rejection | undefined {
  return outcome?.accepted === false ? outcome.rejection : undefined
}

/** `available+held` of an account. */
export function balance({ market }: Room, account: string): string {
  const view = market.accounts.get(account as AccountId)
  return `${view?.available}+${view?.held}`
}

export const open = (account: string, holder = 'Somebody'): Operation => ({
  kind: 'open-account',
  account: account as AccountId,
  holder,
})
export const close = (account: string): Operation => ({ kind: 'close-account', account: account as AccountId })
export const deposit = (account: string, amount: number): Operation => ({
  kind: 'deposit',
  account: account as AccountId,
  amount: amount as Cents,
})
export const withdraw = (account: string, amount: number): Operation => ({
  kind: 'withdraw',
  account: account as AccountId,
  amount: amount as Cents,
})
export const transfer = (from: string, to: string, amount: number, memo = ''): Operation => ({
  kind: 'transfer',
  from: from as AccountId,
  to: to as AccountId,
  amount: amount as Cents,
  memo,
})
export const bid = (auction: string, account: string, amount: number): Operation => ({
  kind: 'bid',
  auction: auction as AuctionId,
  account: account as AccountId,
  amount: amount as Cents,
})
export const cancel = (auction: string, reason = ''): Operation => ({
  kind: 'cancel-auction',
  auction: auction as AuctionId,
  reason,
})
export const closeAuction = (auction: string): Operation => ({ kind: 'close-auction', auction: auction as AuctionId })

export const extend = (auction: string, millis: number): Operation => ({
  kind: 'extend-auction',
  auction: auction as AuctionId,
  millis,
})
export const pause = (auction: string, millis = 60_000): Operation => ({
  kind: 'pause-auction',
  auction: auction as AuctionId,
  millis,
})
export const setPace = (millis: number): Operation => ({ kind: 'set-pace', millis })
export const experiment = (what: 'setup' | 'result' | 'stop', section: string, number = 0): Operation => ({
  kind: 'record-experiment',
  what,
  section,
  experiment: number,
  content: new Uint8Array([1, 2, 3]),
})
export const resume = (auction: string): Operation => ({ kind: 'resume-auction', auction: auction as AuctionId })

/** A GIF of one pixel, filled up to so many bytes. */
export function gif(bytes = 13): Uint8Array {
  const picture = new Uint8Array(bytes)
  picture.set([...new TextEncoder().encode('GIF89a'), 1, 0, 1, 0])
  return picture
}

/** A lamp, from 100 on, by steps of 10, for 30 s. */
export const start = (payee: string, changes: { readonly [Field in keyof Lot]?: Lot[Field] | number } = {}): Operation => {
  const lamp = { item: 'Lamp', description: '', picture: new Uint8Array(), payee, startingPrice: 100, increment: 10 }
  const rest = { reserve: undefined, buyNow: undefined, durationMillis: 30_000, softClose: undefined }
  return { kind: 'start-auction', ...lamp, ...rest, ...changes } as Operation
}
