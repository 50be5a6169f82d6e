import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
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
