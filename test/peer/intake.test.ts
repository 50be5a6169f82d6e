import { describe, expect, it } from 'vitest'
import { createIdentity } from '../../src/io/identity.ts'
import { createIntake } from '../../src/peer/intake.ts'
import { createSignatureBook } from '../../src/peer/signatures.ts'
import { type Block, isSignedByAuthor, signBlock } from '../../src/ring/block.ts'
import { until } from '../support/wait.ts'
import { peerNamed } from './keyed-crypto.ts'
import { genesisBy } from './log-of-blocks.ts'

const [ana, bob] = [peerNamed('A'), peerNamed('B')]

/** Really signed blocks. */
function signed(count: number): readonly Block[] {
  const { self, crypto } = createIdentity()
  const genesis = genesisBy(ana)
  return Array.from({ length: count }, (_, at) => signBlock({ ...genesis, author: self, index: at + 1 }, crypto))
}

describe('signatures that were looked at beside the loop', () => {
  it('are not looked at again, where they are good', async () => {
    const identity = createIdentity()
    let looked = 0
    const verify: typeof identity.crypto.verify = (...given) => {
      looked++
      return identity.crypto.verify(...given)
    }
    const book = createSignatureBook({ ...identity, crypto: { ...identity.crypto, verify } })
    const blocks = signed(600)
    await book.check?.(blocks)
    expect(blocks.every((block) => isSignedByAuthor(block, book.crypto))).toBe(true)
    expect(looked).toBe(0)
  })

  it('are looked at again where they are bad, of another author or of another block', async () => {
    const [one, two] = signed(2) as [Block, Block]
    const { self } = createIdentity()
    const { crypto, check } = createSignatureBook(createIdentity())
    const forged = { ...one, signature: new Uint8Array(64) }
    const short = { ...one, signature: new Uint8Array(3) }
    await check?.([one, two, forged, short, { ...two, author: ana }])
    const others = [forged, short, { ...one, author: self }, { ...one, hash: two.hash }, { ...one, author: ana }]
    for (const other of others) expect(isSignedByAuthor(other, crypto)).toBe(false)
    for (let at = 0; at < one.hash.length; at++) {
      const hash = one.hash.slice(0, at) + (one.hash[at] === '0' ? '1' : '0') + one.hash.slice(at + 1)
      expect(isSignedByAuthor({ ...one, hash }, crypto)).toBe(false)
    }
    expect(isSignedByAuthor(one, crypto)).toBe(true)
  })
})

describe('answers to fetches', () => {
  const blocks = signed(3)
  const createRig = () => {
    const checks: (() => void)[] = []
    const taken: string[] = []
    const waits: (() => void)[] = []
    let isReady = true
    const intake = createIntake({
      check: () => new Promise((resolve) => checks.push(resolve)),
      ready: () => (isReady ? Promise.resolve() : new Promise((resolve) => waits.push(resolve))),
    })
    const add = (from: typeof ana, what: string, given = blocks): boolean => intake.add(from, given, () => taken.push(what))
    const beBehind = (): void => {
      isReady = false
    }
    return { intake, checks, waits, taken, add, beBehind }
  }

  it('wait until what was taken before is done with', async () => {
    const { intake, checks, waits, taken, add, beBehind } = createRig()
    beBehind()
    for (const what of ['first', 'second']) {
      intake.expect(ana)
      add(ana, what)
    }
    checks[0]?.()
    await until('the first waits', () => waits.length === 1)
    expect([taken, checks.length]).toEqual([[], 2])
    waits[0]?.()
    await until('it is taken', () => taken.length === 1)
  })

  it('are taken in the order in which they came, once their signatures were looked at; those of others meanwhile', async () => {
    const { intake, checks, taken, add } = createRig()
    for (let times = 0; times < 3; times++) intake.expect(ana)
    intake.expect(bob)
    add(ana, 'first')
    add(ana, 'second')
    add(ana, 'empty', [])
    add(bob, 'other')
    // All are looked at from the moment on when they came.
    expect([taken, checks.length]).toEqual([[], 4])
    checks[3]?.()
    await until('the other is taken', () => taken.length === 1)
    for (const at of [2, 1]) checks[at]?.()
    await new Promise((resolve) => setImmediate(resolve))
    expect(taken).toEqual(['other'])
    checks[0]?.()
    await until('all are taken', () => taken.length === 4)
    expect(taken).toEqual(['other', 'first', 'second', 'empty'])
  })

  it('that come while others still wait overtake none of them', async () => {
    const { intake, checks, taken, add } = createRig()
    for (let times = 0; times < 3; times++) intake.expect(ana)
    add(ana, 'first')
    add(ana, 'second')
    checks[0]?.()
    await until('the first is taken', () => taken.length === 1)
    add(ana, 'third')
    checks[2]?.()
    await new Promise((resolve) => setImmediate(resolve))
    expect(taken).toEqual(['first'])
    checks[1]?.()
    await until('all are taken', () => taken.length === 3)
    expect(taken).toEqual(['first', 'second', 'third'])
  })

  it('that nobody asked for, or more than were asked for, are not looked at: the ring sees to them', () => {
    const { intake, checks, taken, add } = createRig()
    add(ana, 'unasked')
    expect([taken, checks.length]).toEqual([['unasked'], 0])
    for (let times = 0; times < 100; times++) intake.expect(ana)
    for (let times = 0; times < 10; times++) add(ana, `asked ${times}`)
    expect([taken.length, checks.length]).toEqual([7, 4])
  })

  it('are looked at as often as somebody was asked, also when all before are taken', async () => {
    const { intake, checks, taken, add } = createRig()
    for (const times of [1, 2]) {
      intake.expect(ana)
      expect([add(ana, 'asked'), add(ana, 'unasked')]).toEqual([true, false])
      checks.at(-1)?.()
      await until('both are taken', () => taken.length === 2 * times)
    }
  })

  it('are looked at also where they are one block; where they are none they are taken at once', () => {
    const { intake, checks, taken, add } = createRig()
    for (let times = 0; times < 2; times++) intake.expect(ana)
    expect([add(ana, 'empty', []), add(ana, 'one', blocks.slice(0, 1))]).toEqual([false, true])
    expect([taken, checks.length]).toEqual([['empty'], 1])
  })

  it('are looked at of the newest 256 peers that were asked', () => {
    const { intake, add } = createRig()
    const peers = Array.from({ length: 257 }, (_, at) => `${ana.slice(0, -4)}${1_000 + at}` as typeof ana)
    for (const peer of peers.slice(0, 256)) intake.expect(peer)
    intake.expect(peers[0] as typeof ana)
    intake.expect(peers[256] as typeof ana)
    expect([0, 1, 2, 256].map((at) => add(peers[at] as typeof ana, 'it'))).toEqual([true, false, true, true])
  })

  it('are taken at once where nothing is beside the loop', () => {
    const taken: string[] = []
    const intake = createIntake({ check: undefined, ready: () => Promise.resolve() })
    intake.expect(ana)
    expect(intake.add(ana, blocks, () => taken.push('it'))).toBe(false)
    expect(taken).toEqual(['it'])
  })
})
