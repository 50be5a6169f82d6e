import { epochName, nameOf } from '../names.ts'
import { Violation } from '../violation.ts'
import type { ReadBlock, ReadEpoch } from './blocks.ts'

/** Negative, zero or positive: the order of epochs, told apart here from the code that is checked. */
export function orderOfEpochs(a: ReadEpoch, b: ReadEpoch): number {
  if (a.number < b.number) return -1
  if (a.number > b.number) return 1
  return a.initiator === b.initiator ? 0 : a.initiator < b.initiator ? -1 : 1
}

export const isSameEpoch = (a: ReadEpoch, b: ReadEpoch): boolean => orderOfEpochs(a, b) === 0

/** Numbers that nobody needs in the life of a room: whatever is over them was made up. */
const numberMost = 2 ** 48

/**
 * Every block that any peer ever had in its log, and what must hold of each as it stands after the one before it: S1, S5,
 * and that its author may write there. `isSingle`: nobody lies, so no two blocks have one place.
 */
export class AllBlocks {
  readonly #byHash = new Map<string, ReadBlock>()
  readonly #byPlace = new Map<string, ReadBlock>()
  readonly #viewOf = new Map<string, ReadBlock>()
  readonly #isSingle: () => boolean

  constructor(isSingle: () => boolean) {
    this.#isSingle = isSingle
  }

  add(block: ReadBlock): void {
    if (this.#byHash.has(block.hash)) return
    const place = `${block.epoch.number} ${block.epoch.initiator} ${block.index}`
    const other = this.#byPlace.get(place)
    if (other !== undefined && this.#isSingle()) {
      throw new Violation(
        'S1',
        `two blocks with (${epochName(block.epoch as never)}, ${block.index}), of ${nameOf(other.author as never)} and ${nameOf(block.author as never)}`,
      )
    }
    this.#byPlace.set(place, block)
    this.#byHash.set(block.hash, block)
    if (block.genesis === undefined) this.#follow(block)
    this.#viewOf.set(block.hash, block.members === undefined ? (this.#viewOf.get(block.prevHash) as ReadBlock) : block)
  }

  /** The view in which a block stands. */
  viewOf(hash: string): ReadBlock | undefined {
    return this.#viewOf.get(hash)
  }

  #follow(block: ReadBlock): void {
    const previous = this.#byHash.get(block.prevHash)
    const where = `block ${block.index} of ${epochName(block.epoch as never)}`
    if (previous === undefined) throw new Violation('S2', `${where} follows a block that nobody ever had`)
    if (previous.index + 1 !== block.index) throw new Violation('S2', `${where} does not follow ${previous.index}`)
    const order = orderOfEpochs(block.epoch, previous.epoch)
    if (order < 0 || (order === 0 && block.turn <= previous.turn))
      throw new Violation('S1', `(epoch, turn) does not grow at ${where}`)
    if (block.lamport <= previous.lamport) throw new Violation('S5', `Lamport time does not grow at ${where}`)
    if (block.time < previous.time) throw new Violation('S5', `time goes back at ${where}`)
    if (Math.max(block.epoch.number, block.turn, block.lamport, block.time) > numberMost)
      throw new Violation('S5', `a number in ${where} is over 2^48`)
    this.#mayWrite(block, order, where)
  }

  #mayWrite(block: ReadBlock, order: number, where: string): void {
    if (block.members !== undefined) {
      if (order <= 0) throw new Violation('S1', `${where} is a view of the epoch before`)
      if (block.author !== block.epoch.initiator) throw new Violation('S2', `${where} is a view of another than its initiator`)
      if (!block.members.includes(block.author)) throw new Violation('S2', `${where} is a view without its initiator`)
      return
    }
    const view = this.#viewOf.get(block.prevHash)
    if (order !== 0) throw new Violation('S2', `${where} begins an epoch without a view`)
    if (view?.members?.includes(block.author) !== true) throw new Violation('S2', `the author of ${where} is no member`)
  }
}
