import { randomBytes } from 'node:crypto'
import { Uint8ArrayList } from 'uint8arraylist'
import { expect, test } from 'vitest'
import { createFrameReader, type Framed, joinFrames, piecesOf } from '../../src/io/transport/framing.ts'

const frameOf = (size: number, isControl = false): Framed => ({ bytes: new Uint8Array(randomBytes(size)), isControl })

const read = (chunks: Iterable<Uint8Array>): readonly Framed[] => {
  const frames: Framed[] = []
  const reader = createFrameReader((frame) => frames.push(frame))
  for (const chunk of chunks) expect(reader.push(chunk)).toBe(true)
  expect(reader.isPartial).toBe(false)
  return frames
}

const large = 16 * 1024 + 1
const rows: readonly (readonly [string, readonly Framed[]])[] = [
  ['an empty one', [frameOf(0)]],
  ['small ones', [frameOf(1), frameOf(200, true), frameOf(large - 1)]],
  ['a large one', [frameOf(large)]],
  ['small ones around large ones', [frameOf(3, true), frameOf(large), frameOf(128 * 1024), frameOf(0), frameOf(7)]],
]

test.each(rows)(
  '%s: the frames of one tick leave as the same bytes in pieces or in one, and are read in order',
  (_name, frames) => {
    const pieces = piecesOf(frames)
    expect(Buffer.compare(pieces.subarray(), joinFrames(frames))).toBe(0)
    expect(read(pieces instanceof Uint8Array ? [pieces] : pieces)).toEqual(frames)
  },
)

test('a large frame is not copied, and small ones leave in one piece', () => {
  const frame = frameOf(large)
  const pieces = piecesOf([frameOf(3), frame])
  expect(pieces).toBeInstanceOf(Uint8ArrayList)
  expect([...(pieces as Uint8ArrayList)].some((piece) => piece === frame.bytes)).toBe(true)
  expect(piecesOf([frameOf(3), frameOf(large - 1)])).toBeInstanceOf(Uint8Array)
})
