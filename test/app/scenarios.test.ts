import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { scenarios } from '../../src/app/scenarios/scenarios.ts'

const scenarioNamed = (name: string) => {
  const scenario = scenarios.find((one) => one.name === name)
  if (scenario === undefined) throw new Error(`there is no ${name}`)
  return scenario
}

async function bites(name: string, seed: number): Promise<void> {
  const { claims, parts } = await scenarioNamed(name).run(seed)
  expect(claims.length).toBeGreaterThan(3)
  expect([seed, claims.filter(({ holds }) => !holds).map(({ text }) => text)]).toEqual([seed, []])
  expect(parts.every(({ lines }) => lines.length > 0)).toBe(true)
}

test.each([0, 1, 2])(
  'sockets, seed %i: who waits does nothing else, and two who wait for each other wait for ever',
  (seed) => bites('sockets', seed),
  30_000,
)

test.each([0, 1, 2])(
  'wall-clock, seed %i: an hour off turns the order round, and the log does not care',
  (seed) => bites('wall-clock', seed),
  90_000,
)

test.each([1, 2])(
  'partition, seed %i: three of five go on, two wait, and there is one log',
  (seed) => bites('partition', seed),
  180_000,
)

const docs = fileURLToPath(new URL('../../docs/lab/', import.meta.url))

test.each(scenarios.map(({ name }) => name))('%s has a page for class in three languages, which says how to run it', (name) => {
  for (const language of ['en', 'pt', 'es']) {
    const file = `${docs}${name}.${language}.md`
    expect([file, existsSync(file)]).toEqual([file, true])
    const text = readFileSync(file, 'utf8')
    expect(text).toContain(`gavelring lab scenario ${name}`)
    expect(text.match(/^## /gm)?.length).toBe(4)
    expect(text.match(/^1\. /gm)?.length).toBe(1)
  }
})
