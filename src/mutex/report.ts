import { printableJson } from '../core/safe-text.ts'
import { diagramSvg, escapeMarkup } from './diagram.ts'
import type { Figures } from './figures.ts'
import { type ReportLanguage, type ReportTexts, reportTexts } from './report-texts.ts'
import { type RunEntered, type RunStep, stepsOfTrial } from './run-steps.ts'
import type { ExperimentSetting } from './setting.ts'
import { spaceTime } from './space-time.ts'
import type { TrialEvent } from './trial.ts'

/** What one hands in: an experiment, what it came to, and all that is needed to check that. Plain data, as JSON. */
export interface Report {
  readonly format: typeof reportFormat
  /** Of the program that made it: another one may draw another page, or another run. */
  readonly program: string
  readonly language: ReportLanguage
  /** Who says that it is theirs. Nothing proves it. */
  readonly by?: string
  readonly source: RoomSource | SimulatedSource
  readonly names: readonly { readonly peer: string; readonly name: string }[]
  readonly figures: Figures
  /** The first 20; the figures have their number. */
  readonly violations: readonly { readonly first: RunEntered; readonly second: RunEntered }[]
  /** The first ones of the run, for the diagram; and how many there were. */
  readonly steps: readonly RunStep[]
  readonly stepCount: number
}

export const reportFormat = 'gavelring-lab-report-1'

/** Hashes in hex. */
export interface RoomSource {
  readonly kind: 'room'
  readonly room: { readonly id: string; readonly name: string }
  readonly experiment: number
  readonly what: 'result' | 'stop'
  readonly setting: Omit<ExperimentSetting, 'sha256' | 'peers' | 'faults'> & {
    readonly sha256?: string | undefined
    readonly faults: readonly unknown[]
    readonly peers?: readonly string[] | undefined
  }
  readonly settingHash: string
  readonly setup: BlockPlace
  readonly end: BlockPlace & { readonly time: number }
  /** The last committed block when it was made. */
  readonly head: BlockPlace
}

export interface BlockPlace {
  readonly index: number
  readonly hash: string
}

export interface SimulatedSource {
  readonly kind: 'simulated'
  readonly algorithm: string
  /** Of somebody's own algorithm: of its file. */
  readonly sha256?: string | undefined
  /** As `lab run` takes it. Times in milliseconds. */
  readonly setting: LabSetting
  readonly ended: string
  readonly millis: number
  /** SHA-256 of all its steps: whoever runs it again gets the same. */
  readonly stepsHash: string
}

/** What is asked of each algorithm in turn. Times in milliseconds, on the simulated clock. */
export interface LabSetting {
  readonly peers: number
  /** Of each peer. */
  readonly entries: number
  /** At most; drawn evenly from 0 on. */
  readonly think: number
  readonly stay: number
  /** Of the network, one way. */
  readonly delay: number
  /** Of frames that are lost, 0 to 1. */
  readonly lost: number
  readonly seed: number
  /** One of the peers crashes then, and comes again a second later. */
  readonly crashAt?: number | undefined
}

/** Steps that are drawn on the page, and kept in it. */
export const reportSteps = 120
export const reportViolations = 20

/** What of a run goes into its report. */
export function partsOf(steps: readonly RunStep[]): Pick<Report, 'violations' | 'steps' | 'stepCount'> {
  const violations = steps.flatMap((step) => (step.kind === 'violation' ? [{ first: step.first, second: step.second }] : []))
  return { violations: violations.slice(0, reportViolations), steps: steps.slice(0, reportSteps), stepCount: steps.length }
}

/** The bytes that {@link SimulatedSource.stepsHash} is of. */
export const stepsBytes = (events: readonly TrialEvent[]): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(stepsOfTrial(events)))

const begin = '<script type="application/json" id="gavelring-lab-report">'
const end = '</script>'

/**
 * One page of A4 to print: without scripts, and with nothing from elsewhere. The same data give the same bytes, so that whoever
 * checks it can see whether the page says what its data say. The data stand in it as JSON, which no browser runs.
 */
