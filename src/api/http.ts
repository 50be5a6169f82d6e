import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { Failure } from '../core/failure.ts'
import type { Logger } from '../peer/ports.ts'
import type { Caller, Meter } from './caller.ts'
import { createServeCalls } from './calls.ts'
import { createDoor, type DoorRefusal, methodUnknown, proofQuestionOf, rateLimited } from './door.ts'
import { healthPath, readyPath, whyNotReady } from './health.ts'
import { type DoorLimits, doorLimits } from './limits.ts'
import { logBugs } from './log-bugs.ts'
import type { Metrics } from './metrics.ts'
import { createPages, type Page } from './pages.ts'
import { proofPath } from './proof.ts'
import { announcesBody, ignoreBody } from './request-body.ts'
import { createRouter } from './router.ts'
import type { Seat } from './seat.ts'
import { createSockets } from './sockets.ts'
import { createStreams } from './streams.ts'
import { createWebSocketDoor } from './web-socket.ts'

// An import reads all that the module has to offer, and so loads Node's own client for the web, megabytes that nobody asked for.
const { createServer } = process.getBuiltinModule('node:http')

export interface ApiServer {
  /**
   * `http://127.0.0.1:PORT`: routes under `/api`, the WebSocket at `/ws`, the interface at `/`, the description at `/openapi.json`, and
   * for whoever watches over it `/healthz`, `/readyz` and `/metrics`.
   */
  readonly url: string
  stop(): Promise<void>
}

export interface ApiServerOptions {
  readonly seat: Seat
  readonly logger: Logger
  /** The owner's. */
  readonly token: string
  /** On 127.0.0.1; 0: any that is free. */
  readonly port: number
  readonly version: string
  /** The folder of the built interface, served at `/` to everyone on this machine; default: no interface. */
  readonly pages?: string
  /** The profile folder, whose disk is measured; default: none is. */
  readonly profile?: string
  /** Default: {@link doorLimits}. */
  readonly limits?: Partial<DoorLimits>
}

const metricsPath = '/metrics'

/** How long clients may take to hang up when the peer stops, in milliseconds. */
const hangUpMillis = 500

