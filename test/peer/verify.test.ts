import { describe, expect, test } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import type { AccountId, Instant } from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import { createIdentity } from '../../src/io/identity.ts'
import { encodeSubmission } from '../../src/market/codec.ts'
import type { Operation } from '../../src/market/operation.ts'
import { createLogVerifier, type LogRow, type VerifyStep, verifyRows } from '../../src/peer/verify.ts'
import { type Block, type Body, signBlock, type Unsigned } from '../../src/ring/block.ts'
import { verifyLog } from './verify-log.ts'

const ana = createIdentity()
const bob = createIdentity()
const account = 'ana' as AccountId
const epoch = { number: 2, initiator: ana.self }

const operations = (...ops: readonly Operation[]): Body => ({
  kind: 'ops',
  incarnation: 1,
  firstSequence: 1,
  ops: ops.map((operation) => encodeSubmission({ request: undefined, operation })),
})

/** Genesis, a view of both, then one block of each: every block after the first can be bent before it is signed. */
function writeLog(bend: Readonly<Record<number, (block: Unsigned) => Unsigned>> = {}, signer = ana): Block[] {
  const blocks: Block[] = []
  const write = (index: number, author: typeof ana, rest: Pick<Unsigned, 'epoch' | 'turn' | 'body'>): void => {
    const previous = blocks.at(-1)
    const plain: Unsigned = {
      index,
      author: author.self,
      lamport: 10 * (index + 1),
      time: (1_700_000_000_000 + 1_000 * index) as Instant,
      prevHash: previous?.hash ?? '',
      checkpoint: checkpointAfter(blocks),
      ...rest,
    }
    const bent = bend[index]
    blocks.push(bent === undefined ? signBlock(plain, author.crypto) : signBlock(bent(plain), signer.crypto))
  }
  const salt = new Uint8Array(16)
  const genesis = { name: 'room', rulesVersion: 1, currency: 'EUR', deposits: 'open' as const, founder: ana.self, salt }
  write(0, ana, { epoch: { number: 1, initiator: ana.self }, turn: 0, body: { kind: 'genesis', genesis } })
  write(1, ana, { epoch, turn: 0, body: { kind: 'view', members: [ana.self, bob.self], lost: [] } })
  const deposit: Operation = { kind: 'deposit', account, amount: 1_000 as Cents }
  write(2, ana, { epoch, turn: 1, body: operations({ kind: 'open-account', account, holder: 'Ana' }, deposit) })
  write(3, bob, { epoch, turn: 2, body: operations({ kind: 'open-account', account: 'bob' as AccountId, holder: 'Bob' }) })
  write(4, ana, { epoch, turn: 3, body: { ...operations(deposit), firstSequence: 3 } as Body })
  return blocks
}

/** What an honest author vouches for: the state one block back, as if the newest were not applied yet. */
function checkpointAfter(blocks: readonly Block[]): Unsigned['checkpoint'] {
  const applied = blocks.slice(0, -1)
  const verifier = createLogVerifier(ana.crypto)
  for (const { bytes } of applied) verifier.add(bytes)
  const index = applied.length - 1
  return verifier.market === undefined || index < 0 ? undefined : { index, stateHash: verifier.market.stateHash }
}

const bytesOf = (blocks: readonly Block[]): Uint8Array[] => blocks.map(({ bytes }) => bytes)

test('a good log is good, and its state is told', () => {
  const blocks = writeLog()
  const result = verifyLog(bytesOf(blocks), bob.crypto)
  expect(result).toMatchObject({ ok: true, room: blocks[0]?.hash, blocks: 5, head: blocks[4]?.hash })
})

test('what its operations came to is told with each block', () => {
  const verifier = createLogVerifier(bob.crypto)
  const accepted = writeLog().map(({ bytes }) => {
    const step = verifier.add(bytes)
    return step.ok ? step.outcomes.map(({ outcome }) => outcome?.accepted) : 'bad'
  })
  expect(accepted).toEqual([[], [], [true, true], [true], [true]])
  expect(verifier.market?.accounts.get(account)?.available).toBe(2_000)
})

test('an empty log is none', () => {
  expect(verifyLog([], ana.crypto)).toEqual({ ok: false, bad: { index: 0, code: 'empty', reason: 'the log is empty' } })
})

