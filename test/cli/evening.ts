import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { expect } from 'vitest'
import { until } from '../support/wait.ts'
import { gavelring, type Running, temporaryFolder } from './processes.ts'
import { type Ran, run } from './run.ts'

/** Somebody at the evening: a real peer in a process of its own, and all that its pane says. */
export interface Guest {
  readonly name: string
  /** Lines of stdout and stderr, as they came. */
  readonly lines: readonly string[]
  readonly running: Running
  /** One command line to this peer, which has to be done. */
  call(...args: readonly string[]): Promise<void>
  /** The same, whatever comes of it. */
  answer(...args: readonly string[]): Promise<Ran>
  /** Starts it, anew where it ran before. */
  start(...more: readonly string[]): Promise<void>
  kill(): Promise<void>
  /** Ctrl-C. */
  leave(): Promise<void>
  readonly address: string
}

const waitMillis = 60_000

export function createGuest(name: string, options: readonly string[] = []): Guest {
  const profile = temporaryFolder()
  const lines: string[] = []
  let running: Running | undefined
  const isRunning = (): Running => {
    if (running === undefined) throw new Error(`${name} is not there yet`)
    return running
  }
  return {
    name,
    lines,
    get running() {
      return isRunning()
    },
    get address() {
      const found = lines.findLast((line) => line.startsWith('Listening at '))
      return found?.slice('Listening at '.length) ?? ''
    },
    async start(...more) {
      const local = ['--no-mdns', '--listen', '127.0.0.1:0', '--name', name, '--profile', profile]
      const started = gavelring(['peer', ...local, ...options, ...more])
      running = started
      const { stdout, stderr } = started.child
      for (const stream of [stdout, stderr]) {
        if (stream !== null) createInterface({ input: stream }).on('line', (line) => lines.push(line))
      }
      await started.said(/^Others join with/)
    },
    async call(...args) {
      const { exitCode, notes } = await run([...args, '--profile', profile])
      expect([args.join(' '), exitCode, exitCode === 0 ? [] : notes]).toEqual([args.join(' '), 0, []])
    },
    answer: (...args) => run([...args, '--profile', profile]),
    async kill() {
      isRunning().child.kill('SIGKILL')
      await isRunning().finished
    },
    async leave() {
      isRunning().child.kill('SIGINT')
      expect((await isRunning().finished).exitCode).toBe(0)
    },
  }
}

/** What each pane says in one step of the evening; it waits until each has said all that it is to say. */
export interface Transcript {
  /** `chance`: what may or may not be said. */
  step(title: string, act: () => Promise<void>, expected: ReadonlyMap<Guest, readonly RegExp[]>, chance?: RegExp): Promise<void>
  textOf(guest: Guest): string
}

/**
 * Lines that come from different places at once have no order among themselves: within a step they stand sorted, each once.
 * Chance is left out: who of several notices first that somebody is silent, whether two that notice at once begin an epoch
 * each, and whether one sees an epoch that the next one follows at once.
 */
export function createTranscript(guests: readonly Guest[]): Transcript {
  const told = new Map<Guest, { at: number; text: string }>(guests.map((guest) => [guest, { at: 0, text: '' }]))
  return {
    async step(title, act, expected, chance = /^$/) {
      await act()
      for (const guest of guests) {
        const state = told.get(guest)
        if (state === undefined) continue
        const spoken = (): string => guest.lines.slice(state.at).join('\n')
        for (const pattern of expected.get(guest) ?? []) {
          const isSaid = (): boolean => new RegExp(pattern, 'm').test(spoken())
          await until(`${guest.name} says ${pattern} (${title}); it said:\n${guest.lines.join('\n')}`, isSaid, waitMillis)
        }
      }
      for (const [guest, state] of told) {
        const lines = guest.lines.slice(state.at)
        state.at += lines.length
        const shown = [...new Set(lines.filter((line) => !isChance(line) && !chance.test(line)).map(normal))].sort()
        if (shown.length > 0) state.text += `# ${title}\n${shown.map((line) => `${line}\n`).join('')}\n`
      }
    },
    textOf: (guest) => told.get(guest)?.text ?? '',
  }
}

const isChance = (line: string): boolean => /: asking the others$|has begun: \d members?$/.test(line)

/** What differs from one evening to the next: times, ids, ports, numbers of epochs, the width that a port takes in the box. */
export const normal = (line: string): string =>
  line
    .replaceAll(/(\d{4}-\d\d-\d\d[ T])?\d\d:\d\d:\d\d[+-]\d\d:\d\d/g, 'TIME')
    .replaceAll(/\b12D3Koo\w+/g, 'PEER')
    .replaceAll(/\b[0-9a-f]{64}\b/g, 'ROOM')
    .replaceAll(/\(([0-9a-f]{8})\)/g, '(ROOM)')
    .replaceAll(/\(\w{6}\)/g, '(PEER)')
    .replaceAll(/\b\d+\.[1-9A-HJ-NP-Za-km-z]{6}\b/g, 'EPOCH')
    .replaceAll(/(127\.0\.0\.1(?::|\/tcp\/))\d+/g, '$1PORT')
    .replaceAll(/ +│$/g, ' │')
    .replaceAll(/ends \d+ s later/g, 'ends N s later')

const golden = new URL('golden/', import.meta.url)

/** Held against `golden/NAME.txt`, which `UPDATE=1` writes anew; commit the difference only once you can explain it. */
export function compareGolden(name: string, text: string): void {
  const file = new URL(`${name}.txt`, golden)
  if (process.env.UPDATE === '1') {
    mkdirSync(golden, { recursive: true })
    writeFileSync(file, text)
  }
  expect(text).toBe(readFileSync(file, 'utf8'))
}
