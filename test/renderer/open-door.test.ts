import { expect, onTestFinished, test, vi } from 'vitest'
import { openDoor } from '../../renderer/room/open-door.ts'
import { type Api, type ApiClient, Unreachable } from '../../src/api/client.ts'

/** Connections that are made and cut by the test. */
function startDoor() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const api = {} as Api
  let cut = (): void => {}
  const attempts: ('up' | 'nobody' | 'stranger')[] = []
  let peer: 'up' | 'nobody' | 'stranger' = 'up'
  const door = openDoor(async (): Promise<ApiClient> => {
    attempts.push(peer)
    if (peer !== 'up') throw new Unreachable(peer, 'nobody is there')
    const { promise: closed, resolve } = Promise.withResolvers<void>()
    cut = resolve
    return { api, role: 'owner', closed, close: () => {} }
  }, 'owner')
  const become = (next: typeof peer): void => {
    peer = next
  }
  return { api, door, attempts, become, cut: () => cut() }
}

test('a connection that is cut as soon as it is made is made again ever more slowly', async () => {
  const { api, door, attempts, cut } = startDoor()
  expect(await door.api()).toBe(api)
  for (const [count, wait] of [200, 500, 1_000, 2_000, 2_000].entries()) {
    expect(door.state).toBe('open')
    cut()
    await vi.advanceTimersByTimeAsync(0)
    expect(door.state).toBe('lost')
    const next = door.api()
    await vi.advanceTimersByTimeAsync(wait - 1)
    expect(attempts.length).toBe(count + 1)
    await vi.advanceTimersByTimeAsync(1)
    expect(attempts.length).toBe(count + 2)
    expect(await next).toBe(api)
  }
})

test('while nobody is there it is tried again; once a connection has held, its loss is mended soon', async () => {
  const { api, door, attempts, cut, become } = startDoor()
  become('nobody')
  const first = door.api()
  await vi.advanceTimersByTimeAsync(1_700)
  expect([attempts.length, door.state]).toEqual([4, 'lost'])
  become('stranger')
  await vi.advanceTimersByTimeAsync(2_000)
  expect(door.state).toBe('stranger')
  become('up')
  await vi.advanceTimersByTimeAsync(2_000)
  expect(await first).toBe(api)
  await vi.advanceTimersByTimeAsync(5_000)
  cut()
  await vi.advanceTimersByTimeAsync(0)
  const count = attempts.length
  const next = door.api()
  await vi.advanceTimersByTimeAsync(200)
  expect(await next).toBe(api)
  expect(attempts.length).toBe(count + 1)
})
