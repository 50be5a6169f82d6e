import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { connectApi } from '../../src/api/client.ts'
import { until } from '../support/wait.ts'
import { answerTo, beRude, frame, head, type Rude, startVictim, statusOf, upgradeHead } from './hostile-client.ts'
import { hostileToken } from './hostile-server.ts'

/** A process takes its time to start: whoever needs no limits of its own harms this one. */
const victim = await startVictim({}, afterAll)
const { port } = victim

const wrong = { authorization: 'Bearer guess' }
const json = { 'content-type': 'application/json' }

/** What is sent before the connection breaks, from nothing to a whole conversation. */
const stages: readonly { readonly name: string; readonly text: (port: number) => string; readonly waitsForAnswer?: true }[] = [
  { name: 'before a word', text: () => '' },
  { name: 'in the first line', text: () => 'GET /api/sta' },
  { name: 'in the headers', text: (port) => head(port, 'GET /api/status').slice(0, -20) },
  { name: 'after a request', text: (port) => head(port, 'GET /api/status') },
  { name: 'after a refused request', text: (port) => head(port, 'GET /api/status', wrong) },
  { name: 'after an answer', text: (port) => head(port, 'GET /api/status'), waitsForAnswer: true },
  { name: 'after a refusal', text: (port) => head(port, 'GET /api/status', wrong), waitsForAnswer: true },
  { name: 'before the body', text: (port) => head(port, 'POST /api/transfers', { ...json, 'content-length': '99' }) },
  { name: 'in the body', text: (port) => `${head(port, 'POST /api/transfers', { ...json, 'content-length': '99' })}{"from":` },
  {
    name: 'in the body of a refused request',
    text: (port) => `${head(port, 'POST /api/transfers', { ...json, ...wrong, 'content-length': '99' })}{"from":`,
  },
  {
    name: 'in a chunk',
    text: (port) => `${head(port, 'POST /api/transfers', { ...json, 'transfer-encoding': 'chunked' })}9\r\n{"fr`,
  },
  {
    name: 'before it may send',
    text: (port) => head(port, 'POST /api/transfers', { ...json, 'content-length': '9', expect: '100-continue' }),
  },
  { name: 'with a stream of events', text: (port) => head(port, 'GET /api/events') },
  { name: 'in a stream of events', text: (port) => head(port, 'GET /api/events'), waitsForAnswer: true },
  { name: 'with a proof on its way', text: (port) => head(port, `GET /proof?nonce=${'n'.repeat(43)}`) },
  { name: 'with an upgrade on its way', text: (port) => upgradeHead(port) },
  { name: 'with a refused upgrade on its way', text: (port) => upgradeHead(port, wrong) },
  { name: 'after a refused upgrade', text: (port) => upgradeHead(port, wrong), waitsForAnswer: true },
  { name: 'with an upgrade that is none', text: (port) => upgradeHead(port, { 'sec-websocket-key': 'short' }) },
  { name: 'with an upgrade to something else', text: (port) => upgradeHead(port, { upgrade: 'h2c' }) },
  { name: 'with a WebSocket open', text: (port) => upgradeHead(port), waitsForAnswer: true },
  { name: 'in a frame', text: (port) => `${upgradeHead(port)}\x81\xfe\x01`, waitsForAnswer: true },
  { name: 'after two requests at once', text: (port) => head(port, 'GET /api/status').repeat(2) },
]

const breaks: Readonly<Record<string, (rude: Rude) => void>> = {
  'is reset': ({ socket }) => void socket.resetAndDestroy(),
  'is closed': ({ socket }) => void socket.destroy(),
  'is closed in one direction, and left': ({ socket }) => void socket.end(),
}

