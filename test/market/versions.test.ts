import { describe, expect, it } from 'vitest'
import { restoreMarket } from '../../src/market/market.ts'
import type { Operation } from '../../src/market/operation.ts'
import type { RoomRules } from '../../src/market/types.ts'
import { faultInVersion } from '../../src/market/versions.ts'
import {
  accountsOf,
  ana,
  bid,
  bob,
  cancel,
  createRoom,
  deposit,
  encode,
  experiment,
  extend,
  gif,
  open,
  pause,
  rejectionOf,
  resume,
  rules,
  setPace,
  sha256,
  start,
} from './room.ts'

const first: RoomRules = { ...rules, version: 1 }
const second: RoomRules = { ...rules, version: 2 }
const lamp = 'BBBBBB-1-2'

/** Bob offers a lamp, and Ana, the host, leads. */
function roomOf(given: RoomRules) {
  const room = createRoom(given)
  room.accept(bob, open('bob'), start('bob'))
  room.accept(ana, open('ana'), deposit('ana', 1_000), bid(lamp, 'ana', 100))
  return room
}

describe('a room keeps the rules that it was founded with', () => {
  type Code = string | undefined
  const rows: readonly (readonly [string, typeof ana, Operation, inFirst: Code, inSecond: Code, inThird: Code])[] = [
    ['extending', bob, extend(lamp, 1), 'malformed', undefined, undefined],
    ['pausing', bob, pause(lamp), 'malformed', undefined, undefined],
    ['resuming', bob, resume(lamp), 'malformed', 'auction-not-paused', 'auction-not-paused'],
    ['a picture that is none', bob, start('bob', { picture: new Uint8Array([1, 2, 3]) }), undefined, 'malformed', 'malformed'],
    ['a picture', bob, start('bob', { picture: gif() }), undefined, undefined, undefined],
    ['no picture', bob, start('bob'), undefined, undefined, undefined],
    ['a host that cancels and does not say why', ana, cancel(lamp), 'auction-has-bids', 'reason-needed', 'reason-needed'],
    ['a seller that cancels after a bid', bob, cancel(lamp, 'why'), 'auction-has-bids', 'auction-has-bids', 'auction-has-bids'],
    ['a host that sets the pace', ana, setPace(1_000), 'malformed', 'malformed', undefined],
    ['somebody else who sets it', bob, setPace(1_000), 'malformed', 'malformed', 'not-host'],
    ['a pace that no room can have', ana, setPace(3_001), 'malformed', 'malformed', 'malformed'],
  ]

  it.each(rows)('%s', (_name, author, operation, ...expected) => {
    expect([first, second, rules].map((each) => roomOf(each).codeOf(author, operation))).toEqual(expected)
  })

  it('where what is unknown has used its sequence, and was no request', () => {
    const room = roomOf(first)
    expect(rejectionOf(room.submit(bob, pause(lamp), 'r').outcome)?.code).toBe('malformed')
    expect(room.submit(bob, cancel(lamp), 'r').outcome).toMatchObject({ rejection: { code: 'auction-has-bids' } })
  })

  it('and every kind of operation of today is known in a new room', () => {
    const today = [extend(lamp, 1), pause(lamp), resume(lamp), setPace(50), experiment('setup', 'main')]
    expect(today.map((operation) => faultInVersion(operation, rules.version))).toEqual(today.map(() => undefined))
  })
})

describe('what a program before pauses wrote', () => {
  /** `open bob`, `start`, `open ana`, `deposit`, `bid`, as rules of version 1 came to them. */
  const stateHash = '0091b7142952d451ec2c5168918bfe401542a92d19d38664489e9d27d07380b2'

  it('leads to the state that it led to then', () => {
    expect(roomOf(first).market.stateHash).toBe(stateHash)
  })

  it('is a snapshot still', () => {
    const bytes = Buffer.from(
      'AgUAkbcUKVLUUewsUWiRi/5AFUKpLRnThmRInp0n0HOAsgHoBwIDYm9iCFNvbWVib2R5NDEyRDNLb29XQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkIAAAAAA2FuYQhTb21lYm9keTQxMkQzS29vV0FBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBhAdkAAIEwIQ9AADoBwEGaXNzdWVyAADoBwAFwIQ9BAFkAAEKQkJCQkJCLTEtMgCEB2QBCkJCQkJCQi0xLTIETGFtcAAAA2JvYmQKAACw6gEANDEyRDNLb29XQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkLAhD3w7j7w7j4BAQNhbmFkwIQ9AAI0MTJEM0tvb1dCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQgECADQxMkQzS29vV0FBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBAQMA2jtaqsHda2lMcgjOVyY13xV2FpzvTCEa3xufi+d034c=',
      'base64',
    )
    const restored = restoreMarket(bytes, first, sha256)
    if ('malformed' in restored) throw new Error(restored.malformed)
    expect(restored.value.stateHash).toBe(stateHash)
    // The bids before the leading one were not kept then.
    const auctions = [...roomOf(first).market.auctions.values()].map((auction) => ({ ...auction, recentBids: [] }))
    expect([...restored.value.auctions.values()]).toEqual(auctions)
    expect(accountsOf(restored.value)).toEqual(accountsOf(roomOf(first).market))
  })

  it('has operations whose bytes are still the same', () => {
    expect(
      [deposit('ana', 1_000), bid(lamp, 'ana', 100)].map((operation) => Buffer.from(encode(operation)).toString('hex')),
    ).toEqual(['000303616e61e807', '00070a4242424242422d312d3203616e6164'])
  })
})

