import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { MessageStream, Upgrader } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { afterEach, describe, expect, it } from 'vitest'
import { createIdentity } from '../../src/io/identity.ts'
import { encrypter } from '../../src/io/transport/encrypter.ts'
import { createNode } from '../../src/io/transport/node.ts'
import { noiseCrypto } from '../../src/io/transport/noise-crypto.ts'
import { SocketConnection } from '../../src/io/transport/socket-connection.ts'
import { until } from '../support/wait.ts'

const { logger } = await createNode({ identity: createIdentity(), room: { name: 'sealed', code: '' }, listen: [] })
const upgrader = { getStreamMuxers: () => new Map() } as unknown as Upgrader

const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
})

/** Both ends of a connection whose bytes come in pieces of at most so many. */
async function cutPair(pieceBytes: number): Promise<readonly [Socket, Socket]> {
  const server = createServer({ noDelay: true })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as { port: number }
  const dial = async (): Promise<readonly [Socket, Socket]> => {
    const near = connect({ port, host: '127.0.0.1', noDelay: true })
    const [far] = (await once(server, 'connection')) as [Socket]
    sockets.push(near, far)
    return [near, far]
  }
  const [dialler, relayed] = await dial()
  const [relaying, listener] = await dial()
  server.close()
  const pass = async (from: Socket, to: Socket): Promise<void> => {
    for await (const bytes of from) {
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        to.write(bytes.subarray(at, at + pieceBytes))
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
  }
  for (const [from, to] of [[relayed, relaying] as const, [relaying, relayed] as const]) pass(from, to).catch(() => {})
  return [dialler, listener]
}

async function sealedPair(pieceBytes: number): Promise<readonly [MessageStream, MessageStream]> {
  const [dialler, listener] = await cutPair(pieceBytes)
  const make = async () => {
    const privateKey = await generateKeyPair('Ed25519')
    return encrypter({ crypto: noiseCrypto })({ privateKey, peerId: peerIdFromPrivateKey(privateKey), logger, upgrader })
  }
  const [own, others] = [await make(), await make()]
  const address = multiaddr('/ip4/127.0.0.1/tcp/1')
  const [outbound, inbound] = await Promise.all([
    own.secureOutbound(new SocketConnection(dialler, address, 'outbound', logger)),
    others.secureInbound(new SocketConnection(listener, address, 'inbound', logger)),
  ])
  return [outbound.connection, inbound.connection]
}

describe('a sealed connection', () => {
  it.each([1, 3, 1_000])('gives what was sent, whole and in order, where it comes in pieces of %i bytes', async (pieceBytes) => {
    const ends = await sealedPair(pieceBytes)
    const sent = [1, 2, 90, 700].map((size) => randomBytes(size))
    for (const [from, to] of [ends, [...ends].reverse() as [MessageStream, MessageStream]]) {
      const came: Uint8Array[] = []
      to.addEventListener('message', ({ data }) => came.push(data.subarray()))
      for (const bytes of sent) from.send(bytes)
      await until('all is there', () => Buffer.concat(came).length === Buffer.concat(sent).length)
      expect(Buffer.concat(came)).toEqual(Buffer.concat(sent))
    }
  })

  it('waits for a length that has not come yet without an error', async () => {
    for (const connection of await sealedPair(1_000)) {
      const { decoder } = connection as unknown as { decoder: { lengthDecoder(bytes: object): number } }
      for (const byteLength of [0, 1]) expect(decoder.lengthDecoder({ byteLength })).toBeGreaterThan(0)
    }
  })
})