export function reportPage(report: Report): string {
  const texts = reportTexts[report.language]
  const { source, figures } = report
  const title = `${texts.title}: ${figures.algorithm}`
  return `${[
    '<!doctype html>',
    `<html lang="${report.language}"><head><meta charset="utf-8">`,
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width">',
    `<title>${escapeMarkup(title)}</title><style>${style}</style></head><body><main>`,
    `<h1>${escapeMarkup(title)}</h1>`,
    `<p>${report.by === undefined ? '' : `${texts.by} ${escapeMarkup(report.by)} · `}${escapeMarkup(whereOf(report, texts))}</p>`,
    '<div class="columns"><section>',
    `<h2>${texts.setting}</h2>${tableOf(settingRows(source, texts))}`,
    `<h2>${texts.fairness}</h2>${tableOf(entryRows(report))}`,
    '</section><section>',
    `<h2>${texts.figures}</h2>${figuresTable(figures, texts)}`,
    `<p class="note">${texts.theoryNote}</p>`,
    '</section></div>',
    `<h2>${texts.violations}</h2>${violationsOf(report, texts)}`,
    `<h2>${texts.diagram}</h2>${diagramOf(report, texts)}`,
    `<h2>${texts.check}</h2>${tableOf(checkRows(report, texts))}`,
    `<p class="note">${texts.checkNote} <code>gavelring lab check FILE</code></p>`,
    '</main>',
    `${begin}${embedded(report)}${end}`,
    '</body></html>',
  ].join('\n')}\n`
}

/** The data of a page, which anybody may have written; `undefined`: there are none, or they are no JSON. */
export function dataIn(page: string): unknown {
  const from = page.indexOf(begin)
  const to = page.indexOf(end, from)
  if (from < 0 || to < 0) return undefined
  try {
    return JSON.parse(page.slice(from + begin.length, to))
  } catch {
    return undefined
  }
}

