import { createSocket } from 'node:dgram'
import { wireVersion } from '../../src/core/limits.ts'
import { encodeFacts, type Facts } from '../../src/io/discovery/packet.ts'
import { createIdentity } from '../../src/io/identity.ts'

// Peers that are only heard: `shout.ts ADDRESS FACTS…` says what each JSON of facts makes it say, as different peers, from this
// address, twice a second until it is ended. `clock` is how far the clock of such a peer is off, in seconds.
const [address = '', ...texts] = process.argv.slice(2)
const peers = texts.map((text): Facts => {
  const facts: Partial<Facts> = JSON.parse(text)
  const usual = { version: wireVersion, name: '', roomName: 'evening', hasCode: false, room: undefined, clock: 0 }
  return { peer: createIdentity().self, places: [{ ip: address, port: 4001 }], ...usual, ...facts }
})
const socket = createSocket({ type: 'udp4', reuseAddr: true })
socket.bind(5353, () => {
  socket.addMembership('224.0.0.251', address)
  socket.setMulticastInterface(address)
  setInterval(() => {
    for (const facts of peers) {
      const clock = Date.now() / 1_000 + (facts.clock ?? 0)
      socket.send(encodeFacts({ ...facts, clock }), 5353, '224.0.0.251')
    }
  }, 500)
  process.stdout.write('started\n')
})
