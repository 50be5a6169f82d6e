import { describe, expect, onTestFinished, test } from 'vitest'
import { startApiServer } from '../../src/api/http.ts'
import type { AccountId } from '../../src/core/ids.ts'
import { operationId } from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import { createFakePeer, fakeEventsKept, fakeSelf } from '../support/fake-peer.ts'
import { createFakeSeat } from '../support/fake-seat.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { until } from '../support/wait.ts'
import { startTestApi, testToken } from './api.ts'
import { asker, posted, type RealPeer, startRealPeer } from './real-peer.ts'

/** One message as a browser's EventSource would read it. */
interface Message {
  readonly id: string | undefined
  readonly data: { readonly kind: string; readonly number: number } & Readonly<Record<string, unknown>>
}

interface Listener {
  readonly heard: readonly Message[]
  readonly comments: () => number
  readonly text: () => string
  hangUp(): void
}

async function listen(ask: RealPeer['ask'], path: string, lastEventId?: string): Promise<Listener> {
  const hangUp = new AbortController()
  onTestFinished(() => hangUp.abort())
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  const answer = await ask(path, { headers, signal: hangUp.signal })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
  const heard: Message[] = []
  let text = ''
  let read = 0
  const take = (part: string): void => {
    text += part
    for (let end = text.indexOf('\n\n', read); end >= 0; end = text.indexOf('\n\n', read)) {
      const message = messageOf(text.slice(read, end))
      read = end + 2
      if (message !== undefined) heard.push(message)
    }
  }
  void answer.body
    ?.pipeThrough(new TextDecoderStream())
    .pipeTo(new WritableStream({ write: take }))
    .catch(() => {})
  return { heard, comments: () => text.match(/^:/gm)?.length ?? 0, text: () => text, hangUp: () => hangUp.abort() }
}

function messageOf(text: string): Message | undefined {
  const fields = text.split('\n').map((line) => /^(\w+): ?(.*)$/.exec(line) ?? [])
  const of = (name: string): string | undefined => fields.findLast(([, field]) => field === name)?.[2]
  const data = of('data')
  return data === undefined ? undefined : { id: of('id'), data: JSON.parse(data) as Message['data'] }
}

const tells = (listener: Listener, kind: string): boolean => listener.heard.some(({ data }) => data.kind === kind)

