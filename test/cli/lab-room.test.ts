import { existsSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readOwnAlgorithms } from '../../src/app/own-algorithms.ts'
import { linesOf } from '../../src/cli/lab-room.ts'
import { hasNoPipes, makePipe } from '../support/pipe.ts'
import { until } from '../support/wait.ts'
import { createGuest, type Guest } from './evening.ts'
import { temporaryFolder } from './processes.ts'
import { type Person, peopleInRoom } from './room.ts'
import { run } from './run.ts'

interface Said {
  readonly ended: string
  readonly figures: { readonly entries: number; readonly messages: { readonly entry: number }; readonly violations: number }
}

test('the host runs an algorithm with all members of the room, and gets the same table as in a simulated one', async () => {
  const [ana, bob] = (await peopleInRoom(['Ana', 'Bob'])) as [Person, Person]
  const ran = await ana.call('lab', 'run', 'ricart-agrawala', '--room', '--entries', '5')
  expect([ran.exitCode, ran.notes]).toEqual([0, []])
  expect(ran.out[0]).toMatch(/^ALGORITHM +ENTRIES +MESSAGES\/ENTRY +THEORY/)
  expect(ran.out[1]).toMatch(/^ricart-agrawala +10 +2\.00 +2\(n-1\) /)
  const json = await ana.call('lab', 'run', 'token-ring', '--room', '--entries', '3', '--json')
  const said: Said = JSON.parse(json.out.join('\n'))
  expect([said.ended, said.figures.entries, said.figures.violations]).toEqual(['result', 6, 0])
  expect(await bob.says('lab', 'show')).toBe(
    'Experiment 1, ricart-agrawala in section main, is done: 10 of 10 entries\n' +
      'Experiment 2, token-ring in section main, is done: 6 of 6 entries',
  )
})

test('what is still to be told of an experiment, and how its series stands, is said', async () => {
  const [ana] = (await peopleInRoom(['Ana'])) as [Person]
  await ana.call('lab', 'run', 'token-ring', '--room', '--entries', '2')
  const state = JSON.parse(await ana.says('lab', 'show', '--json'))
  const series = { algorithms: ['lamport', 'token-ring'], at: 1, experiments: [1] }
  const says = (add: object, awaited?: number) =>
    linesOf({ ...state, ...add, runs: state.runs.map((run: object) => ({ ...run, ...(awaited && { awaited }) })) })
  expect(says({})).toEqual(['Experiment 1, token-ring in section main, is done: 2 of 2 entries'])
  expect(says({}, 1)[0]).toMatch(/ entries, of 1 message peers have still to tell$/)
  expect(says({}, 2)[0]).toMatch(/ entries, of 2 messages peers have still to tell$/)
  expect(says({ series })[1]).toBe('A series runs: experiment 2 of 2 (token-ring).')
  expect(says({ series: { ...series, stuck: 'refused' } })[1]).toMatch(/^The series ended before experiment 2 of 2 .*: the rules/)
  expect(says({ series: { ...series, stuck: 'unwritten' } })[1]).toMatch(/: it could not be written into the log\./)
})

test('nobody else runs, stops or steps anything', async () => {
  const [ana, bob] = (await peopleInRoom(['Ana', 'Bob'])) as [Person, Person]
  const refused = await bob.call('lab', 'run', 'lamport', '--room')
  expect([refused.exitCode, refused.notes[0]]).toEqual([1, 'Only the host, the peer that founded the room, runs experiments.'])
  const running = ana.call('lab', 'run', 'token-ring', '--room', '--entries', '10000')
  await until('it runs', () => bob.peer.lab().runs.length === 1)
  expect((await bob.call('lab', 'stop', '1')).exitCode).toBe(1)
  expect((await ana.call('lab', 'stop', '2')).notes[0]).toBe('No experiment 2 runs in this room.')
  expect(await ana.says('lab', 'stop', '1')).toBe('Experiment 1 is stopped (…).')
  const ran = await running
  expect([ran.exitCode, ran.out.at(-1)]).toEqual([1, 'token-ring: it was stopped.'])
})

test.each([
  [['lab', 'run', 'lamport', '--room', '--crash', '1s'], '--crash: only in a simulated room'],
  [['lab', 'run', 'lamport', '--room', '--entries', '10001'], '--entries: a whole number from 1 to 10000'],
  [['lab', 'run', 'lamport', '--room', '--section', 'a b'], 'A section is named by'],
  [['lab', 'run', 'none', '--room'], 'There is no algorithm of this name'],
  [['lab', 'stop', 'x'], 'NUMBER'],
])('%j is refused', async (args, text) => {
  const [ana] = (await peopleInRoom(['Ana'])) as [Person]
  const { exitCode, notes } = await ana.call(...args)
  expect(exitCode).toBeGreaterThan(0)
  expect(notes.join('\n')).toContain(text)
})

const ownFile = (folder: string, text: string): string => {
  const file = join(folder, 'mine.mjs')
  writeFileSync(file, text)
  return file
}