/** Nothing in it can end the element that it stands in. */
const embedded = (report: Report): string =>
  printableJson(report).replaceAll(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`)

const nameIn = ({ names }: Report, peer: string): string => names.find((one) => one.peer === peer)?.name ?? `…${peer.slice(-6)}`

function whereOf({ source, figures }: Report, texts: ReportTexts): string {
  return source.kind === 'room'
    ? texts.inRoom(source.room.name, source.experiment, figures.members)
    : texts.simulated(figures.members)
}

type Row = readonly [name: string, value: string]

function settingRows(source: Report['source'], texts: ReportTexts): readonly Row[] {
  if (source.kind === 'simulated') {
    const { setting, algorithm, sha256 } = source
    return [
      [texts.algorithm, algorithm],
      ...(sha256 === undefined ? [] : [[texts.ownFile, sha256.slice(0, 16)] as const]),
      [texts.peers, String(setting.peers)],
      [texts.entriesEach, String(setting.entries)],
      [texts.think, spanText(0, setting.think)],
      [texts.stay, spanText(0, setting.stay)],
      [texts.delay, `${setting.delay} ms`],
      [texts.lost, percent(setting.lost)],
      ...(setting.crashAt === undefined ? [] : [[texts.crash, `${setting.crashAt} ms`] as const]),
      [texts.seed, String(setting.seed)],
    ]
  }
  const { setting } = source
  return [
    [texts.algorithm, setting.algorithm],
    ...(setting.sha256 === undefined ? [] : [[texts.ownFile, setting.sha256.slice(0, 16)] as const]),
    [texts.section, setting.section],
    [texts.entriesEach, String(setting.entries)],
    [texts.think, spanText(setting.think.least, setting.think.most)],
    [texts.stay, spanText(setting.stay.least, setting.stay.most)],
    [texts.lost, percent(setting.lostShare)],
    [texts.faults, String(setting.faults.length)],
    [texts.stepMode, setting.step ? texts.yes : texts.no],
    [texts.seed, String(setting.seed)],
  ]
}

const spanText = (least: number, most: number): string => (least === most ? `${most} ms` : `${least}–${most} ms`)
const percent = (share: number): string => `${decimal(share * 100)} %`
const decimal = (value: number | undefined): string => (value === undefined ? '–' : String(Number(value.toFixed(2))))
const millis = (value: number | undefined): string => (value === undefined ? '–' : `${decimal(value)} ms`)

const entryRows = (report: Report): readonly Row[] => [
  ...report.figures.entriesByPeer.map(({ peer, entries }): Row => [nameIn(report, peer), String(entries)]),
  ['Jain', decimal(report.figures.fairness)],
]

function figuresTable(figures: Figures, texts: ReportTexts): string {
  const rows = figuresRows(figures, texts).map(
    ({ name, measured, theory }) =>
      `<tr><th scope="row">${escapeMarkup(name)}</th><td>${escapeMarkup(measured)}</td><td>${escapeMarkup(theory)}</td></tr>`,
  )
  const head = [texts.figure, texts.measured, texts.theory].map((text) => `<th scope="col">${escapeMarkup(text)}</th>`)
  return `<table><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`
}

/** What was measured, beside what the theory says where it says anything. */
function figuresRows(figures: Figures, texts: ReportTexts) {
  const { expected, entries, messages, waiting } = figures
  const each = (count: number): string => decimal(entries === 0 ? undefined : count / entries)
  const most = expected?.most
  const range =
    expected === undefined
      ? ''
      : most === undefined
        ? `≥ ${each(expected.least)}`
        : most === expected.least
          ? each(most)
          : `${each(expected.least)}–${each(most)}`
  const plain = (name: string, measured: string, theory = '') => ({ name, measured, theory })
  return [
    plain(texts.entries, String(entries)),
    plain(
      texts.messagesPerEntry,
      decimal(figures.messagesPerEntry),
      expected === undefined ? '' : `${expected.formula} (${range})`,
    ),
    plain(texts.messages, String(messages.entry)),
    plain(texts.overhead, String(messages.overhead)),
    plain(texts.waitMean, millis(waiting?.mean)),
    plain(texts.waitP95, millis(waiting?.p95)),
    plain(texts.handover, millis(figures.synchronisationDelay)),
    plain(texts.rate, decimal(figures.entriesPerSecond)),
    plain(texts.fairness, decimal(figures.fairness), '1'),
    plain(texts.recovery, millis(figures.recovery)),
    plain(texts.violations, String(figures.violations), '0'),
  ]
}

function violationsOf(report: Report, texts: ReportTexts): string {
  const { violations, figures } = report
  if (figures.violations === 0) return `<p>${texts.noViolation}</p>`
  const items = violations
    .slice(0, 5)
    .map(({ first, second }) =>
      texts.violation(nameIn(report, first.peer), first.lamport, nameIn(report, second.peer), second.lamport),
    )
  return `<p class="bad">${texts.violationCount(figures.violations)}</p><ul>${items.map((item) => `<li>${escapeMarkup(item)}</li>`).join('')}</ul>`
}

function diagramOf(report: Report, texts: ReportTexts): string {
  const { steps, stepCount, figures } = report
  if (steps.length === 0) return `<p>${texts.noSteps}</p>`
  const drawing = spaceTime(steps, { width: 660, rowHeight: figures.members > 8 ? 18 : 26, axis: 'lamport' })
  const description = texts.diagramDescription(steps.length, stepCount)
  return `<figure>${diagramSvg(drawing, { nameOf: (peer) => nameIn(report, peer), title: texts.diagram, description })}<figcaption>${escapeMarkup(description)}</figcaption></figure>`
}

function checkRows({ source }: Report, texts: ReportTexts): readonly Row[] {
  if (source.kind === 'simulated')
    return [
      [texts.ended, `${source.ended}, ${millis(source.millis)}`],
      [texts.stepsHash, source.stepsHash],
    ]
  const place = ({ index, hash }: BlockPlace): string => `${texts.block} ${index} · ${hash}`
  return [
    [texts.room, source.room.id],
    [texts.setup, place(source.setup)],
    [texts.settingHash, source.settingHash],
    [source.what === 'result' ? texts.result : texts.stop, place(source.end)],
    [texts.head, place(source.head)],
  ]
}

const tableOf = (rows: readonly Row[]): string =>
  `<table><tbody>${rows.map(([name, value]) => `<tr><th scope="row">${escapeMarkup(name)}</th><td>${escapeMarkup(value)}</td></tr>`).join('')}</tbody></table>`

const style = [
  '@page{size:A4;margin:12mm}',
  'body{font:11px/1.35 system-ui,sans-serif;color:#1a1a1a;background:#fff;margin:0}',
  'main{max-width:186mm;margin:0 auto;padding:4mm}',
  'h1{font-size:18px;margin:0}h2{font-size:12px;margin:8px 0 2px;border-bottom:1px solid #bbb}p{margin:3px 0}',
  '.columns{display:flex;gap:8mm;flex-wrap:wrap}.columns section{flex:1 1 76mm}',
  'table{border-collapse:collapse;width:100%}th,td{text-align:left;font-weight:400;padding:1px 6px 1px 0;vertical-align:top;overflow-wrap:anywhere}',
  'th[scope=row]{width:40%;color:#444}thead th{color:#444;border-bottom:1px solid #bbb}td{font-variant-numeric:tabular-nums}',
  'figure{margin:4px 0}figure svg{width:100%;height:auto;max-height:90mm}figcaption,.note{color:#555}.bad{color:#b3261e;font-weight:600}ul{margin:2px 0}',
].join('')
