import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { roomMembersMax } from '../../src/core/limits.ts'
import { Predictions } from '../../src/mutex/predictions.ts'

const [ana, bob, cleo] = ['ana', 'bob', 'cleo'] as [PeerId, PeerId, PeerId]

describe('who enters next', () => {
  it('counts the last vote of each peer, most votes first', () => {
    const predictions = new Predictions()
    for (const [voter, choice] of [
      [ana, bob],
      [bob, bob],
      [cleo, ana],
      [ana, ana],
    ] as const)
      expect(predictions.vote(1, voter, choice)).toBe(true)
    expect(predictions.tally()).toEqual([
      { peer: ana, votes: 2 },
      { peer: bob, votes: 1 },
    ])
  })

  it('counts no vote that comes after the step, nor one for a round to come', () => {
    const predictions = new Predictions()
    predictions.vote(1, ana, bob)
    predictions.close(1, predictions.tally())
    expect([predictions.vote(1, bob, bob), predictions.vote(3, bob, bob), predictions.vote(2, bob, bob)]).toEqual([
      false,
      false,
      true,
    ])
    expect(predictions.closed).toEqual([{ round: 1, tally: [{ peer: bob, votes: 1 }], entered: undefined }])
  })

  it('takes the host’s count, and each round of it once', () => {
    const predictions = new Predictions()
    predictions.vote(1, ana, bob)
    predictions.close(1, [{ peer: cleo, votes: 7 }])
    predictions.close(1, [{ peer: ana, votes: 1 }])
    expect([predictions.round, predictions.closed.map(({ tally }) => tally)]).toEqual([2, [[{ peer: cleo, votes: 7 }]]])
    predictions.close(4, [])
    expect([predictions.round, predictions.closed.length]).toEqual([5, 2])
  })

  it('tells the truth of each round that waits for it, and of none twice', () => {
    const predictions = new Predictions()
    predictions.close(1, [])
    predictions.close(2, [])
    predictions.entered(bob)
    predictions.close(3, [])
    predictions.entered(ana)
    expect(predictions.closed.map(({ entered }) => entered)).toEqual([bob, bob, ana])
  })

  it('sums up all rounds in which somebody voted, as soon as their truth is known, also those that it keeps no more', () => {
    const predictions = new Predictions()
    const tally = [
      { peer: ana, votes: 2 },
      { peer: bob, votes: 1 },
    ]
    predictions.entered(ana)
    for (let round = 1; round <= 30; round++) predictions.close(round, round % 2 === 0 ? [] : tally)
    expect(predictions.sum).toEqual({ rounds: 0, votes: 0, right: 0 })
    predictions.entered(bob)
    expect(predictions.sum).toEqual({ rounds: 15, votes: 45, right: 15 })
    predictions.close(31, tally)
    predictions.close(30, tally)
    predictions.entered(ana)
    predictions.entered(bob)
    expect(predictions.sum).toEqual({ rounds: 16, votes: 48, right: 17 })
  })

  it('counts for no more peers than a room has, whatever a host says', () => {
    const predictions = new Predictions()
    const tally = Array.from({ length: roomMembersMax + 5 }, (_, at) => ({ peer: `peer ${at}` as PeerId, votes: 1 }))
    for (const round of [1, 2]) predictions.close(round, tally)
    predictions.entered(ana)
    expect(predictions.sum).toEqual({ rounds: 2, votes: 2 * roomMembersMax, right: 0 })
  })

  it('keeps the newest twenty', () => {
    const predictions = new Predictions()
    for (let round = 1; round <= 50; round++) predictions.close(round, [])
    expect([predictions.closed.length, predictions.closed[0]?.round]).toEqual([20, 31])
  })
})
