import type { RunView } from '../api/lab.ts'
import type { AlgorithmKind, LabRun, LabSetting } from '../app/lab.ts'
import { labLimits } from '../core/limits.ts'
import { profileOption } from './client.ts'
import { type Call, type Command, operand, textFlag } from './command.ts'
import { CliError, usageError } from './errors.ts'
import { durationText, parseDuration } from './format.ts'
import { labCheckCommands } from './lab-check.ts'
import { labReportCommands, reportOptions, writeReport } from './lab-report.ts'
import { labRoomCommands, runInRoom } from './lab-room.ts'
import { labScenarioCommands } from './lab-scenario.ts'
import { createNewFile } from './new-file.ts'
import { type Column, columnsOption, tellTable } from './table.ts'

/** What the table needs, whatever room it was. */
type Figures = Pick<
  RunView['figures'],
  | 'algorithm'
  | 'entries'
  | 'messages'
  | 'messagesPerEntry'
  | 'waiting'
  | 'synchronisationDelay'
  | 'fairness'
  | 'entriesPerSecond'
  | 'recovery'
> & { readonly expected?: { readonly formula: string } | undefined }

const settingOptions = [
  { name: 'peers', value: 'N', text: 'how many take part (default 5)' },
  { name: 'entries', value: 'N', text: 'how often each of them enters (default 100)' },
  { name: 'think', value: 'TIME', text: 'each thinks for up to so long before it wants in (default 0: at once)' },
  { name: 'stay', value: 'TIME', text: 'each stays inside for up to so long (default 0)' },
  { name: 'delay', value: 'TIME', text: 'of the network, one way (default 1ms)' },
  { name: 'lose', value: 'PERCENT', text: 'so much of what is sent is lost, and sent again (default 0)' },
  { name: 'crash', value: 'TIME', text: 'one of them crashes then, and comes again a second later' },
  { name: 'seed', value: 'N', text: 'what is drawn: the same number gives the same run (default 1)' },
] as const

const labList: Command = {
  name: 'lab list',
  summary: 'the algorithms for mutual exclusion that are built in',
  operands: [],
  options: [columnsOption],
  examples: ['gavelring lab list'],
  async run(call) {
    const { algorithms } = await import('../app/lab.ts')
    const columns: readonly Column<AlgorithmKind>[] = [
      { name: 'algorithm', head: 'ALGORITHM', cell: ({ name }) => name, whole: true },
      { name: 'order', head: 'MESSAGES MAY OVERTAKE', cell: ({ needsFifo }) => (needsFifo ? 'no' : 'yes') },
      { name: 'source', head: 'SOURCE', cell: ({ name }) => sources[name] ?? '' },
    ]
    const value = algorithms.map(({ name, needsFifo }) => ({ name, needsFifo, source: sources[name] }))
    tellTable(call, value, columns, algorithms)
    return 0
  },
}

const sources: Readonly<Record<string, string>> = {
  centralized: 'one lets all others in, chosen by the bully algorithm (Garcia-Molina 1982)',
  'ricart-agrawala': 'all must reply (Ricart, Agrawala 1981)',
  'token-ring': 'a token goes round (Le Lann 1977)',
  'centralized-chang-roberts': 'one lets all others in, chosen round the ring (Chang, Roberts 1979)',
  lamport: 'everybody keeps the queue (Lamport 1978)',
  'suzuki-kasami': 'a token goes to whom it serves next (Suzuki, Kasami 1985)',
  maekawa: 'a quorum of √n must agree (Maekawa 1985, Sanders 1987)',
}

const labRun: Command = {
  name: 'lab run',
  summary: 'one algorithm in a simulated room, or on yours: what it costs, and whether two are ever inside at once',
  operands: ['ALGORITHM'],
  options: [
    ...settingOptions,
    { name: 'room', text: 'with all members of the room of your peer, in real time; by the host' },
    {
      name: 'section',
      value: 'NAME',
      text: 'with --room: what they enter one at a time (default main); one experiment each at once',
    },
    { name: 'shiviz', value: 'FILE', text: 'all events with their vector times, for ShiViz' },
    { name: 'report', value: 'FILE', text: 'the run as a page to print and hand in, or in another --format' },
    ...reportOptions,
    { name: 'force', text: 'replace the file, if it is there already' },
    columnsOption,
    profileOption,
  ],
  examples: [
    'gavelring lab run maekawa --peers 7',
    'gavelring lab run ./mine.ts --seed 3',
    'gavelring lab run lamport --shiviz run.log',
    'gavelring lab run maekawa --report report.html --by "Ana Prado"',
    'gavelring lab run token-ring --room --entries 20',
  ],
  details:
    'ALGORITHM: a name from `gavelring lab list`, or a file of your own: see docs/lab.md. Time is simulated, so an hour takes seconds;\n' +
    'with --room it is real, all members take part, and the log keeps setting and result. Ctrl-C leaves it running.\n' +
    '`room` is there only with --room: the room’s own ring, looked at.\n' +
    'Exit codes: 0 all went well, 1 two were inside at once or somebody never got in, 2 usage.',
  async run(call) {
    if (call.flags.room === true) return runReally(call)
    const setting = readSetting(call)
    const algorithm = await algorithmOf(operand(call, 0))
    const run = await runOne(algorithm, setting)
    const file = textFlag(call, 'shiviz')
    if (file !== undefined) await writeShiviz(file, call.flags.force === true, run)
    const report = textFlag(call, 'report')
    if (report !== undefined)
      await writeReport(call, report, run, setting, isFile(operand(call, 0)) ? operand(call, 0) : undefined)
    tellTable(call, jsonOf(run, setting), columns, [run.results])
    const faults = faultsOf(run)
    if (!call.json) for (const fault of faults) call.terminal.line(fault)
    return faults.length === 0 ? 0 : 1
  },
}

