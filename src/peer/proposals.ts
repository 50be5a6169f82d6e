import { type OperationId, operationId, type PeerId } from '../core/ids.ts'
import { auctionStartBytesMax, operationBytesMax } from '../core/limits.ts'
import { decodeSubmission, encodeSubmission } from '../market/codec.ts'
import type { Operation, Submission } from '../market/operation.ts'
import type { AppliedOutcome } from '../market/types.ts'
import type { Block } from '../ring/block.ts'
import { epochText } from '../ring/epoch.ts'
import type { Domain } from '../ring/message.ts'
import type { Input, ReplicaView } from '../ring/types.ts'
import type { PendingOperation, Receipt } from './peer.ts'
import { Failure } from './ports.ts'

/** This peer's operations from `submit` until their block is applied, or their deadline passes. */
export interface Proposals {
  submit(submission: Submission, deadlineMillis: number): Promise<Receipt>
  /** The next input for the ring: what was submitted since the last one, of one domain, in order. */
  collect(): Input | undefined
  /** A block of this peer and this start was applied. */
  settle(block: Block, outcomes: readonly AppliedOutcome[]): void
  /** Rejects those whose deadline has passed. They stay in the ring, and may still happen. */
  sweep(now: number): void
  /** Rejects all, and everything to come. */
  close(failure: Failure): void
  pending(): readonly PendingOperation[]
  /** The input that withdraws it. Throws a `Failure` with `not-pending` where it is too late. */
  withdraw(id: OperationId): Input
}

export interface ProposalsOptions {
  readonly self: PeerId
  readonly view: () => ReplicaView
  readonly now: () => number
  /** Asks for a `collect` soon: everything submitted until then becomes one input. */
  readonly wake: () => void
}

interface Proposal {
  readonly deadline: number
  readonly resolve: (receipt: Receipt) => void
  readonly reject: (failure: Failure) => void
}

/** Takes the place of a withdrawn operation. */
export const voidBytes = encodeSubmission({ request: undefined, operation: { kind: 'void' } })

/**
 * The ring gives sequence numbers in the order of its `submit` inputs; the same count is kept here, so a promise is
 * found again by its sequence alone, whatever becomes of the block in between.
 */
export function createProposals({ self, view, now, wake }: ProposalsOptions): Proposals {
  const proposals = new Map<number, Proposal>()
  let collected: { readonly domain: Domain; readonly ops: Uint8Array[] }[] = []
  let sequence = 0
  let closed: Failure | undefined

  return {
    submit(submission, deadlineMillis) {
      if (closed !== undefined) return Promise.reject(closed)
      const bytes = encodeSubmission(submission)
      const { operation } = submission
      const bytesMax = operation.kind === 'start-auction' ? auctionStartBytesMax : operationBytesMax
      if (bytes.length > bytesMax) return Promise.reject(tooLarge(bytes.length, bytesMax))
      const domain = domainOf(operation)
      const last = collected.at(-1)
      if (last?.domain === domain) last.ops.push(bytes)
      else collected.push({ domain, ops: [bytes] })
      wake()
      return new Promise((resolve, reject) => {
        proposals.set(++sequence, { deadline: now() + deadlineMillis, resolve, reject })
      })
    },

    collect() {
      const next = collected.shift()
      return next && { kind: 'submit', domain: next.domain, ops: next.ops }
    },

    settle(block, outcomes) {
      const { body, index, epoch, turn, time } = block
      if (body.kind !== 'ops') return
      const at = { index, epoch: epochText(epoch), turn, time }
      for (const { sequence: settled, outcome } of outcomes) {
        const proposal = proposals.get(settled)
        if (proposal === undefined || outcome === undefined) continue
        proposals.delete(settled)
        const id = operationId(self, body.incarnation, settled)
        const voided = isVoid(body.ops[settled - body.firstSequence])
        proposal.resolve({ id, outcome: voided ? { accepted: false, voided: true } : outcome, block: at })
      }
    },

    sweep(time) {
      let quorum: boolean | undefined
      for (const [overdue, proposal] of proposals) {
        if (proposal.deadline > time) continue
        proposals.delete(overdue)
        quorum ??= view().hasQuorum(time)
        proposal.reject(quorum ? unsettled(operationId(self, view().incarnation, overdue)) : noQuorum())
      }
    },

    close(failure) {
      closed ??= failure
      for (const proposal of proposals.values()) proposal.reject(failure)
      proposals.clear()
      collected = []
    },

    pending() {
      const { pending, incarnation } = view()
      return pending.flatMap(({ sequence: number, written, bytes }) => {
        const decoded = decodeSubmission(bytes)
        if ('malformed' in decoded || decoded.value.operation.kind === 'void') return []
        return [{ id: operationId(self, incarnation, number), operation: decoded.value.operation, written }]
      })
    },

    withdraw(id) {
      const { pending, incarnation } = view()
      const found = pending.find((operation) => operationId(self, incarnation, operation.sequence) === id)
      if (found === undefined || isVoid(found.bytes))
        throw new Failure('not-pending', 'No such operation is waiting here.', { id })
      if (found.written) throw new Failure('not-pending', 'It is in a block already and cannot be withdrawn.', { id })
      return { kind: 'withdraw', sequence: found.sequence, replacement: voidBytes }
    },
  }
}

/** The topic on which an operation is announced. */
export function domainOf(operation: Operation): Domain {
  switch (operation.kind) {
    case 'start-auction':
    case 'bid':
    case 'cancel-auction':
    case 'close-auction':
      return 'auction'
    default:
      return 'bank'
  }
}

function isVoid(bytes: Uint8Array | undefined): boolean {
  return bytes !== undefined && bytes.length === voidBytes.length && bytes.every((byte, at) => byte === voidBytes[at])
}

const tooLarge = (bytes: number, bytesMax: number): Failure =>
  new Failure('operation-too-large', `An operation of this kind has at most ${bytesMax} bytes.`, { bytes, bytesMax })

const unsettled = (id: OperationId): Failure =>
  new Failure('unsettled', 'Not committed before the deadline. It may still happen: ask again with the same request id.', { id })

const noQuorum = (): Failure =>
  new Failure('no-quorum', 'Too few members are reachable to commit anything. It waits, and may still happen.')
