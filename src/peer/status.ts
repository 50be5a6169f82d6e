import type { Failure, FailureCode } from '../core/failure.ts'
import type { Instant, PeerId } from '../core/ids.ts'
import { formatJoinLink } from '../core/join-link.ts'
import { type Evidence, liarOf } from '../ring/faults.ts'
import type { ReplicaView, StopReason } from '../ring/types.ts'
import { compareEpochs, epochText } from '../ring/view.ts'
import type { PeerContext } from './context.ts'
import type { Notice, PeerStatus, Proof } from './peer.ts'
import { rulesOf } from './replay.ts'
import type { Residence } from './residence.ts'
import type { Session } from './session.ts'

/** Why a peer takes no more part: the ring's reasons, and what only its peer knows. */
export type EndReason =
  | StopReason
  /** Another copy of this folder, which was started earlier, is in the room. */
  | { readonly kind: 'copy-runs' }
  | Stranded

/** The world said no between two rooms: this peer is in none. */
export interface Stranded {
  readonly kind: 'stranded'
  readonly failure: Failure
}

/** Whether the peer was told to leave, or takes no part any more, and why. */
export interface Ending {
  readonly leaving: boolean
  readonly stopReason: EndReason | undefined
}

export function statusOf(
  context: PeerContext,
  residence: Pick<Residence, 'session' | 'entered' | 'otherRooms'>,
  ending: Ending,
): PeerStatus {
  const { session } = residence
  const { view, market, genesis } = session
  const { ports, options } = context
  const condition = conditionOf(context, session, ending)
  const trouble = troubleOf(condition)
  return {
    self: ports.identity.self,
    name: context.name,
    room: {
      id: session.room,
      name: genesis.name,
      rules: rulesOf(genesis),
      founded: session.genesisBlock.time,
      hasCode: options.code !== '',
    },
    entered: residence.entered,
    otherRooms: residence.otherRooms(),
    link: linkOf(context, session, undefined),
    role: roleOf(condition),
    trouble: trouble?.text,
    troubleCode: trouble?.code,
    notices: context.notices,
    epoch: epochText(view.installed),
    members: view.members,
    membersAsOfLog: isAsOfLog(condition),
    behind: condition.behind,
    reachable: condition.reachable,
    quorum: condition.quorum,
    holdsToken: view.holding !== undefined,
    turn: view.turnSeen,
    head: view.head.index,
    commit: view.commit,
    durable: view.durable,
    stateHash: market.stateHash,
    lamport: view.lamport,
    time: view.time(ports.clock.monotonic()) as Instant,
    pending: view.pending.length,
    addresses: ports.transport.addresses,
    version: options.version,
  }
}

/** What others need to come into the room. A loopback address is of use on this machine only, and stands there only alone. */
export function linkOf({ ports }: PeerContext, session: Pick<Session, 'room' | 'genesis'>, code: string | undefined): string {
  const { addresses } = ports.transport
  const far = addresses.filter((address) => !isLoopback(address))
  return formatJoinLink({
    room: session.genesis.name,
    code,
    roomId: session.room,
    addresses: far.length > 0 ? far : addresses,
  })
}

const isLoopback = (address: string): boolean => /^\/(?:ip4\/127\.|ip6\/::1\/)/.test(address)

/** What role, trouble and sentences are made from. */
export interface Condition {
  readonly stopped: EndReason | undefined
  readonly leaving: boolean
  readonly failed: Failure | undefined
  readonly self: PeerId
  readonly membership: ReplicaView['membership']
  readonly active: boolean
  /** Blocks, as far as it has heard. */
  readonly behind: number
  readonly quorum: boolean
  /** The last view of its log. */
  readonly members: readonly PeerId[]
  /** Of these, itself included. */
  readonly reachable: readonly PeerId[]
  readonly nameOf: (peer: PeerId) => string
}

/** Of a peer that was not told to leave. */
export const staying: Ending = { leaving: false, stopReason: undefined }

/** As things stand just now. */
export function conditionOf(context: PeerContext, session: Pick<Session, 'view' | 'failed'>, ending: Ending): Condition {
  const { view, failed } = session
  const now = context.ports.clock.monotonic()
  const condition: Condition = {
    stopped: ending.stopReason,
    leaving: ending.leaving,
    failed,
    self: context.ports.identity.self,
    membership: view.membership,
    active: view.active,
    behind: view.active ? 0 : view.behind,
    quorum: view.hasQuorum(now),
    members: view.members,
    reachable: view.reachable(now),
    nameOf: context.nameOf,
  }
  // Whoever of an old view can be reached may be no member any more.
  return isOutside(condition) && isAsOfLog(condition) ? { ...condition, reachable: [] } : condition
}

/**
 * Nothing says that the last view of its log is still the room's: it takes no part in it, and is behind, or hears none of
 * its members. Those may be long gone.
 */
