import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Block, headOf } from '../../src/ring/block.ts'
import { type DrivenReplica, follower, healthy, opsAfter, placeOf, view3 } from './harness.ts'
import { TestRoom } from './room.ts'

const paced = (peer: DrivenReplica, idleHop: number): DrivenReplica => peer.step({ kind: 'pace', idleHop })

/** It holds the token from now on, and nobody wants it. */
function holder(idleHop: number): DrivenReplica {
  return paced(follower(), idleHop).receive('A', {
    kind: 'token',
    epoch: view3.epoch,
    turn: 2,
    head: headOf(view3),
    commit: placeOf(view3),
    served: [0, 0, 0],
    wants: [false, false, false],
    blocks: [],
  })
}

/** For how long it rests the token from now on, to 10 ms. */
function restOf(peer: DrivenReplica): number {
  for (let rested = 0; rested < 20_000; rested += 10) {
    if (peer.view.holding === undefined) return rested
    healthy(peer, 1).after(10)
  }
  throw new Error('it never passes the token on')
}

/** How long it waits from now on before it misses the token, heard by all, to 10 ms. */
function patienceOf(peer: DrivenReplica): number {
  for (let waited = 0; waited < 20_000; waited += 10) {
    const [doubt] = healthy(peer, 1).after(10).notes('pre-vote')
    if (doubt === undefined) continue
    expect(doubt.why).toBe('token-lost')
    return waited
  }
  throw new Error('it never misses the token')
}

describe('a token that nobody wants', () => {
  it.each([50, 250, 3_000])('rests for %i ms where the room goes at that pace', (idleHop) => {
    expect(restOf(holder(idleHop))).toBe(idleHop)
  })

  it('goes on at once where it has rested for the new pace already', () => {
    const peer = holder(3_000).after(1_000)
    expect(peer.view.holding).toBe(2)
    expect(paced(peer, 50).sent('token')).toMatchObject([{ to: 'C', turn: 3 }])
  })

  it('rests for the rest of the new pace where that is slower', () => {
    const peer = paced(holder(250).after(200), 3_000)
    expect(restOf(peer)).toBe(2_800)
  })

  it('keeps the pace that is set once more', () => {
    expect(restOf(paced(holder(250).after(200), 250))).toBe(50)
  })
})

describe('the token is missed', () => {
  // It is looked for every 250 ms.
  const within = (patience: number, waited: number): void => {
    expect(waited).toBeGreaterThan(patience - 10)
    expect(waited).toBeLessThanOrEqual(patience + 250)
  }

  it.each([50, 250, 3_000])('3 s after it should have come at a pace of %i ms', (idleHop) => {
    within(3_000 + idleHop, patienceOf(healthy(paced(follower(), idleHop), 1)))
  })

  it('later from the moment on at which the pace grows slower', () => {
    const peer = healthy(paced(follower(), 50), 1)
    for (let waited = 0; waited < 3_000; waited += 250) healthy(peer, 1).after(250)
    within(3_000, patienceOf(paced(peer, 3_000)))
  })

  it('as late as before for a while where the pace grows faster, whatever the paces between', () => {
    const peer = healthy(paced(follower(), 3_000), 1)
    for (let waited = 0; waited < 4_000; waited += 250) healthy(peer, 1).after(250)
    paced(paced(peer, 1_000), 50)
    for (let waited = 0; waited < 1_750; waited += 250) expect(healthy(peer, 1).after(250).notes('pre-vote')).toEqual([])
    within(250, patienceOf(peer))
  })

  it('soon again once everybody has heard of the faster pace', () => {
    const peer = paced(paced(follower(), 3_000), 50)
    for (let turn = 1; turn < 25; turn++) healthy(peer, turn).after(250)
    healthy(peer, 25)
    for (let waited = 0; waited < 3_000; waited += 250) expect(healthy(peer, 1).after(250).notes('pre-vote')).toEqual([])
    within(50, patienceOf(peer))
  })
})

