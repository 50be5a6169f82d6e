import { compareEpochs, type Epoch } from './epoch.ts'
import type { Ring } from './state.ts'

/** A turn was seen, in a token, a block or a status: a sign of the token if it is newer than any (PROTOCOL, section 5). */
export function seeTurn(ring: Ring, epoch: Epoch, turn: number): void {
  const { token } = ring
  if (compareEpochs(epoch, ring.promised) < 0) return
  const order = compareEpochs(epoch, token.signEpoch)
  if (order < 0 || (order === 0 && turn <= token.signTurn)) return
  token.signEpoch = epoch
  token.signTurn = turn
  token.signAt = ring.now
}
