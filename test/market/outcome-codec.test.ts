import { describe, expect, it } from 'vitest'
import { decodeWith, Writer } from '../../src/core/codec.ts'
import type { AccountId, AuctionId, Instant } from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import type { MarketEvent, Outcome, Rejection, RejectionCode } from '../../src/market/outcome.ts'
import { readOutcome, writeOutcome } from '../../src/market/outcome-codec.ts'

const account = 'ana' as AccountId
const by = 'bob' as AccountId
const auction = 'BBBBBB-1-3' as AuctionId
const amount = (10 ** 13) as Cents
const at = 1_790_000_000_000 as Instant

/** One of each: a new event or rejection without a row does not compile. */
const events: { readonly [Kind in MarketEvent['kind']]: Extract<MarketEvent, { kind: Kind }> } = {
  'account-opened': { kind: 'account-opened', account, holder: 'Ána 漢' },
  'account-closed': { kind: 'account-closed', account },
  moved: { kind: 'moved', from: account, to: by, amount, memo: 'm'.repeat(140) },
  held: { kind: 'held', account, auction, amount },
  released: { kind: 'released', account, auction, amount },
  'auction-started': { kind: 'auction-started', auction, item: 'Lamp', endsAt: at },
  'bid-accepted': { kind: 'bid-accepted', auction, account, amount, endsAt: at },
  outbid: { kind: 'outbid', auction, account, by, amount },
  'auction-ended': { kind: 'auction-ended', auction, why: 'sold', winner: by, price: amount, reason: '' },
  'auction-extended': { kind: 'auction-extended', auction, endsAt: at },
  'auction-paused': { kind: 'auction-paused', auction, until: at, endsAt: at },
  'auction-resumed': { kind: 'auction-resumed', auction, endsAt: at },
  'pace-set': { kind: 'pace-set', millis: 3_000 },
  'experiment-started': { kind: 'experiment-started', experiment: 300, section: 'main' },
  'experiment-ended': { kind: 'experiment-ended', experiment: 1, section: 'a', what: 'stop' },
}

const rejections: { readonly [Code in RejectionCode]: Extract<Rejection, { code: Code }> } = {
  malformed: { code: 'malformed', detail: 'ends too early' },
  'request-reused': { code: 'request-reused' },
  'account-taken': { code: 'account-taken', account },
  'account-unknown': { code: 'account-unknown', account },
  'account-closed': { code: 'account-closed', account },
  'not-owner': { code: 'not-owner', account },
  'not-host': { code: 'not-host' },
  'auction-unknown': { code: 'auction-unknown', auction },
  'auction-closed': { code: 'auction-closed', auction, at },
  'auction-open': { code: 'auction-open', auction, until: at },
  'auction-has-bids': { code: 'auction-has-bids', auction, bids: 3 },
  'own-lot': { code: 'own-lot' },
  'bid-too-low': { code: 'bid-too-low', minimum: amount },
  'room-limit': { code: 'room-limit', available: 0 as Cents },
  'account-not-empty': { code: 'account-not-empty', available: 1 as Cents, held: 2 as Cents },
  'account-in-use': { code: 'account-in-use', auction },
  'funds-short': { code: 'funds-short', available: amount },
  'auction-paused': { code: 'auction-paused', auction, until: at },
  'auction-not-paused': { code: 'auction-not-paused', auction },
  'auction-too-long': { code: 'auction-too-long', auction, latest: at },
  'reason-needed': { code: 'reason-needed', auction, bids: 3 },
  'experiment-running': { code: 'experiment-running', section: 'main', experiment: 3 },
  'experiment-unknown': { code: 'experiment-unknown', experiment: 300 },
}

const unsold: MarketEvent = {
  kind: 'auction-ended',
  auction,
  why: 'cancelled',
  winner: undefined,
  price: undefined,
  reason: 'rain',
}
const accepted: readonly Outcome[] = [[], ...Object.values(events).map((event) => [event]), [unsold, events.moved, unsold]].map(
  (listed) => ({ accepted: true, events: listed }),
)
const rejected: readonly Outcome[] = Object.values(rejections).map((rejection) => ({ accepted: false, rejection }))

function bytesOf(outcome: Outcome): Uint8Array {
  const writer = new Writer()
  writeOutcome(writer, outcome)
  return writer.finish()
}

describe('an outcome as bytes', () => {
  const remembered = [...accepted, ...rejected.filter((outcome) => outcome.accepted || outcome.rejection.code !== 'malformed')]

  it.each(remembered.map((outcome) => [JSON.stringify(outcome), outcome] as const))(
    '%s comes back as it was',
    (_text, outcome) => {
      expect(decodeWith(bytesOf(outcome), readOutcome)).toStrictEqual({ value: outcome })
    },
  )

  it('differs from every other', () => {
    const all = [...accepted, ...rejected].map((outcome) => bytesOf(outcome).toString())
    expect(new Set(all).size).toBe(all.length)
  })

  it('keeps its code for ever: the state chains of old logs are made of them', () => {
    const codeOf = (outcome: Outcome): number | undefined => bytesOf(outcome)[outcome.accepted ? 2 : 1]
    const codes = (outcomes: readonly Outcome[]) => outcomes.map(codeOf)
    expect(codes(Object.values(events).map((event) => ({ accepted: true, events: [event] })))).toEqual([...Array(15).keys()])
    expect(codes(rejected)).toEqual([...Array(23).keys()])
  })

  it('is malformed at every shorter length, and with an unknown code', () => {
    for (const outcome of remembered) {
      const bytes = bytesOf(outcome)
      for (let length = 0; length < bytes.length; length++) {
        expect(decodeWith(bytes.subarray(0, length), readOutcome)).toHaveProperty('malformed')
      }
    }
    expect(decodeWith(new Uint8Array([0, 99]), readOutcome)).toHaveProperty('malformed')
    expect(decodeWith(new Uint8Array([1, 1, 99]), readOutcome)).toHaveProperty('malformed')
  })

  it('is never that of something malformed, which no memory keeps', () => {
    expect(decodeWith(bytesOf({ accepted: false, rejection: rejections.malformed }), readOutcome)).toHaveProperty('malformed')
  })
})
