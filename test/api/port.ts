import { MessageChannel } from 'node:worker_threads'
import { onTestFinished } from 'vitest'
import { createPortClient, type PortClient } from '../../src/api/client-port.ts'
import { createPortDoor, type PortDoor, type PortDoorOptions } from '../../src/api/port.ts'
import type { Seat } from '../../src/api/seat.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { createFakeSeat } from '../support/fake-seat.ts'
import { silentLogger } from '../support/silent-logger.ts'

export interface TestPort {
  readonly client: PortClient
  /** A new channel between the two: the client uses it from now on. Gives the client's end. */
  connect(): ReturnType<typeof openChannel>['port1']
  /** The peer's process died and another one is there. */
  replace(peer: Peer): void
}

const openChannel = () => new MessageChannel()

/** A peer behind the message-port door, as in the peer's own process, and a client, as in a window. */
export function startTestPort(at: Peer | Seat, limits?: PortDoorOptions['limits']): TestPort {
  const serve = (seat: Seat): PortDoor => createPortDoor({ seat, logger: silentLogger, ...(limits && { limits }) })
  let door = serve('status' in at ? createFakeSeat(at) : at)
  const client = createPortClient()
  onTestFinished(() => {
    client.close()
    door.closeAll()
  })
  return {
    client,
    connect() {
      const { port1, port2 } = openChannel()
      door.accept(port2)
      client.use(port1)
      return port1
    },
    replace(next) {
      door.closeAll()
      door = serve(createFakeSeat(next))
    },
  }
}
