import { letterOf, nameOf } from '../names.ts'
import type { SimPeer } from '../peer.ts'
import { BeyondFaultModel, Violation } from '../violation.ts'
import type { ReadBlock } from './blocks.ts'

/** A block of one peer's log that is said to be committed, or is dropped. */
type Holds = (peer: SimPeer, block: ReadBlock) => boolean

/**
 * The one committed log, as the first peer that applied each block saw it: everybody else's must be a prefix of it (S2),
 * and nobody drops any of it (S3).
 */
export class CommittedLog {
  readonly #blocks: ReadBlock[]
  readonly #peers: () => readonly SimPeer[]
  readonly #hasOnDisk: Holds

  constructor(genesis: ReadBlock, peers: () => readonly SimPeer[], hasOnDisk: Holds) {
    this.#blocks = [genesis]
    this.#peers = peers
    this.#hasOnDisk = hasOnDisk
  }

  get length(): number {
    return this.#blocks.length
  }

  at(index: number): ReadBlock | undefined {
    return this.#blocks[index]
  }

  has(block: { readonly index: number; readonly hash: string }): boolean {
    return this.#blocks[block.index]?.hash === block.hash
  }

  /** A peer applied a block. True where it is new to the room. */
  add(peer: SimPeer, block: ReadBlock): boolean {
    const known = this.#blocks[block.index]
    if (known !== undefined) {
      if (known.hash === block.hash) return false
      const what = `commits another block ${block.index} (of ${nameOf(block.author as never)}) than others (of ${nameOf(known.author as never)})`
      throw this.lost('S2', peer, known, what)
    }
    const last = this.#blocks[this.#blocks.length - 1] as ReadBlock
    if (block.index !== last.index + 1 || block.prevHash !== last.hash)
      throw this.lost('S2', peer, last, `commits block ${block.index}, which does not follow the committed ${last.index}`)
    this.#blocks.push(block)
    return true
  }

  /** What a peer says is committed must be so. */
  checkClaim(peer: SimPeer, commit: { readonly index: number; readonly hash: string }): void {
    if (this.has(commit)) return
    const known = this.#blocks[commit.index] ?? (this.#blocks[this.#blocks.length - 1] as ReadBlock)
    throw this.lost('S2', peer, known, `takes ${commit.index} for committed, which it is not`)
  }

  /** A peer drops its log from `from` on. */
  checkCut(peer: SimPeer, log: readonly (ReadBlock | undefined)[], from: number): void {
    for (let index = from; index < Math.min(log.length, this.#blocks.length); index++) {
      const block = log[index]
      if (block !== undefined && this.has(block)) throw this.lost('S3', peer, block, `drops the committed block ${index}`)
    }
  }

  /**
   * A committed block is contradicted. Where copied or set-back disks, or liars, were part of the quorum that kept it, that
   * is beyond what the protocol promises: it is a violation only if enough others of its view have it on their disks, and,
   * of a view block, of the view before it, which could choose another in its place.
   */
  lost(rule: 'S2' | 'S3', peer: SimPeer, block: ReadBlock, what: string): Error {
    const text = `${letterOf(peer.index)} ${what}`
    if (this.#peers().every(({ doubtful }) => doubtful === undefined)) return new Violation(rule, text)
    // The word of a member is taken: what comes of a lie about the ring's own state is not the others' fault.
    if (this.#peers().some(({ doubtful }) => doubtful === 'liar')) return new BeyondFaultModel(text)
    const isKept = [block.index, Math.max(0, block.index - 1)].every((index) => this.#isHeld(block, this.#viewAt(index)))
    return isKept ? new Violation(rule, text) : new BeyondFaultModel(text)
  }

  #viewAt(place: number): readonly string[] {
    for (let index = place; index >= 0; index--) {
      const members = this.#blocks[index]?.members
      if (members !== undefined) return members
    }
    return []
  }

  /** More than half of these have it on disks that are beyond doubt. */
  #isHeld(block: ReadBlock, members: readonly string[]): boolean {
    const holders = members.filter((member) =>
      this.#peers().some((other) => other.id === member && other.doubtful === undefined && this.#hasOnDisk(other, block)),
    )
    return 2 * holders.length > members.length
  }
}