test('a log with a bad block stays bad, whatever else is asked of it', () => {
  const verifier = createLogVerifier(bob.crypto)
  const [genesis, view] = bytesOf(writeLog()) as [Uint8Array, Uint8Array]
  expect(verifier.add(genesis).ok).toBe(true)
  const bad = { ok: false, bad: { index: 1, code: 'unreadable', reason: expect.stringMatching(/cannot be read/) } }
  expect(verifier.add(view.subarray(0, 40))).toEqual(bad)
  expect(verifier.result()).toEqual(bad)
  expect(verifier.add(genesis)).toEqual(bad)
  expect(verifier.result()).toEqual(bad)
})

test('a good block after a bad one is good no more', () => {
  const verifier = createLogVerifier(bob.crypto)
  const [genesis, view, ...rest] = bytesOf(writeLog()) as [Uint8Array, Uint8Array, ...Uint8Array[]]
  const bad = { ok: false, bad: { index: 1, code: 'unreadable', reason: expect.stringMatching(/cannot be read/) } }
  verifier.add(genesis)
  expect(verifier.add(view.subarray(0, 40))).toEqual(bad)
  for (const good of [view, ...rest]) expect(verifier.add(good)).toEqual(bad)
  expect(verifier.result()).toEqual(bad)
  expect(verifier.market?.index).toBe(0)
})

describe('rows that come one by one', () => {
  const last = 4
  async function* rows(blocks: readonly Uint8Array[], faultAt?: number, failure?: Error): AsyncGenerator<LogRow> {
    for (const [index, bytes] of blocks.entries()) {
      yield { bytes, last, ...(index === faultAt && { faultBeside: () => 'its field time says 5' }) }
    }
    if (failure !== undefined) throw failure
  }
  const stepsOf = async (source: AsyncIterable<LogRow>): Promise<VerifyStep[]> => {
    const steps: VerifyStep[] = []
    for await (const step of verifyRows(source, bob.crypto)) steps.push(step)
    return steps
  }

  test('are told block by block, then as a whole', async () => {
    const blocks = bytesOf(writeLog())
    const steps = await stepsOf(rows(blocks))
    expect(steps.map((step) => (step.kind === 'checked' ? step.verified.block.index : step.result))).toEqual([
      ...[0, 1, 2, 3, 4],
      verifyLog(blocks, bob.crypto),
    ])
  })

  test('end with the first bad one, and with the market before it', async () => {
    const [genesis, view, third, ...rest] = bytesOf(writeLog()) as [Uint8Array, Uint8Array, Uint8Array, ...Uint8Array[]]
    const steps = await stepsOf(rows([genesis, view, third.subarray(1), ...rest]))
    expect(steps.slice(2)).toMatchObject([{ kind: 'result', result: { ok: false, bad: { index: 2 } }, market: { index: 1 } }])
  })

  test('end with what stands beside one and says something else', async () => {
    const steps = await stepsOf(rows(bytesOf(writeLog()), 3))
    expect(steps.slice(3)).toMatchObject([
      { kind: 'result', result: { ok: false, bad: { index: 3, code: 'beside', reason: 'its field time says 5' } } },
    ])
  })

  test('end with what their source finds damaged, and with no other failure of it', async () => {
    const blocks = bytesOf(writeLog()).slice(0, 3)
    const damaged = new Failure('store-damaged', 'Block 3 is missing.', { index: 3 })
    expect((await stepsOf(rows(blocks, undefined, damaged))).at(-1)).toMatchObject({
      kind: 'result',
      result: { ok: false, bad: { index: 3, code: 'missing', reason: 'Block 3 is missing.' } },
    })
    const failed = new Failure('disk-failed', 'The disk failed.')
    await expect(stepsOf(rows(blocks, undefined, failed))).rejects.toBe(failed)
  })
})

test('each single changed byte is found, at its own block', () => {
  const blocks = writeLog()
  for (const [index, { bytes }] of blocks.entries()) {
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at] = (changed[at] as number) ^ 1
      const rows = bytesOf(blocks)
      rows[index] = changed
      const result = verifyLog(rows, bob.crypto)
      expect(result.ok ? `byte ${at} of block ${index} was not missed` : result.bad.index).toBe(index)
    }
  }
})

