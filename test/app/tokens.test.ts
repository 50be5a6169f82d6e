import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openTokens } from '../../src/app/tokens.ts'
import { silentLogger } from '../support/silent-logger.ts'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'gavelring-tokens-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  chmodSync(path, 0o700)
  return path
}

test('tokens are found by their whole text, after a restart too, until they are revoked', async () => {
  const profile = folder()
  const tokens = await openTokens(profile, silentLogger)
  const made = await tokens.create('bid', 'wall')
  const text = made?.token ?? ''
  for (const kept of [tokens, await openTokens(profile, silentLogger)]) {
    expect(kept.find(text)).toMatchObject({ id: made?.id, role: 'bid', label: 'wall' })
    for (const guess of ['', text.slice(0, -1), `${text} `, text.replace('bid', 'host'), made?.id ?? '']) {
      expect(kept.find(guess)).toBeUndefined()
    }
  }
  expect(await tokens.revoke(made?.id ?? '')).toBe(true)
  expect(await tokens.revoke(made?.id ?? '')).toBe(false)
  expect((await openTokens(profile, silentLogger)).find(text)).toBeUndefined()
})

test('many that are made at once are all kept, up to the most that there can be', async () => {
  const profile = folder()
  const tokens = await openTokens(profile, silentLogger)
  const made = await Promise.all(Array.from({ length: tokens.tokensMax + 5 }, () => tokens.create('read', undefined)))
  expect(made.filter((token) => token === undefined)).toHaveLength(5)
  const again = await openTokens(profile, silentLogger)
  expect(again.list()).toHaveLength(tokens.tokensMax)
  expect(made.every((token) => token === undefined || again.find(token.token)?.id === token.id)).toBe(true)
})

test('a file of gigabytes opens nothing either, and keeps no peer from its start', async () => {
  const profile = folder()
  const file = join(profile, 'tokens.json')
  writeFileSync(file, '[')
  truncateSync(file, 5 * 2 ** 30)
  expect((await openTokens(profile, silentLogger)).list()).toEqual([])
  expect([readdirSync(profile), statSync(`${file}.unread`).size]).toEqual([['tokens.json.unread'], 5 * 2 ** 30])
})

test.each(['', '{', '{}', '[{}]', '[{"id":"00000000","role":"owner","created":1,"sha256":"x"}]', '\u0000'])(
  'a file that says %j opens nothing, is kept beside, and new tokens are made all the same',
  async (contents) => {
    const profile = folder()
    writeFileSync(join(profile, 'tokens.json'), contents)
    const tokens = await openTokens(profile, silentLogger)
    expect(tokens.list()).toEqual([])
    expect(readFileSync(join(profile, 'tokens.json.unread'), 'utf8')).toBe(contents)
    await tokens.create('read', undefined)
    expect(readdirSync(profile).toSorted()).toEqual(['tokens.json', 'tokens.json.unread'])
  },
)
