import { markChanged } from './disk.ts'
import { type Epoch, sameEpoch } from './epoch.ts'
import { note, type Ring } from './state.ts'
import { timing } from './timing.ts'

/**
 * This peer promises `epoch`. From this very moment, before the write even starts, it has no token, repeats none, takes
 * none, reports nothing and makes no attempt of its own for any epoch below **[S1, S2, S3]** (PROTOCOL, section 5.2).
 */
export function raisePromise(ring: Ring, epoch: Epoch): void {
  const { token, suspicion } = ring
  ring.promised = epoch
  ring.highest = Math.max(ring.highest, epoch.number)
  token.hold = undefined
  token.handing = undefined
  token.arriving = undefined
  token.ackOwed = undefined
  ring.gap.ahead.clear()
  if (ring.attempt !== undefined && !sameEpoch(ring.attempt.epoch, epoch)) ring.attempt = undefined
  if (ring.stage !== undefined && !sameEpoch(ring.stage.epoch, epoch)) ring.stage = undefined
  if (ring.activation !== undefined && !sameEpoch(ring.activation.epoch, epoch)) ring.activation = undefined
  // Let the epoch come about before anybody asks around again **[L]**.
  suspicion.promisedAt = ring.now
  suspicion.quietUntil = ring.now + timing.quietStartLeast + ring.random.below(timing.quietStartSpread)
  suspicion.retry = undefined
  suspicion.preVote = undefined
  markChanged(ring, {})
  note(ring, 'promised', { number: epoch.number, initiator: epoch.initiator })
}
