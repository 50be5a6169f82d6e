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

/** Wakes it every ten milliseconds until it asks for promises; of what it asks before, these agree. */
export function preparedWith(peer: DrivenReplica, agreeing: readonly string[]): Prepared {
  for (let waited = 0; waited < 10_000 && peer.sent('prepare').length === 0; waited += 10) {
    const [asked] = peer.after(10).sent('pre-vote')
    if (asked === undefined) continue
    for (const from of agreeing) peer.receive(from, { kind: 'agree', attempt: asked.attempt, promised: view3.epoch })
    peer.persisted()
  }
  const [prepare] = peer.sent('prepare')
  if (prepare === undefined) throw new Error('it asked for no promises')
  return prepare
}

type Prepared = MessageOf<'prepare'> & { readonly to: string }

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
