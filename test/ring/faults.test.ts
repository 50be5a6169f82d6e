import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { Block } from '../../src/ring/block.ts'
import { decodeEvidence, type Evidence, encodeEvidence, evidenceKey, isTwoBlocks, liarOf } from '../../src/ring/faults.ts'
import { DrivenReplica, epochOf, follower, genesis, id, opsAfter, placeOf, statusOf, view2, view3, viewAfter } from './harness.ts'
import { testCrypto } from './room.ts'

const first = opsAfter(view3, ['x'])
const second = opsAfter(view3, ['y'])
const byC = opsAfter(view3, ['z'], { author: 'C' })
const twoBlocks = (one: Block, other: Block): Evidence => ({ kind: 'two-blocks', first: one, second: other })
const unsigned = (block: Block): Block => ({ ...block, signature: new Uint8Array(64) })
const crypto = testCrypto('B')

describe('two blocks prove something', () => {
  const rows: [string, Block, Block, boolean][] = [
    ['that are different, of one place', first, second, true],
    ['of two authors', first, byC, true],
    ['but not one and the same', first, first, false],
    ['but not of two indexes', first, opsAfter(first, ['y']), false],
    ['but not of two epochs', first, opsAfter(view3, ['y'], { epoch: epochOf(4, 'A') }), false],
    ['but not the first unsigned', unsigned(first), second, false],
    ['but not the second unsigned', first, unsigned(second), false],
  ]
  it.each(rows)('%s', (_what, one, other, isProof) => {
    expect(isTwoBlocks(one, other, crypto)).toBe(isProof)
  })

  it('against their author; against nobody where there are two', () => {
    expect(liarOf(twoBlocks(first, second))).toBe('A')
    expect(liarOf(twoBlocks(first, byC))).toBeUndefined()
    expect(liarOf({ kind: 'checkpoint', block: byC })).toBe('C')
  })

  it('once for each author and kind, in whichever order they come', () => {
    expect(evidenceKey(twoBlocks(first, second))).toBe(evidenceKey(twoBlocks(second, first)))
    expect(evidenceKey(twoBlocks(first, second))).not.toBe(evidenceKey(twoBlocks(first, byC)))
    expect(evidenceKey(twoBlocks(first, byC))).toBe(evidenceKey(twoBlocks(byC, second)))
    expect(evidenceKey({ kind: 'checkpoint', block: first })).toBe(evidenceKey({ kind: 'checkpoint', block: second }))
    expect(evidenceKey({ kind: 'checkpoint', block: first })).not.toBe(evidenceKey({ kind: 'checkpoint', block: byC }))
    expect(evidenceKey({ kind: 'checkpoint', block: first })).not.toBe(evidenceKey(twoBlocks(first, second)))
  })
})

describe('the bytes of evidence', () => {
  const author = `12D3KooW${'A'.repeat(44)}` as PeerId
  const real = (op: string): Block => {
    const block = opsAfter({ ...view3, epoch: { number: 3, initiator: author } }, [op], { author })
    return { ...block, signature: new Uint8Array(block.signature) }
  }
  const rows: [string, Evidence][] = [
    ['two blocks', twoBlocks(real('x'), real('y'))],
    ['a checkpoint', { kind: 'checkpoint', block: real('x') }],
  ]
  it.each(rows)('of %s are read as they were written', (_what, evidence) => {
    const bytes = encodeEvidence(evidence, crypto)
    expect(decodeEvidence(bytes, crypto)).toEqual({ value: evidence })
    expect(decodeEvidence(bytes.subarray(0, -1), crypto)).toHaveProperty('malformed')
    expect(decodeEvidence(new Uint8Array([...bytes, 0]), crypto)).toHaveProperty('malformed')
    expect(decodeEvidence(new Uint8Array([9, ...bytes.subarray(1)]), crypto)).toHaveProperty('malformed')
  })
})

