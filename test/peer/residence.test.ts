import { expect, it } from 'vitest'
import { createRememberer } from '../../src/peer/hearsay.ts'
import type { Transport } from '../../src/peer/ports.ts'
import { createResidence } from '../../src/peer/residence.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { peerNamed } from './keyed-crypto.ts'
import { createTestContext } from './test-context.ts'

const [ana, bob] = [peerNamed('A'), peerNamed('B')]

/** A transport that writes down what it is asked for. */
function createListeningTransport() {
  const calls: string[] = []
  const transport: Transport = {
    self: ana,
    addresses: [],
    peers: [],
    async start() {
      calls.push('start')
    },
    enterRoom: () => calls.push('enter'),
    setHello: () => calls.push('hello'),
    send: () => {},
    async sendBulk() {},
    gossip: () => {},
    announce: () => {},
    sightings: [],
    addAddress: (address) => calls.push(address),
    async stop() {
      calls.push('stop')
    },
  }
  return { transport, calls }
}

it('has a hello to say before anybody can connect, then goes to where the others were', async () => {
  const store = createMemoryStore()
  await store.open()
  const peers = [{ peer: bob, addresses: ['/ip4/10.0.0.2/tcp/4001'] }]
  await createRememberer(store, { peers } as unknown as Transport)()
  await store.close()
  const { transport, calls } = createListeningTransport()
  const { context } = createTestContext(ana, { store, transport }, { entry: { kind: 'create' } })
  const residence = createResidence(context)
  await residence.open()
  expect(calls.slice(0, 3)).toEqual(['hello', 'start', '/ip4/10.0.0.2/tcp/4001'])
  expect(calls).toContain('enter')
  expect(residence.session.view.membership).toBe('member')
  await residence.close()
  expect(calls.at(-1)).toBe('stop')
})

it('leaves nothing behind in the store where it may not found the room', async () => {
  const store = createMemoryStore()
  const { transport } = createListeningTransport()
  const { context } = createTestContext(
    ana,
    { store, transport },
    { lookMillis: 5, waitMillis: 10, entry: { kind: 'join', room: undefined } },
  )
  const residence = createResidence(context)
  await expect(residence.open()).rejects.toMatchObject({ code: 'room-not-found' })
  await residence.close()
  expect(await store.open()).toEqual({ meta: undefined, last: undefined, torn: undefined })
})