export function isAsOfLog({ active, behind, self, members, reachable }: Condition): boolean {
  const isAlone = (peers: readonly PeerId[]): boolean => peers.every((peer) => peer === self)
  return !active && (behind > 0 || (!isAlone(members) && isAlone(reachable)))
}

const isOutside = ({ self, members }: Condition): boolean => !members.includes(self)

interface Trouble {
  readonly code: NonNullable<PeerStatus['troubleCode']>
  readonly text: string
}

/** Why this peer writes nothing, for people; `undefined` where it does. */
export function troubleOf(condition: Condition): Trouble | undefined {
  const { stopped, failed, membership, behind, quorum } = condition
  if (stopped !== undefined) {
    return { code: codeOfEnd(stopped), text: stopText(stopped) }
  }
  if (failed !== undefined) return diskTrouble(failed)
  if (membership === 'forgotten') {
    const left = behind > 0 ? ` (${blocksBehind(behind)})` : ''
    return { code: 'forgotten', text: `its log was lost: catching up until the room has written that down${left}` }
  }
  if (behind > 0) return { code: 'catching-up', text: `catching up: ${blocksBehind(behind)}` }
  if (isOutside(condition) && isAsOfLog(condition)) return { code: 'unheard', text: 'no member of the room was heard yet' }
  return quorum ? undefined : { code: 'no-quorum', text: quorumText(condition) }
}

function codeOfEnd(reason: EndReason): Trouble['code'] {
  if (reason.kind === 'copy-runs') return 'twin'
  if (reason.kind === 'stranded') return diskCode(reason.failure)
  return reason.kind === 'own-later-block' ? reason.which : reason.kind
}

const blocksBehind = (behind: number): string => `${behind} ${behind === 1 ? 'block' : 'blocks'} behind`

/** `no quorum: 1 of 3 members reachable, waiting for Ana, Bob`. */
function quorumText({
  quorum,
  members,
  reachable,
  nameOf,
}: Pick<Condition, 'quorum' | 'members' | 'reachable' | 'nameOf'>): string {
  const count = `${reachable.length} of ${members.length} members reachable`
  if (quorum) return `quorum: ${count}`
  const missing = members.filter((member) => !reachable.includes(member)).map(nameOf)
  return missing.length === 0 ? `no quorum: ${count}` : `no quorum: ${count}, waiting for ${missing.join(', ')}`
}

export function roleOf(condition: Condition): PeerStatus['role'] {
  const { stopped, leaving, failed, membership, quorum } = condition
  if (stopped !== undefined) return 'stopped'
  if (leaving) return 'leaving'
  if (failed !== undefined) return 'read-only'
  if (membership === 'forgotten') return 'forgotten'
  if (isOutside(condition)) return 'learner'
  return quorum ? 'member' : 'read-only'
}

/** A name that the peer gave, or the end of its id. */
export const nameOrId = (name: string | undefined, peer: PeerId): string => name || peer.slice(-6)

/** Of what a peer is proven: `signed two different blocks 7`. */
export function evidenceText(evidence: Evidence): string {
  if (evidence.kind === 'checkpoint') return `vouched for a wrong state in block ${evidence.block.index}`
  const { index } = evidence.first
  return liarOf(evidence) === undefined ? `two members signed a block ${index} each` : `signed two different blocks ${index}`
}

export function toProof(evidence: Evidence): Proof {
  const blocks = evidence.kind === 'checkpoint' ? [evidence.block] : [evidence.first, evidence.second]
  return {
    kind: evidence.kind,
    author: liarOf(evidence),
    what: evidenceText(evidence),
    blocks: blocks.map(({ index, epoch, author, hash }) => ({ index, epoch: epochText(epoch), author, hash })),
  }
}

/** What is wrong with a log that was put aside, and where that is. */
export function damageNotice({ message, facts }: Failure): Notice {
  const { what, aside, index } = facts
  const whole = typeof index === 'number' && { whole: index }
  const text = `the log that was here is damaged: ${typeof what === 'string' ? what : message}`
  if (typeof aside !== 'string') return { code: 'log-damaged', text, ...whole }
  return {
    code: 'log-damaged',
    text: `${text} It is kept as it was, in ${aside}; the other members give this peer the log anew`,
    ...whole,
    aside,
  }
}

/** Of a peer that was told to leave. */
export const leftText = 'left the room'

export function stopText(reason: EndReason): string {
  switch (reason.kind) {
    case 'left':
      return leftText
    case 'own-later-block':
      return `stopped: ${laterText(reason)}; ${afterwards}`
    case 'copy-runs':
      return `stopped: a copy of this folder runs elsewhere, and was started earlier; ${besides}`
    case 'state-diverged':
      return (
        `stopped: the state here after block ${reason.index} is not the one that ${reason.authors.length} other members have: ` +
        'this disk or this program is at fault; start it with --refetch'
      )
    case 'stranded':
      return `stopped: ${unmovedText}: ${reason.failure.message.replace(/\.$/, '')}`
    case 'bug':
      return `stopped: ${reason.message}`
  }
}

