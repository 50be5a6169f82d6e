import { describe, expect, it } from 'vitest'
import { DrivenReplica, epochOf, follower, id, instant, opsAfter, placeOf, statusOf, view2, view3, viewAfter } from './harness.ts'
import { roomStart } from './room.ts'

/** A status of a member whose wall clock shows this. */
const status = (wallClock: number) => statusOf({ epoch: view3.epoch, promised: view3.epoch, commit: placeOf(view3), wallClock })

describe('the room clock', () => {
  it('is at the head’s time, carried on by what has passed, while fewer than half of the clocks are known', () => {
    const peer = follower({ ahead: 3_600_000 })
    expect(peer.view.time(peer.now)).toBe(roomStart)
    expect(peer.view.time(peer.now + 700)).toBe(roomStart + 700)
    peer.after(1_000)
    expect(peer.view.time(peer.now)).toBe(roomStart + 1_000)
  })

  it('is the median of the members’ clocks, the own one among them', () => {
    const peer = follower({ ahead: 5_000 }).after(100)
    peer.receive('A', status(roomStart + 100 + 9_000)).receive('C', status(roomStart + 100 + 7_000))
    expect(peer.view.time(peer.now)).toBe(roomStart + 7_100)
    peer.receive('A', status(roomStart + 100 + 1_000))
    expect(peer.view.time(peer.now)).toBe(roomStart + 5_100)
  })

  it('of an even number is the earlier one in the middle', () => {
    const peer = follower({ ahead: 5_000 })
    peer.receive('A', status(roomStart + 9_000))
    expect(peer.view.time(peer.now)).toBe(roomStart + 5_000)
    const other = follower({ ahead: 5_000 })
    other.receive('A', status(roomStart + 2_000))
    expect(other.view.time(other.now)).toBe(roomStart + 2_000)
  })

  it('of four is known with three', () => {
    const wide = viewAfter(view2, epochOf(3, 'A'), 'ABCD')
    const peer = new DrivenReplica({ ahead: 5_000 }).step({ kind: 'tick' }).follow(wide, [view2])
    peer.receive('A', status(roomStart + 9_000))
    expect(peer.view.time(peer.now)).toBe(roomStart)
    peer.receive('C', status(roomStart + 7_000))
    expect(peer.view.time(peer.now)).toBe(roomStart + 7_000)
  })

  it('listens to members only', () => {
    const peer = follower({ ahead: 5_000 })
    peer.receive('X', status(roomStart + 9_000)).receive('Y', status(roomStart + 9_000))
    expect(peer.view.time(peer.now)).toBe(roomStart)
  })

  it('never goes back behind the head', () => {
    const peer = follower({ ahead: -50_000 })
    peer
      .receive('A', status(roomStart - 40_000))
      .receive('C', status(roomStart - 40_000))
      .after(10)
    expect(peer.view.time(peer.now)).toBe(roomStart + 10)
    expect(peer.view.time(peer.now - 100)).toBe(roomStart)
  })

  it('runs on from where the last block put it', () => {
    const peer = follower().after(500)
    peer.push('A', [opsAfter(view3, ['x'], { time: instant(roomStart + 90_000) })])
    expect(peer.view.time(peer.now)).toBe(roomStart + 90_000)
    peer.after(250)
    expect(peer.view.time(peer.now)).toBe(roomStart + 90_250)
  })

  it('stays in the range of numbers whatever a member says', () => {
    const peer = follower()
    peer.receive('A', status(2 ** 53 - 1)).receive('C', status(2 ** 53 - 1))
    expect(peer.view.time(peer.now)).toBeLessThanOrEqual(2 ** 48)
  })

  it('is whole', () => {
    const peer = follower({ ahead: 0.5 }).after(0.75)
    peer.receive('A', status(roomStart + 1)).receive('C', status(roomStart))
    expect(Number.isInteger(peer.view.time(peer.now + 0.3))).toBe(true)
    expect(Number.isInteger(peer.view.time(peer.now + 1_000.3))).toBe(true)
  })
})

