import { describe, expect, it } from 'vitest'
import { createFrameSampler, type FrameSampler } from '../../src/peer/frame-sampler.ts'
import type { Message } from '../../src/ring/message.ts'
import { peerNamed } from './keyed-crypto.ts'
import { genesisBy } from './log-of-blocks.ts'

const { epoch, hash } = genesisBy(peerNamed('A'))
const want: Message = { kind: 'want', epoch, request: 1 }
const commit = { index: 0, hash }
const token: Message = { kind: 'token', epoch, turn: 1, head: { epoch, ...commit }, commit, served: [], wants: [], blocks: [] }

/** Of so many frames, each with a clock of its own, those that are taken. */
const taken = (sampler: FrameSampler, count: number, message: Message = want, ends = 1): readonly number[] =>
  Array.from({ length: count }, (_, lamport) => lamport).filter((lamport) => sampler.takes(lamport, message, ends))

describe('where there are too many frames', () => {
  it('all are taken as long as a batch holds them', () => {
    const sampler = createFrameSampler()
    expect(taken(sampler, 200)).toHaveLength(200)
    expect([sampler.turn(), sampler.isSampling]).toEqual([0, false])
    expect(taken(sampler, 200)).toHaveLength(200)
    expect([sampler.turn(), sampler.isSampling]).toEqual([0, false])
    expect(taken(sampler, 201)).toHaveLength(201)
    expect([sampler.turn(), sampler.isSampling]).toEqual([0, true])
  })

  it.each([
    [201, 2],
    [400, 2],
    [401, 4],
    [1_600, 8],
    [1_601, 16],
  ])('after %d in one batch one in %d is taken, and the rest is counted', (offered, share) => {
    const sampler = createFrameSampler()
    expect(sampler.takes(1, want, offered)).toBe(true)
    sampler.turn()
    const { length } = taken(sampler, 2 ** 16)
    expect(length * share).toBeGreaterThan(0.9 * 2 ** 16)
    expect(length * share).toBeLessThan(1.1 * 2 ** 16)
    expect(sampler.turn()).toBe(2 ** 16 - length)
  })

  it('each has a chance, however many there are', () => {
    const sampler = createFrameSampler()
    sampler.takes(1, want, 2 ** 40)
    sampler.turn()
    expect(taken(sampler, 2 ** 20).length).toBeGreaterThan(8)
    expect(taken(sampler, 2 ** 20).length).toBeLessThan(32)
  })

  it('those of less are among those of more, so that two ends choose alike', () => {
    const [one, other] = [createFrameSampler(), createFrameSampler()]
    one.takes(1, want, 300)
    other.takes(1, want, 3_000)
    one.turn()
    other.turn()
    const more = new Set(taken(one, 5_000))
    const less = taken(other, 5_000)
    expect(less.length).toBeGreaterThan(100)
    expect(less.filter((lamport) => !more.has(lamport))).toEqual([])
  })

  it('each token is taken', () => {
    const sampler = createFrameSampler()
    sampler.takes(1, want, 100_000)
    sampler.turn()
    expect(taken(sampler, 500, token)).toHaveLength(500)
  })

  it('a frame for several peers counts as often as it would be recorded', () => {
    const sampler = createFrameSampler()
    expect(taken(sampler, 100, want, 3)).toHaveLength(100)
    sampler.turn()
    expect(sampler.isSampling).toBe(true)
    const { length } = taken(sampler, 100, want, 3)
    sampler.miss()
    expect(sampler.turn()).toBe(3 * (100 - length) + 1)
    expect(sampler.turn()).toBe(0)
  })

  it('it is over with the batch that has few again', () => {
    const sampler = createFrameSampler()
    sampler.takes(1, want, 201)
    sampler.turn()
    expect(sampler.isSampling).toBe(true)
    sampler.turn()
    expect([sampler.isSampling, taken(sampler, 50).length]).toEqual([false, 50])
  })
})
