import { z } from 'zod'
import { figuresView, labStep, settingView } from '../api/lab.ts'
import { runLab } from '../peer/lab.ts'
import {
  dataIn,
  type Report,
  type RunEvent,
  type RunStep,
  reportFormat,
  reportPage,
  reportSteps,
  reportViolations,
} from '../peer/lab-report.ts'
import { findAlgorithm } from './lab.ts'
import { hashOfFile, reportOfRun } from './lab-report.ts'
import { programVersion } from './version.ts'

/** Whoever handed it in may have written anything. */
export const reportBytesMax = 4 * 2 ** 20

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const shortText = z.string().max(256)
const place = z.strictObject({ index: z.int().min(0), hash })
const entered = z.strictObject({ peer: shortText, at: z.number(), epoch: z.int(), lamport: z.int() })
const crashed = z.strictObject({ number: z.int(), at: z.number(), kind: z.literal('crashed'), peer: shortText })
const peersMost = 32
const entriesMost = 100_000
const timeMost = 60_000
const time = z.number().min(0).max(timeMost)

const roomSource = z.strictObject({
  kind: z.literal('room'),
  room: z.strictObject({ id: hash, name: shortText }),
  experiment: z.int().min(1),
  what: z.enum(['result', 'stop']),
  setting: settingView,
  settingHash: hash,
  setup: place,
  end: place.extend({ time: z.int() }),
  head: place,
})

const simulatedSource = z.strictObject({
  kind: z.literal('simulated'),
  algorithm: shortText,
  sha256: hash.optional(),
  setting: z
    .strictObject({
      peers: z.int().min(1).max(peersMost),
      entries: z.int().min(1).max(entriesMost),
      think: time,
      stay: time,
      delay: time,
      lost: z.number().min(0).max(0.9),
      seed: z
        .int()
        .min(0)
        .max(2 ** 31),
      crashAt: time.optional(),
    })
    .refine(({ peers, entries }) => peers * entries <= entriesMost),
  ended: z.enum(['done', 'stuck', 'time', 'events']),
  millis: z.number(),
  stepsHash: hash,
})

const reportForm = z.strictObject({
  format: z.literal(reportFormat),
  program: shortText,
  language: z.enum(['en', 'pt', 'es']),
  by: shortText.optional(),
  source: z.discriminatedUnion('kind', [roomSource, simulatedSource]),
  names: z.array(z.strictObject({ peer: shortText, name: shortText })).max(4 * peersMost),
  figures: figuresView,
  violations: z.array(z.strictObject({ first: entered, second: entered })).max(reportViolations),
  steps: z.array(z.union([crashed, labStep])).max(reportSteps),
  stepCount: z.int().min(0),
})

/** What a hand-in says of itself; `undefined`: it is no report. Nothing in it is believed for that. */
export function readReport(page: string): Report | undefined {
  const data = dataIn(page)
  // As it is, not as it was parsed: the order of its fields is part of the page.
  return isReport(data) ? data : undefined
}

const isReport = (data: unknown): data is Report => {
  const result = reportForm.safeParse(data)
  return result.success && result.data.steps.every((step) => step.kind !== 'state')
}

/** One thing that was looked at. */
export interface Finding {
  readonly what: 'page' | 'run' | 'room' | 'log' | 'setup' | 'setting' | 'result' | 'figures' | 'violations' | 'events'
  readonly is: 'right' | 'changed' | 'unknown'
  readonly text: string
}

/** Whether people read on the page what its data say. Ends of lines are the mail program's. */
export function checkPage(page: string, report: Report): Finding {
  const unix = page.replaceAll('\r\n', '\n')
  if (unix === reportPage(report)) return { what: 'page', is: 'right', text: 'The page says what its data say.' }
  const version = programVersion()
  return report.program === version
    ? { what: 'page', is: 'changed', text: 'The page is not the one that its data make: somebody has changed it.' }
    : { what: 'page', is: 'unknown', text: `The page was made by version ${report.program}, and this is ${version}.` }
}