describe('events over HTTP', () => {
  test('go on after Last-Event-ID without loss or doubles, however often the connection breaks', async () => {
    const { ask } = await startRealPeer()
    for (const account of ['ana', 'bob']) await ask('/api/accounts', posted({ account, holder: account }))
    await ask('/api/accounts/ana/deposit', posted({ amount: '100' }))
    const transfers = 30
    const heard: Message[] = []
    let listener = await listen(ask, '/api/events?kind=moved&account=bob')
    await until('it has begun', () => tells(listener, 'opened'))
    for (let at = 0; at < transfers; at++) {
      await ask('/api/transfers', posted({ from: 'ana', to: 'bob', amount: `0.${String(at + 1).padStart(2, '0')}` }))
      if (at % 3 !== 2) continue
      // Somewhere in the middle: what was heard so far is what counts, and what came after it is told again.
      heard.push(...listener.heard)
      listener.hangUp()
      listener = await listen(ask, '/api/events?kind=moved&account=bob', heard.at(-1)?.id)
    }
    const amounts = () => [...heard, ...listener.heard].flatMap(({ data }) => (data.kind === 'market' ? [data.event] : []))
    await until('all are told', () => amounts().length >= transfers)
    expect(amounts()).toEqual(
      Array.from({ length: transfers }, (_, at) => ({
        ...{ kind: 'moved', from: 'ana', to: 'bob', memo: '' },
        amount: `0.${String(at + 1).padStart(2, '0')} EUR`,
      })),
    )
    expect([...heard, ...listener.heard].some(({ data }) => data.kind === 'gap')).toBe(false)
  })

  test('say that there is a gap where what lies between is no longer kept', async () => {
    const { server, peer } = await startTestApi()
    const ask = asker(server.url, testToken)
    const tell = (count: number): void => {
      for (let at = 0; at < count; at++) peer.tell({ kind: 'quorum', held: true, text: 'held' })
    }
    tell(3)
    const first = await listen(ask, '/api/events')
    await until('three are told', () => first.heard.length === 4)
    const last = first.heard.at(-1)?.id
    first.hangUp()
    tell(fakeEventsKept + 5)
    const second = await listen(ask, '/api/events', last)
    await until('all that is kept is told', () => second.heard.length === fakeEventsKept + 2)
    expect(second.heard.slice(0, 3).map(({ data }) => [data.kind, data.number])).toEqual([
      ['opened', 3],
      ['gap', 8],
      ['quorum', 9],
    ])
  })

  test('say that there is a gap after a restart, and are not taken for those of the start before', async () => {
    const { server, seat, peer } = await startTestApi()
    const ask = asker(server.url, testToken)
    peer.tell({ kind: 'quorum', held: true, text: 'before' })
    const first = await listen(ask, '/api/events')
    await until('it is told', () => tells(first, 'quorum'))
    const last = first.heard.at(-1)?.id
    first.hangUp()
    const next = createFakePeer()
    seat.setPeer(next)
    next.tell({ kind: 'quorum', held: true, text: 'after' })
    const second = await listen(ask, '/api/events', last)
    await until('it is told', () => tells(second, 'quorum'))
    expect(second.heard.map(({ data }) => data.kind)).toEqual(['opened', 'gap', 'quorum'])
    expect(second.heard[2]?.data.text).toBe('after')
  })

  test.each(['1', 'x', '.', '.5', 'start 1.', 'a.b.c', `${'x'.repeat(100)}.1`, '-1'])(
    'take the id %j for one of another start',
    async (id) => {
      const { server, peer } = await startTestApi()
      peer.tell({ kind: 'quorum', held: true, text: 'held' })
      const listener = await listen(asker(server.url, testToken), '/api/events', id)
      await until('it is told', () => tells(listener, 'quorum'))
      expect(listener.heard.map(({ data }) => data.kind)).toEqual(['opened', 'gap', 'quorum'])
    },
  )

  test('of an operation have its amounts as text with the currency', async () => {
    const { server, peer } = await startTestApi()
    peer.setCurrency('JPY')
    const listener = await listen(asker(server.url, testToken), '/api/events')
    const [from, to] = ['ana' as AccountId, 'bob' as AccountId]
    const event = { kind: 'moved', from, to, amount: 1_250 as Cents, memo: '' } as const
    peer.tell({ kind: 'market', operation: operationId(fakeSelf, 1, 1), block: 4, event })
    await until('it is told', () => tells(listener, 'market'))
    expect(listener.heard.at(-1)?.data).toMatchObject({ event: { ...event, amount: '1250 JPY' } })
  })

  test('show that they are still there while nothing happens, and when to come back', async () => {
    const seat = createFakeSeat(createFakePeer())
    const limits = { heartbeatMillis: 20 }
    const server = await startApiServer({ seat, logger: silentLogger, token: testToken, port: 0, version: '0.1.0', limits })
    onTestFinished(() => server.stop())
    const listener = await listen(asker(server.url, testToken), '/api/events')
    await until('several signs of life', () => listener.comments() >= 4)
    expect(listener.heard.map(({ data }) => data.kind)).toEqual(['opened'])
    expect(listener.text()).toContain('retry: 1000\n')
  })

  test('of one who hangs up end at the peer, too', async () => {
    const seat = createFakeSeat(createFakePeer())
    const limits = { streamsMax: 2 }
    const server = await startApiServer({ seat, logger: silentLogger, token: testToken, port: 0, version: '0.1.0', limits })
    onTestFinished(() => server.stop())
    const ask = asker(server.url, testToken)
    const listeners = [await listen(ask, '/api/events'), await listen(ask, '/api/events')]
    const third = await ask('/api/events')
    expect([third.status, third.headers.get('retry-after'), await third.json()]).toEqual([
      429,
      '1',
      expect.objectContaining({ code: 'streams-exhausted' }),
    ])
    for (const { hangUp } of listeners) hangUp()
    let status = 0
    while (status !== 200) {
      const answer = await ask('/api/events')
      status = answer.status
      await answer.body?.cancel()
    }
  })
})