describe('a connection that breaks harms nobody else, whatever it was in the middle of', () => {
  for (const [name, breakIt] of Object.entries(breaks)) {
    test(name, async () => {
      const victim = await startVictim({ headersMillis: 1_000, requestMillis: 1_000 })
      for (const { text, waitsForAnswer } of stages) {
        for (const pause of [0, 0, 3]) {
          const rude = await beRude(victim.port, Buffer.from(text(victim.port), 'latin1'))
          if (waitsForAnswer) await Promise.race([until('it is answered', () => rude.heard() !== ''), rude.closed])
          if (pause > 0) await sleep(pause)
          breakIt(rude)
        }
        await victim.serves()
      }
      await victim.recovers()
    })
  }

  test('a hundred bad upgrades at once, each reset', async () => {
    for (let i = 0; i < 100; i++) {
      const { socket } = await beRude(victim.port, upgradeHead(victim.port, wrong))
      if (i % 2 === 0) await sleep(1)
      socket.resetAndDestroy()
    }
    await victim.recovers()
  })
})

describe('a refused request is answered at once, and hung up on, without reading what it goes on sending', () => {
  const body = { ...json, 'content-length': '1000000000' }
  const refused: readonly (readonly [string, number, (port: number) => string])[] = [
    ['without the token', 401, (port) => head(port, 'POST /api/transfers', { ...body, authorization: undefined })],
    ['with another token', 401, (port) => head(port, 'POST /api/transfers', { ...body, ...wrong })],
    ['with another host', 403, (port) => head(port, 'POST /api/transfers', { ...body, host: 'evil.example' })],
    ['with another origin', 403, (port) => head(port, 'POST /api/transfers', { ...body, origin: 'https://evil.example' })],
    ['to nowhere', 404, (port) => head(port, 'POST /api/nowhere', { ...json, 'transfer-encoding': 'chunked' })],
    [
      'to a route of another method',
      405,
      (port) => head(port, 'DELETE /api/status', { ...json, 'transfer-encoding': 'chunked' }),
    ],
    ['of too many bytes', 413, (port) => head(port, 'POST /api/transfers', body)],
    [
      'of too many bytes, in chunks',
      413,
      (port) => head(port, 'POST /api/transfers', { ...json, 'transfer-encoding': 'chunked' }),
    ],
    [
      'that is no JSON',
      415,
      (port) => head(port, 'POST /api/transfers', { ...body, 'content-type': 'multipart/form-data; boundary=x' }),
    ],
    ['without a type', 415, (port) => head(port, 'POST /api/transfers', { ...body, 'content-type': undefined })],
    ['that asks with a body', 400, (port) => head(port, 'GET /api/status', body)],
    [
      'that asks whether it may send',
      401,
      (port) => head(port, 'POST /api/transfers', { ...body, ...wrong, expect: '100-continue' }),
    ],
    ['that expects something else', 417, (port) => head(port, 'POST /api/transfers', { ...body, expect: 'a miracle' })],
    ['that wants to be a WebSocket', 401, (port) => upgradeHead(port, { ...body, ...wrong })],
  ]
  for (const [name, status, text] of refused) {
    test(name, async () => {
      const { socket, heard, closed } = await beRude(victim.port, text(victim.port))
      const chunk = Buffer.alloc(64 * 1024, 'x')
      const isChunked = text(0).includes('chunked')
      const part = isChunked ? Buffer.concat([Buffer.from('10000\r\n'), chunk, Buffer.from('\r\n')]) : chunk
      let isOver = false
      void closed.then(() => {
        isOver = true
      })
      while (!isOver && !socket.destroyed) {
        // A second of writing past the answer would be reading by the server: its buffers are full long before.
        if (socket.writableLength < 1024 * 1024) socket.write(part)
        await sleep(0)
      }
      expect(statusOf(heard())).toBe(status)
      expect(heard()).toContain('connection: close')
      expect(heard()).not.toContain('100 Continue')
      expect(socket.bytesWritten - socket.writableLength).toBeLessThan(32 * 1024 * 1024)
      socket.destroy()
      await victim.recovers()
    })
  }
})