/** Runs it again. `file`: somebody's own algorithm; it is run only where it is the very file that the report names. */
export async function checkSimulated(report: Report, file: string | undefined): Promise<readonly Finding[]> {
  const { source } = report
  if (source.kind !== 'simulated') return []
  const { algorithm, sha256, setting } = source
  const unknown = (text: string): readonly Finding[] => [{ what: 'run', is: 'unknown', text }]
  if (sha256 !== undefined && file === undefined)
    return unknown(`The algorithm “${algorithm}” is somebody’s own: name its file with --algorithm.`)
  if (sha256 !== undefined && file !== undefined && (await hashOfFile(file)) !== sha256)
    return unknown(`${file} is not the file that was run: its SHA-256 is another one.`)
  const kind = await findAlgorithm(sha256 !== undefined && file !== undefined ? file : builtIn(algorithm))
  if (kind === undefined) return unknown(`There is no algorithm “${algorithm}” here.`)
  const again = reportOfRun(runLab(kind, setting), setting, sha256, { language: report.language, by: undefined })
  const isOther = report.program !== again.program
  const compare = (what: Finding['what'], right: string, changed: string, said: unknown, is: unknown): Finding =>
    isSame(said, is)
      ? { what, is: 'right', text: right }
      : isOther
        ? { what, is: 'unknown', text: `${changed} It was run by version ${report.program}, and this is ${again.program}.` }
        : { what, is: 'changed', text: changed }
  if (again.source.kind !== 'simulated') return []
  const { ended, millis, stepsHash } = again.source
  return [
    compare(
      'run',
      `The run with seed ${setting.seed} gives the same ${again.stepCount} events.`,
      'The run with that seed gives other events.',
      [source.ended, source.millis, source.stepsHash, report.stepCount],
      [ended, millis, stepsHash, again.stepCount],
    ),
    compare(
      'figures',
      'The figures are those of the run.',
      `The figures are not those of the run: ${differenceOf(report.figures, again.figures)}.`,
      report.figures,
      again.figures,
    ),
    compare(
      'violations',
      'The violations are those of the run.',
      'The violations are not those of the run.',
      report.violations,
      again.violations,
    ),
    compare('events', 'The diagram is that of the run.', 'The diagram is not that of the run.', report.steps, again.steps),
  ]
}

/** What a peer of the room has of it. */
export interface RoomFacts {
  readonly room: string
  readonly hashOf: (index: number) => Promise<string | undefined>
  /** As the log has it, at the block that the report names. */
  readonly recorded:
    | {
        readonly experiment: number
        readonly what: string
        readonly setupBlock?: number | undefined
        readonly settingHash: string
        readonly setting?: unknown
        readonly figures?: unknown
      }
    | undefined
  /** All steps of the run; `undefined`: this peer keeps them no more. */
  readonly steps: readonly RunStep[] | undefined
}

export async function checkInRoom(report: Report, facts: RoomFacts): Promise<readonly Finding[]> {
  const { source } = report
  if (source.kind !== 'room') return []
  if (source.room.id !== facts.room) {
    const text = `It is about the room ${source.room.id.slice(0, 8)}, and this peer is in ${facts.room.slice(0, 8)}.`
    return [{ what: 'room', is: 'unknown', text }]
  }
  const { recorded } = facts
  const finding = (what: Finding['what'], isRight: boolean, right: string, changed: string): Finding =>
    isRight ? { what, is: 'right', text: right } : { what, is: 'changed', text: changed }
  const findings: Finding[] = [{ what: 'room', is: 'right', text: `It is about this room, ${facts.room.slice(0, 8)}.` }]
  for (const [what, { index, hash: said }] of [
    ['setup', source.setup],
    ['result', source.end],
    ['log', source.head],
  ] as const) {
    const has = await facts.hashOf(index)
    findings.push(
      has === undefined
        ? { what, is: 'unknown', text: `This peer’s log has no block ${index} yet.` }
        : finding(what, has === said, `Block ${index} is the one in the log.`, `Block ${index} is another one in the log.`),
    )
  }
  if (recorded === undefined || recorded.experiment !== source.experiment)
    return [
      ...findings,
      { what: 'figures', is: 'changed', text: `Block ${source.end.index} has no end of experiment ${source.experiment}.` },
    ]
  const isSet = recorded.settingHash === source.settingHash && recorded.setupBlock === source.setup.index
  findings.push(
    recorded.setting === undefined
      ? { what: 'setting', is: 'unknown', text: 'The set-up in the log cannot be read.' }
      : finding(
          'setting',
          isSet && isSame(source.setting, recorded.setting),
          'The setting is the one in the log.',
          'The setting is not the one in the log.',
        ),
    finding(
      'figures',
      source.what === recorded.what && isSame(report.figures, recorded.figures),
      'The figures are those in the log.',
      `The figures are not those in the log: ${differenceOf(report.figures, recorded.figures)}.`,
    ),
    ...checkSteps(report, facts.steps),
  )
  return findings
}