describe('a peer that meets two blocks of one author', () => {
  it('in the present epoch keeps them, passes them on, takes no more part in that epoch, and is alive', () => {
    const peer = follower().push('A', [first]).push('A', [second])
    expect(peer.view.evidence).toEqual([twoBlocks(first, second)])
    expect(peer.batches[0]?.evidence).toEqual([twoBlocks(first, second)])
    expect(peer.gossiped('evidence')).toEqual([{ kind: 'evidence', evidence: twoBlocks(first, second) }])
    expect(peer.notes('two-blocks')).toMatchObject([{ author: 'A', first: 'A', second: 'A', index: 3 }])
    expect(peer.view.active).toBe(false)
    expect(peer.view.stopped).toBeUndefined()
    expect(peer.view.head.hash).toBe(first.hash)
  })

  it('takes nothing more of the frame that brought the second one', () => {
    const next = opsAfter(first, ['next'])
    const peer = follower().push('A', [first]).push('A', [second, next], placeOf(first))
    expect(peer.view.head.hash).toBe(first.hash)
    expect(peer.view.commit).toEqual(placeOf(view3))
  })

  it('has proof only where both authors were members of that view', () => {
    const peer = follower()
      .push('A', [first])
      .push('C', [opsAfter(view3, ['y'], { author: 'X' })])
    expect(peer.view.evidence).toEqual([])
    expect(peer.view.active).toBe(true)
  })

  it('hears of what it knows already as often as anybody likes, also once that view is long gone', () => {
    const evidence = twoBlocks(first, second)
    const peer = new DrivenReplica({ evidence: [evidence] }).step({ kind: 'tick' })
    for (let times = 0; times < 150; times++) peer.receive('Z', { kind: 'evidence', evidence })
    expect(peer.view.refused.size).toBe(0)
  })

  it('gives the token up that it holds in that epoch', () => {
    const head = { epoch: view3.epoch, ...placeOf(view3) }
    const [served, wants] = [
      [0, 0, 0],
      [false, false, false],
    ]
    const peer = follower()
    peer.receive('A', { kind: 'token', epoch: view3.epoch, turn: 2, head, commit: placeOf(view3), served, wants, blocks: [] })
    expect(peer.view.holding).toBe(2)
    peer.receive('C', { kind: 'evidence', evidence: twoBlocks(first, second) })
    expect(peer.view.holding).toBeUndefined()
  })

  it('keeps them once, whoever else passes them on', () => {
    const peer = follower().push('A', [first]).push('A', [second])
    peer.receive('C', { kind: 'evidence', evidence: twoBlocks(second, first) })
    expect(peer.batches).toEqual([])
    expect(peer.gossiped('evidence')).toEqual([])
    expect(peer.view.evidence.length).toBe(1)
  })

  it('asks around for another epoch, and above that one', () => {
    const peer = follower().push('A', [first]).push('A', [second]).persisted()
    peer.during(4_000)
    expect(peer.notes('pre-vote')[0]).toEqual({ why: 'spoiled', suspect: undefined })
    expect(peer.sent('request')[0]).toMatchObject({ to: 'AC', purpose: 'rejoin', above: epochOf(4, 'A') })
  })

  it('obeys that author in no epoch, agrees to none of its, and serves no request of it', () => {
    const peer = follower().receive('C', { kind: 'evidence', evidence: twoBlocks(first, second) })
    expect(peer.view.evidence.length).toBe(1)
    peer.receive('A', { kind: 'prepare', epoch: epochOf(4, 'A'), views: [view3] })
    expect(peer.view.promised).toEqual(view3.epoch)
    peer.after(3_000).receive('A', { kind: 'pre-vote', attempt: 1, suspect: undefined })
    expect(peer.sent('agree')).toEqual([])
    peer.receive('C', { kind: 'pre-vote', attempt: 1, suspect: undefined })
    expect(peer.sent('agree').length).toBe(1)
  })

  it('of another author than the other accuses neither, but leaves the epoch', () => {
    const peer = follower().push('A', [first]).push('C', [byC])
    expect(peer.view.evidence).toEqual([twoBlocks(first, byC)])
    expect(peer.notes('two-blocks')).toMatchObject([{ author: undefined, first: 'A', second: 'C' }])
    expect(peer.view.active).toBe(false)
    peer.receive('A', { kind: 'prepare', epoch: epochOf(4, 'A'), views: [view3] })
    expect(peer.view.promised).toEqual(epochOf(4, 'A'))
  })

  it('remembers after a restart who lied', () => {
    const evidence = [twoBlocks(first, second)]
    const peer = new DrivenReplica({ blocks: [genesis, view2, view3], evidence }).step({ kind: 'tick' })
    expect(peer.view.evidence).toEqual(evidence)
    expect(peer.batches.flatMap((batch) => batch.evidence)).toEqual([])
    peer.receive('A', { kind: 'prepare', epoch: epochOf(4, 'A'), views: [view3] })
    expect(peer.view.promised).toEqual(view3.epoch)
    peer.receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view3] })
    expect(peer.view.promised).toEqual(epochOf(4, 'C'))
  })

  it('one of them without a signature has no proof', () => {
    const peer = follower()
      .push('A', [first])
      .push('A', [unsigned(second)])
    expect(peer.view.evidence).toEqual([])
    expect(peer.view.active).toBe(true)
  })

  it('one of them the very block that it has takes no offence', () => {
    const peer = follower().push('A', [first]).push('A', [first])
    expect(peer.view.evidence).toEqual([])
    expect(peer.view.active).toBe(true)
  })
})