describe('clocks are measured', () => {
  it('with half a round trip to the member that tells its own', () => {
    const peer = follower({ ahead: 1_000_000 }).during(5_000)
    const ping = peer.sent('ping').find(({ to }) => to === 'AC')
    expect(ping?.nonce).toBe(peer.now)
    const asked = peer.now
    peer.after(400)
    peer.receive('A', { kind: 'pong', nonce: asked, wallClock: roomStart + 77_000 })
    // 400 ms there and back: by now its clock shows 200 ms more.
    expect(peer.view.time(peer.now)).toBe(roomStart + 77_200)
    peer.after(100).receive('A', status(roomStart + 88_000))
    expect(peer.view.time(peer.now)).toBe(roomStart + 88_200)
  })

  it('by answers to the last question only', () => {
    const peer = follower({ ahead: 1_000_000 }).during(5_000)
    peer.after(400).receive('A', { kind: 'pong', nonce: peer.now - 401, wallClock: roomStart + 77_000 })
    expect(peer.view.time(peer.now)).toBe(roomStart + 5_400)
  })

  it('every five seconds, and of members only', () => {
    const peer = follower().during(4_990)
    expect(peer.sent('ping')).toEqual([])
    expect(peer.during(20).sent('ping').length).toBe(1)
    expect(peer.during(4_980).sent('ping')).toEqual([])
    expect(peer.during(20).sent('ping').length).toBe(1)
    const learner = new DrivenReplica({ self: 'X' }).during(6_000)
    expect(learner.sent('ping')).toEqual([])
  })

  it('a question is answered with the own clock', () => {
    const peer = follower({ ahead: 7 }).after(100)
    peer.receive('A', { kind: 'ping', nonce: 5 })
    expect(peer.sent('pong')).toMatchObject([{ to: 'A', nonce: 5, wallClock: roomStart + 107 }])
    peer.receive('X', { kind: 'ping', nonce: 5 })
    expect(peer.sent('pong')).toEqual([])
  })

  it('a status goes to whoever comes, at once, and to nobody when somebody goes', () => {
    const peer = follower().after(100)
    const { epoch, index, hash } = peer.view.head
    expect(peer.step({ kind: 'link', peer: id('X'), state: 'up' }).sent('status')).toMatchObject([
      { to: 'X', commit: { index, hash }, epoch, active: true },
    ])
    expect(peer.gossiped('status')).toEqual([])
    for (const state of ['down', 'refused'] as const) {
      expect(peer.step({ kind: 'link', peer: id('X'), state }).sent('status')).toEqual([])
    }
    expect(peer.during(399).gossiped('status').length).toBe(0)
    expect(peer.during(2).gossiped('status').length).toBe(1)
  })

  it('a status tells the own clock', () => {
    expect(follower({ ahead: 7 }).during(500).gossiped('status')[0]?.wallClock).toBe(roomStart + 507)
    expect(new DrivenReplica({ startedAt: 9_000 }).step({ kind: 'tick' }).gossiped('status')[0]?.wallClock).toBe(roomStart)
    expect(new DrivenReplica({ ahead: -roomStart - 5 }).after(1).gossiped('status')[0]?.wallClock).toBe(0)
  })
})

describe('a block that is far ahead of the room', () => {
  const ahead = (millis: number) => {
    const peer = follower()
    peer.receive('A', status(roomStart)).receive('C', status(roomStart))
    return peer.push('A', [opsAfter(view3, ['x'], { time: instant(roomStart + millis) })]).notes('time-ahead')
  }
  it('is pointed at, with its author', () => {
    expect(ahead(2_001)).toEqual([{ author: 'A', index: 3, millis: 2_001 }])
    expect(ahead(2_000)).toEqual([])
  })

  it('is not pointed at while nobody knows the time', () => {
    const peer = follower().push('A', [opsAfter(view3, ['x'], { time: instant(roomStart + 90_000) })])
    expect(peer.notes('time-ahead')).toEqual([])
  })

  it('is not pointed at where it is the own one', () => {
    const peer = follower()
    peer.receive('A', status(roomStart)).receive('C', status(roomStart))
    peer.push('A', [opsAfter(view3, ['x'], { author: 'B', incarnation: 0, time: instant(roomStart + 90_000) })])
    expect(peer.view.head.index).toBe(3)
    expect(peer.notes('time-ahead')).toEqual([])
  })
})
