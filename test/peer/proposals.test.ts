import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import { operationId } from '../../src/core/ids.ts'
import { operationBytesMax } from '../../src/core/limits.ts'
import { encodeSubmission } from '../../src/market/codec.ts'
import type { Operation } from '../../src/market/operation.ts'
import type { Outcome } from '../../src/market/outcome.ts'
import type { AppliedOutcome } from '../../src/market/types.ts'
import { createProposals, voidBytes } from '../../src/peer/proposals.ts'
import type { Block, Body } from '../../src/ring/block.ts'
import type { Input, ReplicaView } from '../../src/ring/types.ts'
import { peerNamed } from './keyed-crypto.ts'
import { blockAfter, genesisBy } from './log-of-blocks.ts'
import { account, cents } from './rig.ts'

const [ana, bob] = [peerNamed('A'), peerNamed('B')]
const yes: Outcome = { accepted: true, events: [] }
const no: Outcome = { accepted: false, rejection: { code: 'own-lot' } }
const deposit = (amount: number): Operation => ({ kind: 'deposit', account: account('ana'), amount: cents(amount) })
const bid: Operation = { kind: 'bid', auction: 'AAAAAA-1-1' as never, account: account('ana'), amount: cents(5) }
const bytesOf = (operation: Operation): Uint8Array => encodeSubmission({ request: undefined, operation })

function createRig() {
  const ring = { incarnation: 1, pending: [] as ReplicaView['pending'], now: 0, wakes: 0 }
  const view = {
    get incarnation() {
      return ring.incarnation
    },
    get pending() {
      return ring.pending
    },
  }
  const proposals = createProposals({ self: ana, view, clock: { monotonic: () => ring.now }, wake: () => ring.wakes++ })
  const submit = (operation: Operation, deadline = 1_000) => proposals.submit({ request: undefined, operation }, deadline)
  const inputs = (): Input[] => {
    const all: Input[] = []
    for (let next = proposals.collect(); next !== undefined; next = proposals.collect()) all.push(next)
    return all
  }
  return { ring, proposals, submit, inputs }
}

const opsOf = (incarnation: number, firstSequence: number, ops: readonly Uint8Array[]): Body => ({
  kind: 'ops',
  incarnation,
  firstSequence,
  ops,
})

/** A block of operations with these sequences, and what became of them. */
function applied(first: number, ops: readonly Uint8Array[], outcomes: readonly (Outcome | undefined)[]) {
  const block: Block = blockAfter(genesisBy(ana), ana, opsOf(1, first, ops))
  const results: AppliedOutcome[] = outcomes.map((outcome, at) => ({ sequence: first + at, outcome }))
  return [block, results] as const
}

