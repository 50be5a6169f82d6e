import { z } from 'zod'
import { blockOpsMax } from '../core/limits.ts'
import { damageCodes } from './codes.ts'
import { pageBlocksMax } from './page-size.ts'

/** The log, as it goes out. */

const blockView = z.object({
  index: z.int(),
  epoch: z.string(),
  turn: z.int(),
  author: z.string(),
  lamport: z.int(),
  time: z.int(),
  prevHash: z.string(),
  hash: z.string(),
  checkpoint: z.object({ index: z.int(), stateHash: z.string() }).optional(),
  kind: z.enum(['genesis', 'state', 'view', 'ops']),
  /** For `genesis`, `state` and `view`: what they say. For `ops`: the operations, pictures shortened to their size. */
  content: z.union([z.record(z.string(), z.unknown()), z.array(z.record(z.string(), z.unknown())).max(blockOpsMax)]),
})

/**
 * With what became of its operations: where one was not simply done, it has `refused` (code, numbers and a sentence), `repeat`
 * (its request was there before, and nothing happened again) or `skipped` (out of its author's sequence).
 */
export const judgedBlock = blockView.extend({
  /** Whether that is known: a peer that was started anew does not know it of older blocks. */
  judged: z.boolean(),
})
export type JudgedBlock = z.infer<typeof judgedBlock>

/** Signed proof of a member's fault. */
export const proofView = z.object({
  kind: z.enum(['two-blocks', 'checkpoint']),
  /** Who is proven to be at fault; absent: two authors wrote one place, and either may have been misled. */
  author: z.string().optional(),
  what: z.string(),
  /** The one that vouches for a wrong state, or the two that stand in one place. */
  blocks: z.array(z.object({ index: z.int(), epoch: z.string(), author: z.string(), hash: z.string() })).max(2),
})
export type ProofView = z.infer<typeof proofView>

/** With the canonical bytes, base64url: what can be verified. */
export const exportedBlock = blockView.extend({ bytes: z.string() })
export type ExportedBlock = z.infer<typeof exportedBlock>

export const foundBlocksMax = 100

/** Blocks `from` on, as many as fit an answer; `last`: the last that is committed. */
export const logPage = z.object({ last: z.int(), blocks: z.array(judgedBlock).max(pageBlocksMax) })

/** One block with all that is needed to check it elsewhere. */
export const logEntry = exportedBlock.extend({
  judged: z.boolean(),
  /** Of its author, over the bytes before it: hex. */
  signature: z.string(),
  /** Whose signature that is. */
  signer: z.string(),
  /** The last committed block, as of now: this one is among them. */
  commit: z.int(),
})

/** What was found, newest first, down to block `lookedTo`; where `isDone`, there are no blocks before that. */
export const logFound = z.object({ blocks: z.array(judgedBlock).max(foundBlocksMax), lookedTo: z.int(), isDone: z.boolean() })
export type LogFound = z.infer<typeof logFound>

/** `damage` and `done` are the last. `hash`: of the last block. */
export const verifyStep = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('progress'), done: z.int(), total: z.int() }),
  z.object({ kind: z.literal('done'), blocks: z.int(), hash: z.string(), stateHash: z.string() }),
  z.object({ kind: z.literal('damage'), index: z.int(), code: z.enum(damageCodes), reason: z.string() }),
])
export type VerifyStep = z.infer<typeof verifyStep>

/** A piece of the file, with so many of all blocks in it and in those before it. */
export const exportStep = z.object({ text: z.string(), done: z.int(), total: z.int() })
export type ExportStep = z.infer<typeof exportStep>

/** `bad`, in the last piece: what is wrong with the first block that is not in the file. */
export const salvageStep = exportStep.extend({
  bad: z.object({ index: z.int(), code: z.enum(damageCodes), reason: z.string() }).optional(),
})
export type SalvageStep = z.infer<typeof salvageStep>
