import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { createStore } from '../../src/io/store/store.ts'
import { block } from './store-conformance.ts'

const root = await mkdtemp(join(tmpdir(), 'gavelring-processes-'))
afterAll(() => rm(root, { recursive: true, force: true }))
const writer = join(import.meta.dirname, 'store-writer.ts')
const kills = Number(process.env.KILLS ?? 12)

it(`keeps each block that was acknowledged, through ${kills} kills at any moment`, { timeout: kills * 20_000 }, async () => {
  const folder = join(root, 'killed')
  let acknowledged = -1
  for (let round = 0; round < kills; round++) {
    const child = spawn(process.execPath, [writer, folder, '100000'], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (chunk) => {
      said += String(chunk)
    })
    // Some while it reads, most while it writes.
    if (round % 4 !== 0) await once(child.stdout, 'data')
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 150))
    child.kill('SIGKILL')
    await once(child, 'close')
    const whole = said.slice(0, said.lastIndexOf('\n') + 1)
    acknowledged = Math.max(acknowledged, ...(whole.match(/\d+/g) ?? []).map(Number))

    const store = createStore(folder)
    const { last = -1, found } = await store.open()
    expect(['new', 'clean', 'ahead']).toContain(found)
    expect(last).toBeGreaterThanOrEqual(acknowledged)
    expect(await store.read(0, last, 1e9)).toEqual(Array.from({ length: last + 1 }, (_, index) => block(index)))
    await store.close()
  }
  expect(acknowledged).toBeGreaterThan(kills)
})

it('has the system sync its batch before it acknowledges it, and the witness before it ends', async (context) => {
  const [folder, trace] = [join(root, 'traced'), join(root, 'trace')]
  try {
    execFileSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' })
  } catch {
    context.skip('this needs strace')
  }
  const calls = ['-f', '-y', '-qq', '-e', 'trace=write,pwrite64,fsync,fdatasync,rename,renameat,renameat2', '-o', trace]
  execFileSync('strace', [...calls, process.execPath, writer, folder, '5'], { stdio: ['ignore', 'ignore', 'ignore'] })
  const steps = (await readFile(trace, 'utf8')).split('\n').flatMap(stepOf)
  const acknowledged = steps.flatMap((step, place) => (step === 'said' ? [place] : []))
  expect(acknowledged).toHaveLength(6)
  for (const [number, place] of acknowledged.entries()) {
    if (number === 0) continue
    const since = steps.slice(acknowledged[number - 1], place)
    expect(since.lastIndexOf('journal synced'), steps.join(', ')).toBeGreaterThan(since.lastIndexOf('journal written'))
    expect(since).toContain('journal written')
  }
  // Before the first batch the witness is there under its name; after the last one it is written once more, and synced.
  const named = steps.indexOf('witness named')
  expect(steps.slice(0, named)).toContain('draft synced')
  expect(named).toBeLessThan(steps.indexOf('journal written'))
  expect(steps.lastIndexOf('witness written')).toBeGreaterThan(steps.lastIndexOf('journal synced'))
  expect(steps.lastIndexOf('witness synced')).toBeGreaterThan(steps.lastIndexOf('witness written'))
})

/** What a line of strace is about, where it matters. A call that another thread interrupts is told where it begins. */
function stepOf(line: string): readonly string[] {
  const kinds: readonly (readonly [RegExp, string])[] = [
    [/write\(1<.*"(?:open|\d+)\\n"/, 'said'],
    [/ p?write(?:64)?\(\d+<[^>]*\.log>/, 'journal written'],
    [/ f(?:data)?sync\(\d+<[^>]*\.log>/, 'journal synced'],
    [/ p?write(?:64)?\(\d+<[^>]*\/witness>/, 'witness written'],
    [/ f(?:data)?sync\(\d+<[^>]*\/witness>/, 'witness synced'],
    [/ f(?:data)?sync\(\d+<[^>]*\/witness\.new>/, 'draft synced'],
    [/ rename.*witness\.new/, 'witness named'],
  ]
  return kinds.flatMap(([pattern, kind]) => (pattern.test(line) ? [kind] : []))
}