/**
 * The peer's HTTP and WebSocket door, on this machine only. Any program here can knock, so nothing counts before the token was
 * shown: who is refused hears why at once, and nothing more of it is read. Fails with `port-in-use`.
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { seat, logger, token, version, profile } = options
  const limits = { ...doorLimits, ...options.limits }
  const streams = createStreams(limits.streamsMax)
  const router = createRouter(seat, streams)
  const meter: Meter = {}
  const webSockets = createWebSocketDoor({ serveCalls: createServeCalls(router, logger), limits, logger })
  const onError = (error: Error): void => logger.debug('api-connection-failed', () => ({ reason: error.message }))

  const server = createServer({
    headersTimeout: limits.headersMillis,
    requestTimeout: limits.requestMillis,
    connectionsCheckingInterval: 1_000,
  })
  server.maxRequestsPerSocket = limits.requestsPerConnection
  // Never reached: those that know the token and those that do not have bounds of their own.
  server.maxConnections = limits.strangersMax + limits.guestsMax + 64
  const sockets = createSockets(server, limits, onError)
  const door = createDoor({ token, tokens: seat.tokens, limits, port: () => portOf(server) })
  const forgetRevoked = seat.tokens.onRevoke((id) => sockets.destroyOf(id))
  const ownSockets = (): readonly string[] => [`ws://127.0.0.1:${portOf(server)}`, `ws://localhost:${portOf(server)}`]
  const pages = options.pages === undefined ? undefined : createPages(options.pages, { connectTo: ownSockets })

  // What most peers are never asked for is loaded when somebody does.
  const loadRest = once(async () =>
    (await import('./rest/answer.ts')).createRest({ router, interceptors: [logBugs(logger)], version, limits, meter }),
  )
  let metrics: Metrics | undefined
  const loadMetrics = once(async () => {
    const { createMetrics } = await import('./metrics.ts')
    metrics = createMetrics({ seat, profile, version, meter, sockets, streams })
    return metrics
  })

  const refuse = (socket: Duplex, refusal: DoorRefusal, isSending: boolean, response?: ServerResponse): void => {
    metrics?.refused(refusal.status)
    sockets.refuse(socket, refusal, isSending, response)
  }
  /** What was asked by somebody who was let in; or why it cannot be answered. */
  const answer = async (
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    caller: Caller,
  ): Promise<DoorRefusal | undefined> => {
    // From here on only a client that does not read keeps its connection from moving.
    request.socket.setTimeout(limits.stallMillis)
    if (url.pathname !== metricsPath) return (await loadRest()).answer(request, response, url, caller)
    if (!isLooking(request)) return methodUnknown(['GET', 'HEAD'])
    const { contentType, text } = await (await loadMetrics()).tell()
    sendText(request, response, contentType, text)
    return undefined
  }

  const onRequest = async (request: IncomingMessage, response: ServerResponse, isAskingToSend: boolean): Promise<void> => {
    request.on('error', onError)
    response.on('error', onError)
    const { socket } = request
    if (!sockets.begin(socket, response)) return
    const url = urlOf(request)
    const isSending = announcesBody(request)
    metrics?.began(request, response)
    const hangUp = (refusal: DoorRefusal): void => refuse(socket, refusal, isSending, response)
    const foreign = door.ignoreForeign(request)
    if (foreign !== undefined) return hangUp(foreign)
    if (url?.pathname === proofPath) {
      const question = proofQuestionOf(url)
      if (question === undefined || isSending) return hangUp(nonceInvalid)
      const proven = door.challenge(question, socket.remoteAddress)
      if ('refusal' in proven) return hangUp(proven.refusal)
      response.writeHead(200, { 'content-type': 'application/json', connection: 'close' })
      response.end(JSON.stringify(proven.challenge))
      return
    }
    if (url?.pathname === healthPath || url?.pathname === readyPath) {
      if (!isLooking(request) || isSending) return hangUp(methodUnknown(['GET', 'HEAD']))
      const isReady = url.pathname === readyPath
      const why = isReady ? whyNotReady(seat) : undefined
      if (why !== undefined) return hangUp(why)
      return sendText(request, response, 'application/json', JSON.stringify({ status: isReady ? 'ready' : 'ok' }))
    }
    const readPage = url !== undefined && isForPage(request, url) && !isSending ? pages?.find(url.pathname) : undefined
    if (readPage !== undefined) {
      // Nothing in these files is secret: the token comes in the fragment of the person's own address, which is sent to nobody.
      const page = await readPage()
      socket.setTimeout(limits.stallMillis)
      sendPage(request, response, page)
      return
    }
    const recognized = door.recognize(request, socket.remoteAddress)
    if ('refusal' in recognized) return hangUp(recognized.refusal)
    const { take, ...caller } = recognized.caller
    const seconds = take?.()
    const refusal = seconds === undefined ? ignoreBody(request, limits.requestBytesMax) : rateLimited(seconds)
    if (refusal !== undefined) return hangUp(refusal)
    if (url === undefined) return hangUp(unreadable)
    if (!sockets.welcome(socket, caller.token, response)) return hangUp(tooMany)
    if (isAskingToSend) response.writeContinue()
    const late = await answer(request, response, url, caller)
    if (late !== undefined) hangUp(late)
  }
  const handle = (request: IncomingMessage, response: ServerResponse, isAskingToSend: boolean): void => {
    onRequest(request, response, isAskingToSend).catch((error: unknown) => {
      logger.debug('api-connection-failed', () => ({ error }))
      request.socket.destroy()
    })
  }

  server.on('request', (request, response) => handle(request, response, false))
  server.on('checkContinue', (request, response) => handle(request, response, true))
  server.on('checkExpectation', ({ socket }, response) => refuse(socket, expectationUnknown, true, response))
  server.on('connect', (_request, socket) => refuse(socket, methodRefused, true))
  server.on('upgrade', (request, socket, head) => {
    request.on('error', onError)
    const hangUp = (refusal: DoorRefusal): void => refuse(socket, refusal, head.length > 0 || announcesBody(request))
    const elsewhere =
      door.ignoreForeign(request) ??
      (request.headers.upgrade?.toLowerCase() === 'websocket' ? undefined : upgradeUnknown) ??
      (urlOf(request)?.pathname === '/ws' ? undefined : noWebSocket)
    if (elsewhere !== undefined) return hangUp(elsewhere)
    const recognized = door.recognize(request, request.socket.remoteAddress)
    if ('refusal' in recognized) return hangUp(recognized.refusal)
    const { caller } = recognized
    if (!sockets.welcome(socket, caller.token)) return hangUp(tooMany)
    webSockets.accept(request, socket, head, { ...caller, meter })
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => refuse(socket, refusalOf(error), true))
  await listen(server, options.port)
  // Such as no file left for one more connection: those that are there go on.
  server.on('error', onError)

  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    async stop() {
      forgetRevoked()
      metrics?.stop()
      webSockets.closeAll()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      const cut = setTimeout(() => sockets.destroyAll(), hangUpMillis)
      await closed
      clearTimeout(cut)
      webSockets.stop()
    },
  }
}

