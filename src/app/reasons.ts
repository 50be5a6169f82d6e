import type { Reason } from '../api/rooms.ts'
import { toFacts } from '../api/said.ts'
import { addressText } from '../core/address.ts'
import type { Obstacle, Waiting } from '../peer/search.ts'

/** What keeps a peer out of its room: each sentence with its code, and with what it is about. */
export function toReasons({ room, obstacles, why }: Pick<Waiting, 'room' | 'obstacles' | 'why'>): Reason[] {
  return obstacles.map((obstacle, i) => {
    const { kind, ...known } = obstacle
    const variant = variantOf(obstacle)
    const address = 'address' in obstacle && obstacle.address !== undefined ? { address: addressText(obstacle.address) } : {}
    return {
      code: kind,
      ...(variant !== undefined && { variant }),
      text: why[i] ?? '',
      facts: toFacts({ name: room, ...known, ...address }),
    }
  })
}

/** Which of the sentences of its code, where it has several. */
function variantOf(obstacle: Obstacle): ReasonVariant | undefined {
  switch (obstacle.kind) {
    case 'another-code':
      return !obstacle.theirs ? 'none-there' : !obstacle.ours ? 'none-here' : undefined
    case 'another-version':
      return obstacle.theirs > obstacle.ours ? 'newer' : 'older'
    case 'unreachable':
      return obstacle.address === undefined ? 'nowhere' : undefined
    default:
      return undefined
  }
}

/** `none-there`, `none-here`: there is no code at all. `newer`, `older`: their version. `nowhere`: no address of it is known. */
export type ReasonVariant = 'none-there' | 'none-here' | 'newer' | 'older' | 'nowhere'
