import { once } from 'node:events'
import { connect } from 'node:net'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Gateway, type GatewayLimits, startGateway } from '../../src/gateway/server.ts'
import type { Peer, Receipt } from '../../src/peer/peer.ts'
import { createFakePeer, type FakePeer, fakeAuction } from '../support/fake-peer.ts'
import { createFakeSeat, type FakeSeat } from '../support/fake-seat.ts'
import { silentLogger } from '../support/silent-logger.ts'
import { until } from '../support/wait.ts'
import { connectThin } from './thin-client.ts'

interface Rig {
  readonly gateway: Gateway
  readonly peer: FakePeer
  readonly seat: FakeSeat
}

async function open(limits: Partial<GatewayLimits> = {}, change: Partial<Peer> = {}): Promise<Rig> {
  const peer = Object.assign(createFakePeer(), change)
  const seat = createFakeSeat(peer)
  const gateway = await startGateway({ seat, logger: silentLogger, host: '127.0.0.1', port: 0, limits })
  onTestFinished(() => gateway.stop(0))
  return { gateway, peer, seat }
}

const login = 't:1|op:6|rg:ana'
const loggedIn = /^t:\d+\|s:0\|resposta:Login realizado com sucesso$/

describe('a client is served', () => {
  test('that sends no newline, and gets none', async () => {
    const { gateway } = await open()
    const client = await connectThin(gateway.address)
    expect(await client.ask(login)).toBe('t:3|s:0|resposta:Login realizado com sucesso')
    expect(await client.ask('t:4|op:1|rg:ana')).toBe('t:6|s:0|resposta:Saldo: 10.5')
    expect(await client.ask('t:7|op:2|rg:ana|valor:1')).toBe('t:9|s:0|resposta:Saque realizado com sucesso')
  })

  test('that sends byte by byte, with and without newlines', async () => {
    const { gateway, peer } = await open()
    const [bare, lines] = [await connectThin(gateway.address), await connectThin(gateway.address)]
    await bare.sendBytes(login)
    expect(await bare.ask('')).toMatch(loggedIn)
    await bare.sendBytes('t:4|op:3|rg:ana|valor:12.25')
    expect(await bare.ask('')).toBe('t:6|s:0|resposta:Depósito realizado com sucesso')
    await lines.sendBytes(`${login}\n`)
    expect(await lines.line()).toMatch(loggedIn)
    await lines.sendBytes('t:4|op:5\r\n')
    expect(await lines.line()).toBe('t:6|s:0|resposta:Relógio: 6')
    await lines.sendBytes('t:4|op:3|rg:ana|valor:12.25\n')
    expect(await lines.line()).toBe('t:8|s:0|resposta:Depósito realizado com sucesso')
    expect(peer.submissions.map(({ submission }) => submission.operation)).toEqual([
      { kind: 'deposit', account: 'ana', amount: 1_225 },
      { kind: 'deposit', account: 'ana', amount: 1_225 },
    ])
  })

  test('that sends two at once, with and without newlines, in the times of the classic server', async () => {
    const { gateway } = await open()
    const [lines, bare] = [await connectThin(gateway.address), await connectThin(gateway.address)]
    lines.send(`${login}\nt:2|op:1|rg:ana\n`)
    expect([await lines.line(), await lines.line()]).toEqual([
      't:3|s:0|resposta:Login realizado com sucesso',
      't:5|s:0|resposta:Saldo: 10.5',
    ])
    bare.send(`${login}t:2|op:1|rg:ana`)
    await until('both answers', () => bare.received.includes('Saldo'))
    expect(bare.received).toBe('t:3|s:0|resposta:Login realizado com sucessot:5|s:0|resposta:Saldo: 10.5')
  })

  test('that sends many at once: all are answered, in order', async () => {
    const { gateway, peer } = await open({ requestsMax: 8 })
    const client = await connectThin(gateway.address)
    const count = 2_000
    client.send(Array.from({ length: count }, (_, index) => `t:${index}|op:3|rg:ana|valor:${index + 1}\n`).join(''))
    await until('all answers', () => client.received.split('\n').length > count)
    const times = client.received
      .trim()
      .split('\n')
      .map((line) => Number(/^t:(\d+)\|s:0\|/.exec(line)?.[1]))
    expect(times).toEqual([...times].sort((a, b) => a - b))
    const amounts = peer.submissions.map(({ submission }) => (submission.operation as { amount: number }).amount)
    expect(amounts).toEqual(Array.from({ length: count }, (_, index) => (index + 1) * 100))
  })

  test('that ends its stream: what it asked is answered before the connection ends', async () => {
    const { gateway } = await open()
    const client = await connectThin(gateway.address)
    client.socket.end('t:1|op:3|rg:ana|valor:1')
    expect(await client.rest()).toBe('t:3|s:0|resposta:Depósito realizado com sucesso')
    const half = await connectThin(gateway.address)
    half.socket.end('t:1|op:3|rg:an')
    expect(await half.rest()).toMatch(/s:1\|resposta:Mensagem incompleta: nada foi feito\n$/)
  })

  test('that subscribes: it hears the notices of the room that the peer is in, whichever that is', async () => {
    const { gateway, peer, seat } = await open()
    const client = await connectThin(gateway.address)
    client.send('t:1|op:10')
    expect(await client.line()).toBe('t:3|s:0|resposta:Inscrição realizada com sucesso')
    const start = { kind: 'auction-started', auction: fakeAuction, item: 'Lamp', endsAt: 0 as never } as const
    const tell = (to: FakePeer): void => to.tell({ kind: 'market', operation: 'x/1/1' as never, block: 1, event: start })
    tell(peer)
    expect(await client.line()).toMatch(/^n:inicio\|t:4\|tipo:inicio\|productId:1\|nome:Lamp\|/)
    const other = createFakePeer()
    seat.setPeer(undefined)
    seat.setPeer(other)
    tell(peer)
    tell(other)
    expect(await client.line()).toMatch(/^n:inicio\|t:5\|/)
    client.send('t:1|op:5\n')
    expect(await client.line()).toMatch(/^t:7\|s:0\|resposta:Relógio/)
  })
})

