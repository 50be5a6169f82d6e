import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { checkLog, exportLog } from '../../src/api/log-file.ts'
import { searchBlocksMax, searchLog } from '../../src/api/log-search.ts'
import type { ExportStep } from '../../src/api/views.ts'
import { currencyOf } from '../../src/core/currency.ts'
import type { AccountId } from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import { encodeSubmission } from '../../src/market/codec.ts'
import type { Operation } from '../../src/market/operation.ts'
import type { Block } from '../../src/ring/block.ts'
import { blockAfter, genesisBy } from '../peer/log-of-blocks.ts'
import { collect } from '../support/collect.ts'
import { createFakePeer, type FakePeer, fakeSelf } from '../support/fake-peer.ts'
import { startTestApi } from './api.ts'

const account = 'ana' as AccountId
const euro = currencyOf('EUR')

/** Blocks of one operation each, by the host. */
function logOf(operations: readonly Operation[]): Block[] {
  const blocks = [genesisBy(fakeSelf)]
  for (const [at, operation] of operations.entries()) {
    const ops = [encodeSubmission({ request: undefined, operation })]
    const body = { kind: 'ops', incarnation: 1, firstSequence: at + 1, ops } as const
    blocks.push(blockAfter(blocks.at(-1) as Block, fakeSelf, body))
  }
  return blocks
}

const opened: Operation = { kind: 'open-account', account, holder: 'Ana' }
const deposit = (cents: number): Operation => ({ kind: 'deposit', account, amount: cents as Cents })
const transfer = (memo: string): Operation => ({
  kind: 'transfer',
  from: account,
  to: 'bob' as AccountId,
  amount: 5 as Cents,
  memo,
})

function peerWith(blocks: readonly Block[]): FakePeer {
  const peer = createFakePeer()
  peer.setLog(blocks)
  return peer
}

