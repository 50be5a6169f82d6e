import { describe, expect, it } from 'vitest'
import { eventsCsv } from '../../src/mutex/exports.ts'
import type { Figures } from '../../src/mutex/figures.ts'
import {
  dataIn,
  partsOf,
  type Report,
  type RoomSource,
  reportFormat,
  reportPage,
  reportViolations,
  type SimulatedSource,
} from '../../src/mutex/report.ts'
import { reportTexts } from '../../src/mutex/report-texts.ts'
import type { RunStep } from '../../src/mutex/run-steps.ts'
import { plainSetting } from '../support/lab-setting.ts'
import { stepsOf } from './runs.ts'

const texts = reportTexts.en
const sha256 = '0123456789abcdef'.repeat(4)
const simulated: SimulatedSource = {
  ...{ kind: 'simulated', algorithm: 'lamport', ended: 'done', millis: 12.346, stepsHash: sha256 },
  setting: { peers: 5, entries: 10, think: 0, stay: 8, delay: 3, lost: 0.125, seed: 7 },
}
const room: RoomSource = {
  ...{ kind: 'room', room: { id: 'room-id', name: 'class' }, experiment: 3, what: 'result' },
  setting: { ...plainSetting, think: { least: 2, most: 4 }, faults: [{}, {}] },
  ...{
    settingHash: 'setting-hash',
    setup: { index: 4, hash: 'aa' },
    end: { index: 9, hash: 'bb', time: 5 },
    head: { index: 12, hash: 'cc' },
  },
}
const figures: Figures = {
  ...{
    algorithm: 'lamport',
    members: 5,
    entries: 10,
    messages: { entry: 31, overhead: 2 },
    messagesPerEntry: 3.1,
    violations: 0,
  },
  entriesByPeer: [
    { peer: 'peer-of-ana', entries: 6 },
    { peer: 'peer-of-bruno', entries: 4 },
  ],
  ...{ waiting: { mean: 1.234, p95: 9 }, synchronisationDelay: 2, fairness: 0.5, recovery: 44 },
}
const entered = (peer: string, lamport: number) => ({ peer, at: 1, epoch: 1, lamport })
const violation = (lamport: number) => ({ first: entered('peer-of-ana', lamport), second: entered('peer-of-bruno', lamport + 1) })
const reportOf = (changes: Partial<Report> = {}): Report => ({
  ...{
    format: reportFormat,
    program: '1.0.0',
    language: 'en',
    source: simulated,
    figures,
    violations: [],
    steps: [],
    stepCount: 0,
  },
  names: [{ peer: 'peer-of-ana', name: 'Ana <b>' }],
  ...changes,
})
/** What stands beside each name in the tables, the last cell of theory included. */
function rowsOf(page: string): ReadonlyMap<string, string> {
  const rows = [...page.matchAll(/<tr><th scope="row">(.*?)<\/th>(.*?)<\/tr>/g)]
  return new Map(
    rows.map(([, name = '', cells = '']) => [name, cells.replace(/^<td>|<\/td>$/g, '').replaceAll('</td><td>', ' | ')]),
  )
}
const rows = (changes: Partial<Report> = {}) => rowsOf(reportPage(reportOf(changes)))

