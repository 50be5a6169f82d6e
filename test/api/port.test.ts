import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { ConnectionLost } from '../../src/api/asking.ts'
import { type ClientPort, createPortClient, questions } from '../../src/api/client-port.ts'
import { contract } from '../../src/api/contract.ts'
import { createPortDoor, type ServerPort } from '../../src/api/port.ts'
import { windowSize } from '../../src/api/port-window.ts'
import type { EventView } from '../../src/api/views.ts'
import { readPeerConfig } from '../../src/app/config.ts'
import { startSeat } from '../../src/app/start.ts'
import { createFakePeer, type FakePeer, fakeSelf } from '../support/fake-peer.ts'
import { createFakeSeat } from '../support/fake-seat.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { until } from '../support/wait.ts'
import { startTestPort } from './port.ts'

test('a running peer is asked over a port, goes on over the next one, and its events are told without a gap', async () => {
  const profile = mkdtempSync(join(tmpdir(), 'gavelring-port-'))
  onTestFinished(() => rmSync(profile, { recursive: true, force: true, maxRetries: 5 }))
  const flags = { profile, create: true, 'no-mdns': true, listen: ['127.0.0.1:0'], http: 'off', name: 'Ana' }
  const config = readPeerConfig(flags, {})
  if (!config.ok) throw new Error(config.error.message)
  const running = await startSeat(config.value, { onProgress: () => {}, write: () => {} })
  onTestFinished(() => running.stop(5_000))
  await running.entered
  const { client, connect } = startTestPort(running.seat)
  connect()
  const seen: EventView[] = []
  const watching = collect(await client.api.events({ after: 0 }), seen)
  await client.api.accounts.open({ account: 'ana', holder: 'Ana' })
  await until('the account’s event', () => isTold(seen, 'account-opened'))

  connect()
  await client.api.deposit({ account: 'ana', amount: '10', requestId: 'coin' })
  expect(await client.api.accounts.list()).toMatchObject([{ account: 'ana', available: { text: '10.00 EUR' } }])
  await until('the deposit’s event', () => isTold(seen, 'moved'))
  const numbers = seen.filter(({ kind }) => kind !== 'opened').map(({ number }) => number)
  expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index))
  client.close()
  await watching
})

test('calls wait while there is no port, and are asked over the next', async () => {
  const { client, connect } = startTestPort(createFakePeer())
  const early = client.api.status()
  const first = connect()
  expect(await early).toMatchObject({ self: fakeSelf })
  first.close()
  await gone(first)
  const late = client.api.status()
  connect()
  expect(await late).toMatchObject({ self: fakeSelf })
})

test('a call that waits for a port can be called off', async () => {
  const { client, connect } = startTestPort(createFakePeer())
  const hangUp = new AbortController()
  const waiting = client.api.status(undefined, { signal: hangUp.signal })
  hangUp.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  connect()
  expect(await client.api.status()).toMatchObject({ self: fakeSelf })
})

test('what was under way when the port went: a question and a numbered operation are asked again, another one is not', async () => {
  const peer = createFakePeer()
  const stuck = stuckPeer(peer)
  const { client, connect, replace } = startTestPort(stuck)
  connect()
  const numbered = client.api.deposit({ account: 'ana', amount: '1', requestId: 'once' })
  const unnumbered = client.api.deposit({ account: 'ana', amount: '2' })
  const read = client.api.log.tail({})
  await until('both were submitted', () => peer.submissions.length === 2)
  replace(peer)
  connect()
  await expect(unnumbered).rejects.toThrow(ConnectionLost)
  expect(await read).toEqual([])
  await numbered
  expect(peer.submissions.map(({ submission }) => submission.request)).toEqual(['once', undefined, 'once'])
})

test('after a restart of the peer its events begin anew, with a gap before them', async () => {
  const peer = createFakePeer()
  const { client, connect, replace } = startTestPort(peer)
  connect()
  const seen: EventView[] = []
  void collect(await client.api.events({ after: 0 }), seen)
  peer.tell({ kind: 'quorum', held: false, text: 'one' })
  await until('the first event', () => seen.length === 2)

  // More events than were seen of the first start: their numbers alone would not tell that it is another one.
  const next = createFakePeer()
  for (const text of ['two', 'three', 'four']) next.tell({ kind: 'quorum', held: true, text })
  replace(next)
  connect()
  await until('the events of the second start', () => seen.length === 7)
  const told = seen.map((event) => (event.kind === 'quorum' ? event.text : event.kind))
  expect(told).toEqual(['opened', 'one', 'opened', 'gap', 'two', 'three', 'four'])
})

