import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, onTestFinished, test } from 'vitest'
import { firstToAnswer } from '../../src/io/transport/first-answer.ts'

async function open() {
  const server = createServer((socket) => socket.on('error', () => {}).destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
  })
  return multiaddr(`/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`)
}

async function closed() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return multiaddr(`/ip4/127.0.0.1/tcp/${port}`)
}

const running = new AbortController().signal

test('the address at which somebody answers is found among others', async () => {
  const answering = await open()
  expect(await firstToAnswer([await closed(), answering, await closed()], running)).toBe(answering)
})

test('where nobody answers there is none', async () => {
  expect(await firstToAnswer([await closed(), await closed()], running)).toBeUndefined()
  expect(await firstToAnswer([multiaddr('/ip4/127.0.0.1/udp/1')], running)).toBeUndefined()
  expect(await firstToAnswer([], running)).toBeUndefined()
})

test('it stops as soon as it is told to', async () => {
  expect(await firstToAnswer([await open()], AbortSignal.abort())).toBeUndefined()
})