describe('never a crash, always an answer or a closed connection with a reason', () => {
  const token = fc.constantFrom(
    't:',
    '1',
    '|',
    'op:',
    'rg:',
    'ana',
    'valor:',
    'nan',
    '\n',
    '\r',
    '10',
    'GET / HTTP/1.1',
    'â',
    '\0',
    ':',
    '-',
  )
  const bytes = fc.oneof(
    fc.array(token, { maxLength: 24 }).map((parts) => Buffer.from(parts.join(''))),
    fc.uint8Array({ maxLength: 256 }).map((data) => Buffer.from(data)),
    fc.string({ unit: 'binary', maxLength: 64 }).map((text) => Buffer.from(`t:1|op:1|rg:${text}\n`)),
  )

  test('whatever comes, in whatever pieces', async () => {
    const { gateway } = await open({ momentMillis: 5, whileMillis: 10, partialMillis: 20 })
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 1, maxLength: 4 }), async (pieces) => {
        const client = await connectThin(gateway.address)
        for (const piece of pieces) {
          client.socket.write(piece)
          await new Promise((resolve) => setImmediate(resolve))
        }
        if (pieces.some(({ length }) => length > 0)) {
          await until('an answer, or the end', () => client.received !== '' || client.isClosed)
          for (const line of client.received.split(/\n|(?=t:\d+\|s:)/)) expect(line).toMatch(/^(?:t:\d+\|s:[01]\|resposta:.*)?$/)
        }
        client.socket.destroy()
      }),
      { numRuns: 150 },
    )
    const client = await connectThin(gateway.address)
    expect(await client.ask(login)).toMatch(loggedIn)
    await until('all others are gone', () => gateway.counters().open === 1)
  })

  test('a megabyte without an end is refused, said so, and costs nothing but its connection', async () => {
    const { gateway } = await open()
    const [client, other] = [await connectThin(gateway.address), await connectThin(gateway.address)]
    client.send('x'.repeat(1024 * 1024))
    expect(await client.rest()).toBe('t:2|s:1|resposta:Mensagem longa demais\n')
    expect(await other.ask(login)).toMatch(loggedIn)
    expect(gateway.counters()).toMatchObject({ unended: 1 })
  })

  test('half a message is waited for, then refused; a byte now and then keeps nothing open', async () => {
    const { gateway } = await open({ partialMillis: 300, messageMillis: 900 })
    const [half, slow] = [await connectThin(gateway.address), await connectThin(gateway.address)]
    half.send('t:1|op:2|rg:ana|val')
    expect(await half.rest()).toBe('t:2|s:1|resposta:Mensagem incompleta: nada foi feito\n')
    slow.send('t:1|op:2|rg:')
    const drip = setInterval(() => slow.send('a'), 50)
    slow.send('|x')
    expect(await slow.rest()).toBe('t:2|s:1|resposta:Mensagem incompleta: nada foi feito\n')
    clearInterval(drip)
  })

  test('money of a stream of lines is not moved by a line that is cut', async () => {
    const { gateway, peer } = await open({ whileMillis: 10, partialMillis: 100 })
    const client = await connectThin(gateway.address)
    client.send(`${login}\nt:2|op:2|rg:ana|valor:1`)
    expect(await client.rest()).toBe(
      't:3|s:0|resposta:Login realizado com sucesso\nt:5|s:1|resposta:Mensagem incompleta: nada foi feito\n',
    )
    expect(peer.submissions).toEqual([])
  })

  const pay = 't:2|op:2|rg:ana|valor:1'
  test.each([
    ['in its body', `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n${login}\n${pay}\n`],
    // A browser leaves these characters of an address as they are.
    ['in its address', `GET /${login}${pay}|x: HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`],
    ['as fields of its address', `GET /x:|${login}|x: HTTP/1.1\r\nHost: 127.0.0.1\r\n${pay}\r\n`],
    ['in a method of its own', `x /${login}${pay}|x: HTTP/1.1\r\n\r\n`],
  ])('a web page that is made to move money %s is refused at its first line', async (_, text) => {
    const { gateway, peer } = await open()
    const client = await connectThin(gateway.address)
    client.send(text)
    expect(await client.rest()).toBe('t:2|s:1|resposta:Aqui não se fala HTTP\n')
    expect(peer.submissions).toEqual([])
  })

  test('a client that does not read its answers is not read either, and cut in the end', async () => {
    const { gateway } = await open({ slowMillis: 300, unreadBytesMax: 16 * 1024 })
    const client = await connectThin(gateway.address)
    client.socket.pause()
    const lines = 't:1|op:1|rg:nobody-has-this-account\n'.repeat(2_000)
    const flood = setInterval(() => client.socket.writableLength < 1024 * 1024 && client.send(lines), 1)
    await until('it is cut', () => gateway.counters().slow === 1)
    clearInterval(flood)
    const sent = client.socket.bytesWritten / lines.length
    expect(gateway.counters().requests).toBeLessThan(sent * 2_000)
    await until('it is gone', () => gateway.counters().open === 0)
  })

  test('a short question that has a long answer is not answered faster than it is read', async () => {
    const fake = createFakePeer()
    const lots = Array.from({ length: 100 }, () => fake.auctions()).flat()
    const { gateway } = await open({}, { auctions: () => lots })
    const client = await connectThin(gateway.address)
    client.socket.pause()
    const count = 7_000
    client.send('t:1|op:7\n'.repeat(count))
    await until('some are answered', () => gateway.counters().done > 0)
    let before = -1
    await until('no more are', () => {
      const isStill = before === gateway.counters().done
      before = gateway.counters().done
      return isStill
    })
    expect(before).toBeLessThan(count)
    client.socket.resume()
    await until('all are', () => client.received.split('\n').length === count + 1, 60_000)
  })

  test('a stream that never pauses, and whose pieces end within lines, may go on for ever', async () => {
    const { gateway } = await open({ partialMillis: 20_000, messageMillis: 500 })
    const client = await connectThin(gateway.address)
    client.send('t:1|op')
    const begin = performance.now()
    let count = 0
    while (performance.now() - begin < 1_500) {
      client.send(':5\nt:1|op')
      count++
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await until('all are answered', () => client.received.split('\n').length === count + 1)
    expect(gateway.counters()).toMatchObject({ unended: 0, done: count })
  })

  test('a subscriber that does not read is cut, however much there is to tell', async () => {
    const { gateway, peer } = await open({ noticeBytesMax: 64 * 1024 })
    const client = await connectThin(gateway.address)
    client.send('t:1|op:10\n')
    await client.line()
    client.socket.pause()
    const event = { kind: 'auction-started', auction: fakeAuction, item: 'Lamp', endsAt: 0 as never } as const
    const flood = setInterval(() => {
      for (let count = 0; count < 1_000; count++) peer.tell({ kind: 'market', operation: 'x/1/1' as never, block: 1, event })
    }, 1)
    await until('it is cut', () => gateway.counters().slow === 1)
    clearInterval(flood)
  })

  test('whoever asks for nothing is told so and hung up on; subscribers may listen for ever', async () => {
    const { gateway } = await open({ idleMillis: 1_500 })
    const [idle, subscriber] = [await connectThin(gateway.address), await connectThin(gateway.address)]
    subscriber.send('t:1|op:10\n')
    await subscriber.line()
    expect(await idle.rest()).toBe('t:1|s:1|resposta:Conexão encerrada: nada foi pedido há muito tempo\n')
    subscriber.send('t:1|op:5\n')
    expect(await subscriber.line()).toMatch(/resposta:Relógio/)
    expect(gateway.counters()).toMatchObject({ idle: 1, open: 1 })
  })

  test('one connection too many is told so; those that are there go on', async () => {
    const { gateway } = await open({ connectionsMax: 2 })
    const first = await connectThin(gateway.address)
    await connectThin(gateway.address)
    await until('two are in', () => gateway.counters().open === 2)
    const third = await connectThin(gateway.address)
    expect(await third.rest()).toBe('t:1|s:1|resposta:Há conexões demais: tente de novo mais tarde\n')
    expect(await first.ask(login)).toMatch(loggedIn)
    expect(gateway.counters()).toMatchObject({ turnedAway: 1 })
  })

  test('clients that are gone without a word, in the middle of anything, leave nothing behind', async () => {
    const { gateway } = await open({}, { submit: () => new Promise<Receipt>(() => {}) })
    for (const text of ['', 't:1|op', login, 't:1|op:3|rg:ana|valor:1\n', 't:1|op:10\n']) {
      const socket = connect({ host: '127.0.0.1', port: Number(gateway.address.split(':')[1]) })
      await once(socket, 'connect')
      socket.write(text)
      await new Promise((resolve) => setTimeout(resolve, 20))
      socket.resetAndDestroy()
    }
    await until('all are gone', () => gateway.counters().open === 0 && gateway.counters().accepted === 5)
  })

  test('1,000 that say nothing cost little, and the next one is served', async () => {
    const { gateway } = await open()
    const sockets = []
    for (let round = 0; round < 20; round++)
      sockets.push(...(await Promise.all(Array.from({ length: 50 }, () => connectThin(gateway.address)))))
    await until('all are in', () => gateway.counters().open === 1_000)
    const client = await connectThin(gateway.address)
    expect(await client.ask(login)).toMatch(loggedIn)
    expect(sockets.filter(({ isClosed }) => isClosed)).toEqual([])
  })
})