describe('evidence that others pass on', () => {
  it('is refused where it proves nothing, and its sender is named', () => {
    const peer = follower().receive('C', { kind: 'evidence', evidence: twoBlocks(first, first) })
    expect(peer.view.evidence).toEqual([])
    expect(peer.view.refused.get(id('C'))).toMatchObject({ reason: 'evidence: it proves nothing', count: 1 })
    peer.after(1_001).receive('C', { kind: 'evidence', evidence: twoBlocks(first, unsigned(second)) })
    expect(peer.view.refused.get(id('C'))?.count).toBe(2)
    expect(peer.notes('refused')).toEqual([])
  })

  it('is looked at once a second of whoever proved nothing before: signatures cost most', () => {
    const peer = follower().receive('C', { kind: 'evidence', evidence: twoBlocks(first, first) })
    peer.after(900).receive('C', { kind: 'evidence', evidence: twoBlocks(first, second) })
    expect(peer.view.evidence).toEqual([])
    peer.receive('A', { kind: 'evidence', evidence: twoBlocks(first, second) })
    expect(peer.view.evidence.length).toBe(1)
  })

  it('counts from anybody who knows the code', () => {
    const peer = follower().receive('X', { kind: 'evidence', evidence: twoBlocks(first, second) })
    expect(peer.view.evidence.length).toBe(1)
  })

  it('against somebody who is no member of that view is nothing', () => {
    const one = opsAfter(view3, ['x'], { author: 'X' })
    const other = opsAfter(view3, ['y'], { author: 'X' })
    const peer = follower().receive('X', { kind: 'evidence', evidence: twoBlocks(one, other) })
    peer.receive('X', { kind: 'evidence', evidence: twoBlocks(first, other) })
    expect(peer.view.evidence).toEqual([])
    expect(peer.view.active).toBe(true)
  })

  it('of an epoch that this log does not know is nothing', () => {
    const next = viewAfter(view3, epochOf(4, 'C'), 'ABC')
    const of4 = ['x', 'y'].map((op) => opsAfter(next, [op])) as [Block, Block]
    const peer = follower().receive('C', { kind: 'evidence', evidence: twoBlocks(...of4) })
    expect(peer.view.evidence).toEqual([])
  })

  it('of an epoch before leaves the present one as it is', () => {
    const of2 = ['x', 'y'].map((op) => opsAfter(view2, [op])) as [Block, Block]
    const peer = new DrivenReplica().step({ kind: 'tick' })
    const { epoch } = view3
    peer.receive('C', { kind: 'prepare', epoch: epochOf(3, 'C'), views: [view2] }).persisted()
    peer.receive('C', { kind: 'evidence', evidence: twoBlocks(...of2) })
    expect(peer.view.evidence.length).toBe(1)
    peer.receive('C', { kind: 'install', epoch: epochOf(3, 'C'), viewBlock: viewAfter(view2, epochOf(3, 'C'), 'BC') })
    peer.persisted()
    expect(peer.view.active).toBe(true)
    expect(epoch.number).toBe(3)
  })

  it('of an epoch before takes no token away', () => {
    const of2 = ['x', 'y'].map((op) => opsAfter(view2, [op])) as [Block, Block]
    const peer = new DrivenReplica().step({ kind: 'tick' })
    const { epoch } = view3
    peer.receive('A', { kind: 'prepare', epoch, views: [view2] }).persisted()
    peer.receive('A', { kind: 'install', epoch, viewBlock: view3 }).persisted()
    const head = { epoch, ...placeOf(view3) }
    const [served, wants] = [
      [0, 0, 0],
      [false, false, false],
    ]
    peer.receive('A', { kind: 'token', epoch, turn: 2, head, commit: placeOf(view2), served, wants, blocks: [] })
    peer.receive('C', { kind: 'evidence', evidence: twoBlocks(...of2) })
    expect(peer.view.evidence.length).toBe(1)
    expect(peer.view.holding).toBe(2)
    expect(peer.view.active).toBe(true)
  })

  it('about a state is looked at by nobody: everyone compares states for himself', () => {
    const peer = follower().receive('C', { kind: 'evidence', evidence: { kind: 'checkpoint', block: first } })
    expect(peer.view.evidence).toEqual([])
  })
})