test.each(['its signal', 'its reader'])('a stream of events that %s calls off ends, also while there is no port', async (who) => {
  const { client, connect } = startTestPort(createFakePeer())
  const port = connect()
  const hangUp = new AbortController()
  const events = await client.api.events({ after: 0 }, { signal: hangUp.signal })
  expect((await events.next()).value).toMatchObject({ kind: 'opened' })
  const next = events.next()
  const closed = gone(port)
  port.close()
  await closed
  // What the stream makes of it comes a few steps later.
  await new Promise((resolve) => setTimeout(resolve, 20))
  if (who === 'its signal') hangUp.abort()
  else void events.return()
  expect(await next).toMatchObject({ done: true })
})

test('a stream that its reader calls off is no longer counted by the peer', async () => {
  const { client, connect } = startTestPort(createFakePeer(), { streamsMax: 1 })
  connect()
  for (let round = 0; round < 3; round++) {
    const events = await client.api.events({ after: 0 })
    await events.return()
  }
  const events = await client.api.events({ after: 0 })
  await expect(client.api.events({ after: 0 })).rejects.toMatchObject({ code: 'streams-exhausted' })
  await events.return()
})

test('what is wrong with the question for events is told at once', async () => {
  const { client, connect } = startTestPort(createFakePeer())
  connect()
  await expect(client.api.events({ after: -1 })).rejects.toMatchObject({ code: 'input-invalid' })
})

test('a closed client refuses, and takes no port any more', async () => {
  const { client, connect } = startTestPort(createFakePeer())
  const waiting = client.api.status()
  client.close()
  await expect(waiting).rejects.toThrow(ConnectionLost)
  await gone(connect())
  await expect(client.api.status()).rejects.toThrow(ConnectionLost)
})

test('a port that says what is no message is closed, and the others go on', async () => {
  const { client, connect } = startTestPort(createFakePeer(), { requestBytesMax: 1_000 })
  connect()
  const door = createPortDoor({
    seat: createFakeSeat(createFakePeer()),
    logger: silentLogger,
    limits: { requestBytesMax: 1_000 },
  })
  const nonsense = [
    'not json',
    '{"i":{},"p":7}',
    '[]',
    '',
    'x'.repeat(1_001),
    7,
    undefined,
    { data: { i: 1 } },
    new Uint8Array(3),
  ]
  for (const message of nonsense) {
    const { port1, port2 } = new MessageChannel()
    door.accept(port2)
    const closed = gone(port1)
    port1.postMessage(message)
    await closed
  }
  expect(await client.api.status()).toMatchObject({ self: fakeSelf })
})

test('a window that asks for too much at once loses its port', async () => {
  const { client, connect } = startTestPort(stuckPeer(createFakePeer()), { callsMax: 4 })
  const closed = gone(connect())
  const calls = Array.from({ length: 5 }, () =>
    client.api.deposit({ account: 'ana', amount: '1' }).catch((error: unknown) => error),
  )
  await closed
  expect((await Promise.all(calls)).every((error) => error instanceof ConnectionLost)).toBe(true)
})

test('a page that hangs is sent no more than a window full, and hears of what it missed when it goes on', async () => {
  const peer = createFakePeer()
  const { page, sent, client } = startHangingPage(peer)
  const seen: EventView[] = []
  const watching = collect(await client.api.events({ after: 0 }), seen)
  await until('it listens', () => seen.length === 1)
  page.hang()
  const tale = 'x'.repeat(2_000)
  for (let round = 0; round < 20; round++) {
    for (let at = 0; at < 200; at++) peer.tell({ kind: 'quorum', held: true, text: `${round} ${at} ${tale}` })
    await new Promise((resolve) => setImmediate(resolve))
  }
  const held = sent()
  expect(held).toBeGreaterThan(windowSize / 2)
  expect(held).toBeLessThan(windowSize + 10_000)
  // Answers wait their turn like everything else, as many as there may be calls.
  const status = client.api.status()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(sent()).toBe(held)

  page.goOn()
  await until('the newest event', () => seen.some((event) => event.kind === 'quorum' && event.text.startsWith('19 199 ')))
  expect(seen.some(({ kind }) => kind === 'gap')).toBe(true)
  expect(await status).toMatchObject({ self: fakeSelf })
  client.close()
  await watching
})

