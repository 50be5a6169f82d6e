import { decodeWith, Malformed, type Reader, type Writer } from './codec.ts'
import { wireVersion } from './limits.ts'

/**
 * How a hello begins, in every version of the program: a byte 0, which no wire version is, so that it can be told from a
 * frame of the ring, then the sender's wire version. What follows is read by peers of that version only.
 */
const mark = 0

export const isHello = (frame: Uint8Array): boolean => frame[0] === mark

export function writeHelloHead(writer: Writer): Writer {
  return writer.byte(mark).unsigned(wireVersion)
}

/** The wire version. Throws `Malformed`. */
export function readHelloHead(reader: Reader): number {
  if (reader.byte() !== mark) throw new Malformed('not a hello')
  return reader.unsigned()
}

export type HelloHead = { readonly version: number } | { readonly malformed: string }

/** The version that a hello was written by, whatever else is in it. Never throws. */
export function helloHead(bytes: Uint8Array): HelloHead {
  const decoded = decodeWith(bytes, (reader) => {
    const version = readHelloHead(reader)
    reader.raw(reader.left)
    return version
  })
  return 'malformed' in decoded ? decoded : { version: decoded.value }
}
