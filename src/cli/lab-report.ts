import type { Api } from '../api/client.ts'
import { ReportMissing, readRoomReport } from '../api/room-report.ts'
import { allPeers } from '../api/whole-lists.ts'
import type { LabRun, LabSetting } from '../app/lab.ts'
import type { ReportFormat, ReportOptions } from '../app/lab-report.ts'
import { profileOption, withPeer } from './client.ts'
import { type Call, type Command, type Option, operand, textFlag } from './command.ts'
import { CliError, usageError } from './errors.ts'
import { createNewFile } from './new-file.ts'
import { peerNames, tell } from './output.ts'

/** What one says of a report, wherever it comes from. */
export const reportOptions: readonly Option[] = [
  {
    name: 'format',
    value: 'FORMAT',
    text: 'html (default), json, csv (the events), figures (as csv), svg (the diagram) or shiviz',
  },
  { name: 'language', value: 'en|pt|es', text: 'what the page is written in (default en)' },
  { name: 'by', value: 'NAME', text: 'who hands it in' },
]

const formats: readonly ReportFormat[] = ['html', 'json', 'csv', 'figures', 'svg', 'shiviz']

const labReport: Command = {
  name: 'lab report',
  summary: 'an experiment on the room as a page to print and hand in, or as data',
  operands: ['NUMBER'],
  options: [
    ...reportOptions,
    { name: 'output', short: 'o', value: 'FILE', text: 'where to (default: stdout); never through a link' },
    { name: 'force', text: 'replace the file, if it is there already' },
    profileOption,
  ],
  examples: [
    'gavelring lab report 3 -o report.html --by "Ana Prado" --language pt',
    'gavelring lab report 3 --format shiviz -o run.log',
    'gavelring lab report 3 --format figures',
  ],
  details:
    'The page has the setting, what was measured beside the theory, the diagram, and the hashes of the blocks in which the log has it:\n' +
    '`gavelring lab check` holds it against them. Events are those that your peer has kept since it started. For a simulated run:\n' +
    '`gavelring lab run … --report FILE`.',
  async run(call) {
    const experiment = experimentOf(operand(call, 0))
    const path = textFlag(call, 'output')
    const format = call.json && path === undefined ? 'json' : formatOf(call)
    const options = optionsOf(call)
    const { report, steps } = await withPeer(call, (api) => readExperiment(api, experiment, options))
    const { reportText } = await import('../app/lab-report.ts')
    const text = reportText(format, report, steps)
    if (path === undefined) {
      for (const line of text.trimEnd().split(/\r?\n/)) call.terminal.line(line)
      return 0
    }
    await writeNewFile(path, call.flags.force === true, text)
    tell(call, { file: path, experiment, format, steps: steps.length }, [`Experiment ${experiment} is in ${path}.`])
    return 0
  },
}

export const labReportCommands: readonly Command[] = [labReport]

/** `--report` of a simulated run. `file`: of somebody's own algorithm. */
export async function writeReport(call: Call, path: string, run: LabRun, setting: LabSetting, file?: string): Promise<void> {
  const { hashOfFile, reportOfRun, reportText, stepsOfTrial } = await import('../app/lab-report.ts')
  const sha256 = file === undefined ? undefined : await hashOfFile(file)
  const text = reportText(formatOf(call), reportOfRun(run, setting, sha256, optionsOf(call)), stepsOfTrial(run.rehearsal.events))
  await writeNewFile(path, call.flags.force === true, text)
}

/** All of it, or none. */
export async function writeNewFile(path: string, replace: boolean, text: string): Promise<void> {
  const file = await createNewFile(path, replace)
  try {
    await file.write(text)
    await file.finish()
  } finally {
    await file.discard()
  }
}

function experimentOf(text: string): number {
  const experiment = /^\d{1,12}$/.test(text) ? Number(text) : 0
  if (experiment >= 1) return experiment
  throw usageError(`NUMBER: that of an experiment is expected, not “${text}”. See \`gavelring lab show\`.`)
}

function formatOf(call: Call): ReportFormat {
  const text = textFlag(call, 'format') ?? 'html'
  const format = formats.find((one) => one === text)
  if (format !== undefined) return format
  throw usageError(`--format: one of ${formats.join(', ')} is expected, not “${text}”.`)
}

export function optionsOf(call: Call): ReportOptions {
  const language = textFlag(call, 'language') ?? 'en'
  const by = textFlag(call, 'by')
  if (language !== 'en' && language !== 'pt' && language !== 'es') throw usageError('--language: en, pt or es is expected.')
  if (by !== undefined && (by.trim() === '' || by.length > 200)) throw usageError('--by: a name of up to 200 characters.')
  return { language, by }
}

async function readExperiment(api: Api, experiment: number, options: ReportOptions): ReturnType<typeof readRoomReport> {
  const { reportHead } = await import('../app/lab-report.ts')
  const nameOf = peerNames(await allPeers(api))
  return readRoomReport(api, experiment, reportHead(options), nameOf).catch((error: unknown) => {
    throw error instanceof ReportMissing ? missing(experiment, error.reason) : error
  })
}

function missing(experiment: number, reason: ReportMissing['reason']): CliError {
  switch (reason) {
    case 'unknown':
      return new CliError(1, 'experiment-unknown', `The log has no experiment ${experiment}.`, 'See `gavelring lab show`.')
    case 'running':
      return new CliError(1, 'experiment-running', `Experiment ${experiment} still runs.`, 'Wait until it is done.')
    case 'unreadable':
      return new CliError(1, 'setup-unreadable', `The set-up of experiment ${experiment} cannot be read in the log.`)
  }
}
