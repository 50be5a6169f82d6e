import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { createRunner, simulate } from './runner.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const test = `${root}test/core/money.test.ts`
const path = `${root}src/core/money.ts`
const text = readFileSync(path, 'utf8')
const runner = createRunner(root)
afterAll(() => runner.stop())

describe('a test file that is run against changed code', () => {
  it('fails for that change, and passes again without it', async () => {
    const wrong = text.replace('if (value < 1)', 'if (value < 2)')
    expect((await runner.run({ path: undefined, text: '', test }, 60_000)).failed).toBeUndefined()
    expect((await runner.run({ path, text: wrong, test }, 60_000)).failed).toBeDefined()
    expect((await runner.run({ path, text, test }, 60_000)).failed).toBeUndefined()
    expect((await runner.run({ path, text: 'throw new Error()', test }, 60_000)).failed).toContain('could not be loaded')
    expect((await runner.run({ path: undefined, text: '', test }, 60_000)).failed).toBeUndefined()
  })

  it('says which files it loads, and no others: only a change of these can make it fail', async () => {
    const { imports } = await runner.run({ path: undefined, text: '', test }, 60_000)
    expect(imports).toContain(path)
    expect(imports).toContain(`${root}src/core/result.ts`)
    expect(imports).not.toContain(`${root}src/core/codec.ts`)
  })

  it('is ended by its first failure', async () => {
    const failing = "import { appendFileSync } from 'node:fs'\nimport { it } from 'vitest'\n"
    const folder = mkdtempSync(join(tmpdir(), 'mutate-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'said')
    const two = ['one', 'two'].map((name) => `it('${name}', () => { appendFileSync('${file}', '${name}'); throw new Error() })`)
    expect((await runner.run({ path: test, text: failing + two.join('\n'), test }, 60_000)).failed).toBe('one')
    expect(readFileSync(file, 'utf8')).toBe('one')
    expect((await runner.run({ path: undefined, text: '', test }, 60_000)).failed).toBeUndefined()
  })

  it('is ended where it does not end, and the next one runs', async () => {
    const endless = text.replace('export function parseAmount', 'for (;;);\nexport function parseAmount')
    expect((await runner.run({ path, text: endless, test }, 8_000)).failed).toBe('does not end')
    expect((await runner.run({ path, text, test }, 60_000)).failed).toBeUndefined()
  })
})

describe('the simulator, run against changed code', () => {
  const ring = `${root}src/ring/log.ts`
  const args = ['--runs', '1', '--start', '1', '--stop']

  it('passes without a change, and fails for one', async () => {
    expect((await simulate(root, undefined, args, 60_000)).failed).toBeUndefined()
    const wrong = `${readFileSync(ring, 'utf8')}\nthrow new Error('changed')\n`
    expect((await simulate(root, { path: ring, text: wrong }, args, 60_000)).failed).toContain('changed')
  })

  it('is ended where it does not end', async () => {
    const endless = `${readFileSync(ring, 'utf8')}\nfor (;;);\n`
    expect((await simulate(root, { path: ring, text: endless }, args, 3_000)).failed).toBe('the simulator: does not end')
  })
})
