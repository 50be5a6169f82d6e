import { expect, it } from 'vitest'
import { createBudget } from '../../src/io/transport/budget.ts'

it('what a stranger may send is a burst, then so much a second, and a pause for the rest', () => {
  let now = 0
  const budget = createBudget(() => now)
  expect(budget.spend(1_000)).toBe(0)
  expect(budget.spend(1)).toBe(2)
  expect(budget.spend(499)).toBe(1_000)
  now = 1_000
  expect(budget.spend(0)).toBe(0)
  expect(budget.spend(250)).toBe(500)
})

it('a pause is never so long that a stream would pass for dead', () => {
  expect(createBudget(() => 0).spend(1_000_000)).toBe(2_000)
})

it('silence is no credit beyond the burst', () => {
  let now = 0
  const budget = createBudget(() => now)
  now = 3_600_000
  expect(budget.spend(1_001)).toBe(2)
})
