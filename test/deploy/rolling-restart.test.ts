import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readApiAddress } from '../../src/api/api-files.ts'
import { type ApiClient, connectApi } from '../../src/api/client.ts'
import { auditProfile } from '../../src/app/audit-log.ts'
import { launcher, temporaryFolder } from '../cli/processes.ts'
import { run } from '../cli/run.ts'
import { readDeployed } from './manifests.ts'
import { readUnit, readVariables, specified } from './unit.ts'

const unit = readUnit(readDeployed('gavelring@.service'))
const instances = ['a', 'b', 'c'] as const
const deposited = 100_000

/** Three peers as the unit starts them, with the options of the example; restarted one by one as docs/service.md says. */
test('a rolling restart of three peers refuses nothing to a client that retries, and does nothing twice', async () => {
  const machine = await prepare()
  const peers = instances.map((name) => ({ name, profile: machine.profileOf(name), process: machine.start(name) }))
  for (const { profile } of peers) await untilMember(profile)
  await untilAllMembers(peers)
  for (const { name, profile } of peers) {
    expect(await run(['account', 'open', name, '--profile', profile])).toMatchObject({ exitCode: 0 })
    expect(await run(['deposit', name, '1000', '--profile', profile])).toMatchObject({ exitCode: 0 })
  }

  const clients = peers.map(({ name, profile }, i) => startClient(profile, name, peers[(i + 1) % peers.length]?.name ?? ''))
  const paidMore = async (count: number): Promise<void> => {
    const before = clients.map(({ paid }) => paid.size)
    await expect
      .poll(() => clients.every(({ paid, failed }, i) => failed() !== undefined || paid.size >= (before[i] ?? 0) + count), {
        timeout: 120_000,
      })
      .toBe(true)
    expect(clients.map(({ failed }) => failed())).toEqual(clients.map(() => undefined))
  }
  await paidMore(20)
  for (const peer of peers) {
    const others = clients.filter((_, i) => peers[i] !== peer)
    const before = others.map(({ paid }) => paid.size)
    peer.process.kill('SIGTERM')
    expect((await once(peer.process, 'exit'))[0]).toBe(0)
    // The ring goes on without it.
    await expect.poll(() => others.every(({ paid }, i) => paid.size > (before[i] ?? 0)), { timeout: 60_000 }).toBe(true)
    peer.process = machine.start(peer.name)
    await untilMember(peer.profile)
    await untilAllMembers(peers)
    await paidMore(10)
  }

  await Promise.all(clients.map((client) => client.stop()))
  expect(clients.map(({ failed }) => failed())).toEqual(clients.map(() => undefined))
  // Each was turned away while its own peer was gone, and asked again: else there was nothing to see here.
  for (const { retries } of clients) expect(retries()).toBeGreaterThan(0)

  // Who has how much, if each request happened exactly once.
  const paid = clients.map((client) => client.paid.size)
  const expected = instances.map((name, i) => [name, deposited - (paid[i] ?? 0) + (paid[(i + 2) % 3] ?? 0)])
  for (const { profile } of peers) await expect.poll(() => balancesOf(profile), { timeout: 60_000 }).toEqual(expected)

  for (const peer of peers) {
    peer.process.kill('SIGTERM')
    expect(peer.process.exitCode ?? (await once(peer.process, 'exit'))[0]).toBe(0)
  }
  const logs = await Promise.all(peers.map(({ name, profile }) => auditProfile(name, profile, 'auctions', 'all')))
  const longest = logs.reduce((one, other) => (other.hashes.length > one.hashes.length ? other : one))
  const acknowledged = clients.flatMap((client) => [...client.paid.values()])
  for (const log of logs) {
    expect([log.name, log.fault, log.sum]).toEqual([log.name, undefined, 0])
    expect(longest.hashes.slice(0, log.hashes.length)).toEqual(log.hashes)
    expect([log.name, acknowledged.filter((operation) => log.accepted.get(operation) !== 1)]).toEqual([log.name, []])
  }
}, 400_000)

type Name = (typeof instances)[number]

