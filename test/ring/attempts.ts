import { type Block, headOf } from '../../src/ring/block.ts'
import type { MessageOf } from '../../src/ring/message.ts'
import { type DrivenReplica, epochOf, follower, healthy, id, placeOf, view3 } from './harness.ts'

/** `B` has asked around and a quorum agreed: it has started an epoch of its own. */
export function initiator(): DrivenReplica {
  const peer = healthy(follower(), 1)
  peer.step({ kind: 'link', peer: id('A'), state: 'refused' })
  const [asked] = peer.sent('pre-vote')
  return peer.receive('C', { kind: 'agree', attempt: asked?.attempt ?? 0, promised: view3.epoch })
}

export const epoch4 = epochOf(4, 'B')
export const promise = (head: Block = view3, commit: Block = view3): MessageOf<'promise'> => ({
  kind: 'promise',
  epoch: epoch4,
  head: headOf(head),
  commit: placeOf(commit),
})
