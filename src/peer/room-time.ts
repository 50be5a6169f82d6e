import type { ReplicaView } from '../ring/types.ts'
import type { Clock } from './ports.ts'

/** The room clock in whole microseconds: frames follow each other within one of its milliseconds. */
export interface RoomTime {
  at(now: number): number
  /** Looks at the room clock again; before there is a room, at the wall clock. Call it often. */
  set(view: ReplicaView | undefined): void
}

export function createRoomTime(clock: Pick<Clock, 'monotonic' | 'wall'>): RoomTime {
  /** Of the room clock before the monotonic one. */
  let lead = 0
  return {
    at: (now) => Math.round((now + lead) * 1_000) / 1_000,
    /**
     * The room clock counts whole milliseconds, rounded down: the greatest of its leads is nearest to the truth, as long as they lie
     * within one; else the clock itself has changed.
     */
    set(view) {
      const now = clock.monotonic()
      const next = (view?.time(now) ?? clock.wall()) - now
      if (next > lead || next < lead - 1) lead = next
    },
  }
}