/** What systemd gives an instance, in folders and at ports of this test's own. */
async function prepare() {
  const folder = temporaryFolder()
  const ports = await freePorts(instances.length)
  const places = { S: join(folder, 'state'), C: join(folder, 'cache'), d: join(folder, 'credentials') }
  for (const place of [...Object.values(places), join(places.S, 'gavelring')]) mkdirSync(place)
  writeFileSync(join(places.d, 'room-code'), 'a code that nobody guesses\n')
  const common = readVariables(readDeployed('gavelring.env'))
  const bootstrap = ports.map((port) => `127.0.0.1:${port}`).join(',')
  return {
    profileOf: (name: Name): string => join(places.S, 'gavelring', name),
    start(name: Name) {
      const own = unit.of('Environment').map((line) => specified(line, { ...places, i: name }))
      const words = (unit.of('ExecStart')[0] ?? '').split(' ').slice(2)
      const env = {
        ...process.env,
        ...readVariables(own.join('\n')),
        ...common,
        GAVELRING_BOOTSTRAP: bootstrap,
        GAVELRING_LISTEN: `127.0.0.1:${ports[instances.indexOf(name)]}`,
      }
      const child = spawn(process.execPath, [launcher, ...words], { env, stdio: 'ignore' })
      onTestFinished(() => {
        child.kill('SIGKILL')
      })
      return child
    },
  }
}

/** Taken all at once, so that no two are one. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** The wait between two restarts, as docs/service.md has it. */
async function untilMember(profile: string): Promise<void> {
  const { exitCode, notes } = await run(['status', '--wait-member', '120', '--profile', profile])
  expect([exitCode, notes]).toEqual([0, []])
}

async function untilAllMembers(peers: readonly { readonly profile: string }[]): Promise<void> {
  const countOf = async ({ profile }: { readonly profile: string }): Promise<number> => {
    const { out } = await run(['status', '--json', '--profile', profile])
    return (JSON.parse(out.join('')) as { members: unknown[] }).members.length
  }
  await expect.poll(() => Promise.all(peers.map(countOf)), { timeout: 120_000 }).toEqual(peers.map(() => peers.length))
}

async function balancesOf(profile: string): Promise<readonly (readonly [string, number])[]> {
  const { out } = await run(['account', 'list', '--json', '--profile', profile])
  const list = JSON.parse(out.join('')) as { account: string; available: { cents: number } }[]
  return list.filter(({ account }) => account !== 'issuer').map(({ account, available }) => [account, available.cents])
}

/**
 * Pays one cent after the other at its own peer, under a request id for each. Whatever goes wrong but a refusal by the rules, it
 * asks again under the same id, over a new connection: the only thing that a client has to do through a restart.
 */
function startClient(profile: string, from: string, to: string) {
  const paid = new Map<string, string>()
  let [isStopping, retries] = [false, 0]
  let failed: unknown
  let client: ApiClient | undefined
  const pay = async (requestId: string): Promise<string> => {
    for (;;) {
      try {
        const address = readApiAddress(profile)
        if (address === undefined) throw new Error('no peer is there')
        client ??= await connectApi(address)
        const call = client.api.transfer({ from, to, amount: '0.01', requestId })
        // A connection that is lost answers nothing.
        const lost = client.closed.then(() => Promise.reject(new Error('the connection was lost')))
        return (await Promise.race([call, lost])).operation
      } catch (error) {
        if (isByTheRules(error)) throw error
        retries++
        client?.close()
        client = undefined
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  }
  const paying = (async () => {
    for (let count = 1; !isStopping; count++) paid.set(`coin-${count}`, await pay(`coin-${count}`))
  })().catch((error: unknown) => {
    failed = error
  })
  return {
    paid,
    retries: () => retries,
    failed: () => failed,
    async stop(): Promise<void> {
      isStopping = true
      await paying
      client?.close()
    },
  }
}

/** What stands in the log as refused (`api/errors`). */
const isByTheRules = (error: unknown): boolean => error instanceof Error && 'status' in error && error.status === 422
