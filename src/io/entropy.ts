import type { Entropy } from '../peer/ports.ts'

export function createEntropy(): Entropy {
  return { bytes: (count) => globalThis.crypto.getRandomValues(new Uint8Array(count)) }
}
