import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from './processes.ts'
import { run } from './run.ts'

test('lists all scenarios, and runs one by its name: what it promises holds', async () => {
  const listed = await run(['lab', 'scenarios', '--json'])
  const names: readonly { readonly name: string }[] = JSON.parse(listed.out.join('\n'))
  expect(names.map(({ name }) => name)).toEqual([
    'holder-dies',
    'coordinator-dies',
    'equal-times',
    'stale-token',
    'partition',
    'wall-clock',
    'sockets',
  ])
  const page = join(temporaryFolder(), 'story.html')
  const { exitCode, out } = await run(['lab', 'scenario', 'equal-times', '--seed', '5', '-o', page])
  expect(exitCode).toBe(0)
  expect(out).toContain('holds  where ties reply, both are inside at once')
  const html = readFileSync(page, 'utf8')
  expect(html.match(/<svg /g)?.length).toBe(3)
  expect(html).not.toMatch(/<script|NaN|undefined/)
  const json = JSON.parse((await run(['lab', 'scenario', 'equal-times', '--seed', '5', '--json'])).out.join('\n'))
  expect(json).toMatchObject({
    scenario: 'equal-times',
    claims: [{ holds: true }, { holds: true }, { holds: true }, { holds: true }],
  })
})

test.each([
  [['lab', 'scenario', 'holder-die'], 'There is no scenario “holder-die”. Did you mean "holder-dies"?'],
  [['lab', 'scenario', 'equal-times', '--seed', '-1'], '--seed'],
  [['lab', 'scenario'], 'NAME'],
])('%j is refused', async (args, text) => {
  const { exitCode, notes } = await run(args)
  expect([exitCode, notes.join('\n')]).toEqual([2, expect.stringContaining(text)])
})
