import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { connectApi } from '../../src/api/client.ts'
import { type ApiServer, startApiServer } from '../../src/api/http.ts'
import { createFakePeer } from '../support/fake-peer.ts'
import { createFakeSeat } from '../support/fake-seat.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { testToken } from './api.ts'

let folder = ''
let server: ApiServer

beforeAll(async () => {
  const outer = mkdtempSync(join(tmpdir(), 'gavelring-pages-'))
  folder = join(outer, 'renderer')
  mkdirSync(join(folder, 'assets'), { recursive: true })
  mkdirSync(join(folder, 'api'))
  writeFileSync(join(outer, 'secret.txt'), 'secret')
  symlinkSync(join(outer, 'secret.txt'), join(folder, 'link.txt'))
  symlinkSync(outer, join(folder, 'linked'))
  writeFileSync(
    join(folder, 'index.html'),
    '<meta name="nonce" content="__STYLE_NONCE__"><style nonce="__STYLE_NONCE__"></style>',
  )
  writeFileSync(join(folder, 'assets', 'index-Dk3_9aZx.js'), 'export {}')
  writeFileSync(join(folder, 'assets', 'plain.js'), 'export {}')
  writeFileSync(join(folder, 'api', 'status'), 'no route')
  writeFileSync(join(folder, 'a b.css'), 'a {}')
  server = await start(folder)
  return async () => {
    await server.stop()
    rmSync(outer, { recursive: true })
  }
})

function start(pages: string): Promise<ApiServer> {
  return startApiServer({
    seat: createFakeSeat(createFakePeer()),
    logger: silentLogger,
    token: testToken,
    port: 0,
    version: '0',
    pages,
  })
}

interface Answer {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** Sends the path as it stands: `fetch` would straighten it first. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET', url = server.url): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { port, host } = new URL(url)
    const asked = request({ host: '127.0.0.1', port, path, method, headers: { host, ...headers } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() }),
      )
    })
    asked.on('error', reject)
    asked.end()
  })
}

const policyOf = ({ headers }: Answer): string => String(headers['content-security-policy'])

test('the page needs no token, and carries a policy with a nonce of its own, which is another one each time', async () => {
  const first = await ask('/')
  expect(first).toMatchObject({
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
  })
  const [, nonce = ''] = /'nonce-([\w-]{22})'/.exec(policyOf(first)) ?? []
  expect(first.body).toBe(`<meta name="nonce" content="${nonce}"><style nonce="${nonce}"></style>`)
  expect(policyOf(first)).toMatch(/^default-src 'none'; script-src 'self'; /)
  expect(policyOf(first)).toContain(`connect-src 'self' ${server.url.replace('http', 'ws')} `)
  expect(policyOf(first)).not.toContain('unsafe')
  expect((await ask('/index.html')).body).not.toBe(first.body)
})

test.each([
  ['/assets/index-Dk3_9aZx.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
  ['/assets/plain.js', 'text/javascript; charset=utf-8', 'no-cache'],
  ['/a%20b.css', 'text/css; charset=utf-8', 'no-cache'],
  ['/a%20b.css?v=1', 'text/css; charset=utf-8', 'no-cache'],
])('%s is %s, %s', async (path, type, caching) => {
  expect(await ask(path)).toMatchObject({
    status: 200,
    headers: { 'content-type': type, 'cache-control': caching, 'x-content-type-options': 'nosniff' },
  })
})

test('HEAD answers with the length, and without the file', async () => {
  expect(await ask('/assets/plain.js', {}, 'HEAD')).toMatchObject({ status: 200, headers: { 'content-length': '9' }, body: '' })
})

describe('no path leads out of the folder', () => {
  test.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/../../secret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/..\\secret.txt',
    '//secret.txt',
    '/link.txt',
    '/linked/secret.txt',
    '/assets',
    '/assets/',
    '/%00',
    '/%ff',
    '/index.html%00.js',
    '/constructor',
    '/__proto__',
  ])('%s', async (path) => {
    const { status, body } = await ask(path)
    expect(status).toBe(401)
    expect(body).not.toContain('secret"')
    expect(body).toContain('token-wrong')
  })
})

test('who names another host, or comes from another page, gets no file', async () => {
  expect(await ask('/', { host: 'evil.example' })).toMatchObject({ status: 403 })
  expect(await ask('/', { origin: 'http://evil.example' })).toMatchObject({ status: 403 })
})

test('only reading is answered without a token', async () => {
  expect(await ask('/', {}, 'POST')).toMatchObject({ status: 401 })
  expect(await ask('/', { 'content-length': '0' }, 'DELETE')).toMatchObject({ status: 401 })
})

test('a file does not take the place of a route', async () => {
  const { body } = await ask('/api/status', { authorization: `Bearer ${testToken}` })
  expect(JSON.parse(body)).toMatchObject({ role: 'member' })
})

test('the API goes on beside the page', async () => {
  const client = await connectApi({ url: server.url, token: testToken })
  onTestFinished(() => client.close())
  expect(await client.api.status()).toMatchObject({ role: 'member' })
})

test('where the interface is not built one page says so', async () => {
  const empty = await start(join(folder, 'nowhere'))
  onTestFinished(() => empty.stop())
  const page = await ask('/', {}, 'GET', empty.url)
  expect(page).toMatchObject({ status: 200, body: expect.stringContaining('npm run build') })
  expect(policyOf(page)).toContain("default-src 'none'")
})
