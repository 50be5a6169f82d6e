import { expect, onTestFinished } from 'vitest'
import { readApiAddress } from '../../src/api/api-files.ts'
import { type Api, connectApi } from '../../src/api/client.ts'
import type { PeerView, StatusView } from '../../src/api/views.ts'
import { gavelring, type Running, temporaryFolder } from '../cli/processes.ts'
import { run } from '../cli/run.ts'

/** A peer in a process of its own, as a person starts it. */
export interface PeerProcess {
  readonly name: string
  readonly profile: string
  readonly running: Running
  /** Where it listens: what others join by. */
  readonly address: string
  readonly api: Api
}

/** Whoever knows it can say anything to the members. */
export const roomCode = 'old lamp'

/** A peer as a person starts it, which may well end by itself. */
export const spawnPeer = (name: string, profile: string, ...more: readonly string[]): Running =>
  gavelring([
    ...['peer', '--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0', '--code', roomCode, '--name', name, '--profile', profile],
    ...more,
  ])

/** Resolves when the peer says that it is up, which needs no quorum. */
export async function startPeer(name: string, profile: string, ...more: readonly string[]): Promise<PeerProcess> {
  const running = spawnPeer(name, profile, ...more)
  const address = /\/ip4\S+/.exec(await running.said(/^Listening at/))?.[0] ?? ''
  await running.said(/^Others join with/)
  return { name, profile, running, address, api: await connectTo(name, profile) }
}

async function connectTo(name: string, profile: string): Promise<Api> {
  const apiAddress = readApiAddress(profile)
  if (apiAddress === undefined) throw new Error(`${name} does not say where its API is`)
  const client = await connectApi(apiAddress)
  onTestFinished(() => client.close())
  return client.api
}

/** Three peers on loopback, all members of one ring, and each connected with both others, whoever it joined by. */
export async function startRoom(): Promise<[PeerProcess, PeerProcess, PeerProcess]> {
  const ana = await startPeer('Ana', temporaryFolder(), '--create')
  const [bob, cleo] = await Promise.all(
    ['Bob', 'Cleo'].map((name) => startPeer(name, temporaryFolder(), '--bootstrap', ana.address)),
  )
  const peers = [ana, bob as PeerProcess, cleo as PeerProcess] as [PeerProcess, PeerProcess, PeerProcess]
  await allMembers(peers)
  await allConnected(peers)
  return peers
}

/** The same profile again, with its address of now. */
export const restart = ({ name, profile }: PeerProcess, ...more: readonly string[]): Promise<PeerProcess> =>
  startPeer(name, profile, ...more)

export async function kill({ running }: PeerProcess): Promise<void> {
  running.child.kill('SIGKILL')
  await running.finished
}

/** Ctrl-C to all of them at once: each is gone with exit code 0, in the 5 s that leaving may take. */
export async function stopAll(peers: readonly PeerProcess[]): Promise<void> {
  for (const { running } of peers) running.child.kill('SIGINT')
  const ended = Promise.all(peers.map(async ({ running }) => (await running.finished).exitCode))
  const late = new Promise((resolve) => setTimeout(resolve, 6_000, 'still running after 6 s').unref())
  expect(await Promise.race([ended, late])).toEqual(peers.map(() => 0))
}

/** What one command line says to this peer, as JSON; it must be done, not refused. */
export async function call<T>(peer: PeerProcess, ...args: readonly string[]): Promise<T> {
  const { exitCode, out, notes } = await run([...args, '--profile', peer.profile, '--json'])
  expect([args.join(' '), exitCode, notes, exitCode === 0 ? '' : out.join('\n')]).toEqual([args.join(' '), 0, [], ''])
  return JSON.parse(out.join('\n')) as T
}

/** Without a quorum it answers, too, and ends with 3. */
export async function statusOf(peer: PeerProcess): Promise<StatusView> {
  const { exitCode, out, notes } = await run(['status', '--profile', peer.profile, '--json'])
  expect([exitCode, notes]).toEqual(exitCode === 3 ? [3, [expect.stringMatching(/^No quorum: /)]] : [0, []])
  return JSON.parse(out.join('\n')) as StatusView
}

/** A hang is caught here; nothing waits that long. */
const deadlineMillis = 60_000

/** Looks again and again until `look` finds something; fails with `what` at the deadline. */
export async function until<T>(what: string | (() => string), look: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + deadlineMillis
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > deadline) {
      throw new Error(`did not happen in ${deadlineMillis} ms: ${typeof what === 'string' ? what : what()}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** All these, and no others, are members of one epoch. */
export async function allMembers(peers: readonly PeerProcess[]): Promise<void> {
  let all: readonly StatusView[] = []
  const what = (): string => `all are members of one ring: ${all.map(tellStatus).join('; ')}`
  await until(what, async () => {
    all = await Promise.all(peers.map(statusOf))
    const names = all.map(({ self }) => self).sort()
    return all.every(
      ({ role, epoch, members }) => role === 'member' && epoch === all[0]?.epoch && String([...members].sort()) === String(names),
    )
  })
}

async function allConnected(peers: readonly PeerProcess[]): Promise<void> {
  await until('everyone is connected with everyone', async () => {
    const seen = await Promise.all(peers.map((peer) => call<PeerView[]>(peer, 'peers')))
    return seen.every((known) => known.filter(({ self, connected }) => self || connected).length === peers.length)
  })
}

/** What a failed wait has to say of one peer. */
function tellStatus({ name, role, epoch, members, reachable, trouble, commit, head }: StatusView): string {
  const why = trouble === undefined ? '' : `, ${trouble}`
  return `${name} ${role} of ${epoch}, ${reachable.length} of ${members.length} reachable, block ${commit.index} of ${head}${why}`
}

/** All have committed what any of them has, and their states are one. */
export async function sameState(peers: readonly PeerProcess[]): Promise<void> {
  await until('all have the same committed log and state', async () => {
    const all = await Promise.all(peers.map(statusOf))
    return new Set(all.map(({ commit, stateHash }) => `${commit.index} ${commit.hash} ${stateHash}`)).size === 1
  })
}
