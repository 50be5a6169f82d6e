import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hasNoPipes, makePipe } from '../support/pipe.ts'
import { gavelring, launcher, startPeer, temporaryFolder } from './processes.ts'
import { run } from './run.ts'

/** A room of one, in which something was done, refused, and asked for twice. */
async function startRoom(profile: string) {
  const peer = await startPeer(profile)
  const call = (...args: readonly string[]) => run([...args, '--profile', profile])
  await call('account', 'open', 'ana', '--holder', 'Ana Lima')
  await call('account', 'open', 'bob', '--holder', 'Bob')
  await call('deposit', 'ana', '10.50', '--request-id', 'once')
  await call('deposit', 'ana', '10.50', '--request-id', 'once')
  expect((await call('withdraw', 'bob', '100')).exitCode).toBe(1)
  expect((await call('transfer', 'ana', 'bob', '4', '--memo', '-10%')).exitCode).toBe(0)
  return { peer, call }
}

/** Without what is another one each time. */
const operationsOf = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/^.*lamport \d+ {2}\S+ {2}/, ''))

const told = [
  'founds room classroom',
  'view of 1: Ana',
  'opens account ana for Ana Lima',
  'opens account bob for Bob',
  'deposits 10.50 EUR into ana',
  'deposits 10.50 EUR into ana: a repeat, done once before',
  'withdraws 100.00 EUR from bob: REFUSED. The account has not enough money: 0.00 EUR is available.',
  'pays bob 4.00 EUR from ana (-10%)',
]

test('log tail tells amounts and names, and what was refused and why; also of what was before the peer’s start', async () => {
  const profile = temporaryFolder()
  const { peer, call } = await startRoom(profile)
  const before = await call('log', 'tail')
  expect(operationsOf(before.out)).toEqual(told)
  expect(before.out[4]).toMatch(
    /^ {5}4 {2}\d\d:\d\d:\d\d[+-]\d\d:\d\d {2}epoch \S+ turn \d+ {2}Ana {11}lamport \d+ {2}[0-9a-f]{6}…[0-9a-f]{6} {2}deposits/,
  )
  const refusedAt = (out: readonly string[]): unknown => JSON.parse(out[6] ?? '').content[0].refused
  const refused = { code: 'funds-short', available: { cents: 0, text: '0.00 EUR' }, message: expect.stringMatching(/not enough/) }
  expect(refusedAt((await call('log', 'tail', '--json')).out)).toMatchObject(refused)

  peer.child.kill('SIGINT')
  await peer.finished
  await startPeer(profile)
  const after = await call('log', 'tail')
  expect(operationsOf(after.out).slice(0, told.length)).toEqual(told)
  expect(refusedAt((await call('log', 'tail', '--json')).out)).toMatchObject(refused)
  expect(operationsOf((await call('log', 'tail', '-n', String(after.out.length - 6))).out)[0]).toBe(told[6])
})

test('log tail --follow goes on with what comes, refused ones included', async () => {
  const profile = temporaryFolder()
  const { call } = await startRoom(profile)
  const following = gavelring(['log', 'tail', '-n', '1', '--follow', '--profile', profile])
  await following.said(/pays bob/)
  await call('withdraw', 'bob', '200')
  await following.said(/withdraws 200\.00 EUR from bob: REFUSED\./)
})

