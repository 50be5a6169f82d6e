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
    // The first one may be our own log's: a false one costs one signature.
    isSignedByAuthor(second, crypto) &&
    isSignedByAuthor(first, crypto)
  )
}

/** One for each kind of fault of each author, or of two of them: whoever is proven to lie needs no more proof, and can sign any number. */
export const evidenceKey = (evidence: Evidence): string => [evidence.kind, ...authorsOf(evidence).toSorted()].join(' ')

/** So many senders are named, or counted. A member always has its place; the oldest stranger gives its own up to a new one. */
const refusedMax = 256
/** But no more than one in so long, in milliseconds: names can be made up without end. How many were not named is noted, too. */
const refusedPause = 1_000
const unnamedPause = 60_000
/** So much that is of no use may come from somebody who is no member: an honest one finds out sooner that it is none. */
const disregardedMax = 100
/**
 * So much is kept, one for each author and kind, so that no liar takes the place of another. What two authors wrote into one place
 * accuses neither, and there are more pairs of liars than liars: they have a part of it.
 */
const evidenceMax = 64
const pairsMax = 16

/**
 * Who did what the rules forbid: messages that were refused, and signed proof (PROTOCOL, section 3). Neither is ever a
 * reason for this peer to stop.
 */
export class Faults {
  readonly #ring: Ring
  readonly #refused = new Map<PeerId, { readonly reason: string; readonly isStranger: boolean; count: number }>()
  /** Refused, and not named since this was noted last. */
  #unnamed = 0
  #namesAt = Number.NEGATIVE_INFINITY
  #unnamedAt = Number.NEGATIVE_INFINITY
  readonly #disregarded = new Map<PeerId, number>()
  /** Who proved nothing, until when no more proof of it is looked at. */
  readonly #proofsWait = new Map<PeerId, number>()
  readonly #evidence = new Map<string, Evidence>()
  readonly #liars = new Set<PeerId>()
  /** The epoch that holds two blocks with one index: this peer takes no further part in it. */
  #spoiled: Epoch = noEpoch

