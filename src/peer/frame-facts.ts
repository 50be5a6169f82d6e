import { type PeerId, parsePeerId } from '../core/ids.ts'
import type { Message } from '../ring/message.ts'
import type { ReplicaView } from '../ring/types.ts'
import { type Epoch, sameEpoch } from '../ring/view.ts'
import type { FrameFacts } from './lab-frame.ts'

/** What is recorded of a frame, whichever end records it. `view`: of the room that it belongs to. */
export const factsOf = (
  message: Message,
  lamport: number,
  at: number,
  bytes: number,
  view: Pick<ReplicaView, 'installed' | 'members'> | undefined,
): FrameFacts => ({
  ...placeOf(message),
  message: message.kind,
  lamport,
  at,
  bytes,
  wanting: message.kind === 'token' && view !== undefined ? wantingOf(message.epoch, message.wants, view) : [],
})

/** Where in the log, and in the token's round, a message belongs. */
function placeOf(message: Message): Pick<FrameFacts, 'epoch' | 'turn' | 'block'> {
  const epoch = 'epoch' in message && isNamed(message.epoch) ? message.epoch : undefined
  switch (message.kind) {
    case 'token':
      return { epoch, turn: message.turn, block: message.head.index }
    case 'token-ack':
      return { epoch, turn: message.turn, block: undefined }
    case 'blocks':
    case 'fetched': {
      const last = message.blocks.at(-1)
      return { epoch, turn: last?.turn, block: last?.index }
    }
    case 'durable':
      return { epoch, turn: undefined, block: message.durable.index }
    case 'status':
      return { epoch, turn: message.turn, block: message.commit.index }
    case 'committed':
    case 'activated':
      return { epoch, turn: undefined, block: message.commit.index }
    case 'promise':
      return { epoch, turn: undefined, block: message.head.index }
    case 'install':
      return { epoch, turn: undefined, block: message.viewBlock.index }
    case 'fetch':
      return { epoch, turn: undefined, block: message.from }
    default:
      return { epoch, turn: undefined, block: undefined }
  }
}

/** What has the form of an epoch need not be one of a peer: frames are told before anybody has judged them. */
const isNamed = ({ initiator }: Epoch): boolean => initiator === '' || parsePeerId(initiator).ok

function wantingOf(
  epoch: Epoch,
  wants: readonly boolean[],
  { installed, members }: Pick<ReplicaView, 'installed' | 'members'>,
): readonly PeerId[] {
  return sameEpoch(epoch, installed) && members.length === wants.length ? members.filter((_, place) => wants[place]) : []
}