describe('a request that does not come to its end is cut off', () => {
  const hurried = { headersMillis: 400, requestMillis: 800 }
  const slow: readonly (readonly [string, (port: number) => readonly [string, string]])[] = [
    ['that says nothing', () => ['', '']],
    ['whose first line does not end', () => ['GET /', 'a']],
    ['whose headers do not end', (port) => [head(port, 'GET /api/status').slice(0, -2), 'x: y\r\n']],
    [
      'whose body comes one byte at a time',
      (port) => [head(port, 'POST /api/transfers', { ...json, 'content-length': '9999' }), ' '],
    ],
    [
      'whose chunks do not end',
      (port) => [head(port, 'POST /api/transfers', { ...json, 'transfer-encoding': 'chunked' }), '1\r\n \r\n'],
    ],
  ]
  for (const [name, texts] of slow) {
    test(name, async () => {
      const victim = await startVictim(hurried)
      const [first, drip] = texts(victim.port)
      const { socket, heard, closed } = await beRude(victim.port, first)
      const dripping = setInterval(() => drip !== '' && socket.write(drip), 20)
      await closed
      clearInterval(dripping)
      expect([statusOf(heard()), heard()]).toEqual([408, expect.stringContaining('"code":"request-slow"')])
      await victim.recovers()
    })
  }

  test('not one that waits for its answer: a stream of events goes on', async () => {
    const victim = await startVictim(hurried)
    const { socket, heard } = await beRude(victim.port, head(victim.port, 'GET /api/events'))
    await until('it has begun', () => heard().includes('200 OK'))
    await sleep(2_500)
    await victim.ask({ kind: 'tell', count: 1 })
    await until('it is told', () => heard().includes('quorum'))
    socket.destroy()
    await victim.recovers()
  })
})

test('what is no request, or a dubious one, is refused and hung up on', async () => {
  const both = { ...json, 'content-length': '5', 'transfer-encoding': 'chunked' }
  const dubious: readonly (readonly [string, string, readonly number[]])[] = [
    ['noise', '\x00\xff\x16\x03\x01\r\n\r\n', [400]],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', [400]],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 505]],
    ['no host', head(port, 'GET /api/status', { host: undefined }), [400]],
    ['the host of a page that points here', head(port, 'GET /api/status', { host: `evil.example:${port}` }), [403]],
    ['another port', head(port, 'GET /api/status', { host: '127.0.0.1:1' }), [403]],
    ['HTTP/1.0 without a host', 'GET /api/status HTTP/1.0\r\n\r\n', [403]],
    ['a page of another origin', head(port, 'GET /api/status', { origin: 'http://evil.example' }), [403]],
    ['a page without one', head(port, 'GET /api/status', { origin: 'null' }), [403]],
    ['a page that asks for a proof', head(port, `GET /proof?nonce=${'n'.repeat(43)}`, { origin: 'http://evil.example' }), [403]],
    ['a proof of nothing', head(port, 'GET /proof', { authorization: undefined }), [400]],
    ['two lengths', head(port, 'POST /api/transfers', both), [400]],
    ['a space before a colon', `GET /api/status HTTP/1.1\r\nhost : 127.0.0.1:${port}\r\n\r\n`, [400]],
    ['too long a head', head(port, 'GET /api/status', { x: 'y'.repeat(100_000) }), [431]],
    ['a proxy', head(port, 'CONNECT example.org:443'), [405]],
    ['another upgrade', upgradeHead(port, { upgrade: 'h2c' }), [400]],
    ['a WebSocket elsewhere', upgradeHead(port, {}).replace('/ws', '/elsewhere'), [404]],
    ['a WebSocket of old', upgradeHead(port, { 'sec-websocket-version': '7' }), [400, 426]],
    ['a WebSocket without a key', upgradeHead(port, { 'sec-websocket-key': undefined }), [400]],
    ['a WebSocket that posts', upgradeHead(port).replace('GET', 'POST'), [405]],
    ['a WebSocket from another page', upgradeHead(port, { origin: 'http://evil.example' }), [403]],
    ['a path that cannot be decoded', head(port, 'GET /api/accounts/%ff%', wrong), [401]],
    ['a strange address', head(port, 'GET //[', wrong), [401]],
    ['a request and then garbage, refused', `${head(port, 'GET /api/status', wrong)}garbage\r\n\r\n`, [401]],
  ]
  for (const [name, text, allowed] of dubious) {
    const answer = await answerTo(port, Buffer.from(text, 'latin1'))
    expect([name, allowed.includes(statusOf(answer)) ? 'refused' : answer]).toEqual([name, 'refused'])
    if (name === 'noise') expect(answer).toContain('"code":"request-unreadable"')
    if (name === 'too long a head') expect(answer).toContain('"code":"head-too-large"')
    // One answer, and nothing of what came after it.
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1)
  }
  await victim.recovers()
})

