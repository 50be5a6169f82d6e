import type { Crypto } from '../core/crypto.ts'
import { leapMax, numberMax } from '../core/limits.ts'
import { type Block, isSignedByAuthor } from './block.ts'
import { compareEpochs, sameEpoch, type View } from './view.ts'

/**
 * What is wrong with `block` as the one after `previous`, where `view` is the last view up to `previous`; `undefined`
 * if nothing is (PROTOCOL, section 3). A peer holds its own blocks against the same rules before it appends them. The
 * signature is looked at last: it costs most.
 * Rule 3-accept [S2]
 */
export function faultOf(block: Block, previous: Block, view: View, crypto: Crypto): string | undefined {
  return (
    faultOfPlace(block, previous, view) ?? (isSignedByAuthor(block, crypto) ? undefined : 'its signature is not its author’s')
  )
}

/** All but the signature: for a block that this peer has signed itself. */
export function faultOfPlace(block: Block, previous: Block, view: View): string | undefined {
  if (block.index !== previous.index + 1) return 'its index does not follow'
  if (block.prevHash !== previous.hash) return 'its previous hash is not that of the block before'
  // Rule 2.7-lamport [S5]
  if (block.lamport <= previous.lamport) return 'its Lamport time does not grow'
  if (block.lamport - previous.lamport > leapMax) return 'its Lamport time leaps'
  if (block.time < previous.time) return 'its time goes back'
  if (isBeyondLimits(block)) return 'a number in it is over 2^48'
  if (block.checkpoint !== undefined && block.checkpoint.index >= block.index) return 'its checkpoint is of a later block'
  return block.body.kind === 'view' ? faultOfView(block, previous, block.body) : faultOfOps(block, previous, view)
}

function faultOfView(
  block: Block,
  previous: Block,
  { members, lost }: Extract<Block['body'], { kind: 'view' }>,
): string | undefined {
  if (compareEpochs(block.epoch, previous.epoch) <= 0) return 'its epoch does not grow'
  if (block.turn !== 0) return 'a view block has turn 0'
  if (block.author !== block.epoch.initiator) return 'its author is not the initiator of its epoch'
  if (!members.includes(block.author)) return 'its view lacks its initiator'
  if (new Set(members).size !== members.length) return 'its view names a member twice'
  if (lost.some(({ peer }) => members.includes(peer))) return 'a member of its view is lost'
  return undefined
}

function faultOfOps(block: Block, previous: Block, view: View): string | undefined {
  if (block.body.kind !== 'ops') return 'a genesis block stands only at the beginning'
  if (!sameEpoch(block.epoch, view.epoch)) return 'its epoch is not that of the view before it'
  if (sameEpoch(block.epoch, previous.epoch)) {
    if (block.turn <= previous.turn) return 'its turn does not grow'
    if (block.turn - previous.turn > leapMax) return 'its turn leaps'
  }
  if (!view.members.includes(block.author)) return 'its author is not a member'
  return undefined
}

function isBeyondLimits({ index, epoch, turn, lamport, time, checkpoint, body }: Block): boolean {
  const isOver = (number: number): boolean => number > numberMax
  if (isOver(index) || isOver(epoch.number) || isOver(turn) || isOver(lamport) || isOver(time)) return true
  if (checkpoint !== undefined && isOver(checkpoint.index)) return true
  if (body.kind === 'view') return body.lost.some(({ loss }) => isOver(loss))
  return body.kind === 'ops' && (isOver(body.incarnation) || isOver(body.firstSequence + body.ops.length))
}
