import type { PeerId } from '../core/ids.ts'
import { quorumSize } from './quorums.ts'
import { roomRingName } from './room-ring.ts'

/** A run without faults, as far as the theory asks. */
export interface Run {
  readonly members: readonly PeerId[]
  readonly entries: ReadonlyMap<PeerId, number>
}

/** Messages for all entries of a run together; the two are the same where the theory says it exactly. */
export interface Expected {
  readonly least: number
  readonly most: number
  /** For one entry, as textbooks write it. */
  readonly formula: string
}

/** What the theory says of the algorithms that are built in; of others it says nothing. */
export function expectedMessages(algorithm: string, { members, entries }: Run): Expected | undefined {
  const n = members.length
  const all = [...entries.values()].reduce((sum, count) => sum + count, 0)
  const exactly = (count: number, formula: string): Expected => ({ least: count, most: count, formula })
  switch (algorithm) {
    case 'centralized':
    case 'centralized-chang-roberts': {
      // Both elections choose the greatest id, and what that says to itself is no message: a textbook's 3 is that of the others.
      const coordinator = members.reduce((greatest, member) => (member > greatest ? member : greatest))
      return exactly(3 * (all - (entries.get(coordinator) ?? 0)), '3(n-1)/n')
    }
    case 'ricart-agrawala':
      return exactly(2 * (n - 1) * all, '2(n-1)')
    case 'lamport':
      return exactly(3 * (n - 1) * all, '3(n-1)')
    case 'token-ring':
    case roomRingName:
      // Whoever releases hands the token on. An idle ring turns, so there is no most; whoever waits sees it come within one round.
      return { least: n === 1 ? 0 : Math.max(0, all - 1), most: Number.POSITIVE_INFINITY, formula: '1 to n' }
    case 'suzuki-kasami':
      return { least: 0, most: n * all, formula: '0 or n' }
    case 'maekawa': {
      const asked = quorumSize(n) - 1
      return { least: 3 * asked * all, most: 6 * asked * all, formula: '3√n to 6√n' }
    }
    default:
      return undefined
  }
}