describe('what is submitted', () => {
  it('together becomes one input for each run of one domain, in order', () => {
    const { submit, inputs } = createRig()
    for (const operation of [deposit(1), deposit(2), bid, deposit(3)]) submit(operation).catch(() => {})
    expect(inputs()).toEqual([
      { kind: 'submit', domain: 'bank', ops: [bytesOf(deposit(1)), bytesOf(deposit(2))] },
      { kind: 'submit', domain: 'auction', ops: [bytesOf(bid)] },
      { kind: 'submit', domain: 'bank', ops: [bytesOf(deposit(3))] },
    ])
    expect(inputs()).toEqual([])
  })

  it('settles by its sequence, once, with its block', async () => {
    const { proposals, submit } = createRig()
    const both = [submit(deposit(1)), submit(bid)]
    const [block, outcomes] = applied(1, [bytesOf(deposit(1)), bytesOf(bid)], [yes, no])
    proposals.settle(block, outcomes)
    proposals.settle(...applied(1, [bytesOf(deposit(1)), bytesOf(bid)], [no, yes]))
    const at = { index: 1, epoch: '1.AAAAAA', turn: 1, time: block.time }
    expect(await Promise.all(both)).toEqual([
      { id: operationId(ana, 1, 1), outcome: yes, block: at },
      { id: operationId(ana, 1, 2), outcome: no, block: at },
    ])
  })

  it('and skipped at its place in the log waits for the place where it counts', async () => {
    const { proposals, submit } = createRig()
    const promise = submit(deposit(1))
    proposals.settle(...applied(1, [bytesOf(deposit(1))], [undefined]))
    proposals.settle(...applied(1, [bytesOf(deposit(1))], [yes]))
    expect((await promise).outcome).toBe(yes)
  })

  it('fails at its deadline, and not before', async () => {
    const { proposals, submit } = createRig()
    const codes: string[] = []
    const overdue = submit(deposit(1), 10).catch((error: Failure) => codes.push(error.code))
    proposals.sweep(9, 0)
    await Promise.resolve()
    expect(codes).toEqual([])
    proposals.sweep(10, 0)
    await overdue
    expect(codes).toEqual(['unsettled'])
  })

  const missing = [
    ['just now', 10_000, 50, 'unsettled'],
    ['for less than three of ten seconds', 10_000, 2_999, 'unsettled'],
    ['for three of ten seconds', 10_000, 3_000, 'no-quorum'],
    ['for all of two seconds', 2_000, 2_000, 'no-quorum'],
    ['for all of two seconds but a moment', 2_000, 1_750, 'no-quorum'],
    ['for most of two seconds', 2_000, 1_749, 'unsettled'],
    ['for all of a moment', 50, 60, 'unsettled'],
    ['for a second that ends with that moment', 50, 1_000, 'no-quorum'],
  ] as const
  for (const [what, deadline, missingFor, code] of missing) {
    it(`fails as ${code} where the quorum was missing ${what}`, async () => {
      const { proposals, submit } = createRig()
      const overdue = submit(deposit(1), deadline)
      proposals.sweep(deadline, missingFor)
      await expect(overdue).rejects.toMatchObject({ code })
    })
  }

  it('is not answered by what a copy of this profile wrote under its number', async () => {
    const { proposals, submit, ring } = createRig()
    const promise = submit(deposit(4))
    const before = [
      applied(1, [bytesOf(deposit(1))], [yes]),
      applied(1, [bytesOf(bid)], [no]),
      applied(1, [voidBytes], [yes]),
      [blockAfter(genesisBy(bob), bob, opsOf(1, 1, [bytesOf(deposit(4))])), [{ sequence: 1, outcome: no }]] as const,
      [blockAfter(genesisBy(ana), ana, opsOf(2, 1, [bytesOf(deposit(4))])), [{ sequence: 1, outcome: no }]] as const,
    ]
    for (const [block, outcomes] of before) proposals.settle(block, outcomes)
    ring.incarnation = 2
    const own = blockAfter(genesisBy(ana), ana, opsOf(2, 1, [bytesOf(deposit(4))]))
    proposals.settle(own, [{ sequence: 1, outcome: yes }])
    expect(await promise).toMatchObject({ id: operationId(ana, 2, 1), outcome: yes })
  })

  it('over the limit of its kind is refused before it has a sequence', async () => {
    const { submit, inputs, proposals } = createRig()
    const memo = 'x'.repeat(operationBytesMax)
    const tooLarge: Operation = { kind: 'transfer', from: account('a'), to: account('b'), amount: cents(1), memo }
    await expect(submit(tooLarge)).rejects.toMatchObject({ code: 'operation-too-large' })
    expect(inputs()).toEqual([])
    const next = submit(deposit(1))
    proposals.settle(...applied(1, [bytesOf(deposit(1))], [yes]))
    expect((await next).id).toBe(operationId(ana, 1, 1))
  })

  it('fails when the peer stops, and so does all that comes later', async () => {
    const { proposals, submit } = createRig()
    const before = submit(deposit(1))
    proposals.close(new Failure('stopping', ''))
    await expect(before).rejects.toMatchObject({ code: 'stopping' })
    await expect(submit(deposit(1))).rejects.toMatchObject({ code: 'stopping' })
  })
})

describe('what is pending', () => {
  it('and withdrawn too late is answered with what became of it', async () => {
    const { ring, proposals, submit } = createRig()
    const promise = submit(deposit(1))
    ring.pending = [{ sequence: 1, written: false, bytes: bytesOf(deposit(1)) }]
    proposals.withdraw(operationId(ana, 1, 1))
    proposals.settle(...applied(1, [bytesOf(deposit(1))], [no]))
    expect((await promise).outcome).toBe(no)
  })

  it('can be withdrawn until it is in a block, and then settles as voided', async () => {
    const { ring, proposals, submit } = createRig()
    const promise = submit(deposit(1))
    ring.pending = [
      { sequence: 1, written: false, bytes: bytesOf(deposit(1)) },
      { sequence: 2, written: true, bytes: bytesOf(bid) },
      { sequence: 3, written: false, bytes: voidBytes },
    ]
    expect(proposals.pending()).toEqual([
      { id: operationId(ana, 1, 1), operation: deposit(1), written: false },
      { id: operationId(ana, 1, 2), operation: bid, written: true },
    ])
    expect(proposals.withdraw(operationId(ana, 1, 1))).toEqual({ kind: 'withdraw', sequence: 1, replacement: voidBytes })
    for (const sequence of [2, 3, 4]) {
      expect(() => proposals.withdraw(operationId(ana, 1, sequence))).toThrowError(
        expect.objectContaining({ code: 'not-pending' }),
      )
    }
    proposals.settle(...applied(1, [bytesOf(deposit(2))], [yes]))
    proposals.settle(...applied(1, [voidBytes], [yes]))
    expect((await promise).outcome).toEqual({ accepted: false, voided: true })
  })
})
