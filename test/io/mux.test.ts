import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Stream, StreamMuxer } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { createIdentity } from '../../src/io/identity.ts'
import { type MuxOptions, mux, windowBytes } from '../../src/io/transport/mux.ts'
import { createMuxReader, encodeMuxHead, type MuxFrameKind, type MuxHead } from '../../src/io/transport/mux-frame.ts'
import { createNode } from '../../src/io/transport/node.ts'
import { SocketConnection } from '../../src/io/transport/socket-connection.ts'
import { until } from '../support/wait.ts'

// Streams over real sockets, without the noise around them, so that one end can say anything.

const { logger } = await createNode({ identity: createIdentity(), room: { name: 'mux', code: '' }, listen: [] })
const options: MuxOptions = { streamsMax: 8, opensPerSecond: 1_000 }

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

async function socketPair(): Promise<readonly [Socket, Socket]> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as { port: number }
  const dialler = connect({ port, host: '127.0.0.1', noDelay: true })
  const [listener] = (await once(server, 'connection')) as [Socket]
  server.close()
  sockets.push(dialler, listener)
  return [dialler, listener]
}

interface End {
  readonly connection: SocketConnection
  readonly muxer: StreamMuxer
  /** What the other end has opened, in that order. */
  readonly opened: Stream[]
}

function endOf(socket: Socket, direction: 'inbound' | 'outbound', changes: Partial<MuxOptions> = {}): End {
  const connection = new SocketConnection(socket, multiaddr('/ip4/127.0.0.1/tcp/1'), direction, logger)
  const muxer = mux({ ...options, ...changes })().createStreamMuxer(connection)
  const opened: Stream[] = []
  muxer.addEventListener('stream', ({ detail }) => opened.push(detail))
  return { connection, muxer, opened }
}

async function pair(changes: Partial<MuxOptions> = {}): Promise<readonly [End, End]> {
  const [dialler, listener] = await socketPair()
  return [endOf(dialler, 'outbound', changes), endOf(listener, 'inbound', changes)]
}

/** A stream from one end to the other, as both see it. */
async function streamBetween(from: End, to: End): Promise<readonly [Stream, Stream]> {
  const count = to.opened.length
  const stream = await from.muxer.createStream()
  await until('the other end sees the stream', () => to.opened.length > count)
  return [stream, to.opened[count] as Stream]
}

/** All that arrives on a stream. */
function listen(stream: Stream): { bytes(): Buffer } {
  const parts: Uint8Array[] = []
  stream.addEventListener('message', ({ data }) => parts.push(data.slice()))
  return { bytes: () => Buffer.concat(parts) }
}

/** The end that dials, without any muxer: what the other says to it, and a way to say anything to that. */
async function rawPair(changes: Partial<MuxOptions> = {}) {
  const [raw, listener] = await socketPair()
  const heard: MuxHead[] = []
  const reader = createMuxReader({ onHead: (head) => heard.push(head), onData: () => {} })
  let isEnded = false
  raw.on('data', (bytes) => reader.push(bytes))
  raw.on('error', () => {})
  raw.on('close', () => {
    isEnded = true
  })
  return {
    end: endOf(listener, 'inbound', changes),
    heard,
    socket: raw,
    isEnded: () => isEnded,
    say: (...frames: readonly Uint8Array[]) => raw.write(Buffer.concat(frames)),
    kinds: () => heard.map(({ kind }) => kind),
  }
}

const head = (kind: MuxFrameKind, stream: number, number = 0): Uint8Array => encodeMuxHead({ kind, stream, number })
const data = (stream: number, bytes: number | Uint8Array): Uint8Array => {
  const content = typeof bytes === 'number' ? new Uint8Array(bytes) : bytes
  return Buffer.concat([head('data', stream, content.length), content])
}
/** Bytes that differ from stream to stream and from place to place. */
const pattern = (length: number, seed: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, i) => (i * 31 + seed * 7 + (i >> 8)) & 255))

