import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { toMoney } from '../../src/api/money.ts'
import { createCountdown, leftText } from '../../src/cli/countdown.ts'
import { currencyOf } from '../../src/core/currency.ts'
import { normal } from './room.ts'

const amount = (cents: number) => toMoney(cents, currencyOf('EUR'))
const lot = { endsAt: 100_000, paused: undefined, leader: undefined, bids: 0 }
const led = (endsAt: number) => ({ kind: 'bid-accepted', auction: 'a', account: 'bob', amount: amount(1_250), endsAt }) as const

/** What is shown as time goes by: lines of a file, or pictures of a screen pass `> `. */
function shown(isScreen: boolean, given: Parameters<typeof createCountdown>[1] = lot, ahead = 0) {
  vi.useFakeTimers({ now: 0 })
  const lines: string[] = []
  const terminal = {
    isScreen,
    line: (text: unknown) => lines.push(normal(String(text))),
    picture: (pictures: readonly unknown[]) => lines.push(`> ${pictures.join()}`),
  }
  const countdown = createCountdown(terminal, given, ahead, false)
  onTestFinished(() => {
    countdown.end()
    vi.useRealTimers()
  })
  const pass = (millis: number): string[] => {
    vi.advanceTimersByTime(millis)
    return lines.splice(0)
  }
  return { countdown, pass }
}

describe('a countdown into a file', () => {
  test('says how long it is now and then, and calls as an auctioneer does', () => {
    const { pass } = shown(false)
    expect(pass(39_000)).toEqual([])
    expect(pass(2_000)).toEqual(['TIME  1:00 left, nobody has bid'])
    expect(pass(30_000)).toEqual(['TIME  0:30 left, nobody has bid'])
    expect(pass(20_000)).toEqual(['TIME  0:10 left, nobody has bid: going once'])
    expect(pass(5_000)).toEqual(['TIME  0:05 left, nobody has bid: going once, going twice'])
    expect(pass(60_000)).toEqual([])
  })

  test('begins again when a late bid moves the end', () => {
    const { countdown, pass } = shown(false)
    pass(91_000)
    countdown.take(led(130_000))
    expect(pass(9_000)).toEqual(['TIME  0:30 left, bob leads with 12.50 EUR'])
    expect(pass(20_000)).toEqual(['TIME  0:10 left, bob leads with 12.50 EUR: going once'])
  })

  test('stands still in a pause, and goes on pass it', () => {
    const { countdown, pass } = shown(false)
    pass(95_000)
    countdown.take({ kind: 'auction-paused', auction: 'a', until: 195_000, endsAt: 200_000 })
    expect(pass(60_000)).toEqual([])
    countdown.take({ kind: 'auction-resumed', auction: 'a', endsAt: 165_000 })
    expect(pass(5_000)).toEqual(['TIME  0:05 left, nobody has bid: going once, going twice'])
  })

  test('goes by the clock of the room', () => {
    const { pass } = shown(false, lot, 60_000)
    expect(pass(30_000)).toEqual(['TIME  0:30 left, nobody has bid', 'TIME  0:10 left, nobody has bid: going once'])
  })
})

describe('a countdown on a screen', () => {
  test('is one line that is redrawn, below what happens', () => {
    const { countdown, pass } = shown(true)
    expect(pass(1_000)).toEqual(['> 1:40 left, nobody has bid', '> 1:39 left, nobody has bid'])
    countdown.say('bob leads with 12.50 EUR', 1)
    expect(pass(0)).toEqual(['> ', 'TIME  bob leads with 12.50 EUR', '> 1:39 left, nobody has bid'])
    countdown.take(led(100_000))
    expect(pass(0)).toEqual(['> 1:39 left, bob leads with 12.50 EUR'])
  })

  test('says that it is paused, or that time is up, and is gone at the end', () => {
    const { countdown, pass } = shown(true)
    pass(0)
    countdown.take({ kind: 'auction-paused', auction: 'a', until: 10_000, endsAt: 110_000 })
    expect(pass(0)).toEqual(['> paused with 1:40 left'])
    expect(pass(10_000).at(-1)).toBe('> 1:40 left, nobody has bid')
    expect(pass(101_000).at(-1)).toBe('> time is up: the room closes it')
    countdown.end()
    countdown.say('ended: nobody bid', 1)
    expect(pass(5_000)).toEqual(['> ', 'TIME  ended: nobody bid'])
  })
})

test.each([
  [-5, '0:00'],
  [1, '0:01'],
  [59_001, '1:00'],
  [61_000, '1:01'],
  [3_600_000, '1:00:00'],
  [86_400_000 + 61_000, '24:01:01'],
])('%i ms is %s', (millis, text) => {
  expect(leftText(millis)).toBe(text)
})
