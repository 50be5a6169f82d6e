import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeToken, readApiAddress, removeApiFiles, whyUnreachable, writeApiFiles } from '../../src/api/api-files.ts'
import { Unreachable } from '../../src/api/client.ts'
import { makePipe } from '../support/pipe.ts'

const url = 'http://127.0.0.1:1234'

test('each token is another one', () => {
  const tokens = Array.from({ length: 5 }, makeToken)
  for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect(new Set(tokens).size).toBe(5)
})

test('both files are there for their owner while the peer runs, written anew by each start, and gone after it', () => {
  const profile = temporaryFolder()
  for (const token of [makeToken(), makeToken()]) {
    writeApiFiles(profile, { url, token })
    expect(readApiAddress(profile)).toEqual({ url, token, pid: process.pid })
    expect(readFileSync(join(profile, 'api-token'), 'utf8')).toBe(`${token}\n`)
    for (const name of ['api.json', 'api-token']) expect(modeOf(join(profile, name))).toBe(0o600)
  }
  removeApiFiles(profile)
  expect(readApiAddress(profile)).toBeUndefined()
  expect(() => statSync(join(profile, 'api-token'))).toThrow('ENOENT')
})

test('what cannot be removed is no reason to fail', () => {
  const profile = temporaryFolder()
  writeApiFiles(profile, { url, token: makeToken() })
  rmSync(join(profile, 'api.json'))
  mkdirSync(join(profile, 'api.json'))
  removeApiFiles(profile)
  expect(() => statSync(join(profile, 'api-token'))).toThrow('ENOENT')
})

test('a folder that is not there holds no peer', () => {
  expect(readApiAddress(join(temporaryFolder(), 'none'))).toBeUndefined()
})

const token = makeToken()
test.each([
  '',
  '{"url":"http://127',
  'null',
  JSON.stringify({ url, token }),
  JSON.stringify({ url, token: 'short', pid: 1 }),
  JSON.stringify({ url, token, pid: -1 }),
  JSON.stringify({ url, token, pid: 1.5 }),
  JSON.stringify({ url: 'http://192.168.1.20:80', token, pid: 1 }),
  JSON.stringify({ url: 'http://127.0.0.1:80@evil.example', token, pid: 1 }),
])('an address file that is none counts as none: %s', (text) => {
  const profile = temporaryFolder()
  writeFileSync(join(profile, 'api.json'), text, { mode: 0o600 })
  expect(readApiAddress(profile)).toBeUndefined()
})

test('a file that is far larger than what a peer writes is refused by name, and not read', () => {
  const profile = writtenProfile()
  const path = join(profile, 'api.json')
  truncateSync(path, 5 * 2 ** 30)
  const before = process.memoryUsage().rss
  const message = `${path} is far larger than what a peer writes, so it is not trusted.`
  expect(refusalOf(profile)).toMatchObject({ code: 'profile-exposed', message: expect.stringContaining(message) })
  expect(process.memoryUsage().rss - before).toBeLessThan(32 * 2 ** 20)
  writeApiFiles(profile, { url, token })
  expect(readApiAddress(profile)).toBeDefined()
})

