import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkBlock } from '../../renderer/log/check.ts'
import { type Line, shortHash, toLine } from '../../renderer/log/lines.ts'
import { createLogPages } from '../../renderer/log/pages.ts'
import { toBlock } from '../../src/api/to-view.ts'
import type { JudgedBlock } from '../../src/api/views.ts'
import type { Crypto } from '../../src/core/crypto.ts'
import type { Instant } from '../../src/core/ids.ts'
import { peerIdOf } from '../../src/io/peer-id.ts'
import { signBlock } from '../../src/ring/block.ts'

const line = (index: number): Line => ({
  index,
  time: 0,
  author: 'a',
  hash: 'h',
  kind: 'ops',
  room: '',
  members: [],
  first: undefined,
  count: 0,
  refused: 0,
  judged: true,
})

const lines = (from: number, count: number): Line[] => Array.from({ length: Math.max(0, count) }, (_, i) => line(from + i))

/** Until everything that was asked for has come. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

describe('the pages of the log', () => {
  test('whatever is looked at comes, however long the answers are, and no more is kept than there is room for', async () => {
    const windows = fc.array(fc.tuple(fc.nat(5_000), fc.nat(80)), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(windows, fc.integer({ min: 1, max: 40 }), async (all, most) => {
        const last = 5_000
        const asked: number[] = []
        const pages = createLogPages({
          pageSize: 20,
          pagesMax: 8,
          load: async (from, count) => {
            asked.push(count)
            return lines(from, Math.min(count, most, last + 1 - from))
          },
        })
        for (const [first, size] of all) {
          const end = Math.min(last, first + size)
          pages.want(first, end)
          await settled()
          for (let index = first; index <= end; index++) expect(pages.line(index)?.index).toBe(index)
        }
        expect(Math.max(0, ...asked)).toBeLessThanOrEqual(20)
        const kept = lines(0, last + 1).filter(({ index }) => pages.line(index) !== undefined).length
        expect(kept).toBeLessThanOrEqual(8 * 20)
      }),
    )
  })

  test('what a finger passes is not asked for: only where it was when the question before was answered', async () => {
    const asked: number[] = []
    const answers: (() => void)[] = []
    const pages = createLogPages({
      load: (from, count) => {
        asked.push(from)
        return new Promise((resolve) => answers.push(() => resolve(lines(from, count))))
      },
    })
    for (let at = 0; at < 100_000; at += 500) pages.want(at, at + 40)
    answers[0]?.()
    await settled()
    expect(asked).toEqual([0, 99_500])
  })

  test('what is not there yet is asked for at the next look, not without an end; so is what failed', async () => {
    let known = 10
    let isLost = false
    let asked = 0
    const pages = createLogPages({
      load: async (from, count) => {
        asked++
        if (isLost) throw new Error('lost')
        return lines(from, Math.min(count, known - from))
      },
    })
    let told = 0
    pages.subscribe(() => told++)
    pages.want(0, 12)
    await settled()
    expect([asked, pages.line(9)?.index, pages.line(10)]).toEqual([2, 9, undefined])
    isLost = true
    pages.want(0, 12)
    await settled()
    expect([asked, pages.line(10)]).toEqual([3, undefined])
    isLost = false
    known = 13
    pages.want(0, 12)
    await settled()
    expect([asked, pages.line(12)?.index, told]).toEqual([4, 12, 3])
  })
})

test('a line has what there is room for: the refused operation first, and how many there are', () => {
  const block: JudgedBlock = {
    index: 7,
    epoch: '1.dfEPoC',
    turn: 3,
    author: 'peer',
    lamport: 9,
    time: 5,
    prevHash: 'a',
    hash: 'b',
    kind: 'ops',
    judged: true,
    content: [
      { operation: 'p/1/1', kind: 'deposit' },
      { operation: 'p/1/2', kind: 'bid', refused: { code: 'bid-too-low', message: 'Too low.' } },
      { operation: 'p/1/3', kind: 'deposit' },
    ],
  }
  expect(toLine(block)).toMatchObject({ index: 7, count: 3, refused: 1, first: { operation: 'p/1/2' } })
  expect(toLine({ ...block, kind: 'view', content: { members: ['a', 'b'] } })).toMatchObject({ members: ['a', 'b'], count: 0 })
  expect(toLine({ ...block, kind: 'genesis', content: { name: 'evening' } })).toMatchObject({ room: 'evening' })
  expect(toLine({ ...block, content: [] })).toMatchObject({ first: undefined, count: 0 })
  expect(shortHash('0123456789abcdef')).toBe('012345…cdef')
})

describe('a block that is checked in the page', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = new Uint8Array(Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'))
  const author = peerIdOf(raw)
  const crypto: Crypto = {
    hash: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
    sign: (bytes) => new Uint8Array(sign(null, bytes, privateKey)),
    verify: () => true,
  }
  const block = toBlock(
    signBlock(
      {
        index: 1,
        epoch: { number: 1, initiator: author },
        turn: 1,
        author,
        lamport: 2,
        time: 3 as Instant,
        prevHash: 'ab'.repeat(32),
        checkpoint: undefined,
        body: { kind: 'ops', incarnation: 1, firstSequence: 1, ops: [] },
      },
      crypto,
    ),
  )
  const bent = (at: number): string => {
    const bytes = Buffer.from(block.bytes, 'base64url')
    bytes[at < 0 ? bytes.length + at : at] = (bytes.at(at) ?? 0) ^ 1
    return bytes.toString('base64url')
  }

  test('is good as it was signed', async () => {
    expect(await checkBlock(block)).toBe('good')
  })

  test.each([
    ['another content', { bytes: bent(3) }, 'hash-bad'],
    ['another hash', { hash: '00'.repeat(32) }, 'hash-bad'],
    ['another signature', { bytes: bent(-1) }, 'signature-bad'],
    ['another author', { author: peerIdOf(new Uint8Array(raw.map((byte, i) => (i === 0 ? byte ^ 1 : byte)))) }, 'signature-bad'],
    ['no bytes', { bytes: '' }, 'unreadable'],
    ['bytes that are none', { bytes: '!' }, 'unreadable'],
    ['an author that is no key', { author: `1${'z'.repeat(51)}` }, 'unreadable'],
    ['an author of 10,000 characters', { author: '1'.repeat(10_000) }, 'unreadable'],
  ])('with %s it is not', async (_, change, fault) => {
    expect(await checkBlock({ ...block, ...change })).toBe(fault)
  })
})