const labCompare: Command = {
  name: 'lab compare',
  summary: 'the three ways to one critical section side by side, measured beside the theory',
  operands: [],
  options: [...settingOptions, { name: 'all', text: 'all algorithms that are built in' }, columnsOption],
  examples: ['gavelring lab compare', 'gavelring lab compare --peers 9 --all', 'gavelring lab compare --think 100ms --stay 5ms'],
  details:
    'A coordinator, timestamps with replies from all (Ricart and Agrawala), and a token ring, each in the same simulated room with\n' +
    'the same work. MESSAGES are those for entries; OVERHEAD are those that choose a coordinator or begin an epoch.',
  async run(call) {
    const setting = readSetting(call)
    const { algorithms } = await import('../app/lab.ts')
    const runs: LabRun[] = []
    for (const algorithm of call.flags.all === true ? algorithms : algorithms.slice(0, 3))
      runs.push(await runOne(algorithm, setting))
    tellTable(
      call,
      runs.map((run) => jsonOf(run, setting)),
      columns,
      runs.map(({ results }) => results),
    )
    const faults = runs.flatMap(faultsOf)
    if (!call.json) for (const fault of faults) call.terminal.line(fault)
    return faults.length === 0 ? 0 : 1
  },
}

export const labCommands: readonly Command[] = [
  labList,
  labRun,
  labCompare,
  ...labRoomCommands,
  ...labReportCommands,
  ...labCheckCommands,
  ...labScenarioCommands,
]

/** As `findAlgorithm` tells them from names. */
const isFile = (algorithm: string): boolean => /[./\\]/.test(algorithm)

/** What only a simulated room can do, or has. */
const simulatedOnly = ['peers', 'delay', 'crash', 'shiviz', 'report'] as const

async function runReally(call: Call): Promise<number> {
  for (const name of simulatedOnly)
    if (call.flags[name] !== undefined) throw usageError(`--${name}: only in a simulated room, without --room.`)
  const { entries, think, stay, lost, seed } = readSetting(call, labLimits.entries)
  const span = (most: number) => ({ least: 0, most })
  const run = await runInRoom(call, operand(call, 0), { entries, think: span(think), stay: span(stay), lostShare: lost, seed })
  const { figures, violations, ended } = run
  tellTable(call, { ...run, held: undefined, predictions: undefined, predicted: undefined }, columns, [figures])
  if (!call.json) for (const fault of faultsInRoom(run)) call.terminal.line(fault)
  return violations.length === 0 && ended === 'result' ? 0 : 1
}

function faultsInRoom({ figures, violations: [violation], ended, members }: RunView): readonly string[] {
  const lines: string[] = []
  if (violation !== undefined) {
    const { first, second } = violation
    const times = `${figures.violations} ${figures.violations === 1 ? 'time' : 'times'}`
    lines.push(
      `${figures.algorithm}: two were inside at once, ${times}. First: …${first.peer.slice(-6)} (Lamport ${first.lamport}), ` +
        `and …${second.peer.slice(-6)} (Lamport ${second.lamport}): neither knew that the other had left.`,
    )
  }
  for (const { peer, part, why } of members) if (part === 'failed') lines.push(`…${peer.slice(-6)} failed: ${why ?? ''}`)
  if (ended === 'stop') lines.push(`${figures.algorithm}: it was stopped.`)
  return lines
}

const columns: readonly Column<Figures>[] = [
  { name: 'algorithm', head: 'ALGORITHM', cell: (results) => results.algorithm, whole: true },
  { name: 'entries', head: 'ENTRIES', cell: (results) => String(results.entries), right: true },
  { name: 'messages', head: 'MESSAGES/ENTRY', cell: (results) => decimal(results.messagesPerEntry), right: true },
  { name: 'theory', head: 'THEORY', cell: (results) => results.expected?.formula ?? '' },
  { name: 'overhead', head: 'OVERHEAD', cell: (results) => String(results.messages.overhead), right: true },
  { name: 'wait', head: 'WAIT', cell: (results) => millisText(results.waiting?.mean), right: true },
  { name: 'p95', head: 'P95', cell: (results) => millisText(results.waiting?.p95), right: true },
  { name: 'handover', head: 'HANDOVER', cell: (results) => millisText(results.synchronisationDelay), right: true },
  { name: 'fairness', head: 'FAIRNESS', cell: (results) => decimal(results.fairness), right: true },
  { name: 'rate', head: 'ENTRIES/S', cell: (results) => decimal(results.entriesPerSecond), right: true },
  { name: 'recovery', head: 'RECOVERY', cell: (results) => millisText(results.recovery), right: true },
]

