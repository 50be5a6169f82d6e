import { Failure } from '../core/failure.ts'
import { type OperationId, operationId, type PeerId } from '../core/ids.ts'
import { auctionStartBytesMax, operationBytesMax } from '../core/limits.ts'
import { decodeSubmission, encodeSubmission } from '../market/codec.ts'
import type { Operation, Submission } from '../market/operation.ts'
import type { AppliedOutcome } from '../market/types.ts'
import type { Block } from '../ring/block.ts'
import type { Domain } from '../ring/message.ts'
import type { Input, ReplicaView } from '../ring/types.ts'
import { epochText } from '../ring/view.ts'
import { InSequence } from './in-sequence.ts'
import type { PendingOperation, Receipt } from './peer.ts'
import type { Clock } from './ports.ts'

/** This peer's operations from `submit` until their block is applied, or their deadline passes. */
export interface Proposals {
  submit(submission: Submission, deadlineMillis: number): Promise<Receipt>
  /** The next input for the ring: what was submitted since the last one, of one domain, in order. */
  collect(): Input | undefined
  /** A block was applied: what of it was submitted here is answered. */
  settle(block: Block, outcomes: readonly AppliedOutcome[]): void
  /**
   * Rejects those whose deadline has passed. They stay in the ring, and may still happen. `quorumMissing`: for how long the
   * room has had none, in milliseconds; 0: it has one.
   */
  sweep(now: number, quorumMissing: number): void
  /** Rejects all, and everything to come. */
  close(failure: Failure): void
  /** Takes out all of which nobody knows what became of it, in order: another session goes on with it. */
  release(): readonly Unsettled[]
  /** Submits what was released elsewhere, and gives how much that is; whoever waits for it is told what becomes of it here. */
  adopt(unsettled: readonly Unsettled[]): number
  pending(): readonly PendingOperation[]
  /** The input that withdraws it. Throws a `Failure` with `not-pending` where it is too late. */
  withdraw(id: OperationId): Input
}

/** An operation on its way; `wait`: who waits for it, `undefined`: nobody does any longer. */
export interface Unsettled {
  readonly bytes: Uint8Array
  /** It stands in a block of the log that it was released from: there it may still happen. */
  readonly written: boolean
  readonly wait: Pick<Proposal, 'deadline' | 'patience' | 'resolve' | 'reject'> | undefined
}

export interface ProposalsOptions {
  readonly self: PeerId
  readonly view: Pick<ReplicaView, 'incarnation' | 'pending'>
  readonly clock: Pick<Clock, 'monotonic'>
  /** Asks for a `collect` soon: everything submitted until then becomes one input. */
  readonly wake: () => void
}

interface Proposal {
  /** As they were handed to the ring. */
  readonly bytes: Uint8Array
  /** It was withdrawn: what stands in the log under its number is nothing. */
  isVoid: boolean
  readonly deadline: number
  /** How long the quorum must have been missing at the deadline to be what is to blame, in milliseconds. */
  readonly patience: number
  readonly resolve: (receipt: Receipt) => void
  readonly reject: (failure: Failure) => void
}

/** Takes the place of a withdrawn operation. */
export const voidBytes = encodeSubmission({ request: undefined, operation: { kind: 'void' } })

/** A healthy room may look as if without its quorum for a moment, as just after a change of members. */
const patienceLeast = 1_000
const patienceMost = 3_000
/** What is missing from the first moment on is seen only at the next look. */
const lookSlack = 250

/**
 * The ring gives sequence numbers in the order of its `submit` inputs; the same count is kept here, so a promise is found
 * again by its sequence, whatever becomes of the block in between. But a copy of this profile may have used the same
 * numbers: an answer belongs to a promise only where the very bytes that were submitted stand there.
 */