describe('streams over one connection', () => {
  it('carry megabytes both ways at once, whole and in order', async () => {
    const ends = await pair()
    const transfers: { readonly sent: Buffer; readonly heard: { bytes(): Buffer } }[] = []
    for (let n = 0; n < 3; n++) {
      const [near, far] = await streamBetween(ends[n % 2] as End, ends[1 - (n % 2)] as End)
      for (const [stream, other, seed] of [
        [near, far, 2 * n],
        [far, near, 2 * n + 1],
      ] as const) {
        const sent = pattern(1_500_000, seed)
        transfers.push({ sent, heard: listen(other) })
        for (let at = 0; at < sent.length; at += 400_000) stream.send(sent.subarray(at, at + 400_000))
      }
    }
    await until('all has arrived', () => transfers.every(({ sent, heard }) => heard.bytes().length >= sent.length))
    for (const { sent, heard } of transfers) expect(heard.bytes().equals(sent)).toBe(true)
  })

  it('grant new room once for thousands of small frames, and not for each', async () => {
    const { end, say, heard, kinds } = await rawPair()
    say(head('open', 1))
    await until('it is open', () => end.opened.length === 1)
    const arrived = listen(end.opened[0] as Stream)
    const small = Buffer.concat(Array.from({ length: 2_000 }, () => data(1, 100)))
    say(small)
    await until('all has arrived', () => arrived.bytes().length === 200_000)
    await until('room is granted', () => kinds().includes('grant'))
    expect(kinds()).toEqual(['grant'])
    expect(heard[0]?.number).toBeGreaterThanOrEqual(windowBytes / 2)
  })

  it('keep one that is not read at a window, and let the others pass', async () => {
    const [near, far] = await pair()
    const [paused, pausedFar] = await streamBetween(near, far)
    const [unheard, unheardFar] = await streamBetween(near, far)
    const [lively, livelyFar] = await streamBetween(near, far)
    const [heard, others] = [listen(pausedFar), listen(livelyFar)]
    pausedFar.pause()
    const sent = pattern(4 * windowBytes, 1)
    paused.send(sent)
    unheard.send(sent)
    lively.send(sent)
    await until('the others pass', () => others.bytes().length === sent.length)
    expect([pausedFar.readBufferLength, unheardFar.readBufferLength]).toEqual([windowBytes, windowBytes])
    expect([paused.writeBufferLength, unheard.writeBufferLength]).toEqual([3 * windowBytes, 3 * windowBytes])
    pausedFar.resume()
    const late = listen(unheardFar)
    await until('they catch up', () => heard.bytes().length === sent.length && late.bytes().length === sent.length)
    expect(heard.bytes().equals(sent) && late.bytes().equals(sent)).toBe(true)
  })

  it('grant nothing while they are paused, not even for what was read before', async () => {
    const { end, say, kinds } = await rawPair()
    say(head('open', 1))
    await until('it is open', () => end.opened.length === 1)
    const stream = end.opened[0] as Stream
    const arrived = listen(stream)
    let isHeldBack = false
    stream.addEventListener('message', () => {
      if (isHeldBack || arrived.bytes().length < windowBytes / 2) return
      isHeldBack = true
      stream.pause()
    })
    say(data(1, windowBytes / 2))
    await until('it is held back', () => isHeldBack)
    say(data(1, windowBytes / 2))
    await until('the rest waits', () => arrived.bytes().length + stream.readBufferLength === windowBytes)
    expect(kinds()).toEqual([])
    stream.resume()
    await until('room is granted', () => kinds().length > 0)
  })

  it.each(['end', 'reset'] as const)('are read to their %s also later, and get no more room for it', async (last) => {
    const { end, say, kinds } = await rawPair()
    say(head('open', 1), data(1, windowBytes / 2), head(last, 1))
    await until('it has ended', () => end.opened[0]?.remoteWriteStatus === 'closed')
    const arrived = listen(end.opened[0] as Stream)
    await until('it is read', () => arrived.bytes().length === windowBytes / 2)
    // Heard after whatever was said before it.
    await end.muxer.createStream()
    await until('another is opened', () => kinds().includes('open'))
    expect(kinds()).toEqual(['open'])
  })

  it('send in frames that fit into one message of noise', async () => {
    const { end, heard } = await rawPair()
    const stream = await end.muxer.createStream()
    stream.send(new Uint8Array(windowBytes))
    const numbers = (): readonly number[] => heard.map(({ number }) => number)
    await until('all is sent', () => numbers().reduce((sum, number) => sum + number, 0) === windowBytes)
    expect(Math.max(...numbers()) + encodeMuxHead({ kind: 'data', stream: 1, number: 1 }).length).toBeLessThanOrEqual(65_519)
  })

  it('are refused by an end that is closing', async () => {
    const [near, far] = await pair()
    await far.muxer.close()
    const stream = await near.muxer.createStream()
    await until('it is reset', () => stream.status === 'reset')
    expect(far.opened).toEqual([])
  })

  it('drop what comes after nobody reads any more, and let the sender come to its end', async () => {
    const [near, far] = await pair()
    const [stream, other] = await streamBetween(near, far)
    await other.closeRead()
    stream.send(new Uint8Array(3 * windowBytes))
    await until('all is sent', () => stream.writeBufferLength === 0)
    expect(other.readBufferLength).toBe(0)
  })

  it('end one direction before the other, and are forgotten when both have ended', async () => {
    const [near, far] = await pair()
    const [stream, other] = await streamBetween(near, far)
    const [heard, answered] = [listen(other), listen(stream)]
    stream.send(Buffer.from('question'))
    await stream.close()
    await until('the end is heard', () => other.remoteWriteStatus === 'closed')
    expect(heard.bytes().toString()).toBe('question')
    expect(() => stream.send(Buffer.from('more'))).toThrow()
    other.send(Buffer.from('answer'))
    await until('the answer is heard', () => answered.bytes().toString() === 'answer')
    await other.close()
    await until('both have forgotten it', () => near.muxer.streams.length + far.muxer.streams.length === 0)
    expect([stream.status, other.status]).toEqual(['closed', 'closed'])
  })

  it('are reset by either end, whatever is on its way, and the connection goes on', async () => {
    const [near, far] = await pair()
    const [stream, other] = await streamBetween(near, far)
    stream.send(new Uint8Array(windowBytes))
    other.abort(new Error('no more'))
    await until('the reset is heard', () => stream.status === 'reset')
    expect(near.muxer.streams).toEqual([])
    const [next, nextFar] = await streamBetween(far, near)
    const heard = listen(nextFar)
    next.send(Buffer.from('on'))
    await until('another stream speaks', () => heard.bytes().toString() === 'on')
    expect([near.connection.status, far.connection.status]).toEqual(['open', 'open'])
  })

  it('tell their end also to whoever begins to listen later', async () => {
    const [near, far] = await pair()
    const [stream, other] = await streamBetween(near, far)
    stream.abort(new Error('no more'))
    await until('both have ended', () => other.status === 'reset')
    const told = [once(stream, 'close'), once(other, 'close')]
    await Promise.all(told)
  })

  it('all end with their connection', async () => {
    const [near, far] = await pair()
    const [stream, other] = await streamBetween(near, far)
    near.connection.abort(new Error('cut'))
    await until('both have ended', () => stream.status !== 'open' && other.status !== 'open')
    await expect(far.muxer.createStream()).rejects.toThrow()
  })

  it('are no more than agreed, by the one that opens them', async () => {
    const [near, far] = await pair()
    const streams = []
    for (let n = 0; n < options.streamsMax; n++) streams.push(await near.muxer.createStream())
    await expect(near.muxer.createStream()).rejects.toThrow('8 streams are open')
    // Those that the other end opens count by themselves.
    await streamBetween(far, near)
    streams[0]?.abort(new Error('one less'))
    await streamBetween(near, far)
    expect(far.connection.status).toBe('open')
  })

  it('take no bytes from one that opens them while the connection is full', async () => {
    const [dialler, listener] = await socketPair()
    const near = endOf(dialler, 'outbound')
    listener.pause()
    // Each may send a window: more than the system takes from somebody whose other end reads nothing.
    const first = []
    for (let n = 0; n < options.streamsMax - 1; n++) first.push(await near.muxer.createStream())
    for (let n = 0; !near.connection.writableNeedsDrain; n++) first[n % first.length]?.send(new Uint8Array(windowBytes / 4))
    const waiting = near.connection.writeBufferLength
    const late = await near.muxer.createStream()
    late.send(new Uint8Array(100_000))
    expect(late.writeBufferLength).toBe(100_000)
    expect(near.connection.writeBufferLength - waiting).toBeLessThan(100)
    listener.resume()
    await until('it goes out later', () => late.writeBufferLength === 0)
  })

  it('send no more to somebody who grants room and reads nothing than the system takes', async () => {
    const { end, say, socket } = await rawPair()
    say(head('open', 1))
    await until('it is open', () => end.opened.length === 1)
    const marks = listen(end.opened[0] as Stream)
    socket.pause()
    const stream = await end.muxer.createStream()
    const total = 64 * windowBytes
    stream.send(new Uint8Array(total))
    let granted = 0
    for (let round = 1; round <= 100; round++) {
      const sent = total - stream.writeBufferLength
      if (sent > granted) say(head('grant', 2, sent - granted))
      granted = sent
      say(data(1, 1))
      await until('it has come', () => marks.bytes().length === round)
    }
    expect(end.connection.writableNeedsDrain).toBe(true)
    expect(end.connection.writeBufferLength).toBeLessThan(windowBytes)
    socket.resume()
    await until('it goes on', () => end.connection.writeBufferLength === 0)
    expect(end.connection.status).toBe('open')
  })
})

