import type { Crypto } from '../../src/core/crypto.ts'
import { createLogVerifier, type Verified } from '../../src/peer/verify.ts'

/** A whole log at once. */
export function verifyLog(blocks: Iterable<Uint8Array>, crypto: Crypto): Verified {
  const verifier = createLogVerifier(crypto)
  for (const bytes of blocks) if (!verifier.add(bytes).ok) break
  return verifier.result()
}