/** How often others had their turn while this went on, on a machine on which each look at the clock takes a millisecond. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let now = 0
  using _ = vi.spyOn(performance, 'now').mockImplementation(() => now++)
  let turns = 0
  let isDone = false
  const count = (): void => {
    turns++
    if (!isDone) setImmediate(count)
  }
  setImmediate(count)
  await work()
  isDone = true
  return turns
}

const long = logOf([opened, ...Array.from({ length: 5_600 }, (_, at) => deposit(at + 1))])

test('a search looks at so many blocks and no more, lets others go first, and goes on where it stopped', async () => {
  const peer = peerWith(long)
  const first = () => searchLog(peer, { text: 'open-account', count: 50 }, euro)
  expect(await turnsDuring(first)).toBeGreaterThan(100)
  const { lookedTo, isDone, blocks } = await first()
  expect([blocks, lookedTo, isDone]).toEqual([[], long.length - searchBlocksMax, false])
  const second = await searchLog(peer, { text: 'open-account', before: lookedTo, count: 50 }, euro)
  expect([second.blocks.map(({ index }) => index), second.lookedTo, second.isDone]).toEqual([[1], 0, true])
})

test('going on from where a search stopped finds each block once, whatever the size of an answer', async () => {
  const blocks = logOf([opened, ...Array.from({ length: 60 }, (_, at) => (at % 3 === 0 ? transfer('rent') : deposit(7)))])
  const expected = blocks.flatMap(({ index }) => (index >= 2 && (index - 2) % 3 === 0 ? [index] : [])).reverse()
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 30 }), async (count) => {
      const peer = peerWith(blocks)
      const found: number[] = []
      let before: number | undefined
      for (;;) {
        const answer = await searchLog(peer, { text: 'RENT', before, count }, euro)
        found.push(...answer.blocks.map(({ index }) => index))
        before = answer.lookedTo
        if (answer.isDone) break
      }
      expect(found).toEqual(expected)
    }),
  )
})

test('long answers are cut, and a page too, so that nobody waits for one', async () => {
  const large = logOf([opened, ...Array.from({ length: 40 }, () => transfer('m'.repeat(140)))]).map((block) => ({
    ...block,
    // As if each carried a picture.
    bytes: new Uint8Array(100 * 1024),
  }))
  const { client, peer } = await startTestApi()
  peer.setLog(large)
  const page = await client.api.log.page({ from: 1, count: 500 })
  expect(page.blocks.map(({ index }) => index)).toEqual([1, 2])
  const found = await client.api.log.search({ text: 'mmm', count: 100 })
  expect(found).toMatchObject({ isDone: false })
  expect(found.blocks.map(({ index }) => index)).toEqual([41, 40, 39])
  expect((await client.api.log.search({ text: 'mmm', before: found.lookedTo, count: 1 })).blocks[0]?.index).toBe(38)
})

test('a check and an export tell how far they are, and let others go first', async () => {
  const peer = peerWith(long)
  for (const work of [() => checkLog(peer, undefined), () => exportLog(peer, 'jsonl', undefined)]) {
    const steps = await collect<object>(work())
    const told = steps.flatMap((step) => ('total' in step && 'done' in step ? [step] : []))
    const done = told.map((step) => Number(step.done))
    expect(done).toEqual([...done].sort((a, b) => a - b))
    expect(done.at(-1)).toBe(long.length)
    expect(new Set(told.map(({ total }) => total))).toEqual(new Set([long.length]))
  }
  expect(await turnsDuring(() => collect(exportLog(peer, 'jsonl', undefined)))).toBeGreaterThan(100)
})

test('they end when nobody listens any more', async () => {
  for (const start of [checkLog, (peer: FakePeer, signal: AbortSignal) => exportLog(peer, 'csv', signal)]) {
    const hangUp = new AbortController()
    const stream = start(peerWith(long), hangUp.signal)
    await stream.next()
    hangUp.abort()
    expect((await stream.next()).done).toBe(true)
  }
})

test('so many long works go on at once; one that is called off makes room', async () => {
  const { client, peer } = await startTestApi()
  // Over a disk that does not answer they last.
  peer.log = () => new Promise(() => {})
  const works = [1, 2, 3, 4].map(() => new AbortController())
  for (const { signal } of works) await client.api.log.export({ format: 'jsonl' }, { signal })
  await expect(client.api.log.verify()).rejects.toMatchObject({ code: 'streams-exhausted' })
  works[0]?.abort()
  await expect
    .poll(async () => {
      try {
        await (await client.api.log.verify()).return()
        return 'open'
      } catch {
        return 'exhausted'
      }
    })
    .toBe('open')
  for (const work of works) work.abort()
})

test('whatever people write, a spreadsheet reads it as text, in its own cell', async () => {
  const nasty = ['=1+1', '+2', '-3%', '@x', 'a,b', 'say "no"', 'two\nlines', '\tindented', 'Ána 漢']
  const peer = peerWith(logOf([opened, ...nasty.map(transfer)]))
  const pieces = await collect(exportLog(peer, 'csv', undefined))
  const rows = readCsv(textOf(pieces)).slice(3)
  expect(rows.map((row) => row[14])).toEqual(nasty.map((text) => (/^[=+\-@\t]/.test(text) ? `'${text}` : text)))
  expect(new Set(rows.map((row) => row.length))).toEqual(new Set([16]))
  expect(rows.map((row) => row[15])).toEqual(nasty.map(() => 'refused: account-unknown'))
})

test('the newest blocks are as many as fit an answer, however many are asked for', async () => {
  const { peer, client } = await startTestApi()
  const blocks = logOf([opened, ...Array.from({ length: 1_200 }, (_, at) => transfer(`${at} ${'x'.repeat(130)}`))])
  peer.setLog(blocks)
  const newest = await client.api.log.tail({ count: 1_000 })
  const last = blocks.length - 1
  expect(newest.at(-1)?.index).toBe(last)
  expect(newest.map(({ index }) => index)).toEqual(newest.map((_, at) => last - newest.length + 1 + at))
  const bytes = (count: number): number => blocks.slice(-count).reduce((sum, block) => sum + block.bytes.length, 0)
  expect(bytes(newest.length)).toBeLessThanOrEqual(256 * 1024)
  expect(bytes(newest.length + 1)).toBeGreaterThan(256 * 1024)
  expect((await client.api.log.tail({ count: 3 })).map(({ index }) => index)).toEqual([last - 2, last - 1, last])
})

test('an export of a damaged log says which block it is', async () => {
  const blocks = logOf([opened, deposit(5), deposit(6)])
  const peer = peerWith([...blocks.slice(0, 2), { ...(blocks[2] as Block), bytes: new Uint8Array(3) }, ...blocks.slice(3)])
  await expect(collect(exportLog(peer, 'csv', undefined))).rejects.toMatchObject({
    code: 'store-damaged',
    facts: { index: 2 },
  })
})

const textOf = (pieces: readonly ExportStep[]): string => pieces.map(({ text }) => text).join('')

/** RFC 4180, plainly. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [['']]
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    const row = rows.at(-1) as string[]
    const character = text.charAt(at)
    if (character === '"' && isQuoted && text.charAt(at + 1) === '"') row[row.length - 1] += text.charAt(at++)
    else if (character === '"') isQuoted = !isQuoted
    else if (character === ',' && !isQuoted) row.push('')
    else if (text.startsWith('\r\n', at) && !isQuoted) {
      rows.push([''])
      at++
    } else row[row.length - 1] += character
  }
  return rows.slice(0, -1)
}
