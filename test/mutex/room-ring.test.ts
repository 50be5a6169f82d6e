import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { MutexEvent } from '../../src/mutex/participant.ts'
import { fenceOf, TokenTimes, tokenMessage } from '../../src/mutex/room-ring.ts'
import { type ToldEvent, Witness } from '../../src/mutex/witness.ts'

const [ana, bob] = ['ana', 'bob'] as [PeerId, PeerId]

/** `turn`: that with which the token comes there, of a hop. */
const eventOf = (peer: PeerId, number: number, what: MutexEvent['what'], turn?: number): MutexEvent => ({
  ...{ what, epoch: 1, peer: undefined, purpose: undefined, lamport: number, vector: { [peer]: number } },
  message: turn === undefined ? undefined : tokenMessage({ epoch: 'e', turn }),
})

describe('the place of a token, as somebody tells it', () => {
  it.each<readonly [object | undefined, string | undefined]>([
    [tokenMessage({ epoch: 'e', turn: 7 }), 'e 7'],
    [{ kind: 'token', epoch: 'e', turn: '7' }, undefined],
    [{ kind: 'token', epoch: 1, turn: 7 }, undefined],
    [{ kind: 'token', epoch: 'e' }, undefined],
    [{ kind: 'wish', epoch: 'e', turn: 7 }, undefined],
    [undefined, undefined],
  ])('%j: %s', (message, fence) => {
    expect(fenceOf(message as MutexEvent['message'])).toBe(fence)
  })
})

describe('times of a run by the room’s token', () => {
  it('go along with it, as with a message that carries them', () => {
    const times = new TokenTimes()
    const joined = [
      times.joined(ana, eventOf(ana, 1, 'entered')),
      times.joined(ana, eventOf(ana, 2, 'released')),
      times.joined(ana, eventOf(ana, 3, 'sent', 8)),
      times.joined(bob, eventOf(bob, 1, 'received', 8)),
      times.joined(bob, eventOf(bob, 2, 'entered')),
      times.joined(bob, eventOf(bob, 3, 'sent', 9)),
      times.joined(ana, eventOf(ana, 4, 'received', 9)),
    ]
    expect(joined.map(({ lamport, vector }) => [lamport, vector])).toEqual([
      [1, { ana: 1 }],
      [2, { ana: 2 }],
      [3, { ana: 3 }],
      [4, { ana: 3, bob: 1 }],
      [5, { ana: 3, bob: 2 }],
      [6, { ana: 3, bob: 3 }],
      [7, { ana: 4, bob: 3 }],
    ])
  })

  it('are its own where nobody told of the other end', () => {
    const times = new TokenTimes()
    expect(times.joined(bob, eventOf(bob, 1, 'received', 8))).toEqual(eventOf(bob, 1, 'received', 8))
  })
})

describe('the order of a run by the room’s token', () => {
  const tell = (witness: Witness, now: number, peer: PeerId, event: MutexEvent): void => {
    const number = event.vector[peer] ?? 0
    const told: ToldEvent = { number, at: number, event }
    witness.tell(now, peer, { after: number - 1, events: [told], through: number })
  }
  const taken = (witness: Witness, now: number) =>
    witness.take(now).flatMap((one) => (one.kind === 'event' ? [`${one.peer} ${one.told.event.what}`] : []))

  it('has its coming after its being handed on, whoever is told of first', () => {
    const witness = new Witness(true)
    witness.enterView({ epoch: 1, members: [ana, bob] })
    tell(witness, 0, bob, eventOf(bob, 1, 'received', 8))
    tell(witness, 0, bob, eventOf(bob, 2, 'entered', 8))
    expect(taken(witness, 1_999)).toEqual([])
    tell(witness, 1_999, ana, eventOf(ana, 1, 'sent', 8))
    expect(taken(witness, 1_999)).toEqual(['ana sent', 'bob received', 'bob entered'])
  })

  it('goes on without the other end where that is not told', () => {
    const witness = new Witness(true)
    witness.enterView({ epoch: 1, members: [ana, bob] })
    tell(witness, 0, bob, eventOf(bob, 1, 'received', 8))
    expect(taken(witness, 1_999)).toEqual([])
    expect(taken(witness, 2_000)).toEqual(['bob received'])
  })
})
