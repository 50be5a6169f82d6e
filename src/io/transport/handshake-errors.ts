import { doesNotOpen } from './noise-crypto.ts'

/** What a dial that failed says about the other end. The package has no name of its own for the first; tests with real nodes do. */

/** Somebody else than was dialled answers there. */
export function isOtherPeer(error: unknown): boolean {
  return error instanceof Error && /does not match expected remote identity/.test(error.message)
}

/** The handshake's first sealed message does not open: the other has mixed in another prologue. */
export function isWrongCode(error: unknown): boolean {
  return error instanceof Error && error.name === 'EncryptionFailedError' && error.message.includes(doesNotOpen)
}
