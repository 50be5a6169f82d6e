import { type Crypto, fromHex } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import type { Block } from '../ring/block.ts'
import type { Identity } from './ports.ts'

/** Signatures of blocks that were looked at beside the loop: most of what taking over a long log costs. */
export interface SignatureBook {
  /** For the ring: it does not look a second time at what is known to be good. */
  readonly crypto: Crypto
  /**
   * Resolves when all were looked at. Of those that are not good nothing is remembered: the ring finds out, and names the sender.
   * `undefined`: this machine has nothing beside the loop.
   */
  readonly check: ((blocks: readonly Block[]) => Promise<void>) | undefined
}

/** Handed over at once: even to begin with a signature takes a moment. */
const atOnce = 256

export function createSignatureBook({ crypto, verifyAside }: Pick<Identity, 'crypto' | 'verifyAside'>): SignatureBook {
  if (verifyAside === undefined) return { crypto, check: undefined }
  /** By the very bytes of a signature in one decoded block: forgotten with it. */
  const good = new WeakMap<Uint8Array, { readonly author: PeerId; readonly digest: Uint8Array }>()

  return {
    crypto: {
      ...crypto,
      verify(author, digest, signature) {
        const known = good.get(signature)
        if (known !== undefined && known.author === author && isSame(known.digest, digest)) return true
        return crypto.verify(author, digest, signature)
      },
    },
    async check(blocks) {
      for (let from = 0; from < blocks.length; from += atOnce) {
        const signed = blocks.slice(from, from + atOnce).map(({ author, hash, signature }) => {
          return { author, bytes: fromHex(hash) as Uint8Array, signature }
        })
        const results = await verifyAside(signed)
        for (const [at, { author, bytes, signature }] of signed.entries()) {
          if (results[at] === true) good.set(signature, { author, digest: bytes })
        }
      }
    },
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false
  return true
}
