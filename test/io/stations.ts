import { afterEach } from 'vitest'
import { createIdentity } from '../../src/io/identity.ts'
import { createNode, type Node } from '../../src/io/transport/node.ts'
import { createTransport, type TransportOptions } from '../../src/io/transport/transport.ts'
import { type Station, startStation } from './transport-conformance.ts'

/** Real transports of one room, on the loopback interface of this machine. */
export interface Stations {
  /** Done after each test, all at once. */
  readonly stops: (() => unknown)[]
  start(changes?: Partial<TransportOptions>): Promise<Station>
  /** A node that has the room code, and then does what it likes. */
  startRogue(listen?: readonly string[], prepare?: (node: Node) => Promise<unknown>): Promise<Node>
}

export const loopback = '/ip4/127.0.0.1/tcp/0'

/** For a file of tests: to be called outside of them. */
export function createStations(roomName: string): Stations {
  const stops: (() => unknown)[] = []
  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()))
  })

  const optionsOf = (changes: Partial<TransportOptions>): TransportOptions => ({
    identity: createIdentity(),
    room: { name: roomName, code: 'code' },
    listen: [loopback],
    mdns: false,
    bootstrap: [],
    ...changes,
  })

  return {
    stops,
    async start(changes = {}) {
      const station = await startStation(createTransport(optionsOf(changes)), 'hello')
      stops.push(() => station.transport.stop())
      return station
    },
    async startRogue(listen = [loopback], prepare = async () => {}) {
      const node = await createNode(optionsOf({ listen }))
      await prepare(node)
      await node.start()
      stops.push(() => node.stop())
      return node
    },
  }
}
