import { decodeWith, Malformed, Writer } from '../core/codec.ts'
import type { Crypto } from '../core/crypto.ts'
import { bytes, type Field, oneOf } from '../core/fields.ts'
import type { PeerId } from '../core/ids.ts'
import { type Block, decodeBlock, encodedBlockBytesMax, isSignedByAuthor } from './block.ts'
import { sameEpoch } from './view.ts'

/**
 * Signed proof that somebody broke a rule: kept on disk, passed on, and shown to people (PROTOCOL, section 3).
 * `two-blocks`: two different ones with one `(epoch, index)`. `checkpoint`: one that vouches for a state which the log
 * does not lead to; whoever replays the log sees it.
 */
export type Evidence =
  | { readonly kind: 'two-blocks'; readonly first: Block; readonly second: Block }
  | { readonly kind: 'checkpoint'; readonly block: Block }

/** The author who is proven to lie; `undefined`: two authors wrote one place, and either may have been misled. */
export function liarOf(evidence: Evidence): PeerId | undefined {
  if (evidence.kind === 'checkpoint') return evidence.block.author
  return evidence.first.author === evidence.second.author ? evidence.first.author : undefined
}

/** Form and signatures; that the authors were members of that view is for the ring to know. */
export function isTwoBlocks(first: Block, second: Block, crypto: Crypto): boolean {
  return (
    first.hash !== second.hash &&
    first.index === second.index &&
    sameEpoch(first.epoch, second.epoch) &&
    isSignedByAuthor(first, crypto) &&
    isSignedByAuthor(second, crypto)
  )
}

/** The same for two blocks in either order. */
export const evidenceKey = (evidence: Evidence): string =>
  evidence.kind === 'checkpoint' ? evidence.block.hash : [evidence.first.hash, evidence.second.hash].sort().join(' ')

export const blockField = (crypto: Crypto): Field<Block> => ({
  write: (writer, block) => encoded.write(writer, block.bytes),
  read(reader) {
    const decoded = decodeBlock(encoded.read(reader), crypto)
    if ('malformed' in decoded) throw new Malformed(`a block ${decoded.malformed}`)
    return decoded.value
  },
})
const encoded = bytes(encodedBlockBytesMax)

const kindField = oneOf<Evidence['kind']>('two-blocks', 'checkpoint')

export function evidenceField(crypto: Crypto): Field<Evidence> {
  const block = blockField(crypto)
  return {
    write(writer, evidence) {
      kindField.write(writer, evidence.kind)
      if (evidence.kind === 'checkpoint') return block.write(writer, evidence.block)
      block.write(writer, evidence.first)
      block.write(writer, evidence.second)
    },
    read(reader) {
      const kind = kindField.read(reader)
      return kind === 'checkpoint'
        ? { kind, block: block.read(reader) }
        : { kind, first: block.read(reader), second: block.read(reader) }
    },
  }
}

export function encodeEvidence(evidence: Evidence, crypto: Crypto): Uint8Array {
  const writer = new Writer(1024)
  evidenceField(crypto).write(writer, evidence)
  return writer.finish()
}

/** Never throws, whatever the bytes. */
export function decodeEvidence(
  stored: Uint8Array,
  crypto: Crypto,
): { readonly value: Evidence } | { readonly malformed: string } {
  const field = evidenceField(crypto)
  return decodeWith(stored, (reader) => field.read(reader))
}