function checkSteps(report: Report, steps: readonly RunStep[] | undefined): readonly Finding[] {
  if (steps === undefined) {
    const text = 'This peer has not kept the events: the diagram cannot be checked, nor which two were inside at once.'
    return report.steps.length === 0 && report.violations.length === 0 ? [] : [{ what: 'events', is: 'unknown', text }]
  }
  // Peers are not all told the same: what is here and is another one was changed, what is not here may have been lost on its way.
  const missed = new Set(steps.flatMap((step) => (step.kind === 'missed' ? [step.peer] : [])))
  const told = new Map(steps.flatMap((step) => (step.kind === 'event' ? [[keyOf(step), contentOf(step)] as const] : [])))
  const events = report.steps.flatMap((step) => (step.kind === 'event' ? [step] : []))
  const strange = events.filter((event) => !told.has(keyOf(event)) || (isOther(event) && missed.has(event.peer))).length
  const changed = events.filter((event) => isOther(event) && !missed.has(event.peer)).length
  const pairs = new Set(steps.flatMap((step) => (step.kind === 'violation' ? [pairOf(step.first, step.second)] : [])))
  const isSeen = report.violations.every(({ first, second }) => pairs.has(pairOf(first, second)))
  return [
    changed > 0
      ? { what: 'events', is: 'changed', text: `${changed} events of the diagram are not as this peer was told.` }
      : strange > 0
        ? { what: 'events', is: 'unknown', text: `${strange} events of the diagram were not told to this peer.` }
        : { what: 'events', is: 'right', text: 'The events of the diagram are those that this peer was told.' },
    isSeen
      ? { what: 'violations', is: 'right', text: 'The violations are those that this peer’s referee saw.' }
      : missed.size > 0
        ? { what: 'violations', is: 'unknown', text: 'This peer’s referee was not told enough to see each violation.' }
        : { what: 'violations', is: 'changed', text: 'A violation is none that this peer’s referee saw.' },
  ]

  function isOther(event: RunEvent): boolean {
    const has = told.get(keyOf(event))
    return has !== undefined && has !== contentOf(event)
  }
}

const keyOf = ({ peer, own }: RunEvent): string => `${peer} ${own}`

/** Another peer puts events that are concurrent in another order: their places in it say nothing. */
const contentOf = ({ number: _, ...event }: RunEvent): string => canonical(event)

/** Which of the two came second is a matter of that order, too. */
const pairOf = (first: object, second: object): string => [canonical(first), canonical(second)].sort().join()

const isSame = (a: unknown, b: unknown): boolean => canonical(a) === canonical(b)

/** JSON whose fields are in order, without those that are not there. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

/** The first figure that is another one. */
function differenceOf(said: object, is: unknown): string {
  const others: Readonly<Record<string, unknown>> = typeof is === 'object' && is !== null ? { ...is } : {}
  const found = Object.entries(said).find(([name, value]) => !isSame(value, others[name]))
  const [name, value] = found ?? Object.entries(others).find(([one]) => !(one in said)) ?? ['?', undefined]
  return `${name} is ${canonical(others[name]) ?? 'absent'}, and not ${found === undefined ? 'absent' : canonical(value)}`
}

/** No file, whatever the report calls its algorithm. */
const builtIn = (name: string): string => name.replaceAll(/[./\\]/g, '')
