import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readApiAddress, readOrMakeToken, removeApiAddress, writeApiAddress } from '../../src/api/api-files.ts'

test('the token is made once, and only its owner can read it', () => {
  const profile = temporaryFolder()
  const token = readOrMakeToken(profile)
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect(readOrMakeToken(profile)).toBe(token)
  expect(modeOf(join(profile, 'api-token'))).toBe(0o600)
})

test('a token file that others could read is closed again, and one that is no token is replaced', () => {
  const profile = temporaryFolder()
  const path = join(profile, 'api-token')
  writeFileSync(path, `${'a'.repeat(43)}\n`, { mode: 0o644 })
  expect(readOrMakeToken(profile)).toBe('a'.repeat(43))
  expect(modeOf(path)).toBe(0o600)
  writeFileSync(path, 'short')
  expect(readOrMakeToken(profile)).toHaveLength(43)
})

test('the address is there for its owner while the peer runs, and gone after it', () => {
  const profile = temporaryFolder()
  const address = { url: 'http://127.0.0.1:1234', token: 'secret' }
  writeApiAddress(profile, address)
  expect(modeOf(join(profile, 'api.json'))).toBe(0o600)
  expect(readApiAddress(profile)).toEqual(address)
  removeApiAddress(profile)
  expect(readApiAddress(profile)).toBeUndefined()
})

test('half an address file counts as none', () => {
  const profile = temporaryFolder()
  writeFileSync(join(profile, 'api.json'), '{"url":"http://127')
  expect(readApiAddress(profile)).toBeUndefined()
})

/** Windows keeps files by their folder's rights, and has no such modes. */
const modeOf = (path: string): number => (process.platform === 'win32' ? 0o600 : statSync(path).mode & 0o777)

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