describe('the connection of somebody who breaks the rules of streams', () => {
  const open1 = head('open', 1)
  const cases: readonly (readonly [string, readonly Uint8Array[]])[] = [
    ['a kind that there is not', [Buffer.from([5, 0, 0, 0, 1, 0, 0, 0])]],
    ['data of no bytes', [open1, head('data', 1, 0)]],
    ['room for no bytes', [open1, head('grant', 1, 0)]],
    ['a number where none belongs', [head('open', 1, 1)]],
    ['a stream that only this end may open', [head('open', 2)]],
    ['stream 0', [head('open', 0)]],
    ['data of stream 0', [data(0, 1)]],
    ['a stream that is opened twice', [open1, open1]],
    ['a stream that is opened again', [open1, head('reset', 1), open1]],
    ['a stream with a lower number than one before', [head('open', 3), open1]],
    ['data of a stream that was never opened', [open1, data(3, 1)]],
    ['data of a stream that this end never opened', [open1, data(2, 1)]],
    ['more data than there is room for', [open1, head('data', 1, windowBytes + 1)]],
    ['more data in several frames', [open1, data(1, windowBytes), data(1, 1)]],
    ['more room than there is', [open1, head('grant', 1, 1)]],
    ['data after the end', [open1, head('end', 1), data(1, 1)]],
    ['a second end', [open1, head('end', 1), head('end', 1)]],
    ['more streams than agreed', Array.from({ length: options.streamsMax + 1 }, (_, n) => head('open', 2 * n + 1))],
  ]

  it.each(cases)('ends: %s', async (_name, frames) => {
    const { end, say, isEnded } = await rawPair()
    say(...frames)
    await until('the connection has ended', isEnded)
    expect(end.muxer.streams).toEqual([])
  })

  it('ends when streams are opened and reset too often', async () => {
    const { say, isEnded } = await rawPair({ opensPerSecond: 2 })
    for (let n = 0; n < 100; n++) say(head('open', 2 * n + 1), head('reset', 2 * n + 1))
    await until('the connection has ended', isEnded)
  })

  it('goes on with frames of a stream that has ended here: they were on their way', async () => {
    const { end, say, kinds } = await rawPair()
    say(head('open', 1))
    await until('it is open', () => end.opened.length === 1)
    end.opened[0]?.abort(new Error('enough'))
    await until('the reset is heard', () => kinds().includes('reset'))
    say(data(1, 1_000), head('grant', 1, 5), head('end', 1), head('reset', 1), head('open', 3), data(3, Buffer.from('on')))
    await until('another stream is open', () => end.opened.length === 2)
    const heard = listen(end.opened[1] as Stream)
    await until('it speaks', () => heard.bytes().toString() === 'on')
    expect(end.connection.status).toBe('open')
  })
})

