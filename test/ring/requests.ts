import type { Block } from '../../src/ring/block.ts'
import type { MessageOf } from '../../src/ring/message.ts'
import { type DrivenReplica, follower, token, view3 } from './harness.ts'

export const request = (
  purpose: 'join' | 'rejoin' | 'leave',
  changes: Partial<MessageOf<'request'>> = {},
): MessageOf<'request'> => ({
  kind: 'request',
  purpose,
  above: view3.epoch,
  loss: undefined,
  ...changes,
})

/** It holds the token, and makes an epoch for whoever asks. */
export const holder = () => follower().receive('A', token(2))

/** All that `peer` asked took a promise; answers the view that it proposes, and tells it is on disk. */
export function viewProposedBy(peer: DrivenReplica, promises: readonly string[]): Block | undefined {
  peer.persisted()
  const [prepare] = peer.sent('prepare')
  if (prepare === undefined) return undefined
  const { epoch } = prepare
  for (const from of promises) peer.receive(from, { kind: 'promise', epoch, head: peer.view.head, commit: peer.view.commit })
  if (peer.sent('install').length === 0) peer.after(600)
  return peer.sent('install')[0]?.viewBlock
}

export const lossesIn = (block: Block | undefined) => (block?.body.kind === 'view' ? block.body.lost : undefined)
export const membersIn = (block: Block | undefined) => (block?.body.kind === 'view' ? block.body.members.join('') : undefined)
