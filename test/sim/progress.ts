import { readBlock } from './check/blocks.ts'
import { Bytes } from './check/bytes.ts'
import { localNow } from './clock.ts'
import { metaOf } from './machine.ts'
import { letterOf } from './names.ts'
import { isForgotten, type SimPeer } from './peer.ts'
import type { World } from './world.ts'

/** Whether the peers that `counts` names are enough to go on, whichever of their logs turns out to be the past. */
export function canGoOn(world: World, counts: (peer: SimPeer) => boolean): boolean {
  const able = world.peers.filter(
    (peer) => counts(peer) && peer.disk?.meta !== undefined && !peer.left && peer.doubtful === undefined && !isForgotten(peer),
  )
  if (able.length === 0) return false
  return able.every((peer) => configsOf(peer).every((members) => isQuorum(members, able)))
}

/** Of what is on the disk, and on its way there. */
function configsOf({ disk, machine }: SimPeer): readonly (readonly string[])[] {
  if (disk === undefined) return []
  const commit = machine?.view.commit.index ?? metaOf(disk)?.commit.index ?? 0
  const log = [...disk.rows]
  const { underWay } = disk
  if (underWay !== undefined) {
    if (underWay.cutFrom !== undefined) log.length = Math.min(log.length, underWay.cutFrom)
    for (const block of underWay.blocks) log[block.index] = block
  }
  const configs: (readonly string[])[] = []
  for (let index = log.length - 1; index >= 0; index--) {
    const members = membersIn(log[index]?.bytes)
    if (members === undefined) continue
    configs.push(members)
    if (index <= commit) break
  }
  if (machine !== undefined) configs.push(machine.view.members)
  return configs
}

/** Views and genesis blocks have turn 0, the fourth thing that a block says. */
function membersIn(bytes: Uint8Array | undefined): readonly string[] | undefined {
  if (bytes === undefined) return undefined
  const reader = new Bytes(bytes)
  reader.number()
  reader.number()
  reader.block()
  return reader.number() === 0 ? readBlock(bytes).members : undefined
}

function isQuorum(members: readonly string[], able: readonly SimPeer[]): boolean {
  const here = members.filter((member) => able.some(({ id }) => id === member))
  return 2 * here.length > members.length || (2 * here.length === members.length && here.includes(members[0] as string))
}

/** What is still to be done in a healed room; `undefined`: nothing. */
export function unfinished(world: World): string | undefined {
  const present = world.peers.filter(isPresent)
  const staying = present.filter((peer) => !peer.leaving)
  const room = world.checks?.committed.length
  for (const peer of present) {
    const name = letterOf(peer.index)
    const view = peer.machine?.view
    if (view === undefined) return `${name} is not running`
    if (peer.leaving) {
      if (staying.length > 0) return `${name} has not left`
      continue
    }
    if (view.membership === 'forgotten') return `${name} has still forgotten its log`
    if (!view.active) return `${name} is not active`
    if (view.pending.length > 0) return `${name} has ${view.pending.length} operations pending`
    if (room !== undefined && view.commit.index !== room - 1) return `${name} has committed ${view.commit.index} of ${room - 1}`
    const now = view.time(localNow(peer, world.now))
    const { market } = peer.machine as NonNullable<SimPeer['machine']>
    for (const id of market.openAuctions) {
      if ((market.auctions.get(id)?.endsAt ?? 0) < now - 10_000) return `${name} has auction ${id} past its end`
    }
  }
  return undefined
}

/** It is to take part in the healed room. */
export const isPresent = (peer: SimPeer): boolean =>
  !peer.dead && !peer.left && peer.disk !== undefined && peer.doubtful === undefined
