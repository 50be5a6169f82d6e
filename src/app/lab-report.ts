import { createHash } from 'node:crypto'
import { printableJson } from '../core/safe-text.ts'
import type { LabRun, LabSetting } from '../peer/lab.ts'
import {
  diagramSvg,
  eventsCsv,
  eventsJson,
  figuresCsv,
  partsOf,
  type Report,
  type ReportLanguage,
  type RunStep,
  reportFormat,
  reportPage,
  type SimulatedSource,
  shivizLog,
  spaceTime,
  stepsBytes,
  stepsOfTrial,
  toFigures,
} from '../peer/lab-report.ts'
import { programVersion } from './version.ts'

export type { Report, ReportLanguage, RunStep }
export { partsOf as partsOfRun, reportPage, stepsOfTrial }

/** What one says of oneself and how one wants to read it. */
export interface ReportOptions {
  readonly language: ReportLanguage
  readonly by: string | undefined
}

export const reportHead = ({ language, by }: ReportOptions) => ({
  format: reportFormat as typeof reportFormat,
  program: programVersion(),
  language,
  ...(by !== undefined && { by }),
})

/** `sha256`: of somebody's own algorithm. */
export function reportOfRun(run: LabRun, setting: LabSetting, sha256: string | undefined, options: ReportOptions): Report {
  const { results, rehearsal } = run
  const steps = stepsOfTrial(rehearsal.events)
  const source: SimulatedSource = {
    kind: 'simulated',
    algorithm: results.algorithm,
    ...(sha256 !== undefined && { sha256 }),
    setting,
    ended: rehearsal.ended,
    millis: rehearsal.millis,
    stepsHash: createHash('sha256').update(stepsBytes(rehearsal.events)).digest('hex'),
  }
  const figures = toFigures(results, results.violations.length)
  const names = figures.entriesByPeer.map(({ peer }) => ({ peer, name: peer }))
  return { ...reportHead(options), source, names, figures, ...partsOf(steps) }
}

export type ReportFormat = 'html' | 'json' | 'csv' | 'figures' | 'svg' | 'shiviz'

/** `steps`: all of the run. */
export function reportText(format: ReportFormat, report: Report, steps: readonly RunStep[]): string {
  const nameOf = (peer: string): string => report.names.find((one) => one.peer === peer)?.name ?? peer.slice(-6)
  switch (format) {
    case 'html':
      return reportPage(report)
    case 'json': {
      const { steps: _first, stepCount: _count, ...rest } = report
      return `${printableJson(rest).slice(0, -1)},"steps":${eventsJson(steps).trimEnd()}}\n`
    }
    case 'csv':
      return eventsCsv(steps, nameOf)
    case 'figures':
      return figuresCsv([report.figures])
    case 'svg': {
      const places = new Set(steps.map(({ number }) => number)).size
      const drawing = spaceTime(steps, { width: Math.max(640, Math.min(places * 8, 20_000)), rowHeight: 32, axis: 'lamport' })
      const title = report.figures.algorithm
      return `${diagramSvg(drawing, { nameOf, title, description: `${steps.length} events` })}\n`
    }
    case 'shiviz':
      return shivizLog(steps, nameOf)
  }
}

/** SHA-256 in hex; `undefined`: it cannot be read. */
export async function hashOfFile(file: string): Promise<string | undefined> {
  const [{ algorithmBytesMax }, { readAtMost }] = await Promise.all([import('./lab.ts'), import('../io/files.ts')])
  const content = await readAtMost(file, algorithmBytesMax).catch(() => undefined)
  return content && createHash('sha256').update(content).digest('hex')
}
