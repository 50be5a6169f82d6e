import type { Stream } from '@libp2p/interface'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createLane } from '../../src/io/transport/lane.ts'

let now = 1_000
beforeEach(() => {
  now = 1_000
  vi.spyOn(performance, 'now').mockImplementation(() => now)
})
afterEach(() => vi.restoreAllMocks())

/** A lane on a stream that is open, and the bytes of each write. */
async function openLane() {
  const writes: number[] = []
  const stream = {
    status: 'open',
    writeBufferLength: 0,
    addEventListener: () => {},
    send: (bytes: Uint8Array) => void writes.push(bytes.length),
    close: async () => {},
  }
  const lane = createLane({
    open: async () => stream as unknown as Stream,
    greeting: undefined,
    onLost: (reason) => expect.unreachable(reason),
  })
  await new Promise(setImmediate)
  const send = (bytes: number): void => lane.send({ bytes: new Uint8Array(bytes), isControl: false })
  return { send, writes }
}

const head = 4

it('what is sent after a pause leaves before anything else is done, and together', async () => {
  const { send, writes } = await openLane()
  send(10)
  send(20)
  expect(writes).toEqual([])
  await Promise.resolve()
  expect(writes).toEqual([10 + 20 + 2 * head])
  now += 5.1
  send(30)
  await Promise.resolve()
  expect(writes.slice(1)).toEqual([30 + head])
})

it('what is sent soon after that waits for all that is sent in the same turn of the event loop', async () => {
  const { send, writes } = await openLane()
  send(10)
  await Promise.resolve()
  now += 4.9
  send(20)
  await Promise.resolve()
  send(30)
  expect(writes).toEqual([10 + head])
  await new Promise(setImmediate)
  expect(writes.slice(1)).toEqual([20 + 30 + 2 * head])
})
