import type { Block } from '../../../src/ring/block.ts'
import { letterOf, nameOf } from '../names.ts'
import type { SimPeer } from '../peer.ts'
import { Violation } from '../violation.ts'

/**
 * The one committed log, as the first peer that applied each block saw it: everybody else's must be a prefix of it (S2),
 * nobody drops any of it (S3), and each operation stands in it once, in the order of its author (S3, S5).
 */
export class CommittedLog {
  readonly #blocks: Block[]
  readonly #lastOf = new Map<string, { incarnation: number; sequence: number }>()

  constructor(genesis: Block) {
    this.#blocks = [genesis]
  }

  get length(): number {
    return this.#blocks.length
  }

  at(index: number): Block | undefined {
    return this.#blocks[index]
  }

  /** A peer applied a block. True where it is new to the room. */
  add(peer: SimPeer, block: Block): boolean {
    const known = this.#blocks[block.index]
    if (known !== undefined) {
      if (known.hash !== block.hash) {
        throw new Violation(
          'S2',
          `${letterOf(peer.index)} commits another block ${block.index} (of ${nameOf(block.author)}) than others (of ${nameOf(known.author)})`,
        )
      }
      return false
    }
    const last = this.#blocks[this.#blocks.length - 1] as Block
    if (block.index !== last.index + 1 || block.prevHash !== last.hash) {
      throw new Violation(
        'S2',
        `${letterOf(peer.index)} commits block ${block.index}, which does not follow the committed ${last.index}`,
      )
    }
    this.#blocks.push(block)
    this.#checkSequence(block)
    return true
  }

  /** What a peer says is committed must be so. */
  checkClaim(peer: SimPeer, commit: { readonly index: number; readonly hash: string }): void {
    const known = this.#blocks[commit.index]
    if (known === undefined || known.hash !== commit.hash) {
      throw new Violation('S2', `${letterOf(peer.index)} takes ${commit.index} for committed, which it is not`)
    }
  }

  /** A peer drops its log from `from` on. */
  checkCut(peer: SimPeer, log: readonly Block[], from: number): void {
    for (let index = from; index < Math.min(log.length, this.#blocks.length); index++) {
      if (this.#blocks[index]?.hash === log[index]?.hash)
        throw new Violation('S3', `${letterOf(peer.index)} drops the committed block ${index}`)
    }
  }

  #checkSequence(block: Block): void {
    if (block.body.kind !== 'ops') return
    const { incarnation, firstSequence, ops } = block.body
    const last = this.#lastOf.get(block.author) ?? { incarnation: 0, sequence: 0 }
    const where = `operation ${nameOf(block.author)}/${incarnation}/${firstSequence} in block ${block.index}`
    if (incarnation < last.incarnation) throw new Violation('S5', `${where} is of an earlier life than what stands before`)
    const next = incarnation === last.incarnation ? last.sequence + 1 : 1
    if (firstSequence < next) throw new Violation('S3', `${where} is in the log twice`)
    if (firstSequence > next) throw new Violation('S5', `${where} leaves a gap after ${next - 1}`)
    this.#lastOf.set(block.author, { incarnation, sequence: firstSequence + ops.length - 1 })
  }
}