describe('an exported log', () => {
  let exported: Promise<readonly string[]> | undefined
  /** Made in the first test that needs it. */
  const readLines = (): Promise<readonly string[]> => {
    exported ??= (async () => {
      const profile = temporaryFolder()
      const { call } = await startRoom(profile)
      const lot = ['Brass lamp', '--payee', 'ana', '--seconds', '600', '--description', 'old']
      expect((await call('auction', 'start', ...lot)).exitCode).toBe(0)
      return (await call('log', 'export')).out
    })()
    return exported
  }

  const verify = async (text: string) => {
    const file = join(temporaryFolder(), 'room.jsonl')
    writeFileSync(file, text)
    return run(['log', 'verify', file])
  }

  test('is good as it is, with or without a last line end, and however it is laid out', async () => {
    const lines = await readLines()
    expect(await verify(`${lines.join('\n')}\n`)).toMatchObject({ exitCode: 0 })
    expect(await verify(lines.join('\r\n\r\n'))).toMatchObject({ exitCode: 0 })
    const spaced = lines.map((line) => line.replaceAll('":', '" : '))
    expect(spaced.join('\n')).not.toBe(lines.join('\n'))
    expect(await verify(spaced.join('\n'))).toMatchObject({ exitCode: 0 })
  })

  test('is found to lie in whichever field, and the field is named', async () => {
    const lines = await readLines()
    let tried = 0
    for (const [at, line] of lines.entries()) {
      for (const [path, changed] of changes(JSON.parse(line) as unknown)) {
        const text = lines.map((other, index) => (index === at ? JSON.stringify(changed) : other)).join('\n')
        const { exitCode, out } = await verify(text)
        expect([path, exitCode]).toEqual([path, 1])
        expect(out[0]).toMatch(new RegExp(`^Block ${at} is bad: `))
        if (!path.startsWith('bytes')) expect(out[0]).toContain(`field ${path}`)
        tried++
      }
    }
    expect(tried).toBeGreaterThan(150)
  })

  test('is found to lie where a field is given twice', async () => {
    const lines = await readLines()
    for (const [once, twice] of [
      ['{"index":4,', '{"index":9,"index":4,'],
      ['"amount":1050', '"amount":1,"amount":1050'],
      ['"amount":1050', '"\\u0061mount":1,"amount":1050'],
    ] as const) {
      expect(lines.join('\n')).toContain(once)
      const { out } = await verify(lines.join('\n').replace(once, twice))
      expect(out[0]).toBe('Block 4 is bad: one of its fields is given twice.')
    }
  })

  test('is found to be cut, reordered or no log', async () => {
    const lines = await readLines()
    const swapped = [...lines.slice(0, 3), lines[4], lines[3], ...lines.slice(5)].join('\n')
    expect((await verify(swapped)).out[0]).toMatch(/^Block 3 is bad/)
    expect((await verify([...lines.slice(0, 3), 'no log'].join('\n'))).out[0]).toBe('Block 3 is bad: the line is no JSON.')
    expect((await verify([...lines.slice(0, 3), '{}'].join('\n'))).out[0]).toBe('Block 3 is bad: the line is no exported block.')
    expect((await verify('')).out[0]).toBe('Block 0 is bad: the log is empty.')
    expect(await run(['log', 'verify', temporaryFolder()])).toMatchObject({ exitCode: 2 })
    if (hasNoPipes) return
    const pipe = makePipe(join(temporaryFolder(), 'pipe'))
    const { exitCode, notes } = await run(['log', 'verify', pipe])
    expect([exitCode, notes[0]]).toEqual([2, `${pipe} cannot be read (it is no file).`])
  })

  test.skipIf(hasNoPipes)('is verified out of another program', async () => {
    const file = join(temporaryFolder(), 'log.jsonl')
    writeFileSync(file, (await readLines()).join('\n'))
    const command = `"${process.execPath}" "${launcher}" log verify`
    for (const line of [`cat "${file}" | ${command} /dev/stdin`, `${command} <(cat "${file}")`]) {
      expect(execFileSync('bash', ['-c', line], { encoding: 'utf8' })).toMatch(/^The log is good: 9 blocks/)
    }
  })

  test('is verified from stdin', async () => {
    const lines = await readLines()
    for (const [text, exitCode, says] of [
      [lines.join('\n'), 0, /^The log is good: 9 blocks/],
      [
        lines.join('\n').replace('"turn":0', '"turn":1'),
        1,
        /^Block 0 is bad: its field turn says 1, but the signed bytes say 0\./,
      ],
    ] as const) {
      const child = spawn(process.execPath, [launcher, 'log', 'verify', '-'], { stdio: ['pipe', 'pipe', 'pipe'] })
      let out = ''
      child.stdout.on('data', (chunk) => {
        out += String(chunk)
      })
      child.stdin.end(text)
      const [ended] = await once(child, 'close')
      expect([ended, out]).toEqual([exitCode, expect.stringMatching(says)])
    }
  })
})

