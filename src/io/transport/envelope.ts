import { decodeWith, Writer } from '../../core/codec.ts'
import { type Field, optional, struct } from '../../core/fields.ts'
import type { PeerId } from '../../core/ids.ts'
import { peerKey, rest } from './wire-fields.ts'

/**
 * What a gossip message carries: a frame for everyone, or, where there is no connection to a peer, a frame for that peer
 * alone, which all others only pass on (PROTOCOL, section 3, Ways). Who sent it is the message's signer.
 */
export interface Envelope {
  /** `undefined`: everyone. */
  readonly to: PeerId | undefined
  readonly frame: Uint8Array
}

const field: Field<Envelope> = struct<Envelope>({ to: optional(peerKey), frame: rest })

/** Bytes of an envelope beside its frame, at most. */
export const envelopeBytesMax = 33

export function wrap(envelope: Envelope): Uint8Array {
  const writer = new Writer(envelope.frame.length + envelopeBytesMax)
  field.write(writer, envelope)
  return writer.finish()
}

/** `undefined` where the bytes are no envelope. The frame is not copied. */
export function unwrap(bytes: Uint8Array): Envelope | undefined {
  const decoded = decodeWith(bytes, (reader) => field.read(reader))
  return 'value' in decoded ? decoded.value : undefined
}
