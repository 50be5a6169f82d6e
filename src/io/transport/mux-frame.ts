/**
 * What several streams over one connection say. Each frame has a head of 8 bytes, big-endian: kind (1), stream (4), number (3).
 * Behind the head of `data` follow as many bytes as its number says, and behind no other anything.
 */
export type MuxFrameKind = (typeof kinds)[number]

const kinds = [
  /** A stream that is new; number 0, like that of `end` and `reset`. */
  'open',
  /** Number: so many bytes follow, at least one. */
  'data',
  /** Number: so many bytes more may be sent, at least one. */
  'grant',
  /** Nothing more is sent in this direction. */
  'end',
  /** Nothing more is sent or read. */
  'reset',
] as const

export interface MuxHead {
  readonly kind: MuxFrameKind
  readonly stream: number
  readonly number: number
}

const headBytes = 8

export function encodeMuxHead({ kind, stream, number }: MuxHead): Uint8Array {
  const head = Buffer.allocUnsafe(headBytes)
  head.writeUInt8(kinds.indexOf(kind), 0)
  head.writeUInt32BE(stream, 1)
  head.writeUIntBE(number, 5, 3)
  return head
}

export interface MuxReader {
  /** Takes the next bytes of the connection, in pieces of any size. Throws at a head that no frame has. */
  push(chunk: Uint8Array): void
}

export interface MuxReaderEvents {
  onHead(head: MuxHead): void
  /** Of the `data` whose head came last, as it comes: a part of the chunk that was pushed, and no copy. */
  onData(part: Uint8Array): void
}

export function createMuxReader({ onHead, onData }: MuxReaderEvents): MuxReader {
  const head = Buffer.alloc(headBytes)
  let headFilled = 0
  /** Bytes of `data` that are still to come. */
  let missing = 0

  return {
    push(chunk) {
      let at = 0
      while (at < chunk.length) {
        if (missing > 0) {
          const part = chunk.subarray(at, at + missing)
          at += part.length
          missing -= part.length
          onData(part)
          continue
        }
        head[headFilled++] = chunk[at++] as number
        if (headFilled < headBytes) continue
        headFilled = 0
        const read = readHead(head)
        if (read.kind === 'data') missing = read.number
        onHead(read)
      }
    },
  }
}

function readHead(head: Buffer): MuxHead {
  const kind = kinds[head.readUInt8(0)]
  const number = head.readUIntBE(5, 3)
  if (kind === undefined) throw new RangeError(`no frame of streams has the kind ${head[0]}`)
  if (number > 0 !== (kind === 'data' || kind === 'grant')) throw new RangeError(`a frame “${kind}” with the number ${number}`)
  return { kind, stream: head.readUInt32BE(1), number }
}
