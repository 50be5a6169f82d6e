import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ORPCError } from '@orpc/client'
import { sendStandardResponse, toAbortSignal } from '@orpc/standard-server-node'
import { Failure } from '../core/failure.ts'
import type { Logger } from '../peer/ports.ts'
import { createDoor, type DoorRefusal, nonceOf } from './door.ts'
import { type DoorLimits, doorLimits } from './limits.ts'
import { logBugs } from './log-bugs.ts'
import { createPages, type Page } from './pages.ts'
import { proofPath } from './proof.ts'
import { announcesBody, ignoreBody, readBody } from './request-body.ts'
import { createRouter } from './router.ts'
import type { Seat } from './seat.ts'
import { createSockets } from './sockets.ts'
import { createWebSocketDoor } from './web-socket.ts'

// An import reads all that the module has to offer, and so loads Node's own client for the web, megabytes that nobody asked for.
const { createServer } = process.getBuiltinModule('node:http')

export interface ApiServer {
  /** `http://127.0.0.1:PORT`: routes under `/api`, the WebSocket at `/ws`, the interface at `/`, the specification at `/openapi.json`. */
  readonly url: string
  stop(): Promise<void>
}

export interface ApiServerOptions {
  readonly seat: Seat
  readonly logger: Logger
  readonly token: string
  /** On 127.0.0.1; 0: any that is free. */
  readonly port: number
  readonly version: string
  /** The folder of the built interface, served at `/` to everyone on this machine; default: no interface. */
  readonly pages?: string
  /** Default: {@link doorLimits}. */
  readonly limits?: Partial<DoorLimits>
}

/** How long clients may take to hang up when the peer stops, in milliseconds. */
const hangUpMillis = 500

/**
 * The peer's HTTP and WebSocket door, on this machine only. Any program here can knock, so nothing counts before the token was
 * shown: who is refused hears why at once, and nothing more of it is read. Fails with `port-in-use`.
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { seat, logger, token } = options
  const limits = { ...doorLimits, ...options.limits }
  const router = createRouter(seat, limits.streamsMax)
  const interceptors = [logBugs(logger)]
  let loading: ReturnType<typeof loadRest> | undefined
  const loadRest = async () => (await import('./rest.ts')).createRest({ router, interceptors, version: options.version })
  const webSockets = createWebSocketDoor({ router, interceptors, limits, logger })
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
  const door = createDoor(token, () => portOf(server))
  const ownSockets = (): readonly string[] => [`ws://127.0.0.1:${portOf(server)}`, `ws://localhost:${portOf(server)}`]
  const pages = options.pages === undefined ? undefined : createPages(options.pages, { connectTo: ownSockets })

  const answer = async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<DoorRefusal | undefined> => {
    const { socket } = request
    // From here on only a client that does not read keeps its connection from moving.
    const send = (answered: Parameters<typeof sendStandardResponse>[1]): Promise<void> => {
      socket.setTimeout(limits.stallMillis)
      return sendStandardResponse(response, answered)
    }
    loading ??= loadRest()
    const rest = await loading
    if (url.pathname === '/openapi.json' && request.method === 'GET') {
      await send({ status: 200, headers: {}, body: await rest.specification() })
      return undefined
    }
    let refusal: DoorRefusal | undefined
    const body = async (): Promise<unknown> => {
      const read = await readBody(request, limits.requestBytesMax)
      if ('json' in read) return read.json
      refusal = read.refusal
      throw new ORPCError(refusal.code, { status: refusal.status })
    }
    const standard = { method: request.method ?? 'GET', url, headers: request.headers, body, signal: toAbortSignal(response) }
    const { matched, response: answered } = await rest.handle(standard, { prefix: '/api', context: {} })
    if (!matched) return { status: 404, code: 'not-found', message: 'There is no such route: see /openapi.json.' }
    if (refusal === undefined) await send(answered)
    return refusal
  }

  const onRequest = async (request: IncomingMessage, response: ServerResponse, isAskingToSend: boolean): Promise<void> => {
    request.on('error', onError)
    response.on('error', onError)
    const { socket } = request
    if (!sockets.begin(socket, response)) return
    const url = urlOf(request)
    const isSending = announcesBody(request)
    const refuse = (refusal: DoorRefusal): void => sockets.refuse(socket, refusal, isSending, response)
    const foreign = door.ignoreForeign(request)
    if (foreign !== undefined) return refuse(foreign)
    if (url?.pathname === proofPath) {
      const nonce = nonceOf(url)
      if (nonce === undefined || isSending) return refuse(nonceInvalid)
      response.writeHead(200, { 'content-type': 'application/json', connection: 'close' })
      response.end(JSON.stringify(door.challenge(nonce)))
      return
    }
    const readPage = url !== undefined && isForPage(request, url) && !isSending ? pages?.find(url.pathname) : undefined
    if (readPage !== undefined) {
      // Nothing in these files is secret: the token comes in the fragment of the person's own address, which is sent to nobody.
      const page = await readPage()
      socket.setTimeout(limits.stallMillis)
      sendPage(request, response, page)
      return
    }
    const refusal = door.ignoreStranger(request) ?? ignoreBody(request, limits.requestBytesMax)
    if (refusal !== undefined) return refuse(refusal)
    if (url === undefined) return refuse(unreadable)
    if (!sockets.welcome(socket)) return refuse(tooMany)
    if (isAskingToSend) response.writeContinue()
    const late = await answer(request, response, url)
    if (late !== undefined) refuse(late)
  }
  const handle = (request: IncomingMessage, response: ServerResponse, isAskingToSend: boolean): void => {
    onRequest(request, response, isAskingToSend).catch((error: unknown) => {
      logger.debug('api-connection-failed', () => ({ error }))
      request.socket.destroy()
    })
  }

  server.on('request', (request, response) => handle(request, response, false))
  server.on('checkContinue', (request, response) => handle(request, response, true))
  server.on('checkExpectation', ({ socket }, response) => sockets.refuse(socket, expectationUnknown, true, response))
  server.on('connect', (_request, socket) => sockets.refuse(socket, methodRefused, true))
  server.on('upgrade', (request, socket, head) => {
    request.on('error', onError)
    const refusal =
      door.ignoreForeign(request) ??
      (request.headers.upgrade?.toLowerCase() === 'websocket' ? undefined : upgradeUnknown) ??
      (urlOf(request)?.pathname === '/ws' ? undefined : noWebSocket) ??
      door.ignoreStranger(request) ??
      (sockets.welcome(socket) ? undefined : tooMany)
    if (refusal === undefined) webSockets.accept(request, socket, head)
    else sockets.refuse(socket, refusal, head.length > 0 || announcesBody(request))
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => sockets.refuse(socket, refusalOf(error), true))
  await listen(server, options.port)
  // Such as no file left for one more connection: those that are there go on.
  server.on('error', onError)

  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    async stop() {
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
  (method === 'GET' || method === 'HEAD') && !/^\/(?:api|ws|openapi\.json)(?:\/|$)/.test(pathname)

function sendPage({ method }: IncomingMessage, response: ServerResponse, { headers, body }: Page): void {
  response.writeHead(200, { ...headers, 'content-length': body.length })
  response.end(method === 'HEAD' ? undefined : body)
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