/** Genesis blocks that are none. */
const beginnings: readonly (readonly [sentence: string, bend: (block: Unsigned) => Unsigned, reason: RegExp])[] = [
  ['a beginning that is not the first block', (block) => ({ ...block, index: 1 }), /no genesis block/],
  ['a beginning in a later epoch', (block) => ({ ...block, epoch }), /epoch 1 of its founder/],
  [
    'a beginning in the epoch of another',
    (block) => ({ ...block, epoch: { number: 1, initiator: bob.self } }),
    /epoch 1 of its founder/,
  ],
  ['a beginning in a later turn', (block) => ({ ...block, turn: 1 }), /turn 0/],
  ['a beginning that follows something', (block) => ({ ...block, prevHash: 'ab'.repeat(32) }), /follows nothing/],
  ['a beginning of another author', (block) => ({ ...block, author: bob.self }), /author is not the founder/],
  ['rules that are older than all', (block) => withRules(block, 0), /rules are of version 0, this program knows/],
  ['rules of a later program', (block) => withRules(block, 99), /rules are of version 99, this program knows/],
]

function withRules(block: Unsigned, rulesVersion: number): Unsigned {
  const { body } = block
  return body.kind === 'genesis' ? { ...block, body: { ...body, genesis: { ...body.genesis, rulesVersion } } } : block
}

describe('the first bad block is named, with the reason', () => {
  const rewritten: readonly (readonly [sentence: string, blocks: () => Uint8Array[], index: number, reason: RegExp])[] = [
    ['a block left out', () => bytesOf(writeLog()).toSpliced(2, 1), 2, /index does not follow/],
    ['two blocks exchanged', () => swapped(bytesOf(writeLog())), 2, /index does not follow/],
    ['no genesis block', () => bytesOf(writeLog()).slice(1), 0, /no genesis block/],
    ...beginnings.map(
      ([sentence, bend, reason]) => [sentence, () => bytesOf(writeLog({ 0: bend }).slice(0, 1)), 0, reason] as const,
    ),
    ['half a block', () => bytesOf(writeLog()).with(3, (writeLog()[3] as Block).bytes.subarray(0, 40)), 3, /cannot be read/],
    [
      'another chain',
      () => bytesOf(writeLog({ 3: (block) => ({ ...block, prevHash: 'ab'.repeat(32) }) }, bob)),
      3,
      /previous hash/,
    ],
    ['a forged signature', () => bytesOf(writeLog({ 3: (block) => block }, ana)), 3, /signature/],
    [
      'a Lamport time that stands still',
      () => bytesOf(writeLog({ 3: (block) => ({ ...block, lamport: 30 }) }, bob)),
      3,
      /Lamport/,
    ],
    [
      'a time that goes back',
      () => bytesOf(writeLog({ 3: (block) => ({ ...block, time: 5 as Instant }) }, bob)),
      3,
      /time goes back/,
    ],
    [
      'a turn that was had before',
      () => bytesOf(writeLog({ 3: (block) => ({ ...block, turn: 1 }) }, bob)),
      3,
      /turn does not grow/,
    ],
    [
      'an epoch without a view',
      () => bytesOf(writeLog({ 3: (block) => ({ ...block, epoch: { number: 3, initiator: bob.self } }) }, bob)),
      3,
      /epoch is not that of the view/,
    ],
    [
      'an author who is no member',
      () => bytesOf(writeLog({ 1: (block) => ({ ...block, body: { kind: 'view', members: [ana.self], lost: [] } }) })),
      3,
      /author is not a member/,
    ],
    [
      'a lie about the state',
      () => bytesOf(writeLog({ 4: (block) => ({ ...block, checkpoint: { index: 2, stateHash: 'ab'.repeat(32) } }) })),
      4,
      /checkpoint of block 2/,
    ],
    [
      'a checkpoint of what is to come',
      () => bytesOf(writeLog({ 4: (block) => ({ ...block, checkpoint: { index: 4, stateHash: 'ab'.repeat(32) } }) })),
      4,
      /later block/,
    ],
  ]
  for (const [sentence, blocks, index, reason] of rewritten) {
    test(sentence, () => {
      const result = verifyLog(blocks(), bob.crypto)
      expect(result).toEqual({ ok: false, bad: { index, code: codeOf(reason), reason: expect.stringMatching(reason) } })
    })
  }
})

/** The kind of a fault that is said so. */
function codeOf(reason: RegExp): string {
  if (/no genesis block|founder|turn 0|follows nothing/.test(reason.source)) return 'beginning'
  const kinds = { rules: 'rules', signature: 'signature', 'cannot be read': 'unreadable', 'checkpoint of': 'checkpoint' }
  return Object.entries(kinds).find(([word]) => reason.source.includes(word))?.[1] ?? 'place'
}

function swapped(rows: Uint8Array[]): Uint8Array[] {
  return rows.with(2, rows[3] as Uint8Array).with(3, rows[2] as Uint8Array)
}
