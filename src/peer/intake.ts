import type { PeerId } from '../core/ids.ts'
import type { Block } from '../ring/block.ts'
import type { SignatureBook } from './signatures.ts'

/**
 * Answers to fetches on their way to the ring. What costs most of one, the signatures in it, is looked at beside the loop first; the
 * answers of one peer stay in order meanwhile.
 */
export interface Intake {
  /** This peer is asked for blocks: one answer is expected. */
  expect(from: PeerId): void
  /** `take` is called when its turn comes. `true`: later; at once where there is nothing to look at. */
  add(from: PeerId, blocks: readonly Block[], take: () => void): boolean
}

interface Answer {
  /** Resolves when its signatures were looked at. */
  readonly checked: Promise<void>
  readonly take: () => void
}

/** More answers than these wait of no peer, however often it was asked: what else it sends goes straight to the ring, as unasked. */
const expectedMax = 4
/** Whoever was asked first is forgotten beyond so many peers. */
const askedMax = 256

export interface IntakeOptions extends Pick<SignatureBook, 'check'> {
  /** Resolves when what was taken before is done with: or a long log would come in faster than the market applies it, and fill the memory. */
  readonly ready: () => Promise<void>
}

export function createIntake({ check, ready }: IntakeOptions): Intake {
  const expected = new Map<PeerId, number>()
  const lines = new Map<PeerId, Answer[]>()

  const takeTurns = async (from: PeerId, line: Answer[]): Promise<void> => {
    for (let answer = line[0]; answer !== undefined; answer = line[0]) {
      await answer.checked
      await ready()
      line.shift()
      // The last one gone, the next need not wait for it.
      if (line.length === 0) lines.delete(from)
      answer.take()
    }
  }

  return {
    expect(from) {
      const count = expected.get(from) ?? 0
      expected.delete(from)
      expected.set(from, Math.min(expectedMax, count + 1))
      if (expected.size > askedMax) for (const oldest of expected.keys()) return void expected.delete(oldest)
    },
    add(from, blocks, take) {
      const count = expected.get(from) ?? 0
      const line = lines.get(from)
      if (check === undefined || count === 0 || (line === undefined && blocks.length === 0)) {
        take()
        return false
      }
      if (count === 1) expected.delete(from)
      else expected.set(from, count - 1)
      const answer: Answer = { checked: check(blocks), take }
      if (line !== undefined) line.push(answer)
      else {
        const started = [answer]
        lines.set(from, started)
        void takeTurns(from, started)
      }
      return true
    },
  }
}
