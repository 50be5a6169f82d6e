import type { Message } from '../ring/message.ts'
import { recording } from './recording.ts'

/**
 * Which frames are recorded where there are too many: one in two, four, eight… by their sender's clock, so that the two ends of a
 * frame, and peers with more or less to do, choose alike; and each token.
 */
export interface FrameSampler {
  readonly isSampling: boolean
  /** `ends`: so many records it would be. */
  takes(lamport: number, message: Message, ends: number): boolean
  /** One that was to be recorded was not. */
  miss(): void
  /** Another batch begins: how many were missed in the last one. */
  turn(): number
}

export function createFrameSampler(): FrameSampler {
  let level = 0
  let offered = 0
  let missed = 0
  return {
    get isSampling() {
      return level > 0
    },
    takes(lamport, message, ends) {
      offered += ends
      if (level === 0 || message.kind === 'token' || Math.imul(lamport, 0x9e3779b1) >>> (32 - level) === 0) return true
      missed += ends
      return false
    },
    miss() {
      missed++
    },
    turn() {
      level = offered <= recording.batchFrames ? 0 : Math.min(16, Math.ceil(Math.log2(offered / recording.batchFrames)))
      offered = 0
      const count = missed
      missed = 0
      return count
    },
  }
}
