import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { playScenario } from './scenario.ts'

// Conversations of the ring as text. `UPDATE=1 npm test -- test/ring` rewrites what they say; commit the difference only
// once you can explain it.
const folder = new URL('./scenarios/', import.meta.url)

describe('ring conversations', () => {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.txt'))) {
    it(file.replace('.txt', '').replaceAll('-', ' '), () => {
      const text = readFileSync(new URL(file, folder), 'utf8')
      const played = playScenario(text)
      if (process.env.UPDATE === '1') writeFileSync(new URL(file, folder), played)
      else expect(played).toBe(text)
    })
  }
})
