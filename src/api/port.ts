import { StandardRPCHandler } from '@orpc/server/standard'
import { createServerPeerHandleRequestFn } from '@orpc/server/standard-peer'
import { ServerPeer } from '@orpc/standard-server-peer'
import type { Logger } from '../peer/ports.ts'
import { type DoorLimits, doorLimits } from './limits.ts'
import { logBugs } from './log-bugs.ts'
import { createRouter } from './router.ts'
import type { Seat } from './seat.ts'

/** One end of a message channel: of `worker_threads`, which hands out what was sent, or Electron's, which wraps it as `data`. */
export interface ServerPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'close', listener: () => void): unknown
  start(): void
  close(): void
}

/** The contract over message ports, for a window of the same program: whoever holds a port was let in by whoever made it. */
export interface PortDoor {
  accept(port: ServerPort): void
  closeAll(): void
}

export interface PortDoorOptions {
  readonly seat: Seat
  readonly logger: Logger
  /** Default: {@link doorLimits}. */
  readonly limits?: Partial<DoorLimits>
}

/**
 * oRPC's own handler throws where nobody catches it if what comes is no message of its own, which would end the peer's process.
 * Here the port is closed instead. A port has no backpressure, so that a window is held to a number of calls at once.
 */
export function createPortDoor({ seat, logger, limits: given }: PortDoorOptions): PortDoor {
  const limits = { ...doorLimits, ...given }
  const router = createRouter(seat, limits.streamsMax)
  const handle = createServerPeerHandleRequestFn(new StandardRPCHandler(router, { interceptors: [logBugs(logger)] }), {})
  const ports = new Set<ServerPort>()

  return {
    accept(port) {
      ports.add(port)
      const served = new ServerPeer((message) => port.postMessage(message))
      let calls = 0
      const refuse = (reason: string): void => {
        logger.debug('api-connection-failed', () => ({ reason }))
        port.close()
      }
      port.on('message', async (message) => {
        const words = wordsOf(message)
        if (words === undefined || sizeOf(words) > limits.requestBytesMax) return refuse('not understood')
        if (calls >= limits.callsMax) return refuse('too many calls at once')
        calls++
        try {
          await served.message(words, handle)
        } catch (error) {
          refuse(error instanceof Error ? error.message : String(error))
        }
        calls--
      })
      port.on('close', () => {
        ports.delete(port)
        served.close()
      })
      port.start()
    },
    closeAll() {
      for (const port of ports) port.close()
    },
  }
}

/** What oRPC sends is text, or bytes where a file is in it. */
function wordsOf(message: unknown): string | Uint8Array | undefined {
  const words = typeof message === 'object' && message !== null && 'data' in message ? message.data : message
  return typeof words === 'string' || words instanceof Uint8Array ? words : undefined
}

const sizeOf = (words: string | Uint8Array): number => (typeof words === 'string' ? words.length : words.byteLength)
