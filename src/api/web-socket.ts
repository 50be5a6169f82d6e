import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import type { Logger } from '../peer/ports.ts'
import type { CallContext } from './caller.ts'
import type { ServeCalls } from './calls.ts'
import { webSocketProtocol } from './door.ts'
import type { DoorLimits } from './limits.ts'

/** The contract over WebSockets, for clients that were let in. */
export interface WebSocketDoor {
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, context: CallContext): void
  /** Asks all of them to hang up. */
  closeAll(): void
  stop(): void
}

interface Options {
  readonly serveCalls: ServeCalls
  readonly limits: DoorLimits
  readonly logger: Logger
}

/**
 * oRPC's own adapter sends without waiting for the socket, so that whoever reads nothing fills this peer's memory. Here each
 * answer, and each event of a stream, waits until the one before it has left, and while too many calls wait for that nothing
 * more is read.
 */
export function createWebSocketDoor({ serveCalls, limits, logger }: Options): WebSocketDoor {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: limits.requestBytesMax,
    maxFragments: 1_024,
    handleProtocols: (offered) => (offered.has(webSocketProtocol) ? webSocketProtocol : false),
  })
  const onError = (error: Error): void => logger.debug('api-connection-failed', () => ({ reason: error.message }))
  server.on('error', onError)

  /** Answers that wait for their client to read, and when the last one was read. */
  const outgoing = new Map<WebSocket, { count: number; movedAt: number }>()
  const looking = setInterval(() => {
    for (const [webSocket, { count, movedAt }] of outgoing) {
      if (count > 0 && performance.now() - movedAt > limits.stallMillis) webSocket.terminate()
    }
  }, limits.stallMillis / 4)
  looking.unref()

  const serve = (webSocket: WebSocket, socket: Duplex, context: CallContext): void => {
    webSocket.on('error', onError)
    const sending = { count: 0, movedAt: performance.now() }
    outgoing.set(webSocket, sending)
    // One block answers many calls: what is said within one turn of the event loop leaves in one piece.
    let isGathering = false
    const gather = (): void => {
      if (isGathering) return
      isGathering = true
      socket.cork()
      setImmediate(() => {
        isGathering = false
        socket.uncork()
      })
    }
    const served = serveCalls(context, (words) => {
      if (sending.count === 0) sending.movedAt = performance.now()
      sending.count++
      gather()
      return new Promise((resolve, reject) => {
        webSocket.send(words, (error) => {
          sending.count--
          sending.movedAt = performance.now()
          if (error) reject(error)
          else resolve()
        })
      })
    })
    let calls = 0
    webSocket.on('message', async (data, isBinary) => {
      if (++calls >= limits.callsMax) webSocket.pause()
      try {
        await served.message(isBinary ? bytesOf(data) : String(data))
      } catch (error) {
        // An answer that could no longer be sent, or words that are none.
        onError(error instanceof Error ? error : new Error(String(error)))
        webSocket.close(1007, 'not understood')
      }
      if (--calls < limits.callsMax && webSocket.isPaused) webSocket.resume()
    })
    webSocket.on('close', () => {
      outgoing.delete(webSocket)
      served.close()
    })
  }

  return {
    accept: (request, socket, head, context) =>
      server.handleUpgrade(request, socket, head, (webSocket) => serve(webSocket, socket, context)),
    closeAll() {
      for (const webSocket of server.clients) webSocket.close(1001, 'the peer is stopping')
    },
    stop: () => clearInterval(looking),
  }
}

/** `ws` hands out one Buffer unless told otherwise. */
function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}
