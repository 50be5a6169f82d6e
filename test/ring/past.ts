import { type Block, type Head, headOf } from '../../src/ring/block.ts'
import type { Message } from '../../src/ring/message.ts'
import { DrivenReplica, epochOf, genesis, noEpoch, opsAfter, placeOf, statusOf, view3, viewAfter } from './harness.ts'

/** The room went on without this peer: a view of epoch 3, three blocks, a view of epoch 5, one block. */
export const past: readonly Block[] = (() => {
  const blocks = [view3]
  for (const op of ['x', 'y', 'z']) blocks.push(opsAfter(blocks.at(-1) as Block, [op]))
  const view5 = viewAfter(blocks.at(-1) as Block, epochOf(5, 'C'), 'ABC')
  return [...blocks, view5, opsAfter(view5, ['w'], { author: 'C' })]
})()
export const at = (index: number): Block => past[index - 2] as Block
export const last = at(7)

export const offer = (block: Block = last) =>
  statusOf({
    epoch: block.epoch,
    promised: block.epoch,
    commit: placeOf(block),
    persistedCommit: { epoch: block.epoch, index: block.index },
    active: true,
  })

export function answer(blocks: readonly Block[], commit: Head = headOf(last), head: Head = commit): Message {
  return { kind: 'fetched', what: 'committed', blocks, commit, head }
}

/** Started again in the view of epoch 2, which it can take no part in any more. */
export const behind = (): DrivenReplica => new DrivenReplica().step({ kind: 'tick' })
/** A newcomer, which knows the genesis block and nobody. */
export const newcomer = (): DrivenReplica =>
  new DrivenReplica({ self: 'X', blocks: [genesis], meta: { promised: noEpoch } }).step({ kind: 'tick' })
