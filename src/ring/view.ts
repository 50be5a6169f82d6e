import { count, type Field, peerId } from '../core/fields.ts'
import type { PeerId } from '../core/ids.ts'
import { roomMembersMax } from '../core/limits.ts'

/** A ballot: ordered by number, then by the initiator's peer id. At most one view per epoch (PROTOCOL, section 1). */
export interface Epoch {
  readonly number: number
  readonly initiator: PeerId
}

/** By hand, as {@link headField} and {@link commitField}: they stand in every frame and every record, and `struct` takes twice as long. */
export const epochField: Field<Epoch> = {
  write(writer, { number, initiator }) {
    count.write(writer, number)
    peerId.write(writer, initiator)
  },
  read: (reader) => ({ number: count.read(reader), initiator: peerId.read(reader) }),
}

/** Below every epoch that a peer can start: the `promised` of a peer that has promised nothing. */
export const noEpoch: Epoch = { number: 0, initiator: '' as PeerId }

/** Negative, zero or positive, as `a` is before, at or after `b`. */
export function compareEpochs(a: Epoch, b: Epoch): number {
  if (a.number !== b.number) return a.number - b.number
  return a.initiator < b.initiator ? -1 : a.initiator > b.initiator ? 1 : 0
}

export const sameEpoch = (a: Epoch, b: Epoch): boolean => a.number === b.number && a.initiator === b.initiator

/** For people and notes: `7.k3XbQz`. */
export const epochText = (epoch: Epoch): string => `${epoch.number}.${epoch.initiator.slice(-6)}`

/** A peer whose log is gone, and the number that it drew when it found that out (PROTOCOL, section 1, loss). */
export interface Lost {
  readonly peer: PeerId
  readonly loss: number
}

/** A ring: who its members are, in ring order. Installed by the view block at `index` of the log. */
export interface View {
  readonly epoch: Epoch
  readonly index: number
  readonly members: readonly PeerId[]
  /** Losses that are over with this view, once it is committed. */
  readonly lost: readonly Lost[]
}

/** More than half. */
export function isCommitQuorum(members: readonly PeerId[], has: (peer: PeerId) => boolean): boolean {
  return 2 * present(members, has) > members.length
}

/**
 * More than half, or exactly half with the first member among them (dynamic-linear voting, Jajodia and Mutchler 1990).
 * Rule 1-quorum [S2] [S3]
 */
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

export interface NextView {
  readonly self: PeerId
  /** Those of the chosen log, oldest first; the last is its last view. */
  readonly configs: readonly View[]
  readonly answered: (peer: PeerId) => boolean
  readonly leavers: ReadonlySet<PeerId>
  /** Those that have caught up. */
  readonly joiners: Iterable<PeerId>
  /** Proven liars, and those that did not do their part lately: not in this view, whatever they answered. */
  readonly barred: (peer: PeerId) => boolean
  /** Stands in the view, which others committed, and has not shown yet that it has it: it counts as a newcomer. */
  readonly isUntried: (peer: PeerId) => boolean
}

/**
 * So many members a view has at most, where so many were in every config before it: these alone are its majority, so that
 * newcomers that vanish, or never meant to come, can keep no epoch from being made. One that is alone takes in one other all
 * the same: it can go on without, since a tie is its own.
 * Rule 5.4-members [L]
 */
export function membersAtMost(staying: number): number {
  return Math.min(Math.max(2 * staying - 1, 2), roomMembersMax)
}

/**
 * The members of the next view, in ring order (PROTOCOL, section 5.4): first those that answered and are in every
 * config, without leavers, so that a tie is theirs; then the initiator, the rest of the last view, joiners: as many as
 * {@link membersAtMost} leaves room for.
 */
export function nextMembers({ self, configs, answered, leavers, joiners, barred, isUntried }: NextView): readonly PeerId[] {
  const last = (configs[configs.length - 1] as View).members
  const isSettled = (member: PeerId): boolean => !isUntried(member) && configs.every(({ members }) => members.includes(member))
  const inEvery = last.filter((member) => answered(member) && isSettled(member))
  const base = inEvery.length > 0 ? inEvery : last.filter(answered)
  const stays = (peer: PeerId): boolean => peer === self || (!leavers.has(peer) && !barred(peer))
  const staying = base.filter(stays)
  const members = staying.length > 0 ? staying : base.filter((peer) => !barred(peer))
  // The initiator has a place in any case.
  if (!members.includes(self)) members.splice(roomMembersMax - 1)
  const most = membersAtMost(members.length)
  const put = (peer: PeerId): void => {
    if (members.length < most && answered(peer) && stays(peer) && !members.includes(peer)) members.push(peer)
  }
  put(self)
  for (const peer of last) put(peer)
  for (const peer of joiners) put(peer)
  return members
}

function present(members: readonly PeerId[], has: (peer: PeerId) => boolean): number {
  let found = 0
  for (const member of members) if (has(member)) found++
  return found
}
