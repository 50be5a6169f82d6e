import type { Crypto } from '../core/crypto.ts'
import { type Block, isSignedByAuthor } from './block.ts'
import { compareEpochs, sameEpoch } from './epoch.ts'
import type { View } from './view.ts'

/**
 * What is wrong with `block` as the one after `previous`, where `view` is the last view up to `previous`; `undefined`
 * if nothing is (PROTOCOL, section 3). The signature is looked at last: it costs most.
 */
export function faultOf(block: Block, previous: Block, view: View, crypto: Crypto): string | undefined {
  if (block.index !== previous.index + 1) return 'its index does not follow'
  if (block.prevHash !== previous.hash) return 'its previous hash is not that of the block before'
  if (block.lamport <= previous.lamport) return 'its Lamport time does not grow'
  if (block.time < previous.time) return 'its time goes back'
  const misplaced =
    block.body.kind === 'view' ? faultOfView(block, previous, block.body.members) : faultOfOps(block, previous, view)
  if (misplaced !== undefined) return misplaced
  return isSignedByAuthor(block, crypto) ? undefined : 'its signature is not its author’s'
}

function faultOfView(block: Block, previous: Block, members: View['members']): string | undefined {
  if (compareEpochs(block.epoch, previous.epoch) <= 0) return 'its epoch does not grow'
  if (block.turn !== 0) return 'a view block has turn 0'
  if (block.author !== block.epoch.initiator) return 'its author is not the initiator of its epoch'
  if (!members.includes(block.author)) return 'its view lacks its initiator'
  if (new Set(members).size !== members.length) return 'its view names a member twice'
  return undefined
}

function faultOfOps(block: Block, previous: Block, view: View): string | undefined {
  if (block.body.kind !== 'ops') return 'a genesis block stands only at the beginning'
  if (!sameEpoch(block.epoch, view.epoch)) return 'its epoch is not that of the view before it'
  if (block.turn <= previous.turn && sameEpoch(block.epoch, previous.epoch)) return 'its turn does not grow'
  if (!view.members.includes(block.author)) return 'its author is not a member'
  return undefined
}
