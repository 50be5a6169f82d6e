import type { PeerId } from '../core/ids.ts'
import type { ReplicaView } from '../ring/types.ts'
import { epochText, sameEpoch } from '../ring/view.ts'
import type { PeerContext } from './context.ts'
import type { Session } from './session.ts'
import { conditionOf, quorumText } from './status.ts'

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
  let isHeldTold: boolean | undefined
  /** Those that are refused, by when that was seen first; not those that were told. */
  const suspects = new Map<PeerId, number>()
  const told = new Set<PeerId>()
  let evidenceSeen = 0

  const lookAtQuorum = (now: number, session: Pick<Session, 'view' | 'failed'>): void => {
    if (view.hasQuorum(now)) missingSince = undefined
    else missingSince ??= now
    const held = missingSince === undefined
    if (held === isHeldTold || (!held && quorumMissing(now) < quorumHiccup)) return
    const isFirst = isHeldTold === undefined
    isHeldTold = held
    const condition = conditionOf(context, session, { leaving: false, stopReason: undefined })
    if (!isFirst) context.tell({ kind: 'quorum', held, text: quorumText(condition) })
  }
  const lookAtRefused = (now: number): void => {
    if (view.refused.size === 0 && suspects.size === 0) return
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
  }
  const quorumMissing = (now: number): number => (missingSince === undefined ? 0 : now - missingSince)

  return {
    quorumMissing,
    look(now, session) {
      if (!sameEpoch(epoch, view.installed)) {
        epoch = view.installed
        context.tell({ kind: 'members', epoch: epochText(epoch), members: view.members })
      }
      lookAtQuorum(now, session)
      lookAtRefused(now)
      const { evidence } = view
      for (; evidenceSeen < evidence.length; evidenceSeen++) {
        context.tell({ kind: 'faulty', evidence: evidence[evidenceSeen] as NonNullable<(typeof evidence)[number]> })
      }
    },
  }
}
