import { describe, expect, it } from 'vitest'
import { createIdentity } from '../../src/io/identity.ts'
import { canMulticast } from '../../src/io/transport/discovery.ts'
import { createTransport } from '../../src/io/transport/transport.ts'
import { until } from '../support/wait.ts'
import { type Station, startStation } from './transport-conformance.ts'

describe('discovery by mDNS', () => {
  it.for(['/ip4/127.0.0.1/tcp/0', '/ip4/0.0.0.0/tcp/0'])(
    'finds the peers of the own room, and no others, listening at %s',
    async (listen, context) => {
      if (!(await canMulticast())) context.skip('multicast does not work here')
      const start = (room: string): Promise<Station> =>
        startStation(
          createTransport({
            identity: createIdentity(),
            room: { name: room, code: 'code' },
            listen: [listen],
            mdns: true,
            bootstrap: [],
          }),
          'hello',
        )
      const name = `discovery ${createIdentity().self}`
      const stations = [await start(name), await start(name), await start(`not ${name}`)]
      const [a, b, stranger] = stations as [Station, Station, Station]
      try {
        await until('they have found each other', () => a.isConnectedTo(b) && b.isConnectedTo(a))
        expect([a.links.length, stranger.links, stranger.troubles]).toEqual([1, [], []])
      } finally {
        await Promise.all(stations.map(({ transport }) => transport.stop()))
      }
    },
  )
})
