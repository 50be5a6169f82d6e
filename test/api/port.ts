import { MessageChannel } from 'node:worker_threads'
import { onTestFinished } from 'vitest'
import { createPortClient, type PortClient } from '../../src/api/client-port.ts'
import { createPortDoor, type PortDoor, type PortDoorOptions } from '../../src/api/port.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { silentLogger } from '../support/silent-logger.ts'

export interface TestPort {
  readonly client: PortClient
  /** A new channel between the two: the client uses it from now on. Gives the client's end. */
  connect(start?: string): ReturnType<typeof openChannel>['port1']
  /** The peer's process died and another one is there. */
  replace(peer: Peer): void
}

const openChannel = () => new MessageChannel()

/** A peer behind the message-port door, as in the peer's own process, and a client, as in a window. */
export function startTestPort(peer: Peer, limits?: PortDoorOptions['limits']): TestPort {
  const serve = (served: Peer): PortDoor => createPortDoor({ peer: served, logger: silentLogger, ...(limits && { limits }) })
  let door = serve(peer)
  const client = createPortClient()
  onTestFinished(() => {
    client.close()
    door.closeAll()
  })
  return {
    client,
    connect(start = 'first') {
      const { port1, port2 } = openChannel()
      door.accept(port2)
      client.use(port1, start)
      return port1
    },
    replace(next) {
      door.closeAll()
      door = serve(next)
    },
  }
}
