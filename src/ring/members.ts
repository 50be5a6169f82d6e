import type { PeerId } from '../core/ids.ts'
import { roomMembersMax } from '../core/limits.ts'
import type { View } from './view.ts'

export interface NextView {
  readonly self: PeerId
  /** Those of the chosen log, oldest first; the last is its last view. */
  readonly configs: readonly View[]
  readonly answered: (peer: PeerId) => boolean
  readonly leavers: ReadonlySet<PeerId>
  /** Those that have caught up. */
  readonly joiners: Iterable<PeerId>
}

/**
 * The members of the next view, in ring order (PROTOCOL, section 5.4): first those that answered and are in every
 * config, without leavers; then the initiator, the rest of the last view, joiners: at most as many again, so that a
 * handful of newcomers that vanish at once cannot take the room along **[L]**.
 */
export function nextMembers({ self, configs, answered, leavers, joiners }: NextView): readonly PeerId[] {
  const last = (configs[configs.length - 1] as View).members
  const inEvery = last.filter((member) => answered(member) && configs.every((view) => view.members.includes(member)))
  const base = inEvery.length > 0 ? inEvery : last.filter(answered)
  const stays = (peer: PeerId): boolean => peer === self || !leavers.has(peer)
  const staying = base.filter(stays)
  const members = staying.length > 0 ? staying : [...base]
  const most = Math.min(Math.max(2 * members.length, 1), roomMembersMax)
  const put = (peer: PeerId): void => {
    if (members.length < most && answered(peer) && stays(peer) && !members.includes(peer)) members.push(peer)
  }
  put(self)
  for (const peer of last) put(peer)
  for (const peer of joiners) put(peer)
  return members
}
