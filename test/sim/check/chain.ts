import type { Block } from '../../../src/ring/block.ts'
import { epochName, nameOf } from '../names.ts'
import { Violation } from '../violation.ts'

/** Negative, zero or positive: the order of epochs, told apart here from the code that is checked. */
export function orderOfEpochs(a: Block['epoch'], b: Block['epoch']): number {
  if (a.number < b.number) return -1
  if (a.number > b.number) return 1
  return a.initiator === b.initiator ? 0 : a.initiator < b.initiator ? -1 : 1
}

/** Every block that any peer ever had in its log, and what must hold of each as it stands after the one before it (S1, S5). */
export class AllBlocks {
  readonly #byHash = new Map<string, Block>()
  readonly #byPlace = new Map<string, Block>()

  add(block: Block): void {
    if (this.#byHash.has(block.hash)) return
    const place = `${block.epoch.number} ${block.epoch.initiator} ${block.index}`
    const other = this.#byPlace.get(place)
    if (other !== undefined) {
      throw new Violation(
        'S1',
        `two blocks with (${epochName(block.epoch)}, ${block.index}), of ${nameOf(other.author)} and ${nameOf(block.author)}`,
      )
    }
    this.#byPlace.set(place, block)
    this.#byHash.set(block.hash, block)
    if (block.body.kind !== 'genesis') this.#follow(block)
  }

  #follow(block: Block): void {
    const previous = this.#byHash.get(block.prevHash)
    const where = `block ${block.index} of ${epochName(block.epoch)}`
    if (previous === undefined) throw new Violation('S2', `${where} follows a block that nobody ever had`)
    if (previous.index + 1 !== block.index) throw new Violation('S2', `${where} does not follow ${previous.index}`)
    const order = orderOfEpochs(block.epoch, previous.epoch)
    if (order < 0 || (order === 0 && block.turn <= previous.turn))
      throw new Violation('S1', `(epoch, turn) does not grow at ${where}`)
    if (block.lamport <= previous.lamport) throw new Violation('S5', `Lamport time does not grow at ${where}`)
    if (block.time < previous.time) throw new Violation('S5', `time goes back at ${where}`)
  }
}