/** Whatever the interface's files are called, the API's own paths stay the API's. */
const isForPage = ({ method }: IncomingMessage, { pathname }: URL): boolean =>
  isLooking({ method }) && !/^\/(?:api|ws|openapi\.json|metrics)(?:\/|$)/.test(pathname)

const isLooking = ({ method }: Pick<IncomingMessage, 'method'>): boolean => method === 'GET' || method === 'HEAD'

/** Small enough for its client to be known to read it. */
function sendText({ method }: IncomingMessage, response: ServerResponse, contentType: string, text: string): void {
  response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store', 'content-length': Buffer.byteLength(text) })
  response.end(method === 'HEAD' ? undefined : text)
}

function sendPage({ method }: IncomingMessage, response: ServerResponse, { headers, body }: Page): void {
  response.writeHead(200, { ...headers, 'content-length': body.length })
  response.end(method === 'HEAD' ? undefined : body)
}

function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined
  return () => {
    loading ??= load()
    return loading
  }
}

const portOf = (server: Server): number => (server.address() as AddressInfo | null)?.port ?? 0

/** `undefined`: what stands there is none. */
function urlOf({ url, headers }: IncomingMessage): URL | undefined {
  return URL.parse(`http://${headers.host}${url?.startsWith('/') ? url : `/${url}`}`) ?? undefined
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE'
      const message = inUse ? `Port ${port} is in use.` : `Cannot listen on 127.0.0.1:${port}: ${error.message}.`
      reject(new Failure(inUse ? 'port-in-use' : 'address-invalid', message, { port }, { cause: error }))
    })
    server.listen(port, '127.0.0.1', resolve)
  })
}

/** What Node itself found wrong with what came. */
function refusalOf({ code }: NodeJS.ErrnoException): DoorRefusal {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, code: 'request-slow', message: 'The request did not come to its end in time.' }
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, code: 'head-too-large', message: 'The headers of the request are too long.' }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, code: 'body-too-large', message: 'The extensions of the chunks are too long.' }
    default:
      return unreadable
  }
}

const unreadable: DoorRefusal = { status: 400, code: 'request-unreadable', message: 'This is no HTTP request.' }
const nonceInvalid: DoorRefusal = { status: 400, code: 'nonce-invalid', message: 'A nonce is 32 bytes as base64url: ?nonce=…' }
const tooMany: DoorRefusal = { status: 503, code: 'connections-exhausted', message: 'Too many connections use this API already.' }
const upgradeUnknown: DoorRefusal = { status: 400, code: 'upgrade-unknown', message: 'Only a WebSocket can be had here, at /ws.' }
const noWebSocket: DoorRefusal = { status: 404, code: 'path-unknown', message: 'The WebSocket is at /ws.' }
const methodRefused: DoorRefusal = { status: 405, code: 'method-refused', message: 'This API is no proxy.' }
const expectationUnknown: DoorRefusal = {
  status: 417,
  code: 'expectation-unknown',
  message: 'Nothing but 100-continue can be expected here.',
}
