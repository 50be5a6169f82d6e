import { expect, it } from 'vitest'
import { createRoomTime } from '../../src/peer/room-time.ts'
import type { ReplicaView } from '../../src/ring/types.ts'

/** A room clock that is `lead` ahead of the monotonic one, and tells whole milliseconds, rounded down. */
function createTestTime(lead: number) {
  const state = { now: 0, lead }
  const time = createRoomTime({ monotonic: () => state.now, wall: () => Math.floor(state.now + 5_000) })
  const view = { time: (now: number) => Math.floor(now + state.lead) } as Partial<ReplicaView> as ReplicaView
  const lookAt = (now: number, shown: ReplicaView | undefined): number => {
    state.now = now
    time.set(shown)
    return time.at(now)
  }
  const look = (now: number) => lookAt(now, view)
  return { state, time, look, withoutRoom: (now: number) => lookAt(now, undefined) }
}

it('the room clock is told in microseconds, and nears the truth with each look', () => {
  const { time, look } = createTestTime(1_000.75)
  expect(look(0)).toBe(1_000)
  expect(look(10.25)).toBe(1_011)
  expect(time.at(10.25)).toBe(1_011)
  // What was near the truth stays, though this look alone says less.
  expect(look(20)).toBe(1_020.75)
  expect(time.at(30.000_4)).toBe(1_030.75)
  expect(time.at(30.000_6)).toBe(1_030.751)
})

it('a room clock that goes back is followed once it is a millisecond or more behind', () => {
  const { state, look } = createTestTime(1_000)
  expect(look(0)).toBe(1_000)
  state.lead = 999
  expect(look(0)).toBe(1_000)
  state.lead = 998
  expect(look(0)).toBe(998)
})

it('before there is a room it is the wall clock', () => {
  const { withoutRoom, look } = createTestTime(9_000)
  expect(withoutRoom(7)).toBe(5_007)
  expect(look(7)).toBe(9_007)
})
