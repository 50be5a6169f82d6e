import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { run } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'gavelring-lab-'))
afterAll(() => rmSync(folder, { recursive: true }))

const template = fileURLToPath(new URL('../../docs/lab-template.ts', import.meta.url))

const own = (name: string, text: string): string => {
  const file = join(folder, `${name}.mjs`)
  writeFileSync(file, text)
  return file
}

interface Figures {
  readonly algorithm: string
  readonly entries: number
  readonly messages: { readonly entry: number }
  readonly expected: { readonly least: number; readonly most: number }
  readonly violations: readonly unknown[]
}

const figures = (out: readonly string[]): Figures => JSON.parse(out.join('\n'))

describe('gavelring lab', () => {
  it('compares the three ways with the theory: 3 for each entry of another than the coordinator, 2(n-1), 1 to n', async () => {
    const { exitCode, out } = await run(['lab', 'compare', '--peers', '5', '--entries', '20', '--json'])
    const runs: readonly Figures[] = JSON.parse(out.join('\n'))
    expect(exitCode).toBe(0)
    expect(runs.map(({ algorithm }) => algorithm)).toEqual(['centralized', 'ricart-agrawala', 'token-ring'])
    expect(runs.map(({ messages, entries }) => [messages.entry, entries])).toEqual([
      [3 * 80, 100],
      [8 * 100, 100],
      [expect.any(Number), 100],
    ])
    for (const { messages, expected } of runs) {
      expect(messages.entry).toBeGreaterThanOrEqual(expected.least)
      expect(messages.entry).toBeLessThanOrEqual(expected.most ?? Number.POSITIVE_INFINITY)
    }
  })

  it('gives the same run for the same seed, and another one for another', async () => {
    const runOf = async (seed: string) => (await run(['lab', 'run', 'maekawa', '--think', '20ms', '--seed', seed, '--json'])).out
    expect(await runOf('4')).toEqual(await runOf('4'))
    expect(await runOf('4')).not.toEqual(await runOf('5'))
  })

  it('says when one crashed how long the others waited', async () => {
    const { exitCode, out } = await run(['lab', 'run', 'token-ring', '--crash', '50ms', '--think', '5ms', '--json'])
    expect(exitCode).toBe(0)
    expect(JSON.parse(out.join('\n')).recovery).toBeGreaterThan(0)
  })

  it('writes all events for ShiViz: each host’s own clock rises by exactly one', async () => {
    const file = join(folder, 'run.log')
    expect(
      (
        await run([
          'lab',
          'run',
          'lamport',
          '--peers',
          '3',
          '--entries',
          '5',
          '--lose',
          '20',
          '--crash',
          '300ms',
          '--shiviz',
          file,
        ])
      ).exitCode,
    ).toBe(0)
    const [head, blank, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
    expect([head, blank]).toEqual(['(?<event>.*)\\n(?<host>\\S*) (?<clock>{.*})', ''])
    const parser = new RegExp(head ?? '')
    const clocks = new Map<string, number>()
    for (let at = 0; at < lines.length; at += 2) {
      const { host = '', clock = '{}' } = parser.exec(`${lines[at]}\n${lines[at + 1]}`)?.groups ?? {}
      const own: number = JSON.parse(clock)[host]
      expect(own).toBe((clocks.get(host) ?? 0) + 1)
      clocks.set(host, own)
    }
    expect([...clocks.keys()].sort()).toEqual(['A', 'B', 'C'])
  })

  it('shows with the template that two are inside at once, which two, and since when', async () => {
    const { exitCode, out } = await run(['lab', 'run', template, '--think', '20ms', '--stay', '2ms', '--entries', '20'])
    expect(exitCode).toBe(1)
    expect(out.at(-1)).toMatch(
      /^template: two were inside at once, \d+ times\. First: \w since [\d.]+ms \(Lamport \d+\), and \w from /,
    )
    const json = await run(['lab', 'run', template, '--think', '20ms', '--stay', '2ms', '--entries', '20', '--json'])
    expect(json.exitCode).toBe(1)
    expect(figures(json.out).violations.length).toBeGreaterThan(0)
  })

  it('says of somebody’s own algorithm what is wrong with it', async () => {
    const says = async (file: string) => {
      const { exitCode, notes } = await run(['lab', 'run', file, '--entries', '3'])
      return [exitCode, notes.join('\n')]
    }
    const create = (request: string) =>
      `export default { name: 'mine', create: (place, { enter, send, wake }) => ({ request() { ${request} }, release() {}, receive() {}, tick() { wake(1) } }) }`
    expect(await says(join(folder, 'none.mjs'))).toEqual([1, expect.stringContaining('There is no such file')])
    expect(await says(own('empty', 'export const name = 1'))).toEqual([
      1,
      expect.stringContaining('no algorithm as its default export'),
    ])
    expect(await says(own('null', 'export default null'))).toEqual([
      1,
      expect.stringContaining('no algorithm as its default export'),
    ])
    expect(await says(own('broken', 'export default {'))).toEqual([1, expect.stringContaining('cannot be loaded')])
    expect(await says(own('throws', create("throw new Error('not yet')")))).toEqual([
      1,
      expect.stringContaining('threw: not yet'),
    ])
    const stuck = await run(['lab', 'run', own('stuck', create('')), '--entries', '3', '--peers', '2'])
    expect([stuck.exitCode, stuck.out.at(-1)]).toEqual([1, 'mine: A, B never got in.'])
    const waking = await run(['lab', 'run', own('waking', create('wake(1)')), '--entries', '3', '--peers', '2'])
    expect([waking.exitCode, waking.out.at(-1)]).toEqual([1, 'mine: A, B never got in.'])
    const talking = create("for (const peer of place.members) if (peer !== place.self) send(peer, { kind: 'x' })").replace(
      'receive() {}',
      "receive(from) { send(from, { kind: 'x' }) }",
    )
    const endless = await run(['lab', 'run', own('endless', talking), '--entries', '3', '--peers', '2'])
    expect(endless.exitCode).toBe(1)
  })

  it.each([
    [['lab', 'run', 'nothing'], 'There is no algorithm “nothing”.'],
    [['lab', 'run', 'lamport', '--peers', '0'], '--peers: a whole number from 1 to 32'],
    [['lab', 'run', 'lamport', '--peers', '33'], '--peers: a whole number from 1 to 32'],
    [['lab', 'run', 'lamport', '--entries', '1e3'], '--entries: a whole number from 1 to 20000'],
    [['lab', 'run', 'lamport', '--lose', '100'], '--lose: a whole number from 0 to 90'],
    [['lab', 'run', 'lamport', '--think', '2h'], '--think: a time up to 1m'],
    [['lab', 'run', 'lamport', '--delay', '-1'], '--delay'],
    [['lab', 'compare', 'lamport'], 'lamport'],
  ])('refuses %j', async (args, text) => {
    const { exitCode, notes } = await run(args)
    expect(exitCode).toBe(2)
    expect(notes.join('\n')).toContain(text)
  })
})
