import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { checkInRoom } from '../../src/app/lab-check.ts'
import { dataIn, type Report, reportPage } from '../../src/mutex/report.ts'
import type { RunStep } from '../../src/mutex/run-steps.ts'
import { type Person, peopleInRoom } from './room.ts'
import { run } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'gavelring-report-'))
afterAll(() => rmSync(folder, { recursive: true }))
const fileOf = (name: string): string => join(folder, name)

interface Checked {
  readonly verdict: string
  readonly findings: readonly { readonly what: string; readonly is: string; readonly text: string }[]
}

async function check(file: string, ...more: readonly string[]) {
  const { exitCode, out, notes } = await run(['lab', 'check', file, '--json', ...more])
  const said: Partial<Checked> = JSON.parse(out.join('\n'))
  const wrong = (said.findings ?? []).filter(({ is }) => is !== 'right').map(({ what, is }) => `${what} ${is}`)
  return { exitCode, verdict: said.verdict, wrong, notes }
}

/** What an honest program makes of other data, so that the page is in order: only what it is held against can tell. */
function forged(page: string, change: (report: { [field: string]: unknown }) => void): string {
  const data = dataIn(page)
  if (typeof data !== 'object' || data === null) throw new Error('the page has data')
  const copy = structuredClone(data) as { [field: string]: unknown } & Report
  change(copy)
  return reportPage(copy)
}

const setIn = (object: unknown, path: string, value: unknown): void => {
  const names = path.split('.')
  const last = names.pop() ?? ''
  const target = names.reduce<unknown>((inner, name) => (inner as Readonly<Record<string, unknown>>)[name], object)
  ;(target as Record<string, unknown>)[last] = value
}

