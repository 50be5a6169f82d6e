import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { Failure } from '../core/failure.ts'
import type { Logger } from '../peer/ports.ts'
import { createNotices } from './auctions.ts'
import { createFramer, type Framed } from './framing.ts'
import { printAnswer } from './message.ts'
import { createSession } from './session.ts'
import { createStanding, type GatewaySeat } from './standing.ts'
import { type Language, textsOf } from './texts.ts'

/**
 * The door for thin clients: the classic line protocol over TCP, one session for each connection. It knows no passwords, as the
 * classic bank knew none: whoever reaches it can use every account that this peer owns.
 */
export interface Gateway {
  /** `127.0.0.1:5000` or `[::1]:5000`, with the port that was found. */
  readonly address: string
  counters(): GatewayCounters
  /** Takes no one in any more, answers what was submitted, tells everyone why, and hangs up; in `deadlineMillis` at most. */
  stop(deadlineMillis: number): Promise<void>
}

/** Since the start, but for `open`. */
export interface GatewayCounters {
  /** Connections just now. */
  readonly open: number
  readonly accepted: number
  /** There was no room for them. */
  readonly turnedAway: number
  readonly requests: number
  /** Answered with `s:0`, with `s:1`. */
  readonly done: number
  readonly refused: number
  readonly notices: number
  /** Ended from here: nothing was asked for long; answers were not read; messages had no end, or were too long. */
  readonly idle: number
  readonly slow: number
  readonly unended: number
}

/** What connections can take up, and for how long they are waited for, in milliseconds. */
export interface GatewayLimits {
  /** One more is told so, and closed. An idle one costs some ten kilobytes. */
  readonly connectionsMax: number
  /** Requests of one connection that wait for their answers; no more are read meanwhile. */
  readonly requestsMax: number
  /** Bytes of answers that wait to be read: from here on no more requests are read. */
  readonly unreadBytesMax: number
  /** The same of notices, which nobody can hold back: from here on the connection is cut. */
  readonly noticeBytesMax: number
  /**
   * A message without a newline that might still grow is taken after so long; see `createFramer`. Less: pieces of one message that
   * come apart are taken for two. More: whoever sends no newlines waits so much longer for each movement of money.
   */
  readonly momentMillis: number
  /** The same on a connection that sends newlines. */
  readonly whileMillis: number
  /** A message that is not whole is given up, and the connection with it, after so long without another byte of it. */
  readonly partialMillis: number
  /** And after so long in all: a byte now and then keeps nothing open. */
  readonly messageMillis: number
  /** Nothing was asked for so long; subscribers need not ask. A client that is gone without a word is found by the system's probes. */
  readonly idleMillis: number
  /** Answers were not read for so long. */
  readonly slowMillis: number
  /** The system asks whether the other end is still there after so long without a word, ten times, a second apart. */
  readonly probeMillis: number
  /** How long a client may take to read the last line, and to hang up. */
  readonly lingerMillis: number
}

export const gatewayLimits: GatewayLimits = {
  connectionsMax: 2_048,
  requestsMax: 256,
  unreadBytesMax: 64 * 1024,
  noticeBytesMax: 1024 * 1024,
  momentMillis: 120,
  whileMillis: 1_000,
  partialMillis: 3_000,
  messageMillis: 30_000,
  idleMillis: 15 * 60_000,
  slowMillis: 30_000,
  probeMillis: 30_000,
  lingerMillis: 1_000,
}

export interface GatewayOptions {
  readonly seat: GatewaySeat
  readonly logger: Logger
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** Default: Portuguese, as the classic bank spoke. */
  readonly language?: Language
  /** Default: {@link gatewayLimits}. */
  readonly limits?: Partial<GatewayLimits>
}

/** What came is cut into messages in pieces of so many bytes, as answers can be had: each byte may be a message that is none. */
const pieceBytes = 1_024
/** Of all connections, how often it is looked at what has taken too long, in milliseconds. */
const sweepMillis = 250
/** Of the time to stop, what is kept for the last lines, in milliseconds. */
const lastLinesMillis = 200

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

interface Connection {
  readonly socket: Socket
  readonly session: ReturnType<typeof createSession>
  sweep(now: number): void
}