test('a page that reads is never kept waiting, whatever size its answers have', async () => {
  const peer = createFakePeer()
  const { client, sent } = startHangingPage(peer)
  const seen: EventView[] = []
  const watching = collect(await client.api.events({ after: 0 }), seen)
  for (let round = 0; round < 8; round++) {
    peer.tell({ kind: 'quorum', held: true, text: 'x'.repeat(windowSize / 2) })
    await until('it is told', () => seen.length === round + 2)
  }
  expect(sent()).toBeGreaterThan(3 * windowSize)
  client.close()
  await watching
})

test.each([1, -1, Number.NaN, Number.POSITIVE_INFINITY])(
  'a page that says it took %d, which it cannot have, loses its port',
  async (total) => {
    const door = createPortDoor({ seat: createFakeSeat(createFakePeer()), logger: silentLogger })
    const { port1, port2 } = new MessageChannel()
    door.accept(port2)
    const closed = gone(port1)
    port1.postMessage(total)
    await closed
  },
)

test('what is asked again is what the contract reads', () => {
  const reads: string[] = []
  const walk = (tree: object, path: readonly string[]): void => {
    for (const [name, node] of Object.entries(tree) as [string, Partial<Record<'~orpc', { route: { method?: string } }>>][]) {
      if (node['~orpc'] === undefined) walk(node, [...path, name])
      else if (node['~orpc'].route.method === 'GET') reads.push([...path, name].join('.'))
    }
  }
  walk(contract, [])
  expect([...questions].sort()).toEqual(reads.sort())
})

/** A client in a page whose main thread can hang: its port takes what is posted, as ports do, and nobody reads it. */
function startHangingPage(peer: FakePeer) {
  const door = createPortDoor({ seat: createFakeSeat(peer), logger: silentLogger })
  const { port1, port2 } = new MessageChannel()
  let posted = 0
  const own: ServerPort = {
    postMessage: (message) => {
      posted += String(message).length
      port2.postMessage(message)
    },
    on: (event: 'message' | 'close', listener: (message: unknown) => void) => port2.on(event, listener),
    start: () => port2.start(),
    close: () => port2.close(),
  }
  let isHanging = false
  const unread: Event[] = []
  const readers: ((event: Event) => void)[] = []
  const read = (event: Event): void => {
    for (const reader of readers) reader(event)
  }
  const port: ClientPort = {
    postMessage: (message) => port1.postMessage(message),
    addEventListener: (event, listener) => {
      if (event === 'message') readers.push(listener)
      else port1.addEventListener(event, listener)
    },
    start() {
      port1.addEventListener('message', (event) => {
        if (isHanging) unread.push(event)
        else read(event)
      })
      port1.start()
    },
    close: () => port1.close(),
  }
  const client = createPortClient()
  onTestFinished(() => {
    client.close()
    door.closeAll()
  })
  door.accept(own)
  client.use(port)
  const page = {
    hang: () => {
      isHanging = true
    },
    goOn: () => {
      isHanging = false
      for (const event of unread.splice(0)) read(event)
    },
  }
  return { client, page, sent: () => posted }
}

/** Answers nothing that takes time. */
function stuckPeer(peer: FakePeer): FakePeer {
  return {
    ...peer,
    submit: (submission, deadlineMillis) => {
      void peer.submit(submission, deadlineMillis)
      return new Promise(() => {})
    },
    log: () => new Promise(() => {}),
  }
}

async function collect(events: AsyncIterable<EventView>, into: EventView[]): Promise<void> {
  try {
    for await (const event of events) into.push(event)
  } catch (error) {
    if (!(error instanceof ConnectionLost)) throw error
  }
}

const isTold = (events: readonly EventView[], kind: string): boolean =>
  events.some((event) => event.kind === 'market' && event.event.kind === kind)

/** What is said on it before is read, too: a port that nobody reads does not hear that it was closed. */
const gone = (port: MessagePort): Promise<unknown> =>
  new Promise((resolve) => {
    port.once('close', resolve)
    port.start()
  })
