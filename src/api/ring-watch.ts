import { ORPCError } from '@orpc/client'
import type { Peer } from '../peer/peer.ts'
import { acrossRooms } from './across-rooms.ts'
import { bounds, first } from './bounds.ts'
import { unknownFrame } from './errors.ts'
import type { Seat } from './seat.ts'
import type { FrameDetail, RingStepView } from './views.ts'

type RingStep = Parameters<Parameters<Peer['watchRing']>[0]>[0]

/** Steps that wait for one listener; of what comes on top only the number is kept, and who records and who waits now. */
const waitingMax = 2_000

/** {@link tellRing} of whatever peer the seat has, from `peer` on. */
export const followRing = (seat: Seat, peer: Peer, signal: AbortSignal | undefined): AsyncGenerator<RingStepView> =>
  acrossRooms(seat, peer, signal, (now, _isFirst, until) => tellRing(now, until))

/** Each step of the ring from now on, without an end. The room records for this peer as long as somebody reads. */
export async function* tellRing(peer: Pick<Peer, 'watchRing'>, signal: AbortSignal | undefined): AsyncGenerator<RingStepView> {
  let waiting: RingStep[] = []
  let missed = 0
  const latest = new Map<RingStep['kind'], RingStep>()
  let wake: () => void = () => {}
  const stopWatching = peer.watchRing((step) => {
    if (waiting.length < waitingMax) waiting.push(step)
    else if (step.kind === 'recorders' || step.kind === 'requests') latest.set(step.kind, step)
    else missed += step.kind === 'missed' ? step.count : 1
    wake()
  })
  const onAbort = (): void => wake()
  signal?.addEventListener('abort', onAbort)
  try {
    while (!isAborted(signal)) {
      const batch = [...waiting, ...latest.values()]
      if (missed > 0) batch.push({ kind: 'missed', count: missed })
      waiting = []
      missed = 0
      latest.clear()
      for (const step of batch) yield toStep(step)
      if (batch.length > 0) continue
      await new Promise<void>((resolve) => {
        wake = resolve
        if (waiting.length > 0 || isAborted(signal)) resolve()
      })
    }
  } finally {
    stopWatching()
    signal?.removeEventListener('abort', onAbort)
  }
}

/** Throws `frame-unknown`. */
export function showFrame(peer: Pick<Peer, 'ringFrame'>, id: string): FrameDetail {
  const detail = peer.ringFrame(id)
  if (detail === undefined) throw new ORPCError('frame-unknown', unknownFrame['frame-unknown'])
  return { ...detail, fields: { ...detail.fields } }
}

const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true

function toStep(step: RingStep): RingStepView {
  return step.kind === 'requests' || step.kind === 'recorders' ? { ...step, peers: first(step.peers, bounds.members) } : step
}
