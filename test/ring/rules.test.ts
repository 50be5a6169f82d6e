import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const folder = new URL('../../src/ring/', import.meta.url)
const sources = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file, text: readFileSync(new URL(file, folder), 'utf8') }))

/** `| name | [S1] [S2] | what must be so |` */
const rules = readFileSync(new URL('RULES.md', folder), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const row = /^\| (\d\S*) \| ((?:\[(?:S|L)\d?\] ?)+)\| (.+) \|$/.exec(line)
    return row === null ? [] : [{ name: row[1] as string, marks: (row[2] as string).trim(), text: row[3] as string }]
  })

const placed = sources.flatMap(({ file, text }) =>
  [...text.matchAll(/Rule (\S+) ((?:\[(?:S|L)\d?\] ?)+)/g)].map((found) => ({
    file,
    name: found[1] as string,
    marks: (found[2] as string).trim(),
  })),
)

describe('the rules of the ring', () => {
  it('are named once each, and every section has some', () => {
    expect(rules.length).toBeGreaterThan(50)
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length)
    expect([...new Set(rules.map(({ name }) => name[0]))].sort()).toEqual(['1', '2', '3', '4', '5', '7'])
  })

  it.each(rules)('$name stands at the line that keeps it: $text', ({ name, marks }) => {
    const lines = placed.filter((line) => line.name === name)
    expect(lines.map((line) => line.file)).not.toEqual([])
    for (const line of lines) expect(line.marks).toBe(marks)
  })

  it('a line that names a rule names one that there is', () => {
    const known = new Set(rules.map(({ name }) => name))
    expect(placed.filter(({ name }) => !known.has(name))).toEqual([])
  })

  it('a MUST, NEVER or ONLY in a comment stands with a rule', () => {
    for (const { file, text } of sources) {
      for (const comment of text.matchAll(/\/\*\*[\s\S]*?\*\/|(?:^ *\/\/.*\n)+/gm)) {
        if (/\b(?:MUST|NEVER|ONLY)\b/.test(comment[0])) expect(comment[0], file).toContain('Rule ')
      }
    }
  })
})
