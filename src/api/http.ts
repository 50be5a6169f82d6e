import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { SmartCoercionPlugin } from '@orpc/json-schema'
import { OpenAPIGenerator } from '@orpc/openapi'
import { OpenAPIHandler } from '@orpc/openapi/node'
import { BodyLimitPlugin } from '@orpc/server/node'
import { RPCHandler } from '@orpc/server/ws'
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4'
import { WebSocketServer } from 'ws'
import { Failure } from '../core/failure.ts'
import type { Peer } from '../peer/peer.ts'
import type { Logger } from '../peer/ports.ts'
import { contract } from './contract.ts'
import { type DoorRefusal, ignoreStranger, webSocketProtocol } from './door.ts'
import { createRouter } from './router.ts'

export interface ApiServer {
  /** `http://127.0.0.1:PORT`: routes under `/api`, the WebSocket at `/ws`, the specification at `/openapi.json`. */
  readonly url: string
  stop(): Promise<void>
}

export interface ApiServerOptions {
  readonly peer: Peer
  readonly logger: Logger
  readonly token: string
  /** On 127.0.0.1; 0: any that is free. */
  readonly port: number
  readonly version: string
}

/** An auction with its picture, as base64url, is the longest request. */
const requestBytesMax = 256 * 1024

/**
 * The peer's HTTP and WebSocket door, on this machine only. Fails with `port-in-use`.
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { peer, logger, token } = options
  const router = createRouter(peer)
  const converters = [new ZodToJsonSchemaConverter()]
  const interceptors = [logBugs(logger)]
  const rpc = new RPCHandler(router, { interceptors })
  const rest = new OpenAPIHandler(router, {
    interceptors,
    plugins: [new SmartCoercionPlugin({ schemaConverters: converters }), new BodyLimitPlugin({ maxBodySize: requestBytesMax })],
  })
  const webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: requestBytesMax,
    handleProtocols: (offered) => (offered.has(webSocketProtocol) ? webSocketProtocol : false),
  })
  const specification = createSpecification(converters, options.version)

  const server = createServer(async (request, response) => {
    const refusal = ignoreStranger(request, portOf(server), token)
    if (refusal !== undefined) return answer(response, refusal.status, refusalBody(refusal))
    if (request.url === '/openapi.json') return answer(response, 200, await specification())
    const { matched } = await rest.handle(request, response, { prefix: '/api' })
    if (!matched) answer(response, 404, { code: 'not-found', message: 'There is no such route: see /openapi.json.' })
  })
  server.on('upgrade', (request, socket, head) => {
    const refusal = ignoreStranger(request, portOf(server), token) ?? ignoreOtherPath(request)
    if (refusal !== undefined) return refuseUpgrade(socket, refusal)
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', (error) => logger.debug('API connection failed', { reason: error.message }))
      void rpc.upgrade(webSocket)
    })
  })
  await listen(server, options.port)

  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    async stop() {
      for (const webSocket of webSockets.clients) webSocket.close(1001, 'the peer is stopping')
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      // Whoever does not answer the closing is cut off.
      const cut = setTimeout(() => {
        for (const webSocket of webSockets.clients) webSocket.terminate()
        server.closeAllConnections()
      }, 500)
      await closed
      clearTimeout(cut)
    },
  }
}

const portOf = (server: Server): number => (server.address() as AddressInfo | null)?.port ?? 0

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

function createSpecification(converters: ZodToJsonSchemaConverter[], version: string): () => Promise<object> {
  let made: Promise<object> | undefined
  return () => {
    made ??= new OpenAPIGenerator({ schemaConverters: converters }).generate(contract, {
      info: { title: 'Gavelring', version },
      servers: [{ url: '/api' }],
      security: [{ token: [] }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    })
    return made
  }
}

/** Refusals are answers; what is left is a bug, and a person should hear of it. */
function logBugs(logger: Logger) {
  return async <T>({ next }: { next: () => Promise<T> }): Promise<T> => {
    try {
      return await next()
    } catch (error) {
      const isRefusal = typeof error === 'object' && error !== null && 'defined' in error && error.defined === true
      if (!isRefusal) logger.warn('API request failed', { error })
      throw error
    }
  }
}

function ignoreOtherPath(request: IncomingMessage): DoorRefusal | undefined {
  if (request.url === '/ws') return undefined
  return { status: 404, code: 'path-unknown', message: 'The WebSocket is at /ws.' }
}

const refusalBody = ({ code, message }: DoorRefusal): object => ({ code, message })

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function refuseUpgrade(socket: Duplex, refusal: DoorRefusal): void {
  const body = JSON.stringify(refusalBody(refusal))
  const head = `HTTP/1.1 ${refusal.status} Refused\r\ncontent-type: application/json\r\nconnection: close\r\n`
  socket.end(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}
