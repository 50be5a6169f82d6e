import { expect, test } from 'vitest'
import { createBurstGate, windowMillis } from '../../src/cli/pane/burst.ts'
import type { News } from '../../src/cli/pane/news.ts'

const payment = (cents: number, to = 'ana'): News => ({
  event: 'money-moved',
  weight: 'usual',
  facts: {},
  text: `${cents} went to ${to}`,
  burst: {
    key: `to ${to}`,
    amount: { cents, currency: 'EUR', text: '' },
    text: (count, together) => `${count} more payments to ${to}, together ${together}`,
  },
})
const refused = (peer: string): News => ({ event: 'peer-refused', weight: 'alarm', facts: {}, text: `${peer} is refused` })
const texts = (lines: readonly { readonly text: string }[]): string[] => lines.map(({ text }) => text)

test('what a person can follow is said at once, one by one', () => {
  const gate = createBurstGate()
  for (let at = 0; at < 100; at++) expect(texts(gate.take(payment(at), at, at * 150))).toEqual([`${at} went to ana`])
  expect([gate.due(1e9), gate.nextDue]).toEqual([[], undefined])
})

test('more than ten in a second become one line, with their sum and the time of the last', () => {
  const gate = createBurstGate()
  const said = Array.from({ length: 47 }, (_, at) => gate.take(payment(1_000), at, at)).flat()
  expect([said.length, gate.nextDue]).toEqual([10, windowMillis])
  expect(gate.due(windowMillis - 1)).toEqual([])
  expect(gate.due(windowMillis)).toEqual([{ at: 46, tone: undefined, text: '37 more payments to ana, together 370.00 EUR' }])
  expect([gate.due(windowMillis), gate.nextDue]).toEqual([[], undefined])
})

test('a burst that goes on is one line a second, and when it is over lines are told one by one again', () => {
  const gate = createBurstGate()
  const lines: string[] = []
  for (let now = 0; now < 10_000; now++) {
    lines.push(...texts(gate.due(now)))
    lines.push(...texts(gate.take(payment(1), now, now)))
  }
  lines.push(...texts(gate.due(Number.POSITIVE_INFINITY)))
  expect(lines.length).toBe(20)
  const counts = lines.map((line) => Number(/^(\d+) more/.exec(line)?.[1] ?? 1))
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10_000)
  expect(texts(gate.take(payment(7), 20_000, 20_000))).toEqual(['7 went to ana'])
})

test('one line that waited alone is told as it is', () => {
  const gate = createBurstGate()
  for (let at = 0; at < 11; at++) gate.take(payment(at), at, at)
  expect(texts(gate.due(windowMillis))).toEqual(['10 went to ana'])
})

test('different things are summed up apart; where there are too many of them, by what they are', () => {
  const gate = createBurstGate()
  const said = Array.from({ length: 1_000 }, (_, at) => gate.take(payment(1, `account-${at}`), at, 0)).flat()
  const alarms = Array.from({ length: 12 }, (_, at) => gate.take(refused(`peer ${at}`), at, 0)).flat()
  expect([said.length, alarms.length]).toEqual([30, 0])
  expect(texts(gate.due(windowMillis))).toEqual([
    '970 times more: money was moved, held or released',
    '12 times more: what a peer says is refused',
  ])
})

test('what is remembered does not grow with what was told', () => {
  const gate = createBurstGate()
  let most = 0
  for (let second = 0; second < 100; second++) {
    for (let at = 0; at < 100; at++) gate.take(payment(1, `account-${second}-${at}`), 0, second * windowMillis)
    most = Math.max(most, gate.due((second + 1) * windowMillis).length)
  }
  expect(most).toBeLessThanOrEqual(2)
})
