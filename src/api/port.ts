import type { Logger } from '../peer/ports.ts'
import { owner } from './caller.ts'
import { createServeCalls } from './calls.ts'
import { type DoorLimits, doorLimits } from './limits.ts'
import { createPortWindow, hangUp, isPortWords, sizeOf } from './port-window.ts'
import { createRouter } from './router.ts'
import type { Seat } from './seat.ts'
import { createStreams } from './streams.ts'

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
 * Here the port is closed instead. Each answer, and each event of a stream, waits for room in the port's window; a page is held to
 * a number of calls at once, so that what waits is bounded as well. A page that hangs is not cut: it has its port alone.
 */
export function createPortDoor({ seat, logger, limits: given }: PortDoorOptions): PortDoor {
  const limits = { ...doorLimits, ...given }
  const router = createRouter(seat, createStreams(limits.streamsMax))
  const serveCalls = createServeCalls(router, logger)
  const ports = new Set<ServerPort>()

  return {
    accept(port) {
      ports.add(port)
      const underWay = createPortWindow((words) => port.postMessage(words))
      const served = serveCalls(owner, (words) => underWay.send(words))
      let calls = 0
      const refuse = (reason: string): void => {
        logger.debug('api-connection-failed', () => ({ reason }))
        close(port)
      }
      port.on('message', async (message) => {
        const said = contentOf(message)
        if (typeof said === 'number') {
          if (!underWay.take(said)) refuse('took what was not sent')
          return
        }
        if (!isPortWords(said) || sizeOf(said) > limits.requestBytesMax) return refuse('not understood')
        if (calls >= limits.callsMax) return refuse('too many calls at once')
        calls++
        try {
          await served.message(said)
        } catch (error) {
          refuse(error instanceof Error ? error.message : String(error))
        }
        calls--
      })
      port.on('close', () => {
        ports.delete(port)
        served.close()
        underWay.close()
      })
      port.start()
    },
    closeAll() {
      for (const port of ports) close(port)
    },
  }
}

function close(port: ServerPort): void {
  port.postMessage(hangUp)
  port.close()
}

const contentOf = (message: unknown): unknown =>
  typeof message === 'object' && message !== null && 'data' in message ? message.data : message