describe('when it stops', () => {
  test('everyone is told, what was submitted is answered, and nobody comes in any more', async () => {
    let settle: (receipt: Receipt) => void = () => {}
    const peer = createFakePeer()
    const receipt = await peer.submit({ request: undefined, operation: { kind: 'void' } }, 1)
    const { gateway } = await open({}, { submit: () => new Promise<Receipt>((resolve) => (settle = resolve)) })
    const [idle, busy] = [await connectThin(gateway.address), await connectThin(gateway.address)]
    busy.send('t:1|op:3|rg:ana|valor:1\n')
    await until('it is submitted', () => gateway.counters().requests === 1)
    const stopped = gateway.stop(5_000)
    expect(await idle.rest()).toBe('t:1|s:1|resposta:Este par está parando: nada foi feito\n')
    settle(receipt)
    expect(await busy.rest()).toBe(
      't:3|s:0|resposta:Depósito realizado com sucesso\nt:4|s:1|resposta:Este par está parando: nada foi feito\n',
    )
    await stopped
    await expect(connectThin(gateway.address)).rejects.toThrow(/ECONNREFUSED/)
  })

  test('what is not settled in time is said to be open', async () => {
    const { gateway } = await open({}, { submit: () => new Promise<Receipt>(() => {}) })
    const client = await connectThin(gateway.address)
    client.send('t:1|op:3|rg:ana|valor:1\n')
    await until('it is submitted', () => gateway.counters().requests === 1)
    await gateway.stop(400)
    expect(await client.rest()).toMatch(/^t:3\|s:1\|resposta:Sem confirmação até agora: ainda pode acontecer/)
  })
})

test('a port that somebody else has is a failure with a name', async () => {
  const { gateway, seat } = await open()
  const port = Number(gateway.address.split(':')[1])
  await expect(startGateway({ seat, logger: silentLogger, host: '127.0.0.1', port })).rejects.toMatchObject({
    code: 'port-in-use',
  })
  await expect(startGateway({ seat, logger: silentLogger, host: '203.0.113.7', port: 0 })).rejects.toMatchObject({
    code: 'address-invalid',
  })
})
