import { type CircleLayout, clockwise, type Point, pointAt } from './circle-layout.ts'
import type { TokenStep } from './types.ts'

/** The token on its way, or at rest at `to`. Times are this page's own, in milliseconds: the step is drawn when it comes. */
export interface TokenMove {
  readonly turn: number
  readonly epoch: string
  readonly from: string | undefined
  readonly to: string
  readonly startedAt: number
  /** No way is drawn: it is at `to` at once. */
  readonly isJump: boolean
}

export const travelMillis = 180
/** Moves that come faster are not drawn one after the other: a drawing that lags behind the ring would be a lie. */
export const jumpBelowMillis = 150

/** The same object where the token has not moved. */
export function moveOn(before: TokenMove | undefined, step: TokenStep | undefined, now: number): TokenMove | undefined {
  if (step === undefined) return undefined
  if (before?.epoch === step.epoch && before.turn === step.turn) return before
  const isJump =
    before === undefined || step.from === undefined || step.from === step.to || now - before.startedAt < jumpBelowMillis
  return { turn: step.turn, epoch: step.epoch, from: step.from, to: step.to, startedAt: now, isJump }
}

/** Where the token is drawn; `undefined`: it is at nobody who is drawn. */
export function tokenPoint(
  move: TokenMove | undefined,
  layout: CircleLayout,
  now: number,
): (Point & { isMoving: boolean }) | undefined {
  if (move === undefined) return undefined
  const to = layout.places.find(({ peer }) => peer === move.to)
  if (to === undefined) return undefined
  const from = layout.places.find(({ peer }) => peer === move.from)
  const share = (now - move.startedAt) / travelMillis
  if (move.isJump || from === undefined || share >= 1) return { x: to.x, y: to.y, isMoving: false }
  const angle = from.angle + clockwise(from.angle, to.angle) * easeOut(Math.max(0, share))
  return { ...pointAt(layout.centre, layout.radius, angle), isMoving: true }
}

const easeOut = (share: number): number => 1 - (1 - share) ** 3
