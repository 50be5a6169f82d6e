import { decodeWith, Malformed, Writer } from '../core/codec.ts'
import type { Crypto } from '../core/crypto.ts'
import { bytes, type Field, oneOf } from '../core/fields.ts'
import type { PeerId } from '../core/ids.ts'
import { type Block, decodeBlock, encodedBlockBytesMax, isSignedByAuthor } from './block.ts'
import type { Ring } from './ring.ts'
import { timing } from './timing.ts'
import type { Refusal } from './types.ts'
import { type Epoch, epochText, noEpoch, sameEpoch } from './view.ts'

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

/** Different senders whose refused messages are counted; of more, only those that come first. */
const refusedMax = 256
/** So much that is of no use may come from somebody who is no member: an honest one finds out sooner that it is none. */
const disregardedMax = 100
/** Each author can be proven wrong once; beyond a full room there is nothing to learn. */
const evidenceMax = 64

/**
 * Who did what the rules forbid: messages that were refused, and signed proof (PROTOCOL, section 3). Neither is ever a
 * reason for this peer to stop.
 */
export class Faults {
  readonly #ring: Ring
  readonly #refused = new Map<PeerId, { readonly reason: string; readonly isStranger: boolean; count: number }>()
  readonly #disregarded = new Map<PeerId, number>()
  /** Who proved nothing, until when no more proof of it is looked at. */
  readonly #proofsWait = new Map<PeerId, number>()
  readonly #evidence = new Map<string, Evidence>()
  readonly #liars = new Set<PeerId>()
  /** The epoch that holds two blocks with one index: this peer takes no further part in it. */
  #spoiled: Epoch = noEpoch

  constructor(ring: Ring, kept: readonly Evidence[]) {
    this.#ring = ring
    for (const evidence of kept) this.#note(evidence)
  }

  get refused(): ReadonlyMap<PeerId, Refusal> {
    return this.#refused
  }

  get evidence(): readonly Evidence[] {
    return [...this.#evidence.values()]
  }

  /** Proven to lie: in no view that this peer makes, and none of its requests is served. */
  isLiar(peer: PeerId): boolean {
    return this.#liars.has(peer)
  }

  isSpoiled(epoch: Epoch): boolean {
    return sameEpoch(epoch, this.#spoiled)
  }

  /** Takes no further part in the present epoch, and asks for a new one. */
  spoil(epoch: Epoch): void {
    this.#spoiled = epoch
    this.#ring.token.becomeAbsent()
  }

  /** A message was refused: it changed nothing. Counted, and named once for each sender. */
  refuse(from: PeerId, what: string, reason: string, isStranger = false): void {
    const known = this.#refused.get(from)
    if (known !== undefined) {
      known.count++
      return
    }
    if (this.#refused.size >= refusedMax) return
    this.#refused.set(from, { reason: `${what}: ${reason}`, isStranger, count: 1 })
    this.#ring.out.note('refused', { from, what, reason })
  }

  /** A message changed nothing, and may be honest; but not if there is no end of them. */
  disregard(from: PeerId, what: string): void {
    const count = (this.#disregarded.get(from) ?? 0) + 1
    if (count > disregardedMax) return this.refuse(from, what, 'its sender is not a member', true)
    if (count > 1 || this.#disregarded.size < refusedMax) this.#disregarded.set(from, count)
  }

  /** It was taken for a stranger, and is a member after all. */
  pardon(peer: PeerId): void {
    this.#disregarded.delete(peer)
    if (this.#refused.get(peer)?.isStranger === true) this.#refused.delete(peer)
  }

  /** Two blocks with one `(epoch, index)`: proof only if both are signed, by members of that view. */
  blocksClash(first: Block, second: Block): void {
    if (isTwoBlocks(first, second, this.#ring.crypto)) this.add({ kind: 'two-blocks', first, second })
  }

  /** Somebody passes proof on. */
  onEvidence(from: PeerId, evidence: Evidence): void {
    if (this.#evidence.has(evidenceKey(evidence))) return
    // A state is compared by everyone for himself.
    if (evidence.kind === 'checkpoint') return
    const { first, second } = evidence
    const { now } = this.#ring.out
    // Signatures cost most: only for a place and authors that fit, and once a second of whoever proved nothing before.
    if (!this.#isOfAView(evidence) || now < (this.#proofsWait.get(from) ?? 0)) return this.disregard(from, 'evidence')
    if (isTwoBlocks(first, second, this.#ring.crypto)) return this.add(evidence)
    if (this.#proofsWait.size < refusedMax || this.#proofsWait.has(from)) this.#proofsWait.set(from, now + timing.proofPause)
    this.refuse(from, 'evidence', 'it proves nothing')
  }

  // Rule 3-evidence [S1]
  add(evidence: Evidence): void {
    const { epochs, disk, out } = this.#ring
    if (this.#evidence.has(evidenceKey(evidence)) || this.#evidence.size >= evidenceMax || !this.#isOfAView(evidence)) return
    const place = placeOf(evidence)
    const authors = authorsOf(evidence)
    this.#note(evidence)
    disk.keep(evidence)
    out.note(evidence.kind, {
      author: liarOf(evidence),
      first: authors[0],
      second: authors[1],
      index: place.index,
      epoch: epochText(place.epoch),
    })
    if (evidence.kind === 'checkpoint') return
    if (sameEpoch(place.epoch, epochs.promised)) this.spoil(place.epoch)
    out.gossip({ kind: 'evidence', evidence })
  }

  /** Who was a member of a view that is not at hand cannot be told; it harms nothing here. */
  #isOfAView(evidence: Evidence): boolean {
    const { epoch } = placeOf(evidence)
    const view = this.#ring.log.configs.find((config) => sameEpoch(config.epoch, epoch))
    return view !== undefined && authorsOf(evidence).every((author) => view.members.includes(author))
  }

  #note(evidence: Evidence): void {
    this.#evidence.set(evidenceKey(evidence), evidence)
    const liar = liarOf(evidence)
    if (liar !== undefined && liar !== this.#ring.self) this.#liars.add(liar)
  }
}

const placeOf = (evidence: Evidence): Block => (evidence.kind === 'checkpoint' ? evidence.block : evidence.first)

const authorsOf = (evidence: Evidence): readonly PeerId[] =>
  evidence.kind === 'checkpoint' ? [evidence.block.author] : [evidence.first.author, evidence.second.author]

const blockField = (crypto: Crypto): Field<Block> => ({
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