/** Of a move to another room. */
export const unmovedText = 'the room could not be changed'

/** Each of two copies that were alone may have written what the other has not. */
const besides =
  'give a second peer a folder of its own with --profile; what was written here stays in this folder, and gavelring log export shows it'

/** With --refetch a copy would take the place of the one that goes on. */
const afterwards =
  'where the other one goes on, leave this one, and give a second peer a folder of its own with --profile; where it is gone, start this one with --refetch'

function laterText({ which, index, incarnation }: Extract<StopReason, { kind: 'own-later-block' }>): string {
  return which === 'older-copy'
    ? `this folder is an older copy of itself: a later start of this very peer, number ${incarnation}, wrote block ${index}, which is not here`
    : `block ${index} was written under this very start’s number, ${incarnation}, and is not here: a copy of this folder runs or ran elsewhere, or this one was restored from an older copy`
}

function diskTrouble(failure: Failure): Trouble {
  const text = `${diskWords[failure.code] ?? 'the disk failed'}: read-only until the peer is started again`
  return { code: diskCode(failure), text }
}

const diskCode = ({ code }: Failure): Trouble['code'] => (code === 'disk-full' ? code : 'disk-failed')

/** What keeps a peer from writing; anything else is the disk itself. */
const diskWords: Readonly<Partial<Record<FailureCode, string>>> = {
  'disk-full': 'disk full',
  'disk-read-only': 'the disk can only be read',
  'permission-denied': 'the log may not be written',
  'files-exhausted': 'too many files are open',
  'path-missing': 'the folder is gone',
}

/** Looks at the ring for what people are told: a new view, a quorum lost or found, and who did what is forbidden. */
export interface Watch {
  /** Call it often. */
  look(now: number, session: Pick<Session, 'view' | 'failed'>): void
  /** For how long there has been no quorum, in milliseconds; 0: there is one. */
  quorumMissing(now: number): number
}

/**
 * A quorum that is back so soon was none lost: after a stall of this process the clock says that nobody was heard for long,
 * though what they said waits to be read; and members that were just taken in have not been heard yet.
 */
const quorumHiccup = 1_000
/** A new member may be heard before its view is known here: the ring takes back that it refused a stranger. */
const pardonAfter = 2_000

export function createWatch(context: PeerContext, view: ReplicaView): Watch {
  let epoch = view.installed
  let missingSince: number | undefined
  let isLossTold = false
  /** Those that are refused, by when that was seen first; not those that were told. */
  const suspects = new Map<PeerId, number>()
  const told = new Set<PeerId>()
  let evidenceSeen = 0

  const lookAtQuorum = (now: number, session: Pick<Session, 'view' | 'failed'>): void => {
    if (view.hasQuorum(now)) missingSince = undefined
    else missingSince ??= now
    const isLost = missingSince !== undefined
    if (isLost === isLossTold || (isLost && quorumMissing(now) < quorumHiccup)) return
    const condition = conditionOf(context, session, staying)
    // That of a view without this peer is not its own: it neither loses it nor has it back.
    if (isOutside(condition)) return
    isLossTold = isLost
    context.tell({ kind: 'quorum', held: !isLost, text: quorumText(condition) })
  }
  const lookAtRefused = (now: number): void => {
    if (view.refused.size === 0 && suspects.size === 0 && told.size === 0) return
    for (const [peer, { reason }] of view.refused) {
      if (told.has(peer)) continue
      const since = suspects.get(peer) ?? now
      suspects.set(peer, since)
      if (now - since < pardonAfter) continue
      suspects.delete(peer)
      told.add(peer)
      context.tell({ kind: 'refused', peer, reason })
    }
    for (const peer of suspects.keys()) if (!view.refused.has(peer)) suspects.delete(peer)
    // Names can be made up without end, and the ring forgets the oldest.
    for (const peer of told) if (!view.refused.has(peer)) told.delete(peer)
  }
  const lookAtView = (): void => {
    // While the end of the log is replaced, an older view is the last on disk for a moment.
    if (compareEpochs(view.installed, epoch) <= 0) return
    epoch = view.installed
    context.tell({ kind: 'members', epoch: epochText(epoch), members: view.members })
  }
  // Asked between two looks, too: what is to happen for want of a quorum must not where it is back just now.
  const quorumMissing = (now: number): number => (missingSince === undefined || view.hasQuorum(now) ? 0 : now - missingSince)

  return {
    quorumMissing,
    look(now, session) {
      lookAtView()
      lookAtQuorum(now, session)
      lookAtRefused(now)
      const { evidence } = view
      for (; evidenceSeen < evidence.length; evidenceSeen++) {
        context.tell({ kind: 'faulty', evidence: evidence[evidenceSeen] as NonNullable<(typeof evidence)[number]> })
      }
    },
  }
}
