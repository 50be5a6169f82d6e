import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { connectApi } from '../../src/api/client.ts'
import { startTestApi, testToken } from './api.ts'
import { asker, posted, type RealPeer, startRealPeer } from './real-peer.ts'

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The text format, version 0.0.4. A line that is none of it fails. */
function parseMetrics(text: string): { readonly samples: readonly Sample[]; readonly types: ReadonlyMap<string, string> } {
  const samples: Sample[] = []
  const types = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, name, type] = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line) ?? []
    if (name !== undefined && type !== undefined) types.set(name, type)
    if (line === '' || line.startsWith('#')) continue
    const [, sample = '', labels = '', value = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (-?\d\S*|NaN|\+Inf|Nan)$/.exec(line) ?? []
    expect(sample, line).not.toBe('')
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [key, text] as const)
    samples.push({ name: sample, labels: Object.fromEntries(pairs), value: Number(value) })
  }
  return { samples, types }
}

async function scrape(ask: RealPeer['ask']) {
  const answer = await ask('/metrics')
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  const { samples, types } = parseMetrics(await answer.text())
  const find = (name: string, labels: Record<string, string> = {}): number | undefined =>
    samples.find((sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
      ?.value
  return { samples, types, find }
}

describe('health', () => {
  test('is told without a token: the process answers, and whether it is ready', async () => {
    const { url } = await startRealPeer()
    const ask = asker(url, undefined)
    for (const [path, status] of [
      ['/healthz', 'ok'],
      ['/readyz', 'ready'],
    ] as const) {
      const answer = await ask(path)
      expect([answer.status, answer.headers.get('content-type'), await answer.json()]).toEqual([
        200,
        'application/json',
        { status },
      ])
      expect((await ask(path, { method: 'HEAD' })).status).toBe(200)
    }
  })

  test('a peer in no room answers, and is not ready', async () => {
    const { url } = await startRealPeer(undefined, { last: true })
    const ask = asker(url, undefined)
    expect((await ask('/healthz')).status).toBe(200)
    const answer = await ask('/readyz')
    expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toMatchObject([
      ...[503, '1'],
      { code: 'not-ready', data: { reason: 'no-room' } },
    ])
  })

  test('a member without a quorum is not ready, and says why without names', async () => {
    const { server, peer } = await startTestApi()
    const ask = asker(server.url, undefined)
    expect((await ask('/readyz')).status).toBe(200)
    peer.setQuorum(false)
    const answer = await ask('/readyz')
    expect([answer.status, await answer.json()]).toEqual([
      503,
      {
        ...{ type: 'urn:gavelring:problem:not-ready', status: 503, code: 'not-ready' },
        title: 'This peer is not ready: too few members are reachable.',
        detail: 'This peer is not ready: too few members are reachable.',
        data: { reason: 'no-quorum', role: 'read-only', quorum: false, behind: 0 },
      },
    ])
  })

  test('a member that is behind is not ready', async () => {
    const { server, peer } = await startTestApi()
    const { status } = peer
    peer.status = () => ({ ...status(), behind: 7 })
    const answer = await asker(server.url, undefined)('/readyz')
    expect([answer.status, await answer.json()]).toMatchObject([503, { data: { reason: 'catching-up', behind: 7 } }])
  })
})

describe('metrics', () => {
  test('need a token, and one that only reads will do', async () => {
    const { url, seat } = await startRealPeer()
    expect((await asker(url, undefined)('/metrics')).status).toBe(401)
    const made = await seat.tokens.create('read', undefined)
    expect((await asker(url, made?.token)('/metrics')).status).toBe(200)
  })

  test('follow what a real peer does', async () => {
    const { ask, url, token } = await startRealPeer()
    const before = await scrape(ask)
    expect(before.find('gavelring_ready')).toBe(1)
    for (const account of ['ana', 'bob']) await ask('/api/accounts', posted({ account, holder: account }))
    const client = await connectApi({ url, token })
    await client.api.deposit({ account: 'ana', amount: '5' })
    await ask('/api/transfers', posted({ from: 'ana', to: 'bob', amount: '6' }))
    await ask('/api/nowhere')
    const after = await scrape(ask)
    const gained = (name: string, labels?: Record<string, string>) =>
      (after.find(name, labels) ?? 0) - (before.find(name, labels) ?? 0)
    expect(gained('gavelring_operations_total', { outcome: 'accepted' })).toBe(3)
    expect(gained('gavelring_operations_total', { outcome: 'rejected' })).toBe(1)
    expect(gained('gavelring_block_committed')).toBeGreaterThanOrEqual(4)
    expect(gained('gavelring_turns_total')).toBeGreaterThanOrEqual(1)
    expect(gained('gavelring_http_responses_total', { status: '404' })).toBe(1)
    expect(gained('gavelring_http_responses_total', { status: '422' })).toBe(1)
    const calls = (procedure: string, outcome: string) =>
      after.find('gavelring_call_duration_seconds_count', { procedure, outcome })
    expect([calls('accounts.open', 'done'), calls('deposit', 'done'), calls('transfer', 'refused')]).toEqual([2, 1, 1])
    expect(after.find('gavelring_api_connections', { shown: 'token' })).toBeGreaterThanOrEqual(1)
    expect(after.find('gavelring_disk_free_bytes')).toBeGreaterThan(0)
    expect(after.find('gavelring_profile_bytes')).toBeGreaterThan(0)
    expect(after.find('process_resident_memory_bytes')).toBeGreaterThan(0)
    client.close()
  })

  test('have names of one family, base units, and a type and a line of help each', async () => {
    const { ask } = await startRealPeer()
    const { types, samples } = await scrape(ask)
    for (const [name, type] of types) {
      expect(name).toMatch(/^(gavelring|process|nodejs)_[a-z0-9_]+$/)
      if (!name.startsWith('gavelring_')) continue
      expect([name, type === 'counter']).toEqual([name, name.endsWith('_total')])
      expect(name).not.toMatch(/milli|percent|kilo|_ms(_|$)|minutes/)
    }
    const families = new Set(types.keys())
    for (const { name } of samples) {
      const family = families.has(name) ? name : name.replace(/_(?:bucket|sum|count)$/, '')
      expect(families.has(family), name).toBe(true)
    }
  })

  test('of a peer that leaves its room are told no longer, and of the next one again', async () => {
    const { server, seat, peer } = await startTestApi()
    const ask = asker(server.url, testToken)
    expect((await scrape(ask)).find('gavelring_members')).toBe(1)
    seat.setPeer(undefined)
    const none = await scrape(ask)
    expect([none.find('gavelring_in_room'), none.find('gavelring_ready')]).toEqual([0, 0])
    expect(none.find('gavelring_members') ?? 0).toBe(0)
    seat.setPeer(peer)
    peer.tell({ kind: 'members', epoch: '2.dfEPoC', members: [] })
    expect((await scrape(ask)).find('gavelring_epochs_total')).toBe(1)
  })

  test('do not grow with what clients make up', async () => {
    const { ask } = await startRealPeer()
    const before = (await scrape(ask)).samples.length
    for (let at = 0; at < 20; at++) await ask(`/api/accounts/made-up-${at}`)
    const middle = (await scrape(ask)).samples.length
    for (let at = 20; at < 40; at++) await ask(`/api/accounts/made-up-${at}`, { method: 'PROPFIND' })
    const after = (await scrape(ask)).samples.length
    expect(middle - before).toBeLessThan(60)
    expect(after - middle).toBeLessThan(30)
  })
})

test('nothing of them is loaded before somebody asks', async () => {
  const script = `
    import { startApiServer } from ${JSON.stringify(new URL('../../src/api/http.ts', import.meta.url).href)}
    import { createFakePeer } from ${JSON.stringify(new URL('../support/fake-peer.ts', import.meta.url).href)}
    import { createFakeSeat } from ${JSON.stringify(new URL('../support/fake-seat.ts', import.meta.url).href)}
    import { createRequire } from 'node:module'
    const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('prom-client'))
    const logger = { error() {}, warn() {}, info() {}, debug() {} }
    const server = await startApiServer({ seat: createFakeSeat(createFakePeer()), logger, token: 'owner', port: 0, version: '1' })
    const ask = (path) => fetch(server.url + path, { headers: { authorization: 'Bearer owner' } }).then((answer) => answer.text())
    for (const path of ['/healthz', '/readyz', '/api/status', '/openapi.json']) await ask(path)
    const before = loaded()
    await ask('/metrics')
    process.stdout.write(JSON.stringify([before, loaded()]))
    await server.stop()
  `
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
  expect(JSON.parse(stdout)).toEqual([false, true])
})

test('the board shows only what there is', async () => {
  const { ask } = await startRealPeer()
  await scrape(ask)
  await ask('/api/status')
  const { samples, types } = await scrape(ask)
  // Of what has not happened yet, as a round trip to another member, there is a family without a series.
  const told = new Set([...samples.map(({ name }) => name), ...types.keys()])
  const board = JSON.parse(readFileSync(fileURLToPath(new URL('../../deploy/grafana.json', import.meta.url)), 'utf8')) as Board
  const expressions = board.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  expect(expressions.length).toBeGreaterThan(10)
  for (const expression of expressions) {
    const names = expression.match(/\b(?:gavelring|process|nodejs)_\w+/g) ?? []
    expect(names.length, expression).toBeGreaterThan(0)
    for (const name of names) {
      expect(told.has(name), `${name} in ${expression}`).toBe(true)
    }
  }
  const ids = board.panels.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
})

interface Board {
  readonly panels: readonly { readonly id: number; readonly targets?: readonly { readonly expr: string }[] }[]
}
