import fc from 'fast-check'
import { expect, test } from 'vitest'
import { enrol, type Job } from '../../renderer/class/enrol.ts'
import { planLine, requestIdOf, type Step } from '../../renderer/class/plan.ts'
import { parseRoster, rosterLinesMax } from '../../renderer/class/roster.ts'
import { readCents } from '../../renderer/room/cents.ts'
import type { Outcome } from '../../renderer/room/outcome.ts'

const parse = (text: string) => parseRoster(text, (amount) => readCents(amount, 2))

test.each([
  ['nothing', '', []],
  ['in the order id, name, amount', 'ana,Ana Costa,10', [{ line: 1, account: 'ana', holder: 'Ana Costa', cents: 1_000 }]],
  ['without name and amount', 'ana', [{ line: 1, account: 'ana', holder: 'ana' }]],
  ['an amount of nothing is none', 'ana,,0.00', [{ line: 1, account: 'ana', holder: 'ana' }]],
  [
    'named columns in any order, others left alone',
    'Nome;e-mail;Valor;Id\nAna;a@b;2,50;ana',
    [{ line: 2, account: 'ana', holder: 'Ana', cents: 250 }],
  ],
  [
    'pasted from a spreadsheet',
    'ana\tAna\t1\r\n\r\nbob\tBob\t2\r\n',
    [
      { line: 1, account: 'ana', holder: 'Ana', cents: 100 },
      { line: 3, account: 'bob', holder: 'Bob', cents: 200 },
    ],
  ],
])('%s', (_what, text, lines) => {
  expect(parse(text)).toEqual({ lines, faults: [] })
})

test.each([
  ['a b,Ana', { line: 1, code: 'account-id-invalid', value: 'a b' }],
  [',Ana', { line: 1, code: 'account-id-invalid', value: '' }],
  ['issuer,Ana', { line: 1, code: 'account-issuer', value: 'issuer' }],
  [`ana,${'x'.repeat(65)}`, { line: 1, code: 'name-invalid', value: 'x'.repeat(65) }],
  ['ana,A\u202ena', { line: 1, code: 'name-unprintable' }],
  ['ana,Ana,1e3', { line: 1, code: 'amount-invalid', value: '1e3' }],
  ['ana,Ana,"1,000"', { line: 1, code: 'amount-invalid', value: '1,000' }],
  ['ana,"Ana', { line: 1, code: 'quote-open' }],
  ['\nana,"A"\nbob,"B\n', { line: 3, code: 'quote-open' }],
  ['ana,Ana\nbob,B\uFFFDb', { line: 2, code: 'not-utf8' }],
])('%j has a fault', (text, fault) => {
  expect(parse(text).faults).toEqual([fault])
})

test('an account that stands twice counts once, and the second line is named with the first', () => {
  const { lines, faults } = parse('ana,Ana\nbob,Bob\nana,Anna')
  expect(lines.map(({ line }) => line)).toEqual([1, 2])
  expect(faults).toEqual([{ line: 3, code: 'account-twice', value: 'ana', first: 1 }])
})

