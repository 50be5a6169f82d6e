import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { peer } from '../../src/cli/peer.ts'
import { logEvents } from '../../src/core/log-events.ts'
import { root } from './manifests.ts'

const page = readFileSync(`${root}docs/service.md`, 'utf8')
const sectionOf = (title: string): string => page.split(new RegExp(`^##+ ${title}$`, 'm'))[1]?.split(/^##+ /m)[0] ?? ''

test('the page has every name of a log line with its words, in the order of the code', () => {
  const rows = [...sectionOf('Names of log lines').matchAll(/^\| `([a-z-]+)` \| (.*) \|$/gm)].map(([, name, words]) => [
    name,
    words,
  ])
  expect(rows).toEqual(Object.entries(logEvents))
})

test('the page has every option of a peer as a variable, and no other', () => {
  const told = new Set(sectionOf('Options').match(/GAVELRING_[A-Z_]+/g))
  const options = peer.options.map(({ name }) => `GAVELRING_${name.toUpperCase().replaceAll('-', '_')}`)
  expect([...told].sort()).toEqual(options.sort())
})

test('every file that the page names is there', () => {
  for (const [, path] of page.matchAll(/\]\((\.\.\/[\w./-]+|[\w-]+\.md)\)/g)) {
    expect(() => readFileSync(new URL(path ?? '', `file://${root}docs/`)), path).not.toThrow(/ENOENT/)
  }
})
