import { Uint8ArrayList } from 'uint8arraylist'
import { frameBytesMax } from '../../core/limits.ts'

/**
 * On a stream each frame follows its length, 4 bytes, big-endian. The highest bit marks the few frames that the
 * transports say to each other; all others are the peers'.
 */
export interface Framed {
  readonly bytes: Uint8Array
  readonly isControl: boolean
}

const headBytes = 4
const controlBit = 0x80000000
/** A larger frame is handed over as it is: a copy of it would only be memory to collect again. */
const joinedBytesMax = 16 * 1024
/** For a frame of which little more has come than its length: what is said costs nothing, only what is sent. */
const firstBytes = 16 * 1024

/** What leaves in one write: the frames of one tick. Large ones are not copied, and are not to change before they are gone. */
export function piecesOf(frames: readonly Framed[]): Uint8Array | Uint8ArrayList {
  if (frames.every(({ bytes }) => bytes.length <= joinedBytesMax)) return joinFrames(frames)
  const pieces = new Uint8ArrayList()
  for (const { bytes, isControl } of frames) {
    const head = Buffer.allocUnsafe(headBytes)
    head.writeUInt32BE(bytes.length + (isControl ? controlBit : 0))
    pieces.append(head, bytes)
  }
  return pieces
}

/** The same in one piece of memory. */
export function joinFrames(frames: readonly Framed[]): Uint8Array {
  let size = 0
  for (const { bytes } of frames) size += headBytes + bytes.length
  const joined = Buffer.allocUnsafe(size)
  let at = 0
  for (const { bytes, isControl } of frames) {
    at = joined.writeUInt32BE(bytes.length + (isControl ? controlBit : 0), at)
    joined.set(bytes, at)
    at += bytes.length
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
export function createFrameReader(onFrame: (frame: Framed) => void): FrameReader {
  const head = new Uint8Array(headBytes)
  let headFilled = 0
  let body: Uint8Array | undefined
  let bodyLength = 0
  let bodyFilled = 0
  let isControl = false
  let isBroken = false

  return {
    get isPartial() {
      return headFilled > 0
    },
    push(chunk) {
      let at = 0
      while (at < chunk.length && !isBroken) {
        if (body === undefined) {
          head[headFilled++] = chunk[at++] as number
          if (headFilled < headBytes) continue
          const word = new DataView(head.buffer).getUint32(0)
          isControl = word >= controlBit
          bodyLength = isControl ? word - controlBit : word
          isBroken = bodyLength > frameBytesMax
          if (isBroken) break
          body = new Uint8Array(Math.min(bodyLength, Math.max(firstBytes, 4 * (chunk.length - at))))
          bodyFilled = 0
        }
        const part = chunk.subarray(at, at + bodyLength - bodyFilled)
        body = withRoom(body, bodyFilled + part.length, bodyLength)
        body.set(part, bodyFilled)
        bodyFilled += part.length
        at += part.length
        if (bodyFilled < bodyLength) continue
        const bytes = body
        body = undefined
        headFilled = 0
        onFrame({ bytes, isControl })
      }
      return !isBroken
    },
  }
}

function withRoom(bytes: Uint8Array, needed: number, most: number): Uint8Array {
  if (needed <= bytes.length) return bytes
  const grown = new Uint8Array(Math.min(most, Math.max(needed, 4 * bytes.length)))
  grown.set(bytes)
  return grown
}