describe.skipIf(process.platform === 'win32')(
  'what others could have read or written is refused by name, with the way out',
  () => {
    test.each([0o640, 0o604, 0o620, 0o602, 0o644, 0o666])('the file with permissions %o', (mode) => {
      const profile = writtenProfile()
      chmodSync(join(profile, 'api.json'), mode)
      expect(refusalOf(profile)).toMatchObject({
        code: 'profile-exposed',
        message: expect.stringContaining(`chmod 600 ${profile}/api.json`),
      })
    })

    test.each([0o750, 0o705, 0o710, 0o755, 0o777])('the folder with permissions %o', (mode) => {
      const profile = writtenProfile()
      chmodSync(profile, mode)
      expect(refusalOf(profile)).toMatchObject({
        code: 'profile-exposed',
        message: expect.stringContaining(`chmod 700 ${profile}`),
      })
    })

    test('a link in the place of the file, even to a file of one’s own', () => {
      const profile = writtenProfile()
      const path = join(profile, 'api.json')
      renameSync(path, join(profile, 'elsewhere'))
      symlinkSync(join(profile, 'elsewhere'), path)
      expect(refusalOf(profile)).toMatchObject({ code: 'profile-exposed', message: expect.stringContaining('is a link') })
    })

    test('a pipe or a socket in its place, which nobody waits for', async () => {
      const profile = temporaryFolder()
      const path = makePipe(join(profile, 'api.json'))
      const told = { code: 'profile-exposed', message: expect.stringContaining('is no file') }
      expect(refusalOf(profile)).toMatchObject(told)
      rmSync(path)
      const server = createServer().listen(path)
      onTestFinished(() => void server.close())
      await once(server, 'listening')
      expect(refusalOf(profile)).toMatchObject(told)
    })

    test('a folder in its place', () => {
      const profile = temporaryFolder()
      const path = join(profile, 'api.json')
      renameSync(mkdtempSync(join(profile, 'f-')), path)
      expect(refusalOf(profile)).toMatchObject({ code: 'profile-exposed', message: expect.stringContaining('is no file') })
    })

    test.skipIf(process.getuid?.() !== 0)('a file or a folder of another user', () => {
      const profile = writtenProfile()
      chownSync(join(profile, 'api.json'), 12_345, 12_345)
      expect(refusalOf(profile)).toMatchObject({ code: 'profile-exposed', message: expect.stringContaining('another user') })
      writeApiFiles(profile, { url, token })
      expect(readApiAddress(profile)).toBeDefined()
      chownSync(profile, 12_345, 12_345)
      expect(refusalOf(profile)).toMatchObject({ code: 'profile-exposed', message: expect.stringContaining('another user') })
    })

    test('writing follows no link, neither in the place of the file nor of its draft', () => {
      const profile = temporaryFolder()
      const other = join(profile, 'other')
      writeFileSync(other, 'mine')
      for (const name of ['api.json', 'api.json.new', 'api-token', 'api-token.new']) symlinkSync(other, join(profile, name))
      writeApiFiles(profile, { url, token })
      expect(readFileSync(other, 'utf8')).toBe('mine')
      for (const name of ['api.json', 'api-token']) expect(lstatSync(join(profile, name)).isSymbolicLink()).toBe(false)
    })
  },
)

describe('a peer that cannot be reached', () => {
  test('is said to have died where its process is gone, and that nobody else was told the token', async () => {
    const child = spawn(process.execPath, ['-e', ''])
    const pid = await pidOf(child)
    await once(child, 'exit')
    const file = { url, token, pid }
    const left = `The peer of this folder (process ${pid}) ended without a word, and left its api.json behind`
    expect(whyUnreachable(file, new Unreachable('nobody', 'x'))).toBe(`${left}.`)
    expect(whyUnreachable(file, new Unreachable('stranger', 'x'))).toBe(
      `${left}: another program is at ${url} now, and was not told the token.`,
    )
  })

  test('is named where it only does not answer', () => {
    const file = { url, token, pid: process.pid }
    expect(whyUnreachable(file, new Unreachable('silent', 'It sleeps.'))).toBe(`It sleeps. Its process is ${process.pid}.`)
    expect(whyUnreachable(file, new Unreachable('nobody', 'Nobody is there.'))).toBe('Nobody is there.')
  })
})

async function pidOf(child: ChildProcess): Promise<number> {
  await once(child, 'spawn')
  if (child.pid === undefined) throw new Error('it has no number')
  return child.pid
}

function writtenProfile(): string {
  const profile = temporaryFolder()
  writeApiFiles(profile, { url, token })
  expect(readApiAddress(profile)).toBeDefined()
  return profile
}

function refusalOf(profile: string): unknown {
  try {
    readApiAddress(profile)
  } catch (error) {
    return error
  }
  throw new Error('it was not refused')
}

/** Windows keeps files by their folder's rights, and has no such modes. */
const modeOf = (path: string): number => (process.platform === 'win32' ? 0o600 : statSync(path).mode & 0o777)

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
