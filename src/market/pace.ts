import { paceMillisMax, paceMillisMin } from '../core/limits.ts'
import type { Place } from './bank.ts'
import type { Operation } from './operation.ts'
import type { MarketEvent, Rejection } from './outcome.ts'
import type { RoomRules } from './types.ts'

/** How fast the room's ring goes, as its host has set it. Only this file changes it. */
export interface RoomPace {
  /** How long a token rests where nobody wants it, in milliseconds; `undefined`: nobody has set it, and each peer has its usual one. */
  millis: number | undefined
}

export const createPace = (): RoomPace => ({ millis: undefined })

/** Whether a room can have this pace: whole milliseconds, from {@link paceMillisMin} to {@link paceMillisMax}. */
export const isPace = (millis: number): boolean => millis >= paceMillisMin && millis <= paceMillisMax

/** It belongs to the room, not to a peer: whoever looks at the ring sees one pace everywhere. So the host alone sets it. */
export function setPace(
  pace: RoomPace,
  { founder }: RoomRules,
  place: Place,
  { millis }: Extract<Operation, { kind: 'set-pace' }>,
  events: MarketEvent[],
): Rejection | undefined {
  if (place.author !== founder) return { code: 'not-host' }
  pace.millis = millis
  events.push({ kind: 'pace-set', millis })
  return undefined
}
