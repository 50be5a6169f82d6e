import type { PeerId } from '../../src/core/ids.ts'
import type { HeldMessage } from '../../src/mutex/gate.ts'
import type { MutexEvent } from '../../src/mutex/participant.ts'
import type { ToldBatch, ToldEvent } from '../../src/mutex/witness.ts'
import type { TellFrame } from '../../src/peer/experiment-frame.ts'

/** An event at the time of its number. `knows`: of whose events, and how many. */
export const toldOf = (
  peer: PeerId,
  number: number,
  what: MutexEvent['what'],
  knows: Record<string, number> = {},
): ToldEvent => ({
  ...{ number, at: number },
  event: {
    ...{ what, epoch: 1, peer: undefined, message: undefined, purpose: what === 'sent' ? 'entry' : undefined },
    ...{ lamport: number, vector: { ...knows, [peer]: number } },
  },
})

export const batchOf = (after: number, events: readonly ToldEvent[], through: number): ToldBatch => ({ after, events, through })

/** The first tell of a part that is done. */
export const tellOf = (changes: Partial<TellFrame> = {}): TellFrame => ({
  ...{ kind: 'tell', experiment: 1, part: 'done', why: '', entries: 1, sent: { entry: 1, overhead: 0 }, number: 1 },
  ...{ after: 0, through: 0, events: [], messages: undefined, aside: 0, held: undefined },
  ...changes,
})

export const heldOf = (to: PeerId, event: number, changes: Partial<HeldMessage> = {}): HeldMessage => ({
  ...{ event, to, message: { kind: 'request' }, lamport: event, attempt: 1, rank: 0 },
  ...changes,
})
