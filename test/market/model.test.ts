import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Operation } from '../../src/market/operation.ts'
import type { RejectionCode } from '../../src/market/outcome.ts'
import type { Market, RoomRules } from '../../src/market/types.ts'
import { histories, type Real, Write } from './commands.ts'
import type { Name } from './draw.ts'
import { NaiveRoom } from './naive.ts'
import { ana, createRoom, deposit, open, restored, rules } from './room.ts'

/** Drawn anew in every run; `MODEL_SEED=… npm test -- test/market/model.test.ts` runs one again. */
const freshSeed = Number(process.env.MODEL_SEED ?? Date.now() % 1_000_000_000)

/** `full`: deposits are open, but the issuer is close to what it may owe. */
const rooms = ['open', 'host', 'full'] as const
type RoomKind = (typeof rooms)[number]

describe('the market does what a naive one does', () => {
  it.each(rooms)(`in a room that is %s, from seed ${freshSeed} on`, (kind) => {
    explore(kind, freshSeed, 120)
  })

  it('and histories come to every answer, every end and every turn of an auction', () => {
    const reached = new Set<string>()
    for (const kind of rooms) explore(kind, 1, 90, reached)
    const expected = [...Object.keys(codes), ...Object.keys(kinds).map((kind) => `${kind} accepted`), ...turns]
    expect([...reached].sort()).toEqual(expected.sort())
  })
})

function explore(kind: RoomKind, seed: number, numRuns: number, reached = new Set<string>()): void {
  const rich = richMarket(kind)
  fc.assert(
    fc.property(histories, (commands) => fc.modelRun(() => setup(kind, rich, reached), commands)),
    { seed, numRuns },
  )
}

/** 8,990,000,000,000,000 of the 9·10^15 that there may be, on an account of its own. */
const richCents = 899 * 1e13

/** One for all histories of a room: it takes long to fill. */
function richMarket(kind: RoomKind): Uint8Array {
  const room = createRoom(rulesOf(kind))
  room.accept(ana, open('rich'))
  if (kind === 'full') for (let i = 0; i < 899; i++) room.accept(ana, deposit('rich', 1e13))
  return room.market.snapshot()
}

function rulesOf(kind: RoomKind): RoomRules {
  return { ...rules, deposits: kind === 'host' ? 'host' : 'open' }
}

function setup(kind: RoomKind, rich: Uint8Array, reached: Set<string>): { model: NaiveRoom; real: Real } {
  const given = rulesOf(kind)
  const model = new NaiveRoom(ana, given.deposits)
  model.accounts.push({ id: 'rich', owner: ana, closed: false })
  if (kind === 'full') model.payments.push({ from: 'issuer', to: 'rich', amount: richCents })
  const market = (): Market => restored(rich, given)
  const at = (): { incarnation: number; sequence: number } => ({ incarnation: 2, sequence: 0 })
  const last = { ana: at(), bob: at(), eve: at() }
  const real: Real = { rules: given, market: market(), straight: market(), time: 1_000_000, last, requests: [], reached }
  for (const [name, operation] of usual) {
    const author = kind === 'host' && operation.kind === 'deposit' ? 'ana' : name
    const auction = { number: 0, isRunning: false }
    new Write({ author, wait: 0, make: () => operation, auction, request: undefined, delivery: 'once' }).run(model, real)
  }
  return { model, real }
}

const usual: readonly (readonly [Name, Operation])[] = [
  ['ana', open('a')],
  ['bob', open('b')],
  ['eve', open('e')],
  ['ana', deposit('a', 1_000)],
  ['bob', deposit('b', 1_000)],
  ['eve', deposit('e', 1_000)],
]

/** Each rejection and each operation that there is: one without a line does not compile, and one that never comes fails. */
const codes: Readonly<Record<RejectionCode, true>> = {
  malformed: true,
  'request-reused': true,
  'account-taken': true,
  'account-unknown': true,
  'account-closed': true,
  'not-owner': true,
  'not-host': true,
  'auction-unknown': true,
  'auction-closed': true,
  'auction-open': true,
  'auction-paused': true,
  'auction-not-paused': true,
  'auction-too-long': true,
  'auction-has-bids': true,
  'reason-needed': true,
  'own-lot': true,
  'bid-too-low': true,
  'room-limit': true,
  'experiment-running': true,
  'experiment-unknown': true,
  'account-not-empty': true,
  'account-in-use': true,
  'funds-short': true,
}
const kinds: Readonly<Record<Operation['kind'], true>> = {
  'open-account': true,
  'close-account': true,
  deposit: true,
  withdraw: true,
  transfer: true,
  'start-auction': true,
  bid: true,
  'cancel-auction': true,
  'close-auction': true,
  'extend-auction': true,
  'pause-auction': true,
  'resume-auction': true,
  'set-pace': true,
  'record-experiment': true,
  void: true,
}
const turns = [
  'sold by bid',
  'sold by close-auction',
  'unsold by close-auction',
  'reserve-not-met by close-auction',
  'cancelled by cancel-auction',
  'a leader raised',
  'a leader was beaten',
  'the end moved',
  'a bid after a pause that nobody ended',
  'an acceptance repeated',
  'a rejection repeated',
]