test('every line is good or has one fault, whatever stands in it, and there is an end to how many are read', () => {
  fc.assert(
    fc.property(fc.array(fc.string().map((text) => text.replaceAll(/[\r\n"\uFFFD]/g, ''))), (rows) => {
      const { lines, faults } = parse(rows.join('\n'))
      const named = [...lines, ...faults].map(({ line }) => line)
      expect(new Set(named).size).toBe(named.length)
      expect(named.every((line) => line >= 1 && line <= Math.max(1, rows.length))).toBe(true)
    }),
  )
  const many = parse(Array.from({ length: rosterLinesMax + 5 }, (_, at) => `p${at}`).join('\n'))
  expect(many.lines).toHaveLength(rosterLinesMax)
  expect(many.faults).toEqual([{ line: rosterLinesMax + 1, code: 'too-many-lines' }])
})

const rules = { self: 'host', deposits: 'open', opensMissing: true } as const
const line = { line: 1, account: 'ana', holder: 'Ana', cents: 100 }
const { cents: _, ...unpaid } = line

test.each([
  ['is opened and paid', line, undefined, rules, 'open-deposit'],
  ['is opened', unpaid, undefined, rules, 'open'],
  ['waits for its owner', line, undefined, { ...rules, opensMissing: false }, 'waits'],
  ['is paid', line, { owner: 'host', closed: false }, rules, 'deposit'],
  ['of another is paid by the host', line, { owner: 'bob', closed: false }, { ...rules, deposits: 'host' } as const, 'deposit'],
  ['of another is its owner’s to fill', line, { owner: 'bob', closed: false }, rules, 'not-yours'],
  ['is there', unpaid, { owner: 'bob', closed: false }, rules, 'there'],
  ['is closed', line, { owner: 'host', closed: true }, rules, 'closed'],
])('an account %s', (_what, one, account, given, kind) => {
  expect(planLine(one, account, given).kind).toBe(kind)
})

const open: Step = { kind: 'open', account: 'ana', holder: 'Ana' }
const deposit: Step = { kind: 'deposit', account: 'ana', cents: 100 }

test('the same step has the same request id, and another step, round or attempt another one', async () => {
  expect(await requestIdOf(deposit, 1, 0)).toBe(await requestIdOf({ ...deposit }, 1, 0))
  const all = await Promise.all([
    requestIdOf(open, 1, 0),
    requestIdOf(open, 1, 1),
    requestIdOf({ ...open, holder: 'Anna' }, 1, 0),
    requestIdOf(deposit, 1, 0),
    requestIdOf(deposit, 2, 0),
    requestIdOf(deposit, 1, 1),
    requestIdOf({ ...deposit, cents: 101 }, 1, 0),
  ])
  expect(new Set(all).size).toBe(all.length)
  for (const id of all) expect(id).toMatch(/^[\x21-\x7e]{1,64}$/)
  // An account is opened once, whatever the round.
  expect(await requestIdOf(open, 2, 0)).toBe(all[0])
})

const committed: Outcome = { kind: 'committed', receipt: { operation: 'o', block: { index: 1, epoch: '1.a', turn: 1, time: 0 } } }
const jobs: readonly Job[] = Array.from({ length: 50 }, (_, at) => ({ line: at + 1, steps: [open, deposit] }))

test('the steps of a line come one after the other, and a refused one ends the line', async () => {
  const told: string[] = []
  const why = await enrol(
    [
      { line: 1, steps: [open, deposit] },
      { line: 2, steps: [open, deposit] },
    ],
    {
      signal: new AbortController().signal,
      ask: async (step) =>
        step.kind === 'open' && told.length > 2 ? { kind: 'refused', code: 'account-taken', facts: {}, text: '' } : committed,
      onOutcome: ({ line: number }, { kind }, outcome) => told.push(`${number} ${kind} ${outcome.kind}`),
    },
  )
  expect(why).toBe('done')
  expect(told.filter((text) => text.startsWith('1'))).toEqual([
    '1 open pending',
    '1 open committed',
    '1 deposit pending',
    '1 deposit committed',
  ])
})

test('once stopped nothing more is begun, and what is under way is waited for', async () => {
  const stop = new AbortController()
  let [begun, ended] = [0, 0]
  const why = await enrol(jobs, {
    signal: stop.signal,
    ask: async () => {
      begun++
      if (begun === 20) stop.abort()
      await new Promise((resolve) => setTimeout(resolve, 1))
      ended++
      return committed
    },
    onOutcome: () => {},
  })
  expect(why).toBe('stopped')
  expect(begun).toBe(20)
  expect(ended).toBe(begun)
})

test('an operation without an answer ends it all: the next ones would wait as well', async () => {
  let begun = 0
  const why = await enrol(jobs, {
    signal: new AbortController().signal,
    ask: async () => {
      begun++
      return { kind: 'unsettled' }
    },
    onOutcome: () => {},
  })
  expect(why).toBe('unanswered')
  expect(begun).toBeLessThan(jobs.length)
})