test('an own algorithm is copied into the folder of the peer, and read anew when it has changed', async () => {
  const [profile, folder] = [temporaryFolder(), temporaryFolder()]
  const create = 'create: () => ({ request() {}, release() {}, receive() {} })'
  const file = ownFile(folder, `export default { name: 'first', ${create} }`)
  expect((await run(['lab', 'add', file, '--profile', profile])).exitCode).toBe(0)
  expect(existsSync(join(profile, 'lab', 'mine.mjs'))).toBe(true)
  const warned: string[] = []
  const read = () => readOwnAlgorithms(profile, { warn: (event) => warned.push(event) })
  const [first] = await read()
  expect([first?.kind.name, first?.sha256.length]).toEqual(['first', 64])
  ownFile(folder, `export default { name: 'second', ${create} }`)
  expect((await run(['lab', 'add', file, '--profile', profile])).exitCode).toBe(2)
  expect((await run(['lab', 'add', file, '--profile', profile, '--force'])).exitCode).toBe(0)
  expect((await read()).map(({ kind }) => kind.name)).toEqual(['second'])
  ownFile(join(profile, 'lab'), 'export default {')
  expect([await read(), await read(), warned]).toEqual([[], [], ['algorithm-unread']])
  truncateSync(join(profile, 'lab', 'mine.mjs'), 5 * 2 ** 30)
  expect([await read(), await read(), warned]).toEqual([[], [], ['algorithm-unread', 'algorithm-unread']])
  if (!hasNoPipes) {
    rmSync(join(profile, 'lab', 'mine.mjs'))
    const pipe = makePipe(join(profile, 'lab', 'mine.mjs'), `export default { name: 'third', ${create} }`)
    expect([await read(), await read(), warned.length]).toEqual([[], [], 3])
    const there = await run(['lab', 'add', file, '--force', '--profile', profile])
    expect([there.exitCode, there.notes[0]]).toEqual([2, `${pipe} cannot be read (it is no file).`])
    const given = await run(['lab', 'add', pipe, '--profile', temporaryFolder()])
    expect([given.exitCode, given.notes[0]]).toEqual([1, `${pipe} is no algorithm: it is no file.`])
    rmSync(pipe)
  }
  writeFileSync(join(profile, 'lab', 'mine.mjs'), '')
  truncateSync(join(profile, 'lab', 'mine.mjs'), 5 * 2 ** 30)
  const { exitCode, notes } = await run(['lab', 'add', join(profile, 'lab', 'mine.mjs'), '--profile', temporaryFolder()])
  expect([exitCode, notes[0]]).toEqual([1, expect.stringMatching(/is no algorithm: it has more than 4096 KiB/)])
  expect(await readOwnAlgorithms(temporaryFolder(), { warn: () => {} })).toEqual([])
})

/** Real peers in processes of their own. */
async function startRoom(names: readonly string[]): Promise<Guest[]> {
  const room = ['--room', `lab ${process.pid} ${performance.now()}`]
  const guests = names.map((name) => createGuest(name, room))
  const [host, ...others] = guests as [Guest, ...Guest[]]
  await host.start('--create')
  await Promise.all(others.map((guest) => guest.start('--join', '--bootstrap', host.address)))
  return guests
}

const exactly: Readonly<Record<string, (n: number, entries: number) => readonly [least: number, most: number]>> = {
  centralized: (n, entries) => [3 * (n - 1) * entries, 3 * (n - 1) * entries],
  'centralized-chang-roberts': (n, entries) => [3 * (n - 1) * entries, 3 * (n - 1) * entries],
  'ricart-agrawala': (n, entries) => [2 * (n - 1) * n * entries, 2 * (n - 1) * n * entries],
  lamport: (n, entries) => [3 * (n - 1) * n * entries, 3 * (n - 1) * n * entries],
  // An idle ring turns, so there is no most.
  'token-ring': (n, entries) => [n * entries - 1, Number.POSITIVE_INFINITY],
  'suzuki-kasami': (n, entries) => [0, n * n * entries],
  // Quorums of three of five, this peer one of them: 3 to 6 messages for each of the two others.
  maekawa: (n, entries) => [3 * 2 * n * entries, 6 * 2 * n * entries],
}

test('five processes: each algorithm sends exactly as many messages as the theory says', async () => {
  const guests = await startRoom(['Ana', 'Bruno', 'Clara', 'Davi', 'Eva'])
  const [host] = guests as [Guest]
  await until('all five are members', () => host.lines.some((line) => /5 members/.test(line)), 60_000)
  for (const [name, bounds] of Object.entries(exactly)) {
    const { out, exitCode, notes } = await host.answer('lab', 'run', name, '--room', '--entries', '4', '--json')
    expect([name, exitCode, notes]).toEqual([name, 0, []])
    const { figures, ended }: Said = JSON.parse(out.join('\n'))
    const [least, most] = bounds(5, 4)
    expect([name, ended, figures.entries, figures.violations]).toEqual([name, 'result', 20, 0])
    expect(figures.messages.entry, name).toBeGreaterThanOrEqual(least)
    expect(figures.messages.entry, name).toBeLessThanOrEqual(most)
  }
}, 180_000)

test('kill -9 of a member in the middle: the others go on, and nobody is inside at once with another', async () => {
  const guests = await startRoom(['Ana', 'Bruno', 'Clara'])
  const [host, , clara] = guests as [Guest, Guest, Guest]
  await until('all three are members', () => host.lines.some((line) => /3 members/.test(line)), 60_000)
  const running = host.answer('lab', 'run', 'centralized', '--room', '--entries', '100', '--think', '20ms', '--json')
  await until('it has begun', () => host.lines.some((line) => /experiment 1 of the lab begins/.test(line)))
  await new Promise((resolve) => setTimeout(resolve, 500))
  await clara.kill()
  const { out, exitCode } = await running
  const { figures, ended }: Said = JSON.parse(out.join('\n'))
  expect([exitCode, ended, figures.violations]).toEqual([0, 'result', 0])
  expect(figures.entries).toBeGreaterThanOrEqual(200)
}, 120_000)
