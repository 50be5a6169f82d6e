import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gavelring, peerArgs, temporaryFolder } from '../cli/processes.ts'
import { connectThin, type ThinClient } from './thin-client.ts'

/** A port that nobody had a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The process opens its doors when it likes. */
async function reach(address: string): Promise<ThinClient> {
  for (const end = performance.now() + 60_000; ; ) {
    try {
      return await connectThin(address)
    } catch (error) {
      if (performance.now() > end) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

test('a peer that waits for its room answers thin clients, and says so; Ctrl-C tells them, and ends it', async () => {
  const address = `127.0.0.1:${await freePort()}`
  const [profile, env] = [temporaryFolder(), { GAVELRING_GATEWAY: address, GAVELRING_GATEWAY_LANGUAGE: 'en' }]
  const peer = gavelring(
    ['peer', '--join', '--room', 'nowhere', '--no-mdns', '--listen', '127.0.0.1:0', '--profile', profile],
    env,
  )
  const client = await reach(address)
  expect(await client.ask('t:1|op:6|rg:1111111111')).toBe('t:3|s:1|resposta:This peer is in no room yet: nothing was done')
  peer.child.kill('SIGINT')
  expect(await client.rest()).toBe('t:4|s:1|resposta:This peer is stopping: nothing was done\n')
  expect((await peer.finished).exitCode).toBe(0)
})

test('a port that another program has is named, and nothing is left running', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as { port: number }
  const profile = temporaryFolder()
  const { exitCode, errors } = await gavelring(peerArgs(profile, '--gateway', `127.0.0.1:${port}`)).finished
  taken.close()
  expect(exitCode).toBe(3)
  expect(errors).toContain(`Port ${port} is in use: choose another one with --gateway.`)
  expect(existsSync(join(profile, 'api.json'))).toBe(false)
})

test('a gateway that others can reach says what that means', async () => {
  const peer = gavelring(peerArgs(temporaryFolder(), '--gateway', '0.0.0.0:0'))
  expect(await peer.said(/^Gateway for thin clients/)).toMatch(
    /^Gateway for thin clients at 0\.0\.0\.0:\d+: whoever reaches it can use every account of this peer$/,
  )
})