const anyHead: fc.Arbitrary<MuxHead> = fc.oneof(
  fc.record({
    kind: fc.constantFrom<MuxFrameKind>('data', 'grant'),
    stream: fc.nat(2 ** 32 - 1),
    number: fc.integer({ min: 1, max: 300 }),
  }),
  fc.record({
    kind: fc.constantFrom<MuxFrameKind>('open', 'end', 'reset'),
    stream: fc.nat(2 ** 32 - 1),
    number: fc.constant(0),
  }),
)

describe('frames of streams', () => {
  it('are read the same however they are cut', () => {
    fc.assert(
      fc.property(fc.array(anyHead), fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (heads, cuts) => {
        const contents = heads.map(({ kind, number }, n) => pattern(kind === 'data' ? number : 0, n))
        const wire = Buffer.concat(heads.flatMap((one, n) => [encodeMuxHead(one), contents[n] ?? Buffer.alloc(0)]))
        const read: MuxHead[] = []
        const parts: Uint8Array[] = []
        const reader = createMuxReader({ onHead: (one) => read.push(one), onData: (part) => parts.push(part) })
        for (let at = 0, n = 0; at < wire.length; n++) {
          const length = cuts[n % cuts.length] ?? 1
          reader.push(wire.subarray(at, at + length))
          at += length
        }
        expect(read).toEqual(heads)
        expect(Buffer.concat(parts).equals(Buffer.concat(contents))).toBe(true)
      }),
    )
  })

  it('of any kind, in any order, never cost more than agreed', { timeout: 60_000 }, async () => {
    const hostile = fc.array(
      fc.record({
        kind: fc.constantFrom<MuxFrameKind>('open', 'open', 'data', 'data', 'grant', 'end', 'reset'),
        stream: fc.integer({ min: 0, max: 24 }),
        number: fc.constantFrom(0, 1, 100, windowBytes / 2, windowBytes, 2 ** 24 - 1),
      }),
      { maxLength: 40 },
    )
    await fc.assert(
      fc.asyncProperty(hostile, fc.uint8Array({ maxLength: 60 }), async (heads, noise) => {
        const { end, say, socket, isEnded } = await rawPair()
        for (const one of heads) say(encodeMuxHead(one), new Uint8Array(one.kind === 'data' ? one.number % 1_000_000 : 0))
        say(noise)
        socket.end()
        await until('it has come to its end', isEnded)
        await until('nothing is left', () => end.muxer.streams.length === 0)
        expect(end.opened.length).toBeLessThanOrEqual(13)
        for (const stream of end.opened) expect(stream.readBufferLength).toBeLessThanOrEqual(windowBytes)
      }),
      { numRuns: 60 },
    )
  })

  it('of two ends that keep the rules bring all that was sent, whatever both do', { timeout: 60_000 }, async () => {
    const step = fc.record({
      end: fc.constantFrom(0, 1),
      act: fc.constantFrom('open', 'send', 'send', 'send', 'pause', 'resume', 'close', 'abort'),
      which: fc.nat(7),
      bytes: fc.integer({ min: 1, max: windowBytes }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const ends = await pair()
        const sent = new Map<string, Buffer[]>()
        const heard = new Map<string, { bytes(): Buffer }>()
        const streams: [Stream[], Stream[]] = [[], []]
        const hold = (side: 0 | 1, stream: Stream): void => {
          streams[side].push(stream)
          heard.set(`${side} ${stream.id}`, listen(stream))
        }
        for (const side of [0, 1] as const) ends[side].muxer.addEventListener('stream', ({ detail }) => hold(side, detail))
        for (const { end, act, which, bytes } of steps) {
          const side = end as 0 | 1
          const stream = streams[side][which]
          if (act === 'open' && ends[side].muxer.streams.length < options.streamsMax) {
            hold(side, await ends[side].muxer.createStream())
          }
          if (stream?.status !== 'open') continue
          if (act === 'send' && stream.writeStatus === 'writable') {
            const part = pattern(bytes, which)
            const key = `${1 - side} ${stream.id}`
            sent.set(key, [...(sent.get(key) ?? []), part])
            stream.send(part)
          }
          if (act === 'pause' && stream.readStatus === 'readable') stream.pause()
          if (act === 'resume' && stream.readStatus === 'paused') stream.resume()
          if (act === 'close') stream.close().catch(() => {})
          if (act === 'abort') stream.abort(new Error('by chance'))
          if (bytes % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
        }
        for (const stream of streams.flat()) if (stream.readStatus === 'paused') stream.resume()
        const isDone = (key: string): boolean => {
          const [side, id] = key.split(' ')
          const all = streams.map((own) => own.find((one) => one.id === id))
          if (all.some((one) => one === undefined || one.status === 'aborted' || one.status === 'reset')) return true
          return heard.get(`${side} ${id}`)?.bytes().length === Buffer.concat(sent.get(key) ?? []).length
        }
        await until('all is told', () => [...sent.keys()].every(isDone))
        for (const [key, parts] of sent) {
          const arrived = heard.get(key)?.bytes() ?? Buffer.alloc(0)
          const whole = Buffer.concat(parts)
          expect(whole.subarray(0, arrived.length).equals(arrived)).toBe(true)
        }
        expect(ends.map(({ connection }) => connection.status)).toEqual(['open', 'open'])
        for (const { connection } of ends) connection.abort(new Error('done'))
      }),
      { numRuns: 40 },
    )
  })
})
