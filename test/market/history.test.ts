import { expect, it } from 'vitest'
import type { Instant } from '../../src/core/ids.ts'
import { entriesOf, History, historyMax } from '../../src/market/history.ts'

const add = (history: History, change: number): void =>
  history.add({ index: change, time: change as Instant }, 'deposit', change, undefined, undefined, '', change, 0)

const changesOf = (history: History): readonly number[] => history.list().map(({ change }) => change)
const numbers = (from: number, count: number): readonly number[] => Array.from({ length: count }, (_, i) => from + i)

it.each([0, 1, 7, historyMax - 1, historyMax, historyMax + 1, 250])(
  'an image of an account that has had %i entries shows them, whatever comes later',
  (count) => {
    const history = new History()
    for (const change of numbers(1, count)) add(history, change)
    const kept = Math.min(historyMax, count)
    const image = history.image()
    const shown = numbers(count - kept + 1, kept)
    expect(entriesOf(image).map(({ change }) => change)).toEqual(shown)
    // More than once around: no cell of the image is left out.
    for (const change of numbers(count + 1, historyMax + 3)) {
      add(history, change)
      expect(entriesOf(image).map(({ change }) => change)).toEqual(shown)
    }
    expect(changesOf(history)).toEqual(numbers(count + 4, historyMax))
  },
)

it('two images of one account are of two moments', () => {
  const history = new History()
  add(history, 1)
  const first = history.image()
  add(history, 2)
  const second = history.image()
  add(history, 3)
  expect([first, second].map((image) => entriesOf(image).length)).toEqual([1, 2])
  expect(changesOf(history)).toEqual([1, 2, 3])
})

it('a list that was told is nobody’s to change by going on', () => {
  const history = new History()
  add(history, 1)
  const told = history.list()
  for (const change of numbers(2, historyMax)) add(history, change)
  expect(told.map(({ change }) => change)).toEqual([1])
})
