import fc from 'fast-check'
import type { AccountId, AuctionId, RequestId } from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import type { Lot, Operation, Submission } from '../../src/market/operation.ts'

/** Everything that can be written to the log: whatever is in its limits. */

const pick = (alphabet: string): fc.Arbitrary<string> => fc.constantFrom(...alphabet)
const base58 = pick('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz')
const count = fc.integer({ min: 1, max: 999_999_999_999_999 })
const cents = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 1e13 })).map((amount) => amount as Cents)
/** Well-formed: a lone half of a surrogate pair has no UTF-8. */
const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'binary', maxLength }).filter((made) => made.length <= maxLength)
const name = text(64).filter((made) => made.length > 0 && made.trim() === made && !/\p{Cc}/u.test(made))
const account = fc.string({ unit: pick('ABCxyz019._-'), minLength: 1, maxLength: 32 }).map((id) => id as AccountId)
const auction = fc
  .tuple(fc.string({ unit: base58, minLength: 6, maxLength: 6 }), count, count)
  .map((parts) => parts.join('-') as AuctionId)
const request = fc.string({ unit: pick('abc!~/:0'), minLength: 1, maxLength: 64 }).map((id) => id as RequestId)
const millis = fc.integer({ min: 1, max: 30 * 86_400_000 })

const lot: fc.Arbitrary<Lot> = fc
  .record({
    item: name,
    description: text(1_000),
    picture: fc.uint8Array({ maxLength: 2_000 }),
    payee: account,
    prices: fc.tuple(cents, cents, cents).map((prices) => [...prices].sort((a, b) => a - b)),
    increment: cents,
    hasReserve: fc.boolean(),
    hasBuyNow: fc.boolean(),
    durationMillis: millis,
    softClose: fc.option(fc.record({ window: millis, extension: millis, cap: millis.map((most) => most - 1) }), {
      nil: undefined,
    }),
  })
  .map(({ prices, hasReserve, hasBuyNow, ...rest }) => {
    const [startingPrice, reserve, buyNow] = prices as [Cents, Cents, Cents]
    return { ...rest, startingPrice, reserve: hasReserve ? reserve : undefined, buyNow: hasBuyNow ? buyNow : undefined }
  })

/** One arbitrary for each kind: a new kind of operation does not compile without one. */
const byKind: { readonly [Kind in Operation['kind']]: fc.Arbitrary<Omit<Extract<Operation, { kind: Kind }>, 'kind'>> } = {
  'open-account': fc.record({ account, holder: name }),
  'close-account': fc.record({ account }),
  deposit: fc.record({ account, amount: cents }),
  withdraw: fc.record({ account, amount: cents }),
  transfer: fc.record({ from: account, to: account, amount: cents, memo: text(140) }).filter(({ from, to }) => from !== to),
  'start-auction': lot,
  bid: fc.record({ auction, account, amount: cents }),
  'cancel-auction': fc.record({ auction, reason: text(140) }),
  'close-auction': fc.record({ auction }),
  'extend-auction': fc.record({ auction, millis }),
  'pause-auction': fc.record({ auction, millis }),
  'resume-auction': fc.record({ auction }),
  'set-pace': fc.record({ millis: fc.integer({ min: 50, max: 3_000 }) }),
  'record-experiment': fc
    .record({
      what: fc.constantFrom('setup', 'result', 'stop'),
      section: fc.constantFrom('main', 'a', 'Z.9_-'),
      experiment: fc.integer({ min: 1, max: 1_000 }),
      content: fc.uint8Array({ maxLength: 300 }),
    })
    .map((record) => (record.what === 'setup' ? { ...record, experiment: 0 } : record)),
  void: fc.constant({}),
}

export const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  ...Object.entries(byKind).map(([kind, fields]) =>
    (fields as fc.Arbitrary<object>).map((value) => ({ kind, ...value }) as Operation),
  ),
)

export const anySubmission: fc.Arbitrary<Submission> = fc.record({
  request: fc.option(request, { nil: undefined }),
  operation: anyOperation,
})