describe('the page of a report', () => {
  it('says what was asked for, of a simulated room', () => {
    const told = rows()
    expect(
      [texts.peers, texts.entriesEach, texts.think, texts.stay, texts.delay, texts.lost, texts.seed].map((name) =>
        told.get(name),
      ),
    ).toEqual([...['5', '10', '0 ms', '0–8 ms', '3 ms', '12.5 %', '7']])
    expect([told.has(texts.ownFile), told.has(texts.crash)]).toEqual([false, false])
    const more = rows({ source: { ...simulated, sha256, setting: { ...simulated.setting, crashAt: 500 } } })
    expect([more.get(texts.ownFile), more.get(texts.crash)]).toEqual([sha256.slice(0, 16), '500 ms'])
  })

  it('says what was asked for, of the real one, and where that stands in the log', () => {
    const told = rows({ source: room })
    expect([texts.section, texts.think, texts.stay, texts.faults, texts.stepMode].map((name) => told.get(name))).toEqual([
      ...['main', '2–4 ms', '0 ms', '2', texts.no],
    ])
    expect([texts.room, texts.setup, texts.settingHash, texts.result, texts.head].map((name) => told.get(name))).toEqual([
      ...['room-id', `${texts.block} 4 · aa`, 'setting-hash', `${texts.block} 9 · bb`, `${texts.block} 12 · cc`],
    ])
    expect([told.has(texts.stop), told.has(texts.ownFile)]).toEqual([false, false])
    const other = rows({ source: { ...room, what: 'stop', setting: { ...room.setting, step: true, sha256 } } })
    expect([other.get(texts.stop), other.has(texts.result), other.get(texts.stepMode), other.get(texts.ownFile)]).toEqual([
      ...[`${texts.block} 9 · bb`, false, texts.yes, sha256.slice(0, 16)],
    ])
  })

  it('says what was measured, beside the theory for one entry', () => {
    const theory = (expected: Figures['expected']) => rows({ figures: { ...figures, expected } }).get(texts.messagesPerEntry)
    expect(theory(undefined)).toBe('3.1 | ')
    expect(theory({ least: 30, most: 30, formula: 'f' })).toBe('3.1 | f (3)')
    expect(theory({ least: 30, most: 61, formula: 'f' })).toBe('3.1 | f (3–6.1)')
    expect(theory({ least: 9, formula: 'f' })).toBe('3.1 | f (≥ 0.9)')
    const told = rows()
    expect(
      [texts.waitMean, texts.waitP95, texts.handover, texts.rate, texts.recovery, texts.overhead].map((name) => told.get(name)),
    ).toEqual([...['1.23 ms | ', '9 ms | ', '2 ms | ', '– | ', '44 ms | ', '2 | ']])
    expect([told.get('Ana &lt;b&gt;'), told.get('…-bruno'), told.get('Jain')]).toEqual(['6', '4', '0.5'])
    expect(told.get(texts.ended)).toBe('done, 12.35 ms')
  })

  it('names two that were inside at once, five of them at most, and says where there were none', () => {
    expect(reportPage(reportOf())).toContain(texts.noViolation)
    const violations = Array.from({ length: 8 }, (_, at) => violation(10 * at))
    const page = reportPage(reportOf({ violations, figures: { ...figures, violations: 30 } }))
    expect(page).not.toContain(texts.noViolation)
    expect(page).toContain(texts.violationCount(30))
    expect(page).toContain(texts.violation('Ana &lt;b&gt;', 40, '…-bruno', 41))
    expect(page.match(/<li>/g)).toHaveLength(5)
  })

  it('draws the beginning of the run, where there is any of it', () => {
    expect(reportPage(reportOf())).toContain(texts.noSteps)
    const all = stepsOf('lamport', 1, 3)
    const parts = partsOf(all)
    const page = reportPage(reportOf({ ...parts }))
    expect(page).not.toContain(texts.noSteps)
    expect(page).toContain(texts.diagramDescription(120, all.length))
    const [first] = all as [RunStep]
    expect(reportPage(reportOf({ steps: [first], stepCount: 1 }))).toContain('<svg')
    const many: readonly RunStep[] = Array.from({ length: 30 }, (_, at) => ({
      number: at + 1,
      at,
      kind: 'violation',
      ...violation(at),
    }))
    expect(partsOf(many).violations).toEqual(many.slice(0, reportViolations).map((_, at) => violation(at)))
  })

  it('says who says that it is theirs, as text', () => {
    expect(reportPage(reportOf({ by: 'Eva & <i>' }))).toContain(`${texts.by} Eva &amp; &lt;i&gt; · `)
    expect(reportPage(reportOf())).not.toContain(`${texts.by} `)
  })

  it('has its data in it, whatever stands in them; and what is no page has none', () => {
    const report = reportOf({ by: '</script><!-- \u2028 &amp;' })
    const page = reportPage(report)
    expect(dataIn(page)).toEqual(report)
    expect(page.match(/<\/script>/g)).toHaveLength(1)
    for (const broken of ['', page.replace('</script>', ''), page.replace('"format"', 'format')])
      expect(dataIn(broken)).toBeUndefined()
  })
})

describe('a run as rows', () => {
  const name = (peer: string): string => `name of ${peer}`
  const rowOf = (step: RunStep): string => eventsCsv([step], name).split('\r\n')[1] ?? ''
  const place = { number: 4, at: 2.5 }

  it.each(['=1+1', '+1', '-1', '@x', '\t=1', '\r=1'])('no name is a formula: %j', (name) => {
    const row = eventsCsv([{ ...place, kind: 'crashed', peer: 'a' }], () => name)
    expect(row).toContain(`'${name}`)
  })

  it.each<[RunStep, string]>([
    [{ ...place, kind: 'view', epoch: 3, members: ['a', 'b'] }, '4,2.5,view,,,,a b,3,,,,,'],
    [{ ...place, kind: 'missed', peer: 'a', count: 9 }, '4,2.5,missed,a,name of a,,9 not told,,,,,,'],
    [{ ...place, kind: 'crashed', peer: 'a' }, '4,2.5,crashed,a,name of a,,,,,,,,'],
    [
      { ...place, kind: 'violation', first: entered('a', 5), second: entered('b', 6) },
      '4,2.5,violation,b,name of b,,both inside,1,a,,,6,',
    ],
    [
      {
        ...place,
        ...{
          kind: 'event',
          peer: 'a',
          own: 7,
          what: 'sent',
          epoch: 2,
          other: 'b',
          message: { kind: 'x' },
          purpose: 'overhead',
          lamport: 8,
        },
        vector: [
          { peer: 'a', count: 7 },
          { peer: 'b', count: 1 },
        ],
      },
      '4,2.5,event,a,name of a,7,sent,2,b,"{""kind"":""x""}",overhead,8,a:7 b:1',
    ],
    [
      { ...place, kind: 'event', peer: 'a', own: 1, what: 'wished', epoch: 2, lamport: 8, vector: [] },
      '4,2.5,event,a,name of a,1,wished,2,,,,8,',
    ],
  ])('%j', (step, row) => {
    expect(rowOf(step)).toBe(row)
  })
})
