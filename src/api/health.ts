import type { TroubleCode } from './codes.ts'
import type { DoorRefusal } from './door.ts'
import type { Seat } from './seat.ts'

/** Free for all on this machine: whoever watches over a process holds no token, and hears nothing that needs one. */
export const healthPath = '/healthz'
export const readyPath = '/readyz'

/**
 * `undefined`: it is a member of its room with a quorum, and has all that the room has, so that what is asked of it can be done. Else
 * why, without names: whoever may hear those asks for the status.
 */
export function whyNotReady({ peer }: Seat): DoorRefusal | undefined {
  if (peer === undefined) return notReady('no-room', {})
  const { role, quorum, behind, troubleCode } = peer.status()
  if (role === 'member' && quorum && behind === 0 && troubleCode === undefined) return undefined
  const reason = troubleCode ?? (quorum ? 'catching-up' : 'no-quorum')
  return notReady(reason, { role, quorum, behind })
}

const notReady = (reason: Reason, facts: object): DoorRefusal => ({
  status: 503,
  code: 'not-ready',
  message: `This peer is not ready: ${reasonTexts[reason]}.`,
  data: { reason, ...facts },
})

type Reason = TroubleCode | 'no-room'

const reasonTexts: Readonly<Record<Reason, string>> = {
  'no-room': 'it is in no room yet',
  left: 'it has left the room',
  'older-copy': 'its folder is an older copy',
  twin: 'its folder runs elsewhere, too',
  'state-diverged': 'its state is not that of the others',
  bug: 'it met a bug, and its log says which',
  'disk-full': 'its disk is full',
  'disk-failed': 'its disk failed',
  forgotten: 'its log was lost, and the room has not gone on since',
  'catching-up': 'it is catching up with the others',
  unheard: 'it has heard no member yet',
  'no-quorum': 'too few members are reachable',
}
