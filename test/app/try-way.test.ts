import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { tryWay } from '../../src/app/try-way.ts'
import { createIdentity } from '../../src/io/identity.ts'
import { createNode } from '../../src/io/transport/node.ts'
import { until } from '../support/wait.ts'

const room = { name: 'evening', code: '' }
const aim = { ...room, room: undefined, text: 'the room “evening”', orElse: '', isKnown: false } as const

async function somebody(code = room.code): Promise<string> {
  const node = await createNode({ identity: createIdentity(), room: { ...room, code }, listen: ['127.0.0.1:0'] })
  await node.start()
  onTestFinished(async () => {
    await node.stop()
  })
  return String(node.getMultiaddrs()[0])
}

/** Takes connections and never says a word, as a firewall or a stopped process does. */
async function silence(): Promise<string> {
  const sockets = new Set<{ destroy(): void }>()
  const server = createServer((socket) => sockets.add(socket.on('error', () => {}))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`
}

test('a way is open as soon as one of its addresses is, however long the others are silent', async () => {
  const addresses = [await silence(), await somebody(), await silence()]
  let way: string | undefined
  void tryWay({ ...aim, addresses }, 60_000).then((found) => {
    way = found
  })
  await until('it is known', () => way !== undefined, 2_000)
  expect(way).toBe('open')
})

test('another code counts only where nobody has the right one', async () => {
  const [other, right] = [await somebody('lamp'), await somebody()]
  expect(await tryWay({ ...aim, addresses: [other, right] }, 4_000)).toBe('open')
  expect(await tryWay({ ...aim, addresses: [other] }, 4_000)).toBe('other-code')
  expect(await tryWay({ ...aim, addresses: [other, await silence()] }, 600)).toBe('other-code')
  expect(await tryWay({ ...aim, addresses: [await silence()] }, 600)).toBe('silent')
  expect(await tryWay({ ...aim, addresses: [] }, 4_000)).toBe('silent')
})