describe('whoever signs two blocks again and again', () => {
  const evidenceOf = (author: string, op: string, epoch = view3.epoch): Evidence => {
    const [one, other] = ['x', op].map((text) => opsAfter(view3, [text], { author, turn: 2, epoch })) as [Block, Block]
    return twoBlocks(one, other)
  }

  it('is kept, noted and passed on once, and leaves its place to everybody else', () => {
    const peer = follower()
    const seen = { notes: 0, kept: 0, gossiped: 0 }
    const hear = (evidence: Evidence): void => {
      peer.receive('X', { kind: 'evidence', evidence })
      seen.notes += peer.notes('two-blocks').length
      seen.kept += peer.batches.flatMap((batch) => batch.evidence).length
      seen.gossiped += peer.gossiped('evidence').length
      peer.persisted()
    }
    for (let at = 0; at < 100; at++) hear(evidenceOf('C', `y${at}`))
    expect(seen).toEqual({ notes: 1, kept: 1, gossiped: 1 })
    hear(evidenceOf('A', 'y'))
    expect(peer.view.evidence.map(liarOf)).toEqual(['C', 'A'])
    expect(peer.view.refused.size).toBe(0)
  })

  it('spoils the present epoch, too, though it is known to lie', () => {
    const of2 = twoBlocks(opsAfter(view2, ['x'], { author: 'C' }), opsAfter(view2, ['y'], { author: 'C' }))
    const peer = follower({ evidence: [of2] })
    expect(peer.view.active).toBe(true)
    peer.receive('X', { kind: 'evidence', evidence: evidenceOf('C', 'y') })
    expect([peer.view.active, peer.view.evidence, peer.batches, peer.gossiped('evidence').length]).toEqual([false, [of2], [], 1])
    peer.receive('X', { kind: 'evidence', evidence: evidenceOf('C', 'z') })
    expect([peer.gossiped('evidence'), peer.notes('two-blocks')]).toEqual([[], []])
  })

  it('is believed to lie, and ends the epoch, where nothing more can be kept', () => {
    const kept = Array.from({ length: 64 }, (_, at) => evidenceOf(`Y${at}`, 'y', view2.epoch))
    const peer = follower({ evidence: kept }).push('C', [opsAfter(view3, ['x'], { author: 'C' })])
    peer.push('C', [opsAfter(view3, ['y'], { author: 'C' })])
    expect([peer.view.active, peer.view.evidence.length, peer.gossiped('evidence').length]).toEqual([false, 64, 1])
    peer.persisted().receive('C', { kind: 'prepare', epoch: epochOf(9, 'C'), views: [view3] })
    expect(peer.view.promised).toEqual(view3.epoch)
  })

  it('fills only a part of what is kept with those whose place it wrote into', () => {
    const pairs = Array.from({ length: 16 }, (_, at) =>
      twoBlocks(opsAfter(view2, ['x'], { author: `Y${at}` }), opsAfter(view2, ['y'], { author: `Z${at}` })),
    )
    const peer = follower({ evidence: pairs }).receive('X', { kind: 'evidence', evidence: twoBlocks(first, byC) })
    expect([peer.view.active, peer.view.evidence.length]).toEqual([false, 16])
    peer.receive('X', { kind: 'evidence', evidence: evidenceOf('C', 'y') })
    expect(peer.view.evidence.length).toBe(17)
  })

  it('costs one signature where it is none: our own block is looked at last', () => {
    const own = { ...first, signature: new Uint8Array(64) }
    let looks = 0
    Object.defineProperty(own, 'signature', { get: () => looks++ })
    expect(isTwoBlocks(own, unsigned(second), crypto)).toBe(false)
    expect(looks).toBe(0)
  })
})

