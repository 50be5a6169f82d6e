import { rm } from 'node:fs/promises'
import { allPeers } from '../../api/whole-lists.ts'
import { type DemoPeer, type Stage, until } from './stage.ts'
import type { Transcript } from './transcript.ts'

export interface Gathered {
  readonly peers: readonly DemoPeer[]
  readonly joinedBy: 'mdns' | 'address'
  /** What a peer that comes back needs to find the others; empty: mDNS finds them. */
  readonly bootstrap: readonly string[]
}

/** How long mDNS gets, beside the peer's own look for its room, before the demo takes it for blocked. */
const multicastMillis = 3_000
const membersMillis = 60_000

/** The first peer founds the room, the others find it: by mDNS, or by its address where multicast does not work. */
export async function gather(
  stage: Stage,
  transcript: Transcript,
  names: readonly string[],
  room: string,
  code: string,
): Promise<Gathered> {
  const [founderName, ...others] = names as [string, ...string[]]
  const founder = await stage.start({ name: founderName, room, code, create: true, bootstrap: [] })
  transcript.say(founder.name, `founds the room, alone in epoch ${(await founder.api.status()).epoch}`)
  const byMulticast = await find(stage, transcript, founder, others.slice(0, 1), room, code)
  if (byMulticast === undefined) transcript.say('demo', 'multicast does not work here: the peers join by address')
  const peers =
    byMulticast === undefined
      ? await joinByAddress(stage, founder, others, room, code)
      : [founder, ...byMulticast, ...(await joinTogether(stage, others.slice(1), room, code))]
  const bootstrap = byMulticast === undefined ? peers.flatMap(({ addresses }) => addresses) : []
  await until(`all ${names.length} are members`, membersMillis, async () => {
    const statuses = await Promise.all(peers.map((peer) => peer.api.status()))
    return statuses.every(({ role, members }) => role === 'member' && members.length === names.length)
  })
  const { epoch } = await founder.api.status()
  transcript.say('demo', `all ${names.length} are members of the ring, epoch ${epoch}`)
  return { peers, joinedBy: bootstrap.length === 0 ? 'mdns' : 'address', bootstrap }
}

const joinTogether = (stage: Stage, names: readonly string[], room: string, code: string): Promise<DemoPeer[]> =>
  Promise.all(names.map((name) => stage.start({ name, room, code, create: false, bootstrap: [] })))

/** One after the other, each with the addresses of all before: the ring must not hang on one of them. */
async function joinByAddress(
  stage: Stage,
  founder: DemoPeer,
  names: readonly string[],
  room: string,
  code: string,
): Promise<DemoPeer[]> {
  const peers = [founder]
  for (const name of names) {
    const bootstrap = peers.flatMap(({ addresses }) => addresses)
    peers.push(await stage.start({ name, room, code, create: false, bootstrap }))
  }
  return peers
}

/** The second peer tries: `undefined` if it does not find the first in time. */
async function find(
  stage: Stage,
  transcript: Transcript,
  founder: DemoPeer,
  names: readonly string[],
  room: string,
  code: string,
): Promise<DemoPeer[] | undefined> {
  const scout = await stage.start({ name: names[0] as string, room, code, create: false, bootstrap: [] })
  const id = (await founder.api.status()).room.id
  const found = await until('the second peer finds the first', multicastMillis, async () => {
    const [status, peers] = await Promise.all([scout.api.status(), allPeers(founder.api)])
    return status.room.id === id && peers.some((peer) => peer.connected && !peer.self)
  }).catch(() => false)
  if (found) {
    transcript.say(scout.name, 'finds it by mDNS')
    return [scout]
  }
  // It has founded a room of its own meanwhile: it starts over as blank as the others.
  await scout.kill()
  await rm(scout.profile, { recursive: true, force: true })
  return undefined
}
