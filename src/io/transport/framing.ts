import { frameBytesMax } from '../../core/limits.ts'

/** On a stream each frame follows its length, 4 bytes, big-endian. A frame of no bytes only says that its sender lives. */

const headBytes = 4

/** One piece of memory, so that the frames of one tick leave in one write. */
export function joinFrames(frames: readonly Uint8Array[]): Uint8Array {
  let size = 0
  for (const frame of frames) size += headBytes + frame.length
  const joined = Buffer.allocUnsafe(size)
  let at = 0
  for (const frame of frames) {
    at = joined.writeUInt32BE(frame.length, at)
    joined.set(frame, at)
    at += frame.length
  }
  return joined
}

export interface FrameReader {
  /** Takes the next bytes of the stream. `false`: a frame is over its limit, and nothing more can be read. */
  push(chunk: Uint8Array): boolean
  /** Whether the stream stands in the middle of a frame. */
  readonly isPartial: boolean
}

/** Calls back with each whole frame, a copy that its receiver may keep. */
export function createFrameReader(onFrame: (frame: Uint8Array) => void): FrameReader {
  const head = new Uint8Array(headBytes)
  let headFilled = 0
  let body: Uint8Array | undefined
  let bodyFilled = 0
  let broken = false

  return {
    get isPartial() {
      return headFilled > 0
    },
    push(chunk) {
      let at = 0
      while (at < chunk.length && !broken) {
        if (body === undefined) {
          head[headFilled++] = chunk[at++] as number
          if (headFilled < headBytes) continue
          const length = new DataView(head.buffer).getUint32(0)
          broken = length > frameBytesMax
          if (broken) break
          body = new Uint8Array(length)
          bodyFilled = 0
        }
        const part = chunk.subarray(at, at + body.length - bodyFilled)
        body.set(part, bodyFilled)
        bodyFilled += part.length
        at += part.length
        if (bodyFilled < body.length) continue
        const frame = body
        body = undefined
        headFilled = 0
        onFrame(frame)
      }
      return !broken
    },
  }
}