const decimal = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(2))

const millisText = (value: number | undefined): string => (value === undefined ? '' : `${value.toFixed(1)}ms`)

function faultsOf({ results, rehearsal }: LabRun): readonly string[] {
  const { algorithm, violations } = results
  const [violation] = violations
  const lines: string[] = []
  if (violation !== undefined) {
    const { first, second } = violation
    const times = `${violations.length} ${violations.length === 1 ? 'time' : 'times'}`
    lines.push(
      `${algorithm}: two were inside at once, ${times}. First: ${first.peer} since ${first.at.toFixed(1)}ms (Lamport ${first.lamport}), ` +
        `and ${second.peer} from ${second.at.toFixed(1)}ms (Lamport ${second.lamport}).`,
    )
  }
  if (rehearsal.waiting.length > 0) lines.push(`${algorithm}: ${rehearsal.waiting.join(', ')} never got in.`)
  else if (rehearsal.ended === 'events') lines.push(`${algorithm}: it went on talking without an end.`)
  return lines
}

function jsonOf({ results, rehearsal }: LabRun, setting: LabSetting): object {
  const { entriesByPeer, ...figures } = results
  const { ended, waiting, millis } = rehearsal
  return { ...figures, entriesByPeer: Object.fromEntries(entriesByPeer), ended, waiting, millis, setting }
}

async function algorithmOf(text: string): Promise<AlgorithmKind> {
  const { findAlgorithm } = await import('../app/lab.ts')
  const found = await explained(() => findAlgorithm(text))
  if (found === undefined)
    throw usageError(`There is no algorithm “${text}”.`, 'See `gavelring lab list`, or name a file: ./mine.ts')
  return found
}

async function runOne(algorithm: AlgorithmKind, setting: LabSetting): Promise<LabRun> {
  const { runLab } = await import('../app/lab.ts')
  return explained(() => runLab(algorithm, setting))
}

/** What is wrong with somebody's own algorithm is told as that. */
async function explained<T>(act: () => T | Promise<T>): Promise<T> {
  const { AlgorithmFault } = await import('../app/lab.ts')
  try {
    return await act()
  } catch (error) {
    throw error instanceof AlgorithmFault ? new CliError(1, 'bad-algorithm', error.message) : error
  }
}

async function writeShiviz(path: string, replace: boolean, { rehearsal }: LabRun): Promise<void> {
  const { shivizLog, stepsOfTrial } = await import('../app/lab.ts')
  const file = await createNewFile(path, replace)
  try {
    await file.write(shivizLog(stepsOfTrial(rehearsal.events), (peer) => peer))
    await file.finish()
  } finally {
    await file.discard()
  }
}

/** Of all peers together: a run is kept in memory until it is told. */
const entriesMost = 100_000
const peersMost = 32

/** `entriesMax`: of each peer. Absent: as many as memory bears. */
function readSetting(call: Call, entriesMax?: number): LabSetting {
  const peers = count(call, 'peers', 5, 1, peersMost)
  const entries = count(call, 'entries', 100, 1, entriesMax ?? Math.floor(entriesMost / peers))
  return {
    peers,
    entries,
    think: time(call, 'think', 0),
    stay: time(call, 'stay', 0),
    delay: time(call, 'delay', 1),
    lost: count(call, 'lose', 0, 0, 90) / 100,
    seed: count(call, 'seed', 1, 0, 2 ** 31),
    crashAt: textFlag(call, 'crash') === undefined ? undefined : time(call, 'crash', 0),
  }
}

function count(call: Call, name: string, usual: number, least: number, most: number): number {
  const text = textFlag(call, name)
  if (text === undefined) return usual
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw usageError(`--${name}: a whole number from ${least} to ${most} is expected, not “${text}”.`)
}

const timeMost = 60_000

/** `5ms` or what is a time elsewhere. In milliseconds. */
function time(call: Call, name: string, usual: number): number {
  const text = textFlag(call, name)
  if (text === undefined) return usual
  const [, millis] = /^(\d{1,6}(?:\.\d{1,3})?)ms$/.exec(text) ?? []
  const value = millis === undefined ? parseDuration(text) : Number(millis)
  if (value !== undefined && value <= timeMost) return value
  throw usageError(`--${name}: a time up to ${durationText(timeMost)} is expected, such as 5ms or 2s, not “${text}”.`)
}