test('an answer is never taken for another: garbage after a request that still waits ends the connection without a word', async () => {
  const { heard, closed } = await beRude(victim.port, `${head(victim.port, 'GET /api/status')}garbage\r\n\r\n`)
  await closed
  expect(heard()).not.toContain('400')
  await victim.recovers()
})

test('strange paths of whoever knows the token are answered', async () => {
  for (const path of [
    '/api/accounts/%ff%',
    '//[',
    '/..',
    '/api',
    '/api/',
    '/?',
    '*',
    '/%00',
    '/api/events?after=x',
    'http://a/',
  ]) {
    const answer = await answerTo(victim.port, head(victim.port, `GET ${path}`, { connection: 'close' }))
    expect([path, statusOf(answer) >= 400 && statusOf(answer) < 500]).toEqual([path, true])
  }
  await victim.recovers()
})

test('poisonous JSON is refused, and poisons nothing', async () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  const proto = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"from":"a","to":"b","amount":"1"}'
  const bodies = [deep, `{"from":${deep}}`, proto, '{"amount":1e999}', '"text"', 'null', '\ufeff{}', '{"from":"\ud800"}', '\xff']
  const statuses: number[] = []
  for (const body of bodies) {
    const bytes = Buffer.from(body, body === '\xff' ? 'latin1' : 'utf8')
    const text = head(port, 'POST /api/transfers', { ...json, 'content-length': String(bytes.length), connection: 'close' })
    statuses.push(statusOf(await answerTo(port, Buffer.concat([Buffer.from(text), bytes]))))
  }
  // The third has all that it needs; what else is in it counts for nothing.
  expect(statuses).toEqual(bodies.map((body) => (body === proto ? 200 : 400)))
  const calls = [
    `{"i":"1","p":{"u":"/transfer","b":{"json":${deep}}}}`,
    `{"i":"2","p":{"u":"/transfer","b":{"json":${proto},"meta":[[1,"__proto__","polluted"],[1,"constructor","prototype","polluted"]]}}}`,
    '{"i":"3","p":{"u":"/transfer","b":{"json":{},"meta":[[99,"a"]],"maps":[["__proto__"]]}}}',
    '{"i":"4","p":{"u":"/__proto__"}}',
    '{"i":"5","p":{"u":"/constructor/prototype"}}',
    '{"i":"6","t":99,"p":{"u":"/status"}}',
    '{"i":{},"p":{"u":"/status"}}',
    '{"i":"7","p":{"u":"/status","h":{"content-type":"text/event-stream"}}}',
    '{"i":"8","p":{"u":"/status","h":{"content-type":"multipart/form-data; boundary=x"}}}',
  ]
  for (const call of calls) {
    const { socket, heard, closed } = await beRude(port, upgradeHead(port))
    await until('it is open', () => heard().includes('101 Switching'))
    const before = heard().length
    socket.write(frame(0x81, Buffer.from(call)))
    await Promise.race([until('it is answered', () => heard().length > before), closed])
    socket.destroy()
  }
  const { polluted } = await victim.ask({ kind: 'facts' })
  expect(polluted).toBe(false)
  await victim.recovers()
})

