import { startGateway } from '../../src/gateway/server.ts'
import { createFakePeer } from '../support/fake-peer.ts'
import { createFakeSeat } from '../support/fake-seat.ts'
import { silentLogger } from '../support/silent-logger.ts'

// A gateway that others reach, at the port in the first argument; says how many connections it has whenever that changes.
const seat = createFakeSeat(createFakePeer())
const gateway = await startGateway({
  ...{ seat, logger: silentLogger, host: '0.0.0.0', port: Number(process.argv[2]), limits: { probeMillis: 1_000 } },
})
let before = -1
setInterval(() => {
  const { open } = gateway.counters()
  if (open !== before) process.stdout.write(`${open} open\n`)
  before = open
}, 20)
