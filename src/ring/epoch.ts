import type { Reader, Writer } from '../core/codec.ts'
import type { PeerId } from '../core/ids.ts'

/** A ballot: ordered by number, then by the initiator's peer id. At most one view per epoch (PROTOCOL, section 1). */
export interface Epoch {
  readonly number: number
  readonly initiator: PeerId
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

export function writeEpoch(writer: Writer, epoch: Epoch): void {
  writer.unsigned(epoch.number).text(epoch.initiator)
}

export function readEpoch(reader: Reader): Epoch {
  return { number: reader.unsigned(), initiator: reader.text(64) as PeerId }
}