test('whoever knows the token may stop sending and still hear the answer', async () => {
  const { socket, heard, closed } = await beRude(victim.port)
  socket.end(head(victim.port, 'GET /openapi.json'))
  await closed
  expect(statusOf(heard())).toBe(200)
  await victim.recovers()
})

test('ten thousand connections that say nothing: honest clients are served, and all is given back', async () => {
  for (let round = 0; round < 5; round++) {
    const crowd: Rude[] = []
    for (let i = 0; i < 20; i++) {
      crowd.push(
        ...(await Promise.all(Array.from({ length: 100 }, () => beRude(victim.port, i % 2 === 0 ? '' : 'GET / HTTP/1.1\r\n')))),
      )
      await victim.serves()
    }
    const { files } = await victim.ask({ kind: 'facts' })
    expect(files).toBeLessThan(700)
    for (const { socket } of crowd) {
      if (round % 2 === 0) socket.destroy()
      else socket.resetAndDestroy()
    }
  }
  await victim.recovers()
})

test('too many that know the token are told so, and strangers do not count among them', async () => {
  const victim = await startVictim({ guestsMax: 4 })
  const open = await Promise.all(Array.from({ length: 4 }, () => beRude(victim.port, head(victim.port, 'GET /api/events'))))
  for (const { heard } of open) await until('it has begun', () => heard().includes('200 OK'))
  expect(statusOf(await answerTo(victim.port, head(victim.port, 'GET /api/status')))).toBe(503)
  expect(statusOf(await answerTo(victim.port, upgradeHead(victim.port)))).toBe(503)
  for (const { socket } of open) socket.destroy()
  await until('they are gone', () => open.every(({ socket }) => socket.closed))
  await victim.recovers()
})

test('as many streams as can be are open, and the next one is told so; each that ends makes room', async () => {
  const victim = await startVictim({ streamsMax: 3 })
  const { api, close } = await connectApi({ url: victim.url, token: hostileToken })
  const ends = new AbortController()
  for (let i = 0; i < 2; i++) await api.events({ after: 0 }, { signal: ends.signal })
  const { socket, heard } = await beRude(victim.port, head(victim.port, 'GET /api/events'))
  await until('it has begun', () => heard().includes('200 OK'))
  await expect(api.events({ after: 0 })).rejects.toMatchObject({ code: 'streams-exhausted' })
  expect(await answerTo(victim.port, head(victim.port, 'GET /api/events', { connection: 'close' }))).toContain(
    'streams-exhausted',
  )
  ends.abort()
  socket.resetAndDestroy()
  let isFree = false
  while (!isFree)
    isFree = await api.events({ after: 0 }).then(
      () => true,
      () => false,
    )
  close()
  await victim.recovers()
})