/** Listens. Fails with a `Failure`: `port-in-use`, `address-invalid`. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { seat, logger } = options
  const limits = { ...gatewayLimits, ...options.limits }
  const texts = textsOf[options.language ?? 'pt']
  const now = (): number => performance.now()
  const standing = createStanding(now)
  const notices = createNotices(seat, texts)
  const connections = new Set<Connection>()
  const counters: Mutable<Omit<GatewayCounters, 'open'>> = {
    ...{ accepted: 0, turnedAway: 0, requests: 0, done: 0, refused: 0, notices: 0, idle: 0, slow: 0, unended: 0 },
  }
  let onGone = (): void => {}

  const accept = (socket: Socket): void => {
    socket.on('error', (error) => logger.debug('gateway-connection-failed', () => ({ reason: error.message })))
    if (connections.size >= limits.connectionsMax) {
      counters.turnedAway++
      hangUp(socket, `${printAnswer(1, { ok: false, text: texts.full })}\n`, limits.lingerMillis)
      return
    }
    counters.accepted++
    const connection = connect(socket)
    connections.add(connection)
    socket.on('close', () => {
      connections.delete(connection)
      connection.session.abandon()
      onGone()
    })
  }

  const connect = (socket: Socket): Connection => {
    const framer = createFramer()
    const session = createSession({
      ...{ seat, standing, notices, texts, counters, write, now, later },
      isFull: () => unreadSince !== undefined,
      soon: queueMicrotask,
      onBug: (error) => logger.error('gateway-request-failed', { error }),
    })
    /** What came and was not looked at yet: nothing more is read then. */
    let unread: Buffer | undefined
    let heardAt = now()
    /** When the message that waits for more began, at the latest. */
    let partSince = 0
    let unreadSince: number | undefined
    let isHungUp = false
    let hasEnded = false
    let timer: NodeJS.Timeout | undefined

    function later(millis: number, task: () => void): void {
      setTimeout(task, millis).unref()
    }

    function write(text: string): void {
      if (isHungUp || socket.destroyed) return
      if (isOver()) return end(text)
      socket.write(text)
      if (socket.writableLength > limits.noticeBytesMax) return cut()
      if (socket.writableLength > limits.unreadBytesMax) unreadSince ??= now()
      breathe()
    }

    /** Nothing will be said any more. */
    const isOver = (): boolean => session.isOver || (hasEnded && session.waiting === 0 && !session.isSubscribed)

    const end = (text?: string): void => {
      isHungUp = true
      clearTimeout(timer)
      hangUp(socket, text, limits.lingerMillis)
    }

    const cut = (): void => {
      counters.slow++
      logger.debug('gateway-connection-failed', () => ({ reason: 'its answers are not read' }))
      socket.destroy()
    }

    /** Reads on, or not, as the answers go. */
    const breathe = (): void => {
      while (unread !== undefined && !isFull() && !isHungUp) {
        const piece = unread.subarray(0, pieceBytes)
        unread = unread.length > pieceBytes ? unread.subarray(pieceBytes) : undefined
        const isNew = framer.waiting === 'nothing'
        const framed = framer.push(piece)
        if (isNew || framed.length > 0) partSince = now()
        take(framed)
        if (unread === undefined) arm()
      }
      if (isHungUp) return
      const isHeld = unread !== undefined || isFull()
      if (isHeld && !socket.isPaused()) socket.pause()
      else if (!isHeld && socket.isPaused()) socket.resume()
    }
    const isFull = (): boolean => unreadSince !== undefined || session.waiting >= limits.requestsMax

    const take = (framed: readonly Framed[]): void => {
      for (const one of framed) session.receive(one)
    }

    const arm = (): void => {
      clearTimeout(timer)
      const { waiting } = framer
      if (waiting !== 'moment' && waiting !== 'while') return
      timer = setTimeout(() => take(framer.take()), waiting === 'moment' ? limits.momentMillis : limits.whileMillis)
    }

    socket.on('data', (chunk: Buffer) => {
      if (isHungUp) return
      heardAt = now()
      clearTimeout(timer)
      unread = unread === undefined ? chunk : Buffer.concat([unread, chunk])
      breathe()
    })
    socket.on('drain', () => {
      unreadSince = undefined
      session.resume()
      breathe()
    })
    socket.on('end', () => {
      clearTimeout(timer)
      take(framer.take())
      hasEnded = true
      if (isOver() && !isHungUp) end()
    })
    socket.on('close', () => clearTimeout(timer))

    return {
      socket,
      session,
      sweep(time) {
        if (isHungUp) return
        const isPartial = framer.waiting === 'more' && !socket.isPaused()
        const isLate = time - heardAt > limits.partialMillis || time - partSince > limits.messageMillis
        if (isPartial && isLate) take(framer.take())
        if (unreadSince !== undefined && time - unreadSince > limits.slowMillis) cut()
        else if (session.waiting === 0 && !session.isSubscribed && time - heardAt > limits.idleMillis) {
          counters.idle++
          session.end(texts.idle)
        }
      },
    }
  }

  const server = createServer(
    { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: limits.probeMillis },
    accept,
  )
  await listen(server, options)
  // Such as no file left for one more connection: those that are there go on.
  server.on('error', (error) => logger.debug('gateway-connection-failed', () => ({ reason: error.message })))
  const sweeper = setInterval(() => {
    const time = now()
    for (const connection of connections) connection.sweep(time)
  }, sweepMillis)
  sweeper.unref()

  return {
    address: addressOf(server),
    counters: () => ({ ...counters, open: connections.size }),
    async stop(deadlineMillis) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const { session } of connections) session.end(texts.stopping)
      const allGone = new Promise<void>((resolve) => {
        onGone = () => connections.size === 0 && resolve()
        onGone()
      })
      await within(Math.max(0, deadlineMillis - lastLinesMillis), allGone)
      for (const { session } of connections) session.giveUp()
      await within(lastLinesMillis, allGone)
      clearInterval(sweeper)
      notices.close()
      for (const { socket } of connections) socket.destroy()
      await within(lastLinesMillis, closed)
    },
  }
}

/**
 * Says the last line and hangs up, but reads on for a while what the client is still sending: a connection that is closed over
 * unread bytes takes the last line back.
 */
function hangUp(socket: Socket, text: string | undefined, lingerMillis: number): void {
  socket.removeAllListeners('data')
  socket.resume()
  if (text === undefined) socket.end()
  else socket.end(text)
  const timer = setTimeout(() => socket.destroy(), lingerMillis)
  socket.once('close', () => clearTimeout(timer))
}

function listen(server: Server, { host, port }: GatewayOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE'
      const where = `${host}:${port}`
      const message = inUse
        ? `Port ${port} is in use: choose another one with --gateway.`
        : `Cannot listen on ${where}: ${error.message}.`
      reject(new Failure(inUse ? 'port-in-use' : 'address-invalid', message, { port }, { cause: error }))
    })
    server.listen(port, host, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

function addressOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`
}

function within(millis: number, task: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, millis)
    void task.then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
