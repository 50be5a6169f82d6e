import { createHistory, type Past } from '../../renderer/ring/history.ts'
import type { BlockStep, FrameStep, RingStep, TokenStep } from '../../renderer/ring/types.ts'

export const token = (turn: number, to: string, from?: string, epoch = '5.aaaaaa'): TokenStep => ({
  kind: 'token',
  at: turn * 250,
  epoch,
  turn,
  ...(from === undefined ? {} : { from }),
  to,
})

export const frame = (id: string, at: number, more: Partial<FrameStep> = {}): FrameStep => ({
  kind: 'frame',
  id,
  at,
  from: 'ana',
  to: 'bob',
  message: 'want',
  lamport: at,
  bytes: 40,
  ...more,
})

export const block = (index: number, at: number, author = 'ana'): BlockStep => ({
  kind: 'block',
  at,
  index,
  author,
  turn: index,
  lamport: at,
})

export const pastOf = (...steps: readonly RingStep[]): Past => {
  const history = createHistory()
  for (const step of steps) history.add(step, 0)
  return history.past()
}