describe('somebody whose messages are of no use', () => {
  it('is not named for a few of them, as an honest one may be late, but for more', () => {
    const peer = follower()
    const late = { kind: 'want', epoch: epochOf(2, 'A'), request: 1 } as const
    for (let i = 0; i < 100; i++) peer.receive('X', late)
    expect(peer.view.refused.get(id('X'))).toBeUndefined()
    peer.receive('X', late)
    expect(peer.view.refused.get(id('X'))).toMatchObject({ count: 1 })
    expect(peer.notes('refused')).toMatchObject([{ from: 'X', what: 'want' }])
  })

  it('is not counted while this peer takes no part itself, or where it is a member', () => {
    const late = {
      kind: 'promise',
      epoch: epochOf(2, 'B'),
      head: { ...placeOf(view2), epoch: view2.epoch },
      commit: placeOf(view2),
    } as const
    const peer = follower()
    for (let i = 0; i < 150; i++) peer.receive('A', late)
    expect(peer.view.refused.get(id('A'))).toBeUndefined()
    peer.receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view3] })
    for (let i = 0; i < 150; i++) peer.receive('X', late)
    expect(peer.view.refused.get(id('X'))).toBeUndefined()
  })

  it('is pardoned once it is a member', () => {
    const peer = follower()
    peer.receive('D', { kind: 'committed', epoch: view3.epoch, commit: placeOf(view3) })
    expect(peer.view.refused.get(id('D'))?.reason).toContain('not a member')
    peer.receive('C', { kind: 'evidence', evidence: twoBlocks(first, first) })
    peer.follow(viewAfter(view3, epochOf(4, 'C'), 'ABCD'), [view3]).after(1)
    expect(peer.view.refused.get(id('D'))).toBeUndefined()
    expect(peer.view.refused.get(id('C'))).toBeDefined()
  })

  it('is counted anew after it was a member', () => {
    const late = { kind: 'want', epoch: epochOf(2, 'A'), request: 1 } as const
    const peer = follower()
    for (let i = 0; i < 100; i++) peer.receive('D', late)
    const view4 = viewAfter(view3, epochOf(4, 'C'), 'ABCD')
    peer.follow(view4, [view3]).after(1)
    peer.follow(viewAfter(view4, epochOf(5, 'C'), 'ABC'), [view4]).after(1)
    peer.receive('D', late)
    expect(peer.view.refused.get(id('D'))).toBeUndefined()
  })

  it('is one of 256 at most that are remembered', () => {
    const peer = follower()
    for (let i = 0; i < 300; i++) peer.receive(`X${i}`, { kind: 'committed', epoch: view3.epoch, commit: placeOf(view3) })
    expect(peer.view.refused.size).toBe(256)
    expect(peer.view.stopped).toBeUndefined()
  })

  it('is named though names were made up before: the oldest stranger gives its place up, once a second', () => {
    const peer = follower()
    const install = (from: string) => peer.receive(from, { kind: 'install', epoch: view3.epoch, viewBlock: view3 })
    for (let at = 0; at < 256; at++) install(`X${at}`)
    install('M')
    expect([peer.notes('refused').length, peer.view.refused.has(id('M')), peer.view.refused.has(id('X0'))]).toEqual([
      1,
      true,
      false,
    ])
    const counts = Array.from({ length: 100 }, (_, at) => install(`Y${at}`).notes('unnamed')).flat()
    expect([counts, peer.view.refused.size, peer.view.refused.has(id('Y99'))]).toEqual([[{ count: 1 }], 256, false])
    peer.now += 999
    expect([install('N').notes('refused').length, install('N').notes('unnamed')]).toEqual([0, []])
    peer.now += 1
    expect(install('N').notes('refused')).toMatchObject([{ from: 'N' }])
    peer.now += 59_000
    install('O')
    expect(install('P').notes('unnamed')).toEqual([{ count: 102 }])
  })

  it('never takes the place of a member, which is named at once', () => {
    const peer = follower()
    const flood = (name: string) => {
      for (let at = 0; at < 300; at++, peer.now += 1_000) {
        peer.receive(`${name}${at}`, { kind: 'install', epoch: view3.epoch, viewBlock: view3 })
      }
    }
    peer.receive('A', { kind: 'ping', nonce: 1 }, 2 ** 40)
    flood('X')
    peer.receive('C', { kind: 'ping', nonce: 1 }, 2 ** 40)
    expect(peer.notes('refused')).toMatchObject([{ from: 'C' }])
    flood('Y')
    expect(['A', 'C'].map((name) => peer.view.refused.has(id(name)))).toEqual([true, true])
    expect(peer.view.refused.size).toBe(256)
  })

  it('is named for what is late, too, though others were before', () => {
    const late = { kind: 'want', epoch: epochOf(2, 'A'), request: 1 } as const
    const peer = follower()
    for (let at = 0; at < 256; at++) peer.receive(`X${at}`, late)
    for (let times = 0; times < 101; times++) peer.receive('M', late)
    expect(peer.view.refused.has(id('M'))).toBe(true)
  })

  it('is counted anew where so many others were late meanwhile: no crowd of names is remembered', () => {
    const late = { kind: 'want', epoch: epochOf(2, 'A'), request: 1 } as const
    const peer = follower()
    for (let times = 0; times < 100; times++) peer.receive('M', late)
    for (let at = 0; at < 256; at++) peer.receive(`X${at}`, late)
    for (let times = 0; times < 100; times++) peer.receive('M', late)
    expect(peer.view.refused.has(id('M'))).toBe(false)
    expect(peer.receive('M', late).view.refused.has(id('M'))).toBe(true)
  })

  it('cannot move the clock, and a number that leaps is refused whoever says it', () => {
    const peer = follower()
    const before = peer.view.lamport
    peer.receive('X', statusOf(), 1_000)
    expect(peer.view.lamport).toBeLessThan(before + 10)
    peer.receive('A', statusOf(), 1_000)
    expect(peer.view.lamport).toBeGreaterThanOrEqual(1_001)
    peer.receive('A', { kind: 'ping', nonce: 1 }, 2 ** 40)
    expect(peer.view.refused.get(id('A'))?.reason).toBe('ping: its Lamport time leaps')
    expect(peer.view.lamport).toBeLessThan(1_100)
  })
})