/** Each value of it changed, each field left out, and one put in: with the path of what was touched. */
function* changes(value: unknown, path = ''): Generator<readonly [path: string, changed: unknown]> {
  if (typeof value === 'number') yield [path, value + 1]
  else if (typeof value === 'string') yield [path, value === '' ? 'x' : `${value.slice(0, -1)}${value.endsWith('7') ? '8' : '7'}`]
  else if (typeof value === 'boolean') yield [path, !value]
  else if (value === null) yield [path, 0]
  else if (Array.isArray(value)) {
    yield [`${path}[${value.length}]`, [...(value as unknown[]), { more: 1 }]]
    if (value.length > 0) yield [`${path}[${value.length - 1}]`, value.slice(0, -1)]
    for (const [at, one] of value.entries()) {
      for (const [inner, changed] of changes(one, `${path}[${at}]`))
        yield [inner, value.map((other: unknown, i) => (i === at ? changed : other))]
    }
  } else {
    const record = value as Readonly<Record<string, unknown>>
    const pathOf = (key: string): string => (path === '' ? key : `${path}.${key}`)
    yield [pathOf('more'), { ...record, more: true }]
    for (const [key, one] of Object.entries(record)) {
      const { [key]: _, ...rest } = record
      yield [pathOf(key), rest]
      for (const [inner, changed] of changes(one, pathOf(key))) yield [inner, { ...record, [key]: changed }]
    }
  }
}

test('log export --csv is a row for each operation, with what became of it, on stdout and in a file', async () => {
  const profile = temporaryFolder()
  const { call } = await startRoom(profile)
  const { exitCode, out, notes } = await call('log', 'export', '--csv')
  expect([exitCode, notes]).toEqual([0, ['8 blocks exported.']])
  expect(out[0]).toMatch(
    /^block,time,epoch,turn,lamport,author,hash,operation,kind,account,to,auction,amount,currency,text,outcome$/,
  )
  expect(out.filter((row) => row.includes(',open-account,')).length).toBeGreaterThan(0)
  const file = join(temporaryFolder(), 'room.csv')
  expect(await call('log', 'export', '--csv', '-o', file)).toMatchObject({ exitCode: 0, notes: ['8 blocks exported.'] })
  expect(readFileSync(file, 'utf8')).toBe(out.map((row) => `${row}\r\n`).join(''))
  expect(await call('log', 'export', '--csv', '--json')).toMatchObject({ exitCode: 2 })
})

describe('log export -o', () => {
  test('writes a file of its owner’s, whole, and leaves nothing else behind', async () => {
    const profile = temporaryFolder()
    const { call } = await startRoom(profile)
    const folder = temporaryFolder()
    const file = join(folder, 'room.jsonl')
    expect(await call('log', 'export', '-o', file)).toMatchObject({ exitCode: 0, notes: ['8 blocks exported.'] })
    expect(readdirSync(folder)).toEqual(['room.jsonl'])
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600)

    writeFileSync(file, 'mine')
    const refused = await call('log', 'export', '-o', file)
    expect(refused).toMatchObject({ exitCode: 2, notes: [`${file} is there already.`, expect.stringMatching(/--force/)] })
    expect(readFileSync(file, 'utf8')).toBe('mine')
    expect(await call('log', 'export', '-o', file, '--force')).toMatchObject({ exitCode: 0 })
    expect(await run(['log', 'verify', file])).toMatchObject({ exitCode: 0 })

    for (const [name, more] of [
      ['link', []],
      ['link', ['--force']],
      ['dangling', []],
      ['dangling', ['--force']],
      ['folder', ['--force']],
    ] as const) {
      const target = join(temporaryFolder(), 'target')
      const place = join(folder, name)
      if (name === 'folder') {
        if (!existsSync(place)) mkdirSync(place)
      } else {
        if (name === 'link') writeFileSync(target, 'untouched')
        if (lstatSync(place, { throwIfNoEntry: false }) === undefined) symlinkSync(target, place)
      }
      const { exitCode, notes } = await call('log', 'export', '-o', place, ...more)
      expect([name, exitCode, notes[0]]).toEqual([name, 2, expect.stringMatching(name === 'folder' ? /is no file/ : /is a link/)])
      if (name === 'link') expect(readFileSync(place, 'utf8')).toBe('untouched')
      else expect(existsSync(target)).toBe(false)
    }
    expect(readdirSync(folder).sort()).toEqual(['dangling', 'folder', 'link', 'room.jsonl'])
  })

  test('leaves nothing behind where it fails', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'room.jsonl')
    expect(await run(['log', 'export', '-o', file])).toMatchObject({ exitCode: 3 })
    expect(readdirSync(folder)).toEqual([])
    expect(await run(['log', 'export', '-o', join(folder, 'none', 'room.jsonl')])).toMatchObject({
      exitCode: 3,
      notes: [expect.stringMatching(/^There is no such file or folder: .*room\.jsonl$/), expect.stringMatching(/another file/)],
    })
  })
})
