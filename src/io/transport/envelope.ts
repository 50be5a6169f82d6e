import type { PeerId } from '../../core/ids.ts'
import { peerIdOf, publicKeyIn } from '../peer-id.ts'

/**
 * What a gossip message carries: a frame for everyone, or, where there is no connection to a peer, a frame for that peer
 * alone, which all others only pass on (PROTOCOL, section 3, Ways). Who sent it is the message's signer.
 */
export interface Envelope {
  /** `undefined`: everyone. */
  readonly to: PeerId | undefined
  readonly frame: Uint8Array
}

const forAll = 0
const forOne = 1
const keyBytes = 32
/** Bytes of an envelope beside its frame, at most. */
export const envelopeBytesMax = 1 + keyBytes

/** `undefined` where the addressee is no peer. */
export function wrap(envelope: Envelope): Uint8Array | undefined {
  const key = envelope.to === undefined ? new Uint8Array() : publicKeyIn(envelope.to)
  return key && Buffer.concat([Uint8Array.of(envelope.to === undefined ? forAll : forOne), key, envelope.frame])
}

/** `undefined` where the bytes are no envelope. */
export function unwrap(bytes: Uint8Array): Envelope | undefined {
  switch (bytes[0]) {
    case forAll:
      return { to: undefined, frame: bytes.subarray(1) }
    case forOne:
      return bytes.length < envelopeBytesMax
        ? undefined
        : { to: peerIdOf(bytes.subarray(1, envelopeBytesMax)), frame: bytes.subarray(envelopeBytesMax) }
    default:
      return undefined
  }
}
