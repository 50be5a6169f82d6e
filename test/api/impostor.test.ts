import { createHash, createHmac, randomBytes } from 'node:crypto'
import { connect, createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connectApi } from '../../src/api/client.ts'
import { createDoor } from '../../src/api/door.ts'
import { doorLimits } from '../../src/api/limits.ts'
import type { Challenge } from '../../src/api/proof.ts'
import { createFakeTokens } from '../support/fake-tokens.ts'
import { startTestApi, testToken } from './api.ts'

/** What another program at a peer's old port might do with what it hears; all that it heard is kept. */
interface Impostor {
  readonly url: string
  readonly port: number
  readonly heard: () => string
  /** Hangs up on everybody. */
  readonly hangUp: () => void
}

async function startImpostor(onHeard: (socket: Socket, request: string) => void): Promise<Impostor> {
  const chunks: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      onHeard(socket, String(chunk))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const hangUp = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(() => {
    hangUp()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, port, heard: () => Buffer.concat(chunks).toString('latin1'), hangUp }
}

const answer = (body: string, status = '200 OK', headers = ''): string =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n${headers}connection: close\r\n\r\n${body}`

const random = (): string => randomBytes(32).toString('base64url')
const nonceIn = (request: string): string => /nonce=([A-Za-z0-9_-]*)/.exec(request)?.[1] ?? ''
const proofOf = (token: string, role: string, port: number, client: string, server: string): string =>
  createHmac('sha256', token).update(`gavelring proof 1\n${role}\n${port}\n${client}\n${server}`).digest('base64url')

type Trick = (socket: Socket, request: string, port: number) => void

const tricks: Readonly<Record<string, Trick>> = {
  'says nothing that is HTTP': (socket) => socket.end('hello\r\n\r\n'),
  'hangs up': (socket) => socket.destroy(),
  'resets the connection': (socket) => socket.resetAndDestroy(),
  'is another web server': (socket) => socket.end(answer('<html></html>')),
  'knows no such route': (socket) => socket.end(answer('{}', '404 Not Found')),
  'makes something up': (socket) => socket.end(answer(JSON.stringify({ nonce: random(), proof: random() }))),
  'says what it heard': (socket, request) =>
    socket.end(answer(JSON.stringify({ nonce: nonceIn(request), proof: nonceIn(request) }))),
  'guesses the token': (socket, request, port) => {
    const nonce = random()
    socket.end(answer(JSON.stringify({ nonce, proof: proofOf('guess', 'server', port, nonceIn(request), nonce) })))
  },
  'gives the proof of a client': (socket, request, port) => {
    const nonce = random()
    socket.end(answer(JSON.stringify({ nonce, proof: proofOf(testToken, 'client', port, nonceIn(request), nonce) })))
  },
  'gives a proof of another time': (socket, _request, port) => {
    const nonce = random()
    socket.end(answer(JSON.stringify({ nonce, proof: proofOf(testToken, 'server', port, random(), nonce) })))
  },
  'gives a proof of another port': (socket, request, port) => {
    const nonce = random()
    socket.end(answer(JSON.stringify({ nonce, proof: proofOf(testToken, 'server', port + 1, nonceIn(request), nonce) })))
  },
  'sends the client elsewhere': (socket) => socket.end(answer('', '302 Found', 'location: http://127.0.0.1:9/\r\n')),
  'answers without end': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n')
    const more = (): void => {
      while (!socket.destroyed && socket.write(' '.repeat(65_536))) {
        // Until its buffer is full.
      }
    }
    socket.on('drain', more)
    more()
  },
}

describe('another program at the port of a peer is told no token, and taken for what it is', () => {
  for (const [name, trick] of Object.entries(tricks)) {
    test(`one that ${name}`, async () => {
      const impostor = await startImpostor((socket, request) => trick(socket, request, impostor.port))
      await expect(connectApi({ url: impostor.url, token: testToken })).rejects.toMatchObject({
        name: 'Unreachable',
        reason: 'stranger',
        message: `Another program is at ${impostor.url}, not the peer of this folder: it was not told the token.`,
      })
      expect(impostor.heard()).toMatch(/^GET \/proof\?nonce=[A-Za-z0-9_-]{43} HTTP/)
      expect(impostor.heard().toLowerCase()).not.toMatch(/authorization|upgrade|ticket/)
      expect(impostor.heard()).not.toContain(testToken)
    })
  }

  test('one that passes everything on to the peer, which is at another port', async () => {
    const { port } = await startTestApi()
    const impostor = await startImpostor((socket, request) => {
      const peer = connect(port, '127.0.0.1')
      peer.on('error', () => {})
      peer.write(request.replace(/host: \S+/i, `host: 127.0.0.1:${port}`))
      peer.pipe(socket)
    })
    await expect(connectApi({ url: impostor.url, token: testToken })).rejects.toMatchObject({ reason: 'stranger' })
    expect(impostor.heard()).not.toMatch(/upgrade/i)
  })

  test('one that never answers is waited for 5 s, and said to be silent', async () => {
    const impostor = await startImpostor(() => {})
    await expect(connectApi({ url: impostor.url, token: testToken })).rejects.toMatchObject({ reason: 'silent' })
    expect(impostor.heard()).not.toContain(testToken)
  })

  test('one that answers only half is silent, too', async () => {
    const impostor = await startImpostor((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{'))
    await expect(connectApi({ url: impostor.url, token: testToken })).rejects.toMatchObject({ reason: 'silent' })
  })
})

test('nobody at the port is nobody', async () => {
  const gone = await startTestApi()
  await gone.server.stop()
  await expect(connectApi({ url: gone.server.url, token: testToken })).rejects.toMatchObject({ reason: 'nobody' })
})

test('the token is not told to the peer itself: it hears a proof that counts once', async () => {
  const { port } = await startTestApi()
  const heard: string[] = []
  const fake = await startImpostor((socket, request) => {
    heard.push(request)
    if (!request.startsWith('GET /proof')) return void socket.end(answer('{}', '401 Refused'))
    const nonce = random()
    socket.end(answer(JSON.stringify({ nonce, proof: proofOf(testToken, 'server', fake.port, nonceIn(request), nonce) })))
  })
  await expect(connectApi({ url: fake.url, token: testToken })).rejects.toMatchObject({ reason: 'refused' })
  expect(heard[0]).toMatch(/^GET \/proof\?/)
  expect(heard[1]).toMatch(/^GET \/ws /)
  expect(heard[1]).toMatch(/gavelring\.ticket\.[A-Za-z0-9_-]{43}\.[A-Za-z0-9_-]{43}/)
  expect(heard.join()).not.toContain(testToken)
  // What it heard is good for nothing at the peer.
  expect(await upgradeStatus(port, /gavelring\.ticket\.\S+/.exec(heard[1] ?? '')?.[0] ?? '')).toBe(401)
})

test.each(['{', 'null', '{"i":"1","p":null}'])(
  'a peer that says what is no message (%s) is hung up on, and what was asked is lost',
  async (words) => {
    const fake = await startImpostor((socket, request) => {
      if (request.startsWith('GET /proof')) {
        const nonce = random()
        socket.end(answer(JSON.stringify({ nonce, proof: proofOf(testToken, 'server', fake.port, nonceIn(request), nonce) })))
      } else if (request.startsWith('GET /ws')) {
        const key = /^sec-websocket-key: (\S+)/im.exec(request)?.[1] ?? ''
        // RFC 6455, section 4.2.2.
        const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
        const head = ['HTTP/1.1 101 Switching Protocols', 'upgrade: websocket', 'connection: upgrade']
        socket.write([...head, 'sec-websocket-protocol: gavelring', `sec-websocket-accept: ${accept}`, '', ''].join('\r\n'))
      } else {
        socket.write(Buffer.concat([Buffer.from([0x81, words.length]), Buffer.from(words)]))
      }
    })
    const { api, closed } = await connectApi({ url: fake.url, token: testToken })
    await expect(api.status()).rejects.toMatchObject({ name: 'ConnectionLost', code: 'unsettled' })
    fake.hangUp()
    await closed
  },
)

describe('a ticket', () => {
  const ticketFor = (port: number, client: string, server: string): string =>
    `gavelring.ticket.${server}.${proofOf(testToken, 'client', port, client, server)}`

  test('lets one in, once', async () => {
    const { port } = await startTestApi()
    const client = random()
    const { nonce } = await challengeOf(port, client)
    expect(await upgradeStatus(port, ticketFor(port, client, nonce))).toBe(101)
    expect(await upgradeStatus(port, ticketFor(port, client, nonce))).toBe(401)
  })

  test('is spoilt by a wrong one, and is none without a challenge or with the server’s own proof', async () => {
    const { port } = await startTestApi()
    const client = random()
    const { nonce, proof } = await challengeOf(port, client)
    expect(await upgradeStatus(port, `gavelring.ticket.${nonce}.${proof}`)).toBe(401)
    expect(await upgradeStatus(port, ticketFor(port, client, nonce))).toBe(401)
    expect(await upgradeStatus(port, ticketFor(port, client, random()))).toBe(401)
    expect(await upgradeStatus(port, 'gavelring.ticket.')).toBe(401)
  })

  test('is no longer good after many others were drawn: what strangers can make the peer keep is bounded', () => {
    const door = createDoor({ token: testToken, tokens: createFakeTokens(), limits: doorLimits, port: () => 7 })
    const [early, late] = [random(), random()]
    const draw = (nonce: string): Challenge => {
      const answer = door.challenge({ nonce }, '127.0.0.1')
      if ('refusal' in answer) throw new Error(answer.refusal.message)
      return answer.challenge
    }
    const first = draw(early)
    for (let i = 0; i < 4_096; i++) draw(random())
    const last = draw(late)
    const request = (client: string, server: string) => ({ headers: { 'sec-websocket-protocol': ticketFor(7, client, server) } })
    expect(door.recognize(request(early, first.nonce), '127.0.0.1')).toMatchObject({ refusal: { status: 401 } })
    expect(door.recognize(request(late, last.nonce), '127.0.0.1')).toEqual({ caller: { role: 'owner' } })
  })
})

test('the token lets a browser in that has no headers, and curl with one', async () => {
  const { port } = await startTestApi()
  expect(await upgradeStatus(port, `gavelring.token.${testToken}`)).toBe(101)
  const answered = await fetch(`http://127.0.0.1:${port}/api/status`, { headers: { authorization: `Bearer ${testToken}` } })
  expect(answered.status).toBe(200)
})

async function challengeOf(port: number, nonce: string): Promise<{ nonce: string; proof: string }> {
  const response = await fetch(`http://127.0.0.1:${port}/proof?nonce=${nonce}`)
  return (await response.json()) as { nonce: string; proof: string }
}

function upgradeStatus(port: number, protocol: string): Promise<number> {
  const headers = [
    'GET /ws HTTP/1.1',
    `host: 127.0.0.1:${port}`,
    'connection: Upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
    `sec-websocket-protocol: gavelring, ${protocol}`,
  ]
  const socket = connect(port, '127.0.0.1')
  socket.write(`${headers.join('\r\n')}\r\n\r\n`)
  return new Promise((resolve, reject) => {
    socket.once('data', (chunk) => {
      resolve(Number(String(chunk).slice(9, 12)))
      socket.destroy()
    })
    socket.once('error', reject)
  })
}