export function createProposals({ self, view, clock, wake }: ProposalsOptions): Proposals {
  /** By their sequence. */
  const proposals = new InSequence<Proposal>()
  let collected: { readonly domain: Domain; readonly ops: Uint8Array[] }[] = []
  let sequence = 0
  let closed: Failure | undefined

  /** The ring gives it the next sequence number. */
  const collect = (operation: Operation, bytes: Uint8Array): number => {
    const domain = domainOf(operation)
    const last = collected.at(-1)
    if (last?.domain === domain) last.ops.push(bytes)
    else collected.push({ domain, ops: [bytes] })
    wake()
    return ++sequence
  }

  return {
    submit(submission, deadlineMillis) {
      if (closed !== undefined) return Promise.reject(closed)
      const bytes = encodeSubmission(submission)
      const { operation } = submission
      const bytesMax = operation.kind === 'start-auction' ? auctionStartBytesMax : operationBytesMax
      if (bytes.length > bytesMax) return Promise.reject(tooLarge(bytes.length, bytesMax))
      const number = collect(operation, bytes)
      return new Promise((resolve, reject) => {
        const deadline = clock.monotonic() + deadlineMillis
        const patience = Math.min(Math.max(deadlineMillis - lookSlack, patienceLeast), patienceMost)
        proposals.add(number, { bytes, isVoid: false, deadline, patience, resolve, reject })
      })
    },

    collect() {
      const next = collected.shift()
      return next && { kind: 'submit', domain: next.domain, ops: next.ops }
    },

    settle(block, outcomes) {
      const { author, body, index, epoch, turn, time } = block
      if (author !== self || body.kind !== 'ops' || body.incarnation !== view.incarnation) return
      const at = { index, epoch: epochText(epoch), turn, time }
      for (const { sequence: settled, outcome } of outcomes) {
        const proposal = proposals.get(settled)
        const written = body.ops[settled - body.firstSequence]
        if (proposal === undefined || outcome === undefined || written === undefined) continue
        const voided = proposal.isVoid && sameBytes(written, voidBytes)
        if (!voided && !sameBytes(written, proposal.bytes)) continue
        proposals.delete(settled)
        const id = operationId(self, body.incarnation, settled)
        proposal.resolve({ id, outcome: voided ? { accepted: false, voided: true } : outcome, block: at })
      }
    },

    sweep(now, quorumMissing) {
      for (const [overdue, proposal] of proposals.entries()) {
        if (proposal.deadline > now) continue
        proposals.delete(overdue)
        const id = operationId(self, view.incarnation, overdue)
        proposal.reject(quorumMissing >= proposal.patience ? noQuorum() : unsettled(id))
      }
    },

    close(failure) {
      closed ??= failure
      for (const [, proposal] of proposals.entries()) proposal.reject(failure)
      collected = []
    },

    release() {
      const uncollected = collected.flatMap(({ ops }) => ops)
      const first = sequence - uncollected.length + 1
      const late = uncollected.map((bytes, at) => ({ sequence: first + at, bytes, written: false }))
      collected = []
      return [...view.pending, ...late].flatMap(({ sequence: number, bytes, written }) => {
        const wait = proposals.get(number)
        // One that was withdrawn stays so: who withdrew it was told.
        if (wait?.isVoid === true || sameBytes(bytes, voidBytes)) return []
        proposals.delete(number)
        return [{ bytes, written, wait }]
      })
    },

    adopt(unsettled) {
      let adopted = 0
      for (const { bytes, wait } of unsettled) {
        const decoded = decodeSubmission(bytes)
        if ('malformed' in decoded) continue
        const { operation } = decoded.value
        // Auctions are closed by whoever's turn it is in the room that they are in now.
        if (operation.kind === 'close-auction' || operation.kind === 'void') continue
        const number = collect(operation, bytes)
        if (wait !== undefined) proposals.add(number, { ...wait, bytes, isVoid: false })
        adopted++
      }
      return adopted
    },

    pending() {
      const { pending, incarnation } = view
      return pending.flatMap(({ sequence: number, written, bytes }) => {
        const decoded = decodeSubmission(bytes)
        if ('malformed' in decoded || decoded.value.operation.kind === 'void') return []
        return [{ id: operationId(self, incarnation, number), operation: decoded.value.operation, written }]
      })
    },

    withdraw(id) {
      const { pending, incarnation } = view
      const found = pending.find((operation) => operationId(self, incarnation, operation.sequence) === id)
      if (found === undefined || sameBytes(found.bytes, voidBytes))
        throw new Failure('not-pending', 'No such operation is waiting here.', { id })
      if (found.written) throw new Failure('not-pending', 'It is in a block already and cannot be withdrawn.', { id })
      const proposal = proposals.get(found.sequence)
      if (proposal !== undefined) proposal.isVoid = true
      return { kind: 'withdraw', sequence: found.sequence, replacement: voidBytes }
    },
  }
}

/** The topic on which an operation is announced. */
function domainOf(operation: Operation): Domain {
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

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a === b || (a.length === b.length && a.every((byte, at) => byte === b[at]))

const tooLarge = (bytes: number, bytesMax: number): Failure =>
  new Failure('operation-too-large', `An operation of this kind has at most ${bytesMax} bytes.`, { bytes, bytesMax })

const unsettled = (id: OperationId): Failure =>
  new Failure('unsettled', 'Not committed before the deadline. It may still happen: ask again with the same request id.', { id })

const noQuorum = (): Failure =>
  new Failure('no-quorum', 'Too few members are reachable to commit anything. It waits, and may still happen.')
