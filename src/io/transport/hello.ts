import { Malformed, Reader, Writer } from '../../core/codec.ts'
import { frameBytesMax, wireVersion } from '../../core/limits.ts'

/** The first frame on a new stream: the wire version, which every version of the program can read, then the hello itself. */
export function encodeHello(hello: Uint8Array): Uint8Array {
  return new Writer(hello.length + 8).unsigned(wireVersion).bytes(hello).finish()
}

export type Hello =
  | { readonly kind: 'hello'; readonly hello: Uint8Array }
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'malformed'; readonly reason: string }

/** Of another version nothing but its number is read. */
export function decodeHello(frame: Uint8Array): Hello {
  try {
    const reader = new Reader(frame)
    const version = reader.unsigned()
    if (version !== wireVersion) return { kind: 'version', version }
    const hello = reader.bytes(frameBytesMax).slice()
    reader.end()
    return { kind: 'hello', hello }
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'malformed', reason: error.message }
    throw error
  }
}
