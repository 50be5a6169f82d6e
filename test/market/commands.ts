import fc from 'fast-check'
import { expect } from 'vitest'
import { auctionId, type Instant, type PeerId } from '../../src/core/ids.ts'
import type { Operation } from '../../src/market/operation.ts'
import type { AppliedOutcome, Market, RoomRules } from '../../src/market/types.ts'
import { compare } from './compare.ts'
import { type Around, type Drawn, drawn, type Name } from './draw.ts'
import { best, least, type NaiveAuction, type NaiveRoom } from './naive.ts'
import { ana, bob, encode, eve, rejectionOf, restored } from './room.ts'

export const people: Readonly<Record<Name, PeerId>> = { ana, bob, eve }

/** The market under test, beside one that is never restarted: both must have one state. */
export interface Real {
  readonly rules: RoomRules
  market: Market
  readonly straight: Market
  time: number
  readonly last: Record<Name, { incarnation: number; sequence: number }>
  /** What was written under a request id, to be written again. */
  readonly requests: Request[]
  /** What the histories came to, in words: shows that they are worth running. */
  readonly reached: Set<string>
}

interface Request {
  readonly author: Name
  readonly operation: Operation
  readonly request: string | undefined
}

type Command = fc.Command<NaiveRoom, Real>

/** Histories of several authors, restarts among them. */
export const histories: fc.Arbitrary<Iterable<Command>> = fc.commands(
  [
    ...Array.from({ length: 12 }, () => drawn.map((one) => new Write(one))),
    fc.nat().map((number) => new WriteAgain(number)),
    fc.constant(undefined).map(() => new Restart()),
  ],
  { maxCommands: 150, size: 'max' },
)

/** Somebody writes something; `delivery` says how it comes into the log. */
export class Write implements Command {
  readonly #drawn: Drawn
  #done = 'not run'

  constructor(one: Drawn) {
    this.#drawn = one
  }

  check(): boolean {
    return true
  }

  run(model: NaiveRoom, real: Real): void {
    const { author, wait, make, auction, request, delivery } = this.#drawn
    const about = choose(model, auction)
    real.time = Math.max(real.time, timeAfter(real.time, wait, about))
    const written = { author, operation: make(aroundOf(model, author, about)), request }
    this.#done = `${author} at ${real.time}, ${delivery}, request ${request}: ${JSON.stringify(written.operation)}`
    write(model, real, written, delivery)
    if (request !== undefined) real.requests.push(written)
  }

  toString(): string {
    return this.#done
  }
}

/** A client asks once more, as it does when it got no answer. */
class WriteAgain implements Command {
  readonly #number: number
  #done = 'not run'

  constructor(number: number) {
    this.#number = number
  }

  check(): boolean {
    return true
  }

  run(model: NaiveRoom, real: Real): void {
    const written = real.requests[this.#number % real.requests.length]
    if (written === undefined) return
    this.#done = `${written.author} again, request ${written.request}: ${JSON.stringify(written.operation)}`
    write(model, real, written, 'once')
  }

  toString(): string {
    return this.#done
  }
}

/** The peer is restarted from its snapshot. */
class Restart implements Command {
  check(): boolean {
    return true
  }

  run(model: NaiveRoom, real: Real): void {
    const bytes = real.market.snapshot()
    real.market = restored(bytes, real.rules)
    expect(real.market.snapshot()).toEqual(bytes)
    compare(model, real)
  }

  toString(): string {
    return 'restart'
  }
}

function choose({ auctions }: NaiveRoom, { number, isRunning }: Drawn['auction']): NaiveAuction | undefined {
  const running = auctions.filter(({ ended }) => ended === undefined)
  return isRunning && running.length > 0 ? running[number % running.length] : auctions[number % (auctions.length + 1)]
}

function timeAfter(time: number, wait: Drawn['wait'], auction: NaiveAuction | undefined): number {
  if (typeof wait === 'number') return time + wait
  if (auction === undefined) return time
  if (wait === 'until it goes on') return auction.stops?.until ?? time
  return wait === 'until the end' ? auction.end : auction.end - (auction.lot.softClose?.window ?? 1)
}

function aroundOf(model: NaiveRoom, author: Name, auction: NaiveAuction | undefined): Around {
  const isOwn = (account: NaiveRoom['accounts'][number]): boolean =>
    account.owner === people[author] && !account.closed && account.id !== 'rich'
  return {
    own: model.accounts.filter(isOwn).map(({ id }) => id),
    free: (account) => model.free(account),
    auction: auction?.id ?? 'EEEEEE-9-9',
    minimum: auction === undefined ? 100 : least(auction),
  }
}

function write(model: NaiveRoom, real: Real, written: Request, delivery: Drawn['delivery']): void {
  const { author, operation, request } = written
  const last = real.last[author]
  if (delivery === 'after a restart') {
    last.incarnation += 2
    last.sequence = 0
  }
  const place = { incarnation: last.incarnation, sequence: last.sequence + 1 }
  if (delivery === 'with a gap') {
    expect(apply(real, written, { ...place, sequence: place.sequence + 1 }).outcome).toBeUndefined()
    compare(model, real)
    return
  }
  const isRepeat = model.isRepeat(people[author], operation, request)
  const name = auctionId(people[author], place.incarnation, place.sequence)
  const before = model.auctions.map(best)
  const refusal = model.submit(people[author], real.time, name, operation, request)
  const { outcome, ...rest } = apply(real, written, place)
  expect(rejectionOf(outcome) ?? { code: 'accepted' }).toMatchObject(refusal ?? { code: 'accepted' })
  expect(rest.isRepeat === true, 'is a repeat').toBe(isRepeat)
  last.sequence++
  if (delivery === 'twice') expect(apply(real, written, place).outcome).toBeUndefined()
  compare(model, real)
  if (!isRepeat) tell(model, real, operation, refusal?.code, before)
  else real.reached.add(refusal === undefined ? 'an acceptance repeated' : 'a rejection repeated')
}

function apply(
  real: Real,
  { author, operation, request }: Request,
  place: { incarnation: number; sequence: number },
): AppliedOutcome {
  const ops = [encode(operation, request)]
  const { incarnation, sequence } = place
  const block = { time: real.time as Instant, author: people[author], incarnation, firstSequence: sequence, ops }
  const [applied] = real.market.apply({ ...block, index: real.market.index + 1 })
  expect(real.straight.apply({ ...block, index: real.straight.index + 1 })).toStrictEqual([applied])
  return applied as AppliedOutcome
}

function tell(
  { auctions }: NaiveRoom,
  { reached }: Real,
  operation: Operation,
  code: string | undefined,
  before: readonly ReturnType<typeof best>[],
): void {
  reached.add(code ?? `${operation.kind} accepted`)
  if (code !== undefined || !('auction' in operation)) return
  const at = auctions.findIndex(({ id }) => id === operation.auction)
  const { ended, end, firstEnd, stops } = auctions[at] as NaiveAuction
  if (ended !== undefined) reached.add(`${ended.why} by ${operation.kind}`)
  if (ended === undefined && end > firstEnd) reached.add('the end moved')
  if (operation.kind === 'bid' && stops !== undefined) reached.add('a bid after a pause that nobody ended')
  if (operation.kind === 'bid' && before[at] !== undefined)
    reached.add(before[at].account === operation.account ? 'a leader raised' : 'a leader was beaten')
}