describe('the report of a simulated run', () => {
  const args = ['lab', 'run', 'maekawa', '--think', '20ms', '--lose', '10', '--crash', '50ms', '--entries', '10', '--seed', '3']
  let page = ''
  beforeAll(async () => {
    expect((await run([...args, '--report', fileOf('run.html'), '--by', 'Ana </script><b>', '--language', 'es'])).exitCode).toBe(
      0,
    )
    page = readFileSync(fileOf('run.html'), 'utf8')
  })

  it('is one page without scripts and with nothing from elsewhere, in the language that was asked for', () => {
    expect(page).toMatch(/^<!doctype html>\n<html lang="es">/)
    expect([...page.matchAll(/<script[^>]*>/g)].map(([tag]) => tag)).toEqual([
      '<script type="application/json" id="gavelring-lab-report">',
    ])
    expect(page.match(/<\/script>/g)?.length).toBe(1)
    expect(page).not.toMatch(/<b>|(src|href)=|url\((?!#)|\son\w+=/)
    expect(page).toContain('Equidad')
    expect(page).toContain('@page{size:A4')
  })

  it('is right as it was written, also after a mail program has changed the ends of its lines', async () => {
    expect(await check(fileOf('run.html'))).toEqual({ exitCode: 0, verdict: 'right', wrong: [], notes: [] })
    writeFileSync(fileOf('mail.html'), page.replaceAll('\n', '\r\n'))
    expect((await check(fileOf('mail.html'))).verdict).toBe('right')
  })

  it('whoever changes what one reads, and not the data, is found out', async () => {
    for (const [from, to] of [
      ['<h1>', '<h1>A+ '],
      ['</main>', '<p>9.99</p></main>'],
      ['<td>10</td>', '<td>11</td>'],
      ['.note{color', '.note{display:none;color'],
    ] as const) {
      expect(page).toContain(from)
      writeFileSync(fileOf('edited.html'), page.replace(from, to))
      expect([to, await check(fileOf('edited.html'))]).toEqual([
        to,
        { exitCode: 1, verdict: 'changed', wrong: ['page changed'], notes: [] },
      ])
    }
  })

  it.each([
    ['figures.messagesPerEntry', 3, 'figures changed'],
    ['figures.fairness', undefined, 'figures changed'],
    ['figures.violations', 1, 'figures changed'],
    ['figures.grade', 'A', 'figures changed'],
    ['source.stepsHash', 'ab'.repeat(32), 'run changed'],
    ['source.ended', 'time', 'run changed'],
    ['stepCount', 7, 'run changed'],
    ['source.setting.seed', 4, 'run changed'],
    ['steps.3.at', 12, 'events changed'],
    [
      'violations',
      [{ first: { peer: 'A', at: 1, epoch: 1, lamport: 1 }, second: { peer: 'B', at: 1, epoch: 1, lamport: 1 } }],
      'violations changed',
    ],
  ])('whoever changes %s, and makes a page of it, is found out', async (path, value, wrong) => {
    writeFileSync(
      fileOf('forged.html'),
      forged(page, (report) => setIn(report, path, value)),
    )
    const checked = await check(fileOf('forged.html'))
    expect([checked.exitCode, checked.verdict]).toEqual([1, 'changed'])
    expect(checked.wrong).toContain(wrong)
    expect(checked.wrong).not.toContain('page changed')
  })

  it('one of another version that comes to something else is neither right nor changed', async () => {
    writeFileSync(
      fileOf('old.html'),
      forged(page, (report) => {
        setIn(report, 'program', '9.9.9')
        setIn(report, 'figures.fairness', 1)
      }),
    )
    expect(await check(fileOf('old.html'))).toMatchObject({ exitCode: 3, verdict: 'unknown' })
  })

  it('what is no report is refused in a sentence, whatever it is', async () => {
    const json = (value: unknown) => `<script type="application/json" id="gavelring-lab-report">${JSON.stringify(value)}</script>`
    const data = dataIn(page) as Report
    const texts = [
      '',
      'hello',
      '\0\xff'.repeat(1_000),
      page.slice(0, -3_000),
      json(null),
      json([]),
      json({}),
      json({ ...data, format: 'gavelring-lab-report-2' }),
      json({ ...data, more: 1 }),
      json({ ...data, steps: Array.from({ length: 10_000 }, () => data.steps[0]) }),
      json({ ...data, steps: [{ kind: 'state', run: {} }] }),
      json({ ...data, language: '__proto__' }),
      json({ ...data, names: [{ peer: 1, name: 2 }] }),
      json({ ...data, source: { ...data.source, setting: { peers: 1e9, entries: 1e9 } } }),
      `${json(data).slice(0, -9)}${'['.repeat(100_000)}</script>`,
    ]
    for (const [at, text] of texts.entries()) {
      writeFileSync(fileOf('none.html'), text)
      const { exitCode, notes } = await run(['lab', 'check', fileOf('none.html')])
      expect([at, exitCode, notes[0]]).toEqual([at, 1, 'This is no lab report, or its data are damaged.'])
    }
    writeFileSync(fileOf('large.html'), Buffer.alloc(5 * 2 ** 20))
    expect((await run(['lab', 'check', fileOf('large.html')])).exitCode).toBe(1)
    for (const file of [fileOf('nothing.html'), folder]) {
      const { exitCode, notes } = await run(['lab', 'check', file])
      expect([exitCode, notes[0]]).toEqual([2, expect.stringContaining('cannot be read')])
    }
  })

  it('of somebody’s own algorithm it is run again from that very file only', async () => {
    const own = (name: string, more: string) => {
      const text = `export default { name: 'mine', create: ({ self, members }, { enter, send }) => ({
        request() { ${more} enter() }, release() {}, receive() {} }) }`
      writeFileSync(fileOf(name), text)
      return fileOf(name)
    }
    const mine = own('mine.mjs', '')
    const ran = await run(['lab', 'run', mine, '--stay', '5ms', '--entries', '5', '--report', fileOf('mine.html')])
    expect(ran.exitCode).toBe(1)
    expect(await check(fileOf('mine.html'))).toMatchObject({ exitCode: 3, wrong: ['run unknown'] })
    expect(await check(fileOf('mine.html'), '--algorithm', mine)).toMatchObject({ exitCode: 0, wrong: [] })
    const other = own('other.mjs', 'globalThis.wasRun = true;')
    expect(await check(fileOf('mine.html'), '--algorithm', other)).toMatchObject({ exitCode: 3, wrong: ['run unknown'] })
    expect('wasRun' in globalThis).toBe(false)
    // A report names no file that is run.
    writeFileSync(
      fileOf('lure.html'),
      forged(readFileSync(fileOf('mine.html'), 'utf8'), (report) => {
        setIn(report, 'source.algorithm', other)
        setIn(report, 'source.sha256', undefined)
      }),
    )
    expect((await check(fileOf('lure.html'))).exitCode).toBe(3)
    expect('wasRun' in globalThis).toBe(false)
  })

  it.each(['json', 'csv', 'figures', 'svg', 'shiviz'])('can be had as %s', async (format) => {
    const file = fileOf(`run.${format}`)
    expect((await run([...args, '--report', file, '--format', format])).exitCode).toBe(0)
    const text = readFileSync(file, 'utf8')
    const { stepCount } = dataIn(page) as Report
    if (format === 'json') expect(JSON.parse(text).steps.length).toBe(stepCount)
    if (format === 'csv') expect(text.split('\r\n').length).toBe(stepCount + 2)
    if (format === 'figures') expect(text).toMatch(/\r\nmaekawa,5,/)
    if (format === 'svg') expect(text).toMatch(/^<svg /)
    if (format === 'shiviz') expect(text).toMatch(/^\(\?<event>/)
  })

  it.each([
    [['--format', 'pdf'], '--format: one of html, json'],
    [['--language', 'de'], '--language: en, pt or es'],
    [['--by', ' '], '--by'],
  ])('%j is refused', async (more, text) => {
    const { exitCode, notes } = await run([...args, '--report', fileOf('refused.html'), ...more])
    expect([exitCode, notes.join('\n')]).toEqual([2, expect.stringContaining(text)])
  })
})

describe('the report of an experiment on the room', () => {
  async function room(): Promise<{ ana: Person; bob: Person; file: string; page: string }> {
    const [ana, bob] = (await peopleInRoom(['Ana', 'Bob'])) as [Person, Person]
    expect((await ana.call('lab', 'run', 'ricart-agrawala', '--room', '--entries', '5')).exitCode).toBe(0)
    const file = fileOf(`room-${Math.random()}.html`)
    expect(await bob.says('lab', 'report', '1', '-o', file, '--by', 'Bob')).toBe(`Experiment 1 is in ${file}.`)
    return { ana, bob, file, page: readFileSync(file, 'utf8') }
  }

  const checkBy = async (person: Person, file: string) => check(file, '--profile', person.profile)

  test('one member’s report is right for another one: set-up, result, setting, figures, events', async () => {
    const { ana, bob, file, page } = await room()
    expect(await checkBy(ana, file)).toEqual({ exitCode: 0, verdict: 'right', wrong: [], notes: [] })
    expect(await checkBy(bob, file)).toMatchObject({ exitCode: 0 })
    // What is streamed beside events is no step of a run.
    const { runs } = JSON.parse((await ana.call('lab', 'show', '--json')).out.join('\n'))
    writeFileSync(
      fileOf('state.html'),
      page.replace(
        /(?<=application\/json"[^>]*>).*(?=<\/script>)/,
        JSON.stringify({ ...(dataIn(page) as Report), steps: [{ kind: 'state', run: runs[0] }] }),
      ),
    )
    expect((await ana.call('lab', 'check', fileOf('state.html'))).notes[0]).toContain('no lab report')
    // On stdout it is the same page.
    writeFileSync(fileOf('stdout.html'), `${(await ana.call('lab', 'report', '1')).out.join('\n')}\n`)
    expect(await checkBy(ana, fileOf('stdout.html'))).toMatchObject({ exitCode: 0, wrong: [] })
    const json = JSON.parse((await ana.call('lab', 'report', '1', '--json')).out.join('\n'))
    expect(json.steps.length).toBe((dataIn(page) as Report).stepCount)
    const { source, names, figures } = dataIn(page) as Report
    expect([figures.entries, figures.messagesPerEntry]).toEqual([10, 2])
    expect(names.map(({ name }) => name).sort()).toEqual(['Ana', 'Bob'])
    if (source.kind !== 'room') throw new Error('it is of a room')
    const [block] = await ana.peer.log(source.end.index, 1)
    expect(block?.author).toBe(ana.peer.lab().host)

    const forgeries: readonly (readonly [string, unknown, string])[] = [
      ['figures.entriesPerSecond', 1e6, 'figures changed'],
      ['figures.violations', 3, 'figures changed'],
      ['source.what', 'stop', 'figures changed'],
      ['source.setting.entries', 500, 'setting changed'],
      ['source.settingHash', 'ab'.repeat(32), 'setting changed'],
      ['source.setup.hash', 'ab'.repeat(32), 'setup changed'],
      ['source.setup.index', 1, 'setup changed'],
      ['source.end.hash', 'ab'.repeat(32), 'result changed'],
      ['source.end.index', 1, 'figures changed'],
      ['source.experiment', 2, 'figures changed'],
      ['source.head.hash', 'ab'.repeat(32), 'log changed'],
      ['source.head.index', 1_000_000, 'log unknown'],
      ['source.room.id', 'ab'.repeat(32), 'room unknown'],
      ['steps.4.lamport', 777, 'events changed'],
    ]
    for (const [path, value, wrong] of forgeries) {
      writeFileSync(
        fileOf('forged.html'),
        forged(page, (report) => setIn(report, path, value)),
      )
      const checked = await checkBy(ana, fileOf('forged.html'))
      expect([path, checked.exitCode, checked.wrong]).toEqual([
        path,
        wrong.endsWith('unknown') ? 3 : 1,
        expect.arrayContaining([wrong]),
      ])
    }
  })

  test('once a peer keeps the events no more, the diagram is unknown to it, and all else is still held against the log', async () => {
    const { page } = await room()
    const report = dataIn(page) as Report
    if (report.source.kind !== 'room') throw new Error('it is of a room')
    const { room: about, experiment, what, setup, end, head, setting, settingHash } = report.source
    const findings = await checkInRoom(report, {
      room: about.id,
      hashOf: async (index) => [setup, end, head].find((one) => one.index === index)?.hash,
      recorded: { experiment, what, setupBlock: setup.index, settingHash, setting, figures: report.figures },
      steps: undefined,
    })
    expect(findings.filter(({ is }) => is !== 'right').map(({ what: one, is }) => [one, is])).toEqual([['events', 'unknown']])
  })

  test('what was not told to a peer it does not know; only what it was told otherwise is changed', async () => {
    const { page } = await room()
    const report = dataIn(page) as Report
    if (report.source.kind !== 'room') throw new Error('it is of a room')
    const { room: about, setup, end, head, setting, settingHash, experiment, what } = report.source
    const judge = async (given: Report, steps: readonly RunStep[]) => {
      const findings = await checkInRoom(given, {
        room: about.id,
        hashOf: async (index) => [setup, end, head].find((one) => one.index === index)?.hash,
        recorded: { experiment, what, setupBlock: setup.index, settingHash, setting, figures: report.figures },
        steps,
      })
      return findings.filter(({ is }) => is !== 'right').map((one) => `${one.what} ${one.is}`)
    }
    const { steps } = report
    const event = steps.find(({ kind }) => kind === 'event')
    if (event?.kind !== 'event') throw new Error('there are events')
    const missed: RunStep = { kind: 'missed', number: 999, at: 0, peer: event.peer, count: 1 }
    const others = steps.map((step) => (step === event ? { ...event, lamport: 777 } : step))
    const violation = { first: { peer: 'A', at: 1, epoch: 1, lamport: 1 }, second: { peer: 'B', at: 1, epoch: 1, lamport: 1 } }
    expect(await judge(report, steps.toReversed())).toEqual([])
    expect(
      await judge(
        report,
        steps.filter((step) => step !== event),
      ),
    ).toEqual(['events unknown'])
    expect(await judge(report, others)).toEqual(['events changed'])
    expect(await judge(report, [...others, missed])).toEqual(['events unknown'])
    expect(await judge({ ...report, violations: [violation] }, steps)).toEqual(['violations changed'])
    expect(await judge({ ...report, violations: [violation] }, [...steps, missed])).toEqual(['violations unknown'])
    expect(
      await judge({ ...report, violations: [violation] }, [...steps, { ...missed, kind: 'violation', ...violation }]),
    ).toEqual([])
  })

  test('a peer that has ended checks nothing', async () => {
    const { file } = await room()
    const { exitCode } = await run(['lab', 'check', file, '--profile', folder])
    expect(exitCode).toBe(3)
  })

  test('what has not ended, is not there, or is no number has no report', async () => {
    const { ana } = await room()
    const says = async (...args: readonly string[]) => {
      const { exitCode, notes } = await ana.call('lab', 'report', ...args)
      return [exitCode, notes[0]]
    }
    expect(await says('7')).toEqual([1, 'The log has no experiment 7.'])
    expect(await says('0')).toEqual([2, expect.stringContaining('NUMBER')])
    const running = ana.call('lab', 'run', 'token-ring', '--room', '--entries', '10000')
    await expect.poll(() => ana.peer.lab().runs.length).toBe(2)
    expect(await says('2')).toEqual([1, 'Experiment 2 still runs.'])
    await ana.call('lab', 'stop', '2')
    await running
    const { exitCode, out } = await ana.call('lab', 'report', '2', '--format', 'figures')
    expect([exitCode, out[1]?.split(',')[0]]).toEqual([0, 'token-ring'])
  })
})
