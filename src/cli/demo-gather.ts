import { type DemoPeer, type Stage, until } from './demo-stage.ts'
import type { Transcript } from './demo-transcript.ts'

export interface Gathered {
  readonly peers: readonly DemoPeer[]
  readonly joinedBy: 'mdns' | 'address'
  /** What a peer that comes back needs to find the others; empty: mDNS finds them. */
  readonly bootstrap: readonly string[]
}

/** How long mDNS gets before the demo takes it for blocked. It takes well under a second where it works. */
const multicastMillis = 8_000
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
  const byMulticast = await find(stage, founder, others.slice(0, 1), room, code)
  const bootstrap = byMulticast === undefined ? founder.addresses : []
  if (byMulticast === undefined) transcript.say('demo', 'multicast does not work here: the peers join by address')
  const left = byMulticast === undefined ? others : others.slice(1)
  const joined = await Promise.all(left.map((name) => stage.start({ name, room, code, create: false, bootstrap })))
  const peers = [founder, ...(byMulticast ?? []), ...joined]
  await until(`all ${names.length} are members`, membersMillis, async () => {
    const statuses = await Promise.all(peers.map((peer) => peer.api.status()))
    return statuses.every(({ role, members }) => role === 'member' && members.length === names.length)
  })
  const { epoch } = await founder.api.status()
  transcript.say(
    'demo',
    `all ${names.length} are members of the ring, epoch ${epoch}${bootstrap.length === 0 ? ', found by mDNS' : ''}`,
  )
  return { peers, joinedBy: bootstrap.length === 0 ? 'mdns' : 'address', bootstrap }
}

/** The second peer tries: `undefined` if it does not find the first in time. */
async function find(
  stage: Stage,
  founder: DemoPeer,
  names: readonly string[],
  room: string,
  code: string,
): Promise<DemoPeer[] | undefined> {
  const scout = await stage.start({ name: names[0] as string, room, code, create: false, bootstrap: [] })
  const id = (await founder.api.status()).room.id
  const found = await until('the second peer finds the first', multicastMillis, async () => {
    const [status, peers] = await Promise.all([scout.api.status(), founder.api.peers()])
    return status.room.id === id && peers.some((peer) => peer.connected && !peer.self)
  }).catch(() => false)
  if (found) return [scout]
  await scout.kill()
  return undefined
}