  constructor(ring: Ring, kept: readonly Evidence[]) {
    this.#ring = ring
    for (const evidence of kept) {
      this.#evidence.set(evidenceKey(evidence), evidence)
      this.#accuse(evidence)
    }
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
    if (this.#refused.size >= refusedMax && !this.#makePlaceFor(from)) return this.#countUnnamed()
    this.#refused.set(from, { reason: `${what}: ${reason}`, isStranger, count: 1 })
    this.#ring.out.note('refused', { from, what, reason })
  }

  /** The oldest stranger is forgotten. A member needs no such: there are only so many of them. */
  #makePlaceFor(peer: PeerId): boolean {
    const { log, out } = this.#ring
    const isMember = log.isVoter(peer)
    if (!isMember && out.now < this.#namesAt) return false
    const hasPlace = forgetOldest(this.#refused, (known) => !log.isVoter(known))
    if (!isMember && hasPlace) this.#namesAt = out.now + refusedPause
    return isMember || hasPlace
  }

  #countUnnamed(): void {
    const { out } = this.#ring
    this.#unnamed++
    if (out.now < this.#unnamedAt) return
    out.note('unnamed', { count: this.#unnamed })
    this.#unnamedAt = out.now + unnamedPause
    this.#unnamed = 0
  }

  /** A message changed nothing, and may be honest; but not if there is no end of them. */
  disregard(from: PeerId, what: string): void {
    const count = (this.#disregarded.get(from) ?? 0) + 1
    if (count > disregardedMax) return this.refuse(from, what, 'its sender is not a member', true)
    if (count === 1 && this.#disregarded.size >= refusedMax) forgetOldest(this.#disregarded, () => true)
    this.#disregarded.set(from, count)
  }

  /** It was taken for a stranger, and is a member after all. */
  pardon(peer: PeerId): void {
    this.#disregarded.delete(peer)
    if (this.#refused.get(peer)?.isStranger === true) this.#refused.delete(peer)
  }

  /** Two blocks with one `(epoch, index)`: proof only if both are signed, by members of that view. */
  blocksClash(first: Block, second: Block): void {
    if (!this.#isNews({ kind: 'two-blocks', first, second })) return
    if (isTwoBlocks(first, second, this.#ring.crypto)) this.add({ kind: 'two-blocks', first, second })
  }

  /** Somebody passes proof on. */
  onEvidence(from: PeerId, evidence: Evidence): void {
    // A state is compared by everyone for himself.
    if (evidence.kind === 'checkpoint') return
    if (!this.#isNews(evidence)) return
    const { first, second } = evidence
    const { now } = this.#ring.out
    // Signatures cost most: only for a place and authors that fit, and once a second of whoever proved nothing before.
    if (!this.#isOfAView(evidence) || now < (this.#proofsWait.get(from) ?? 0)) return this.disregard(from, 'evidence')
    if (isTwoBlocks(first, second, this.#ring.crypto)) return this.add(evidence)
    this.#proofsWait.delete(from)
    if (this.#proofsWait.size >= refusedMax) forgetOldest(this.#proofsWait, () => true)
    this.#proofsWait.set(from, now + timing.proofPause)
    this.refuse(from, 'evidence', 'it proves nothing')
  }

  // Rule 3-evidence [S1]
  add(evidence: Evidence): void {
    const { disk, out } = this.#ring
    if (!this.#isNews(evidence) || !this.#isOfAView(evidence)) return
    const spoils = this.#spoils(evidence)
    const isKept = !this.#evidence.has(evidenceKey(evidence)) && this.#hasPlaceFor(evidence)
    this.#accuse(evidence)
    if (isKept) {
      this.#evidence.set(evidenceKey(evidence), evidence)
      disk.keep(evidence)
    }
    const place = placeOf(evidence)
    const authors = authorsOf(evidence)
    out.note(evidence.kind, {
      author: liarOf(evidence),
      first: authors[0],
      second: authors[1],
      index: place.index,
      epoch: epochText(place.epoch),
    })
    if (spoils) this.spoil(place.epoch)
    // What is no more kept is passed on where it ends an epoch, which it does once.
    if (evidence.kind === 'two-blocks' && (isKept || spoils)) out.gossip({ kind: 'evidence', evidence })
  }

  /** More of what is known of an author changes nothing, but for two blocks of the present epoch: there is no going on in that. */
  #isNews(evidence: Evidence): boolean {
    if (this.#spoils(evidence)) return true
    if (this.#evidence.has(evidenceKey(evidence))) return false
    return this.#hasPlaceFor(evidence) || !this.#isAccused(evidence)
  }

  /** Two blocks of members of the epoch that this peer takes part in. */
  #spoils(evidence: Evidence): boolean {
    const { epoch } = placeOf(evidence)
    if (evidence.kind !== 'two-blocks' || !sameEpoch(epoch, this.#ring.epochs.promised) || this.isSpoiled(epoch)) return false
    return this.#isOfAView(evidence)
  }

  #hasPlaceFor(evidence: Evidence): boolean {
    const kept = [...this.#evidence.values()]
    if (kept.length >= evidenceMax) return false
    return liarOf(evidence) !== undefined || kept.filter((one) => liarOf(one) === undefined).length < pairsMax
  }

  /** Who was a member of a view that is not at hand cannot be told; it harms nothing here. */
  #isOfAView(evidence: Evidence): boolean {
    const { epoch } = placeOf(evidence)
    const view = this.#ring.log.configs.find((config) => sameEpoch(config.epoch, epoch))
    return view !== undefined && authorsOf(evidence).every((author) => view.members.includes(author))
  }

  #accuse(evidence: Evidence): void {
    const liar = liarOf(evidence)
    if (liar !== undefined && liar !== this.#ring.self) this.#liars.add(liar)
  }

  /** It says nothing new of anybody: its author is known to lie, or it accuses none. */
  #isAccused(evidence: Evidence): boolean {
    const liar = liarOf(evidence)
    return liar === undefined || liar === this.#ring.self || this.#liars.has(liar)
  }
}

/** Whether there was one that may be forgotten. */
function forgetOldest(peers: Map<PeerId, unknown>, mayForget: (peer: PeerId) => boolean): boolean {
  for (const peer of peers.keys()) if (mayForget(peer)) return peers.delete(peer)
  return false
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
