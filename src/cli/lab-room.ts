import { copyFile, mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Api } from '../api/client.ts'
import type { RunView } from '../api/lab.ts'
import { profileFolder } from '../app/flags.ts'
import { operationInput, profileOption, withPeer } from './client.ts'
import { type Call, type Command, operand, textFlag } from './command.ts'
import { CliError, usageError } from './errors.ts'
import { placeOf, tell } from './output.ts'

/** The lab on the room of the running peer. */

/** How often is looked at how far it is, in milliseconds. */
const lookEvery = 250

/** What an experiment in a simulated room and one in a real one have in common. */
export type RoomSetting = Pick<Parameters<Api['lab']['start']>[0], 'entries' | 'think' | 'stay' | 'lostShare' | 'seed'>

/** Runs it with all members of the room, to its end. */
export async function runInRoom(call: Call, algorithm: string, setting: RoomSetting): Promise<RunView> {
  const section = textFlag(call, 'section')
  return withPeer(call, async (api) => {
    const name = await ownName(call, algorithm)
    const { experiment, absent } = await api.lab.start({
      ...setting,
      algorithm: name ?? algorithm,
      ...(section !== undefined && { section }),
      ...operationInput(call),
    })
    if (!call.json) for (const { peer, why } of absent) call.terminal.note(`…${peer.slice(-6)} takes no part: ${absence[why]}.`)
    for (;;) {
      const run = (await api.lab.state()).runs.find((one) => one.experiment === experiment)
      if (run === undefined) throw new CliError(1, 'experiment-gone', 'The experiment is gone: this peer is in another room now.')
      if (run.ended !== undefined) return run
      await new Promise((resolve) => setTimeout(resolve, lookEvery))
    }
  })
}

const absence = {
  lacks: 'it does not have the algorithm',
  'other-hash': 'it has another file of that name',
  silent: 'it did not answer',
} as const

/** Of a file: the name that it gives itself, once a copy of it lies where the peer looks for it. */
async function ownName(call: Call, algorithm: string): Promise<string | undefined> {
  if (!/[./\\]/.test(algorithm)) return undefined
  await addFile(call, algorithm)
  const { findAlgorithm } = await import('../app/lab.ts')
  return (await findAlgorithm(algorithm))?.name
}

async function addFile(call: Call, file: string): Promise<string> {
  const [{ algorithmBytesMax }, { labFolder }, { readAtMost, whyUnread }] = await Promise.all([
    import('../app/lab.ts'),
    import('../app/own-algorithms.ts'),
    import('../app/own-files.ts'),
  ])
  const folder = labFolder(profileFolder(call.flags, call.env))
  const place = join(folder, basename(file))
  const read = (path: string) =>
    readAtMost(path, algorithmBytesMax + 1).catch((error: unknown) => {
      const why = whyUnread(error)
      if (why !== 'ENOENT') throw usageError(`${path} cannot be read (${why}).`)
      return undefined
    })
  const [given, there] = await Promise.all([read(file), read(place)])
  if (given === undefined) throw usageError(`There is no such file: ${file}`)
  if (given.length > algorithmBytesMax)
    throw new CliError(1, 'bad-algorithm', `${file} is no algorithm: it has more than ${algorithmBytesMax / 1024} KiB.`)
  if (there?.equals(given) === true) return place
  if (there !== undefined && call.flags.force !== true)
    throw usageError(`${place} is there already, and is another one.`, 'Replace it with --force.')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await copyFile(file, place)
  return place
}

const labAdd: Command = {
  name: 'lab add',
  summary: 'gives your peer an algorithm of your own, for experiments on the room',
  operands: ['FILE'],
  options: [{ name: 'force', text: 'replace the file, if another one is there already' }, profileOption],
  examples: ['gavelring lab add ./mine.ts'],
  details:
    'It is copied into the folder of the peer, and read anew each time the lab asks for it. Everybody who is to take part adds the same\n' +
    'file: none ever comes over the network. It runs inside your peer: add only what you have read.',
  async run(call) {
    const file = operand(call, 0)
    const { findAlgorithm, AlgorithmFault } = await import('../app/lab.ts')
    const { resolve } = await import('node:path')
    const found = await findAlgorithm(resolve(file)).catch((error: unknown) => {
      throw error instanceof AlgorithmFault ? new CliError(1, 'bad-algorithm', error.message) : error
    })
    const place = await addFile(call, file)
    tell(call, { algorithm: found?.name, file: place }, [`The algorithm “${found?.name}” is in ${place}.`])
    return 0
  },
}

const labStop: Command = {
  name: 'lab stop',
  summary: 'calls an experiment on the room off; what has come of it until now goes into the log',
  operands: ['NUMBER'],
  options: [profileOption],
  examples: ['gavelring lab stop 3'],
  async run(call) {
    const text = operand(call, 0)
    const experiment = /^\d{1,12}$/.test(text) ? Number(text) : 0
    if (experiment < 1) throw usageError(`NUMBER: that of an experiment is expected, not “${text}”. See \`gavelring lab show\`.`)
    const settled = await withPeer(call, (api) => api.lab.stop({ experiment, ...operationInput(call) }))
    tell(call, settled, [`Experiment ${experiment} is stopped ${placeOf(settled)}.`])
    return 0
  },
}

const labShow: Command = {
  name: 'lab show',
  summary: 'the experiments on the room: those that run, and the last ones that ended',
  operands: [],
  options: [profileOption],
  examples: ['gavelring lab show'],
  async run(call) {
    const state = await withPeer(call, (api) => api.lab.state())
    tell(call, state, linesOf(state))
    return 0
  },
}

/** For people: an experiment a line, and how its series stands. */
export function linesOf({ runs, series }: Awaited<ReturnType<Api['lab']['state']>>): readonly string[] {
  const lines = runs.length === 0 ? ['No experiment has run since this peer started.'] : runs.map(lineOf)
  if (series === undefined) return lines
  const algorithm = series.algorithms[series.at] ?? ''
  const place = `experiment ${series.at + 1} of ${series.algorithms.length} (${algorithm})`
  return [
    ...lines,
    series.stuck === undefined ? `A series runs: ${place}.` : `The series ended before ${place}: ${stuck[series.stuck]}`,
  ]
}

const stuck = {
  refused: 'the rules of the room refused it, as when another experiment had begun.',
  unwritten: 'it could not be written into the log. Start it again once the room can write.',
} as const

function lineOf({ experiment, section, setting, ended, figures, members, awaited = 0 }: RunView): string {
  const wanted = setting.entries * members.filter(({ part }) => part !== 'absent').length
  const how = ended === undefined ? 'runs' : ended === 'result' ? 'is done' : 'was stopped'
  const twice = figures.violations === 0 ? '' : `, two inside at once ${figures.violations} times`
  const late = awaited === 0 ? '' : `, of ${awaited} ${awaited === 1 ? 'message' : 'messages'} peers have still to tell`
  return `Experiment ${experiment}, ${setting.algorithm} in section ${section}, ${how}: ${figures.entries} of ${wanted} entries${twice}${late}`
}

export const labRoomCommands: readonly Command[] = [labShow, labStop, labAdd]
