import type { PeerId } from '../core/ids.ts'
import type { Epoch } from './epoch.ts'

/** A ring: who its members are, in ring order. Installed by the view block at `index` of the log. */
export interface View {
  readonly epoch: Epoch
  readonly index: number
  readonly members: readonly PeerId[]
}

const present = (members: readonly PeerId[], has: (peer: PeerId) => boolean): number => {
  let count = 0
  for (const member of members) if (has(member)) count++
  return count
}

/** More than half. */
export function isCommitQuorum(members: readonly PeerId[], has: (peer: PeerId) => boolean): boolean {
  return 2 * present(members, has) > members.length
}

/** More than half, or exactly half with the first member among them (dynamic-linear voting, Jajodia and Mutchler 1990). */
export function isViewQuorum(members: readonly PeerId[], has: (peer: PeerId) => boolean): boolean {
  const twice = 2 * present(members, has)
  return twice > members.length || (twice === members.length && members.length > 0 && has(members[0] as PeerId))
}

/** The member after `peer` in ring order; `peer` itself where it is alone. */
export function nextInRing(members: readonly PeerId[], peer: PeerId): PeerId {
  return members[(members.indexOf(peer) + 1) % members.length] as PeerId
}

export function previousInRing(members: readonly PeerId[], peer: PeerId): PeerId {
  return members[(members.indexOf(peer) + members.length - 1) % members.length] as PeerId
}