describe('a holder that writes late, and rests the token anew', () => {
  const block = opsAfter(view3, ['x'], { turn: 2 })

  it('is not missed by those who saw it take its turn long ago', () => {
    const peer = healthy(paced(follower(), 3_000), 2)
    for (let waited = 0; waited < 3_000; waited += 250) healthy(peer, 2).after(250)
    peer.push('A', [block], placeOf(block))
    for (let waited = 0; waited < 6_000; waited += 250) {
      healthy(peer, 2).after(250)
      expect(peer.notes('pre-vote')).toEqual([])
    }
    expect(healthy(peer, 2).after(250).notes('pre-vote')).toMatchObject([{ why: 'token-lost' }])
  })

  it('is missed all the same where the block comes again', () => {
    const peer = healthy(paced(follower(), 250), 2)
    const asked: unknown[] = []
    for (let waited = 0; waited < 4_000; waited += 250) {
      healthy(peer, 2).push('A', [block], placeOf(block)).after(250)
      asked.push(...peer.notes('pre-vote').map(({ why }) => why))
    }
    expect(asked[0]).toBe('token-lost')
  })

  it('does not miss what it has just passed on itself', () => {
    const peer = holder(3_000)
    for (let waited = 0; waited < 2_750; waited += 250) healthy(peer, 2).after(250)
    peer.submit('x')
    const [written] = peer.batches.flatMap(({ blocks }) => blocks)
    peer.persisted().reports('A', placeOf(written as Block))
    for (let waited = 0; waited < 3_000; waited += 250) healthy(peer, 2).after(250)
    expect(peer.view.holding).toBeUndefined()
    peer.receive('C', { kind: 'token-ack', epoch: view3.epoch, turn: 3 })
    for (let waited = 0; waited < 5_500; waited += 250) {
      healthy(peer, 2).after(250)
      expect(peer.notes('pre-vote')).toEqual([])
    }
  })
})

describe('a room whose pace changes while it runs', () => {
  const names = ['A', 'B', 'C'] as const
  /** Milliseconds from one change to the next, the new pace, and how late each of the three hears of it. */
  const changes = fc.array(
    fc.record({
      after: fc.integer({ min: 0, max: 8_000 }),
      idleHop: fc.constantFrom(50, 250, 1_000, 3_000),
      late: fc.tuple(fc.nat(2_500), fc.nat(2_500), fc.nat(2_500)),
      writes: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  )

  /** Whatever the pace, whoever wants the token has it at once. */
  const write = (room: TestRoom): void => {
    const before = room.view('B').commit.index
    room.feed('B', { kind: 'submit', domain: 'bank', ops: [new Uint8Array([1])] })
    room.run(100)
    expect(room.view('B').commit.index).toBeGreaterThan(before)
  }

  it('suspects nobody, makes no epoch, and writes, whoever hears of it first', () => {
    fc.assert(
      fc.property(changes, (drawn) => {
        const amiss: string[] = []
        let isWatched = false
        const room = new TestRoom(names, (name, { event }) => {
          if (isWatched && ['pre-vote', 'prepare', 'epoch-activated'].includes(event)) amiss.push(`${name} ${event}`)
        })
        room.run(8_000)
        expect(room.view('A').members.length).toBe(3)
        isWatched = true
        for (const { after, idleHop, late, writes } of drawn) {
          const heard = names.map((name, i) => ({ name, at: late[i] as number })).sort((a, b) => a.at - b.at)
          let waited = 0
          for (const { name, at } of heard) {
            room.run(at - waited)
            waited = at
            room.feed(name, { kind: 'pace', idleHop })
          }
          if (writes) write(room)
          room.run(after)
        }
        room.run(7_000)
        write(room)
        expect(amiss).toEqual([])
      }),
      { numRuns: 150 },
    )
  })
})
