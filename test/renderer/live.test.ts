import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLive } from '../../renderer/room/live.ts'

/** Only that it opens: nothing is asked of what is behind it. */
const door = { api: async () => ({}) } as unknown as Parameters<typeof createLive>[0]

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('the first news is asked about at once, many within a second ten times, and the last of them is known', async () => {
  let state = 0
  let asked = 0
  const live = createLive(door, async () => {
    asked++
    return state
  })
  live.subscribe(() => {})
  await vi.advanceTimersByTimeAsync(1_000)
  expect([asked, live.read()]).toEqual([1, 0])

  state = 1
  live.refresh()
  await vi.advanceTimersByTimeAsync(0)
  expect([asked, live.read()]).toEqual([2, 1])

  for (let news = 0; news < 50; news++) {
    state++
    live.refresh()
    await vi.advanceTimersByTimeAsync(20)
  }
  await vi.advanceTimersByTimeAsync(100)
  expect(live.read()).toBe(51)
  expect(asked).toBeLessThanOrEqual(2 + 11)
})

test('nobody listens any more: nothing is asked, not even what was to be asked in a moment', async () => {
  let asked = 0
  const live = createLive(door, async () => ++asked)
  const leave = live.subscribe(() => {})
  await vi.advanceTimersByTimeAsync(0)
  live.refresh()
  leave()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(asked).toBe(1)
  live.subscribe(() => {})
  await vi.advanceTimersByTimeAsync(0)
  expect(asked).toBe(2)
})
