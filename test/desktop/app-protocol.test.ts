import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { createPages, type Pages } from '../../src/api/pages.ts'
import { answerPage } from '../../src/desktop/app-protocol.ts'

let pages: Pages

beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-app-'))
  writeFileSync(join(folder, 'index.html'), '<style nonce="__STYLE_NONCE__"></style>')
  writeFileSync(join(folder, 'app.js'), 'export {}')
  pages = createPages(folder)
  return () => rmSync(folder, { recursive: true })
})

test('the window gets the page with its policy, whose nonce is the page’s', async () => {
  const answer = await answerPage(pages, { url: 'app://gavelring/', method: 'GET' })
  const policy = answer.headers.get('content-security-policy') ?? ''
  const [, nonce] = /'nonce-([\w-]{22})'/.exec(policy) ?? []
  expect(answer.status).toBe(200)
  expect(await answer.text()).toBe(`<style nonce="${nonce}"></style>`)
  expect(policy, 'it speaks to the peer over a port, and to nothing else').toContain("connect-src 'self';")
})

test('a file has its type', async () => {
  const answer = await answerPage(pages, { url: 'app://gavelring/app.js', method: 'GET' })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8'])
})

test.each([
  ['app://gavelring/../../etc/passwd', 'GET'],
  ['app://gavelring/%2e%2e/%2e%2e/etc/passwd', 'GET'],
  ['app://gavelring/..%2f..%2fetc%2fpasswd', 'GET'],
  ['app://gavelring/none', 'GET'],
  ['app://other/', 'GET'],
  ['app://user@gavelring/', 'GET'],
  ['file:///etc/passwd', 'GET'],
  ['app://gavelring/', 'POST'],
])('%s by %s is not there', async (url, method) => {
  expect((await answerPage(pages, { url, method })).status).toBe(404)
})
