import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/core/random.ts'
import { Channel, type ChannelFrame } from '../../src/mutex/channel.ts'

/** All that came at the other end of a network that loses, repeats and overtakes. */
function carry(isFifo: boolean, seed: number, count: number): readonly number[] {
  const random = createRandom(seed)
  const ends = [new Channel<number>(isFifo), new Channel<number>(isFifo)] as const
  const flying: { readonly at: number; readonly to: 0 | 1; readonly frame: ChannelFrame<number> }[] = []
  const came: number[] = []
  let sent = 0
  for (let now = 0; came.length < count && now < 200_000; now++) {
    if (sent < count) ends[0].send(sent++)
    for (const [from, end] of ends.entries()) {
      for (const frame of end.due(now)) {
        const copies = random.chance(0.3) ? 0 : random.chance(0.2) ? 2 : 1
        for (let copy = 0; copy < copies; copy++) flying.push({ at: now + random.below(40), to: from === 0 ? 1 : 0, frame })
      }
    }
    for (const one of flying.filter(({ at }) => at <= now)) {
      flying.splice(flying.indexOf(one), 1)
      came.push(...ends[one.to].receive(now, one.frame))
    }
  }
  return came
}

describe('a channel', () => {
  it('delivers each payload once, in order where that matters, whatever the network does', () => {
    const all = Array.from({ length: 300 }, (_, index) => index)
    for (let seed = 1; seed <= 10; seed++) {
      expect(carry(true, seed, 300)).toEqual(all)
      const unordered = carry(false, seed, 300)
      expect([...unordered].sort((a, b) => a - b)).toEqual(all)
      expect(unordered).not.toEqual(all)
    }
  })

  it('rests once all is acknowledged', () => {
    const [one, other] = [new Channel<string>(true), new Channel<string>(true)]
    one.send('x')
    for (const frame of one.due(0)) expect(other.receive(0, frame)).toEqual(['x'])
    expect(one.dueAt).toBe(250)
    expect(other.dueAt).toBe(20)
    for (const frame of other.due(20)) expect(one.receive(20, frame)).toEqual([])
    expect([one.dueAt, other.dueAt]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])
  })

  it('takes no more than so much for somebody who never answers, and sends no more than a window of it', () => {
    const channel = new Channel<number>(true)
    for (let count = 0; count < 70_000; count++) channel.send(count)
    expect(channel.isFull).toBe(true)
    expect(channel.due(0).length).toBe(1_024)
    expect(channel.due(249)).toEqual([])
    expect(channel.due(250).length).toBe(1_024)
    expect(channel.dueAt).toBe(750)
  })

  /** Sends one at `now`, which is acknowledged so much later; answers when it would have been sent again, from then on. */
  function exchange(one: Channel<string>, number: number, now: number, roundTrip: number): number {
    one.send('x')
    one.due(now)
    const after = one.dueAt - now
    one.receive(now + roundTrip, { kind: 'ack', through: number, beyond: [] })
    return after
  }

  it('learns how long an answer takes, and repeats neither before that nor long after', () => {
    const far = new Channel<string>(true)
    let after = 0
    for (let number = 1; number <= 40; number++) after = exchange(far, number, number * 10_000, 600)
    expect([after > 600, after < 700]).toEqual([true, true])
    const near = new Channel<string>(true)
    for (let number = 1; number <= 40; number++) after = exchange(near, number, number * 10_000, 2)
    expect(after).toBe(100)
  })

  it('waits the longer the more answers differ in time: a mean and four times its deviation', () => {
    const channel = new Channel<string>(true)
    const times = [100, 200, 200].map((roundTrip, at) => exchange(channel, at + 1, 10_000 * at, roundTrip))
    // Of 100 and 50; then of 112.5, and of 50 and a quarter of what 100 was off beyond that.
    expect(times.slice(1)).toEqual([300, 112.5 + 4 * 62.5])
  })

  it('waits longer and longer for whoever does not answer, and learns nothing from what it sent twice', () => {
    const channel = new Channel<string>(true)
    channel.send('x')
    channel.due(0)
    const pauses: number[] = []
    for (let now = channel.dueAt; pauses.length < 5; now = channel.dueAt) {
      channel.due(now)
      pauses.push(channel.dueAt - now)
    }
    expect(pauses).toEqual([500, 1_000, 2_000, 2_000, 2_000])
    channel.receive(100_000, { kind: 'ack', through: 1, beyond: [] })
    expect(exchange(channel, 2, 200_000, 2), 'nobody knows which of the two was answered').toBe(2_000)
    expect(exchange(channel, 3, 300_000, 2)).toBe(100)
  })

  it('takes its acknowledgement along with what it says anyhow', () => {
    const [one, other] = [new Channel<string>(true), new Channel<string>(true)]
    one.send('x')
    for (const frame of one.due(0)) other.receive(0, frame)
    other.send('y')
    expect(other.due(1).map(({ kind }) => kind)).toEqual(['data', 'ack'])
    expect(other.due(20)).toEqual([])
  })

  it('keeps nothing that is too far ahead', () => {
    const channel = new Channel<number>(false)
    expect(channel.receive(0, { kind: 'data', number: 1_025, payload: 1 })).toEqual([])
    expect(channel.receive(0, { kind: 'data', number: 1_024, payload: 1 })).toEqual([1])
  })
})