describe('what a program before the pace wrote', () => {
  const stateHash = 'ffdd84c85c2ac8f3ec28038b05be67e3198005039476908faf0b3258794afb3f'
  const snapshot =
    'Awr/3YTIXCrI8+woA4sFvmfjGYAFA5R2kI+vCzJYeUr7PwHoBwIDYm9iCFNvbWVib2R5NDEyRDNLb29XQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkIAAAAAA2FuYQhTb21lYm9keTQxMkQzS29vV0FBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBhAdkAAIEwIQ9AADoBwEGaXNzdWVyAADoBwAFwIQ9BAFkAAEKQkJCQkJCLTEtMgCEB2QBCkJCQkJCQi0xLTIETGFtcAANR0lGODlhAQABAAAAAANib2JkCgAAsOoBADQxMkQzS29vV0JCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCwIQ98Os/8Os/AQEDYW5hZMCEPQABmLs9uNo9AQNhbmFkwIQ9AjQxMkQzS29vV0JCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCAQUANDEyRDNLb29XQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUEBBQECcjG86GGpivXXiNoVh9OV0t/PVSF4fickEoIShKuMum61DwAUCkJCQkJCQi0xLTIBtFlZq5Jt4cp5Ul+rtSfTz8pnS6V3Lot7nAexp0SO9qE='

  /** As rules of version 2 came to it: extended, paused, resumed, paused again, and a refusal that is remembered. */
  function evening(): ReturnType<typeof createRoom> {
    const room = createRoom(second)
    room.accept(bob, open('bob'), start('bob', { picture: gif() }))
    room.accept(ana, open('ana'), deposit('ana', 1_000), bid(lamp, 'ana', 100))
    room.accept(bob, extend(lamp, 5_000), pause(lamp, 20_000))
    room.time += 7_000
    room.accept(bob, resume(lamp))
    room.accept(ana, pause(lamp, 4_000))
    room.submit(ana, cancel(lamp), 'r1')
    return room
  }

  it('leads to the state that it led to then, byte for byte', () => {
    const { market } = evening()
    expect(market.stateHash).toBe(stateHash)
    expect(Buffer.from(market.snapshot()).toString('base64')).toBe(snapshot)
  })

  it('is a snapshot still, also as what a new room goes on from, whose host may set a pace', () => {
    for (const given of [second, rules]) {
      const restored = restoreMarket(Buffer.from(snapshot, 'base64'), given, sha256)
      if ('malformed' in restored) throw new Error(restored.malformed)
      expect([restored.value.stateHash, restored.value.paceMillis]).toEqual([stateHash, undefined])
    }
  })
})

describe('what a program with the pace wrote', () => {
  const stateHash = '2946826651c0d11ef3fc655bcdf95fd00ae223dd7d5b5a89d1f5d4c306f1e6fa'
  const snapshot =
    'BAQpRoJmUcDRHvP8ZVvN+V/QCuIj3X1bWonR9dTDBvHm+gHoBwIDYm9iCFNvbWVib2R5NDEyRDNLb29XQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkIAAAAAA2FuYQhTb21lYm9keTQxMkQzS29vV0FBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB6AcAAAEEwIQ9AADoBwEGaXNzdWVyAADoBwAAAjQxMkQzS29vV0JCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCAQEANDEyRDNLb29XQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUEBAwCJBrVc5huVXqDbjSALKhO2TtqsY4I8O2JpO065dWKZ+a0b'

  it('leads to the state that it led to then, byte for byte, and is a snapshot still', () => {
    const { market, accept } = createRoom()
    accept(bob, open('bob'))
    accept(ana, setPace(777), open('ana'), deposit('ana', 1_000))
    expect(market.stateHash).toBe(stateHash)
    expect(Buffer.from(market.snapshot()).toString('base64')).toBe(snapshot)
    const restored = restoreMarket(Buffer.from(snapshot, 'base64'), rules, sha256)
    if ('malformed' in restored) throw new Error(restored.malformed)
    expect([restored.value.stateHash, restored.value.paceMillis]).toEqual([stateHash, 777])
  })
})

describe('what a program with experiments wrote', () => {
  const stateHash = '57ac825539812df93db4acfd9615f5927fb887a053a8416df98cfe570d78e996'
  const snapshot =
    'BQVXrIJVOYEt+T20rP2WFfWSf7iHoFOoQW35jP5XDXjplgAAAQNib2IIU29tZWJvZHk0MTJEM0tvb1dCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQgAAAAAAAjQxMkQzS29vV0JCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCAQEANDEyRDNLb29XQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUEBBAABiQYCAQFiAgUN9tzS5pQgKgZxL8Y4653sfOeQiXbqs/exYcSzwQHbTw=='

  it('leads to the state that it led to then, byte for byte, and is a snapshot still', () => {
    const { market, accept } = createRoom()
    accept(bob, open('bob'))
    accept(ana, setPace(777), experiment('setup', 'main'), experiment('result', 'main', 1), experiment('setup', 'b'))
    expect(market.stateHash).toBe(stateHash)
    expect(Buffer.from(market.snapshot()).toString('base64')).toBe(snapshot)
    const restored = restoreMarket(Buffer.from(snapshot, 'base64'), rules, sha256)
    if ('malformed' in restored) throw new Error(restored.malformed)
    expect([restored.value.stateHash, restored.value.experiments]).toEqual([stateHash, market.experiments])
  })
})
