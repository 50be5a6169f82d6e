import { resolve } from 'node:path'
import type { Api } from '../api/client.ts'
import { hashOfBlock, keptSteps } from '../api/room-report.ts'
import type { Finding, RoomFacts } from '../app/lab-check.ts'
import type { Report } from '../app/lab-report.ts'
import { profileOption, withPeer } from './client.ts'
import { type Command, operand, textFlag } from './command.ts'
import { CliError, type ExitCode, usageError } from './errors.ts'
import { tell } from './output.ts'

const labCheck: Command = {
  name: 'lab check',
  summary: 'whether a lab report that was handed in is what it says',
  operands: ['REPORT'],
  options: [
    {
      name: 'algorithm',
      value: 'FILE',
      text: 'of a simulated run of somebody’s own algorithm: that file. It is run here: read it first',
    },
    profileOption,
  ],
  examples: ['gavelring lab check report.html', 'gavelring lab check mine.html --algorithm ./mine.ts'],
  details:
    'REPORT: the page, as `lab report` or `lab run --report` wrote it. One of a room is held against the log of your peer, which must be\n' +
    'in that room; a simulated run is run again from its seed. Who made it is not checked: nothing proves that.\n' +
    'Exit codes: 0 it is right, 1 changed, or no report, 2 usage, 3 it cannot be checked here.',
  async run(call) {
    const page = await readPage(operand(call, 0))
    const { checkPage, checkSimulated, readReport } = await import('../app/lab-check.ts')
    const report = readReport(page)
    if (report === undefined)
      throw new CliError(
        1,
        'no-report',
        'This is no lab report, or its data are damaged.',
        'Ask for the file as `lab report` wrote it.',
      )
    const file = textFlag(call, 'algorithm')
    const findings = [
      checkPage(page, report),
      ...(report.source.kind === 'simulated'
        ? await checkSimulated(report, file === undefined ? undefined : resolve(file)).catch(explained)
        : await withPeer(call, (api) => checkWithPeer(api, report))),
    ]
    const { by, figures, source } = report
    const verdict = verdictOf(findings)
    tell(call, { verdict, by, algorithm: figures.algorithm, source: source.kind, findings }, [
      ...findings.map(({ is, text }) => `${marks[is]}  ${text}`),
      summaryOf(verdict, findings),
    ])
    return exits[verdict]
  },
}

export const labCheckCommands: readonly Command[] = [labCheck]

const marks = { right: 'right  ', changed: 'CHANGED', unknown: 'unknown' } as const

type Verdict = 'right' | 'changed' | 'unknown'
const exits: Readonly<Record<Verdict, ExitCode>> = { right: 0, changed: 1, unknown: 3 }
const summaries: Readonly<Record<Verdict, string>> = {
  right: 'The report is right.',
  changed: 'The report was changed, or is about something else.',
  unknown: 'The report cannot be checked here.',
}

const summaryOf = (verdict: Verdict, findings: readonly Finding[]): string =>
  verdict === 'right' && findings.some(({ is }) => is === 'unknown')
    ? 'All that the log keeps of it is right. What it does not keep cannot be checked here any more.'
    : summaries[verdict]

/** Events are kept only until a peer ends, and not all peers are told all of them. Everything else has to be known. */
function verdictOf(findings: readonly Finding[]): Verdict {
  if (findings.some(({ is }) => is === 'changed')) return 'changed'
  const isKept = (what: Finding['what']): boolean => what !== 'events' && what !== 'violations'
  return findings.some(({ is, what }) => is === 'unknown' && isKept(what)) ? 'unknown' : 'right'
}

async function readPage(path: string): Promise<string> {
  const [{ reportBytesMax }, { readAtMost, whyUnread }] = await Promise.all([
    import('../app/lab-check.ts'),
    import('../app/own-files.ts'),
  ])
  const bytes = await readAtMost(path, reportBytesMax + 1).catch((error: unknown) => {
    throw usageError(`${path} cannot be read (${whyUnread(error)}).`)
  })
  if (bytes.length > reportBytesMax) throw new CliError(1, 'no-report', `${path} is no lab report: it is too large.`)
  return bytes.toString('utf8')
}

async function explained(error: unknown): Promise<readonly Finding[]> {
  const { AlgorithmFault } = await import('../app/lab.ts')
  if (error instanceof AlgorithmFault) throw new CliError(1, 'bad-algorithm', error.message)
  throw error
}

async function checkWithPeer(api: Api, report: Report): Promise<readonly Finding[]> {
  const { source } = report
  if (source.kind !== 'room') return []
  const { room } = await api.status()
  const { checkInRoom } = await import('../app/lab-check.ts')
  const isHere = room.id === source.room.id
  const facts: RoomFacts = {
    room: room.id,
    hashOf: (index) => hashOfBlock(api, index),
    recorded: isHere ? await recordedAt(api, source.end.index, source.experiment) : undefined,
    steps: isHere ? await keptSteps(api, source.experiment) : undefined,
  }
  return checkInRoom(report, facts)
}

async function recordedAt(api: Api, block: number, experiment: number): Promise<RoomFacts['recorded']> {
  const { recorded } = await api.lab.results({ before: block + 1, count: 100 })
  return recorded.find((one) => one.block === block && one.experiment === experiment)
}
