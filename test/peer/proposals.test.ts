import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import { operationId } from '../../src/core/ids.ts'
import { auctionStartBytesMax, operationBytesMax } from '../../src/core/limits.ts'
import { encodeSubmission } from '../../src/market/codec.ts'
import type { Operation } from '../../src/market/operation.ts'
import type { Outcome } from '../../src/market/outcome.ts'
import type { AppliedOutcome } from '../../src/market/types.ts'
import { createProposals, voidBytes } from '../../src/peer/proposals.ts'
import type { Block, Body } from '../../src/ring/block.ts'
import type { Input, ReplicaView } from '../../src/ring/types.ts'
import { peerNamed } from './keyed-crypto.ts'
import { blockAfter, genesisBy } from './log-of-blocks.ts'
import { account, cents, lotOf } from './rig.ts'

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

  it('may have the very limit of its kind, and not a byte more', async () => {
    const transfer = (length: number): Operation => {
      return { kind: 'transfer', from: account('a'), to: account('b'), amount: cents(1), memo: 'x'.repeat(length) }
    }
    const start = (length: number): Operation => ({ kind: 'start-auction', ...lotOf('a', { picture: new Uint8Array(length) }) })
    for (const [make, most] of [
      [transfer, operationBytesMax],
      [start, auctionStartBytesMax],
    ] as const) {
      const { submit, inputs } = createRig()
      // The numbers that say how long a text or a picture is take the same bytes at these lengths.
      const length = most - (bytesOf(make(most)).length - most)
      expect(bytesOf(make(length)).length).toBe(most)
      submit(make(length)).catch(() => {})
      await expect(submit(make(length + 1))).rejects.toMatchObject({
        code: 'operation-too-large',
        facts: { bytes: most + 1, bytesMax: most },
      })
      expect(inputs()).toEqual([expect.objectContaining({ ops: [bytesOf(make(length))] })])
    }
  })

  it('fails when the peer stops, and so does all that comes later: none of it reaches the ring', async () => {
    const { proposals, submit, inputs, ring } = createRig()
    const before = submit(deposit(1))
    proposals.close(new Failure('stopping', 'first'))
    const { wakes } = ring
    proposals.close(new Failure('disk-full', 'second'))
    await expect(before).rejects.toMatchObject({ code: 'stopping' })
    await expect(submit(deposit(1))).rejects.toMatchObject({ code: 'stopping' })
    expect([inputs(), ring.wakes]).toEqual([[], wakes])
  })

  it('asks to be collected each time', () => {
    const { submit, ring } = createRig()
    for (const amount of [1, 2]) submit(deposit(amount)).catch(() => {})
    expect(ring.wakes).toBe(2)
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

describe('what is released', () => {
  it('is all that waits, written or not, in order, and without what was withdrawn', () => {
    const { ring, proposals, submit, inputs } = createRig()
    const operations = [deposit(1), deposit(2), bid, deposit(3)]
    for (const operation of operations.slice(0, 3)) submit(operation).catch(() => {})
    inputs()
    submit(deposit(3)).catch(() => {})
    ring.pending = [
      { sequence: 1, written: true, bytes: bytesOf(deposit(1)) },
      { sequence: 2, written: false, bytes: bytesOf(deposit(2)) },
      { sequence: 3, written: false, bytes: bytesOf(bid) },
    ]
    proposals.withdraw(operationId(ana, 1, 2))
    const released = proposals.release()
    expect(released.map(({ bytes, written }) => ({ bytes, written }))).toEqual([
      { bytes: bytesOf(deposit(1)), written: true },
      { bytes: bytesOf(bid), written: false },
      { bytes: bytesOf(deposit(3)), written: false },
    ])
    expect(released.every(({ wait }) => wait !== undefined)).toBe(true)
    expect(inputs()).toEqual([])
    expect(proposals.release().filter(({ wait }) => wait !== undefined)).toEqual([])
  })

  it('is submitted where it is adopted, and whoever waits is told what becomes of it there', async () => {
    const [from, to] = [createRig(), createRig()]
    const promise = from.submit(deposit(1), 500)
    const close: Operation = { kind: 'close-auction', auction: 'AAAAAA-1-1' as never }
    const released = from.proposals.release()
    const more = [close, { kind: 'void' } as const, bid].map((operation) => ({
      bytes: bytesOf(operation),
      written: false,
      wait: undefined,
    }))
    const broken = { bytes: Uint8Array.of(255), written: false, wait: undefined }
    expect(to.proposals.adopt([broken, ...more, ...released])).toBe(2)
    expect(to.inputs()).toEqual([
      { kind: 'submit', domain: 'auction', ops: [bytesOf(bid)] },
      { kind: 'submit', domain: 'bank', ops: [bytesOf(deposit(1))] },
    ])
    from.proposals.close(new Failure('stopping', ''))
    to.proposals.settle(...applied(1, [bytesOf(bid), bytesOf(deposit(1))], [no, yes]))
    expect(await promise).toMatchObject({ id: operationId(ana, 1, 2), outcome: yes })
  })

  it('and overdue has nobody any more who waits for it', async () => {
    const { proposals, submit } = createRig()
    const overdue = submit(deposit(1), 10)
    proposals.sweep(10, 0)
    await expect(overdue).rejects.toMatchObject({ code: 'unsettled' })
    expect(proposals.release()).toEqual([{ bytes: bytesOf(deposit(1)), written: false, wait: undefined }])
  })

  it('and adopted can be released once more', () => {
    const [from, to] = [createRig(), createRig()]
    from.submit(deposit(1)).catch(() => {})
    to.proposals.adopt(from.proposals.release())
    expect(to.proposals.release()).toEqual([{ bytes: bytesOf(deposit(1)), written: false, wait: expect.anything() }])
  })

  it('keeps its deadline, and can be withdrawn', async () => {
    const [from, to] = [createRig(), createRig()]
    const [late, voided] = [from.submit(deposit(1), 500), from.submit(deposit(2), 60_000)]
    to.proposals.adopt(from.proposals.release())
    to.ring.pending = [{ sequence: 2, written: false, bytes: bytesOf(deposit(2)) }]
    to.proposals.withdraw(operationId(ana, 1, 2))
    to.proposals.sweep(499, 0)
    to.proposals.sweep(500, 0)
    await expect(late).rejects.toMatchObject({ code: 'unsettled', facts: { id: operationId(ana, 1, 1) } })
    to.proposals.settle(...applied(1, [bytesOf(deposit(1)), voidBytes], [yes, yes]))
    expect((await voided).outcome).toEqual({ accepted: false, voided: true })
  })
})