describe('WebSocket frames', () => {
  const text = (length: number): Buffer => Buffer.alloc(length, 'x')
  const pieces = (count: number): Buffer => Buffer.concat(Array.from({ length: count }, () => frame(0x00, text(1))))
  const bad: readonly (readonly [string, number, Uint8Array])[] = [
    ['of too many bytes', 1009, frame(0x81, text(300_000))],
    ['that announce too many', 1009, Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    ['in pieces of too many bytes', 1009, Buffer.concat([frame(0x01, text(200_000)), frame(0x00, text(200_000))])],
    ['in too many pieces', 1008, Buffer.concat([frame(0x01, text(1)), pieces(5_000)])],
    ['that are no text', 1007, frame(0x81, Buffer.from([0xc3, 0x28]))],
    ['without a mask', 1002, frame(0x81, text(1), false)],
    ['with reserved bits', 1002, frame(0xf1, text(1))],
    ['of no kind', 1002, frame(0x83, text(1))],
    ['that ping with too much', 1002, frame(0x89, text(126))],
    ['that go on with nothing', 1002, frame(0x80, text(1))],
    ['that close with half a code', 1002, frame(0x88, text(1))],
    ['that are no JSON', 1007, frame(0x81, text(5))],
    ['that are no call', 1007, frame(0x81, Buffer.from('null'))],
    ['that call no address', 1007, frame(0x81, Buffer.from('{"i":"1","p":{"u":"http://["}}'))],
    ['of bytes that are no call', 1007, frame(0x82, Buffer.from([0xff, 0xfe]))],
  ]
  for (const [name, code, bytes] of bad) {
    test(`${name} end their connection only, with ${code}`, async () => {
      const { socket, heard, closed } = await beRude(victim.port, upgradeHead(victim.port))
      await until('it is open', () => heard().includes('101 Switching'))
      socket.write(bytes)
      // The server closes with a code and waits for the other's closing, which ends the connection.
      const closing = `\x88`
      await Promise.race([until('it closes', () => heard().includes(closing, heard().indexOf('\r\n\r\n') + 4)), closed])
      const at = heard().indexOf(closing, heard().indexOf('\r\n\r\n') + 4)
      expect(heard().charCodeAt(at + 2) * 256 + heard().charCodeAt(at + 3)).toBe(code)
      socket.destroy()
      await victim.recovers()
    })
  }

  test('a client that pings without end and reads nothing takes no memory, and the others are served', async () => {
    const { socket, heard } = await beRude(victim.port, upgradeHead(victim.port))
    await until('it is open', () => heard().includes('101 Switching'))
    socket.pause()
    const before = await victim.ask({ kind: 'facts' })
    const pings = Buffer.concat(Array.from({ length: 1_000 }, () => frame(0x89, text(100))))
    for (let i = 0; i < 200 && !socket.destroyed; i++) {
      if (socket.writableLength < 4 * 1024 * 1024) socket.write(pings)
      await sleep(1)
    }
    await victim.serves()
    expect((await victim.ask({ kind: 'facts' })).memory).toBeLessThan(before.memory + 16)
    socket.destroy()
    await victim.recovers()
  })

  test('a client that asks without end and reads nothing takes no memory, and is cut off', async () => {
    const victim = await startVictim({ stallMillis: 2_000 })
    const { socket, heard, closed } = await beRude(victim.port, upgradeHead(victim.port))
    await until('it is open', () => heard().includes('101 Switching'))
    const before = await victim.ask({ kind: 'facts' })
    socket.pause()
    let number = 0
    let isOver = false
    void closed.then(() => {
      isOver = true
    })
    while (!isOver && !socket.destroyed) {
      const calls = Array.from({ length: 100 }, () => frame(0x81, Buffer.from(`{"i":"${++number}","p":{"u":"/status"}}`)))
      if (socket.writableLength < 1024 * 1024) socket.write(Buffer.concat(calls))
      await sleep(1)
      if (number % 10_000 === 0) expect((await victim.ask({ kind: 'facts' })).memory).toBeLessThan(before.memory + 32)
    }
    await victim.recovers()
  })

  test('a client that listens to events and reads nothing takes no memory, and is cut off', async () => {
    const victim = await startVictim({ stallMillis: 2_000 })
    const webSocket = await beRude(victim.port, upgradeHead(victim.port))
    const stream = await beRude(victim.port, head(victim.port, 'GET /api/events'))
    await until('both are open', () => webSocket.heard().includes('101 Switching') && stream.heard().includes('200 OK'))
    webSocket.socket.write(frame(0x81, Buffer.from('{"i":"1","p":{"u":"/events","b":{"json":{"after":0}}}}')))
    const before = await victim.ask({ kind: 'facts' })
    webSocket.socket.pause()
    stream.socket.pause()
    let most = 0
    let { listeners } = before
    for (let round = 0; listeners > 0 || round < 50; round++) {
      const facts = await victim.ask({ kind: 'tell', count: 500 })
      most = Math.max(most, facts.memory)
      listeners = facts.listeners
      await sleep(20)
    }
    expect(most).toBeLessThan(before.memory + 32)
    await victim.recovers()
  })
})
