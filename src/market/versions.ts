import { type Decoded, decodeSubmission } from './codec.ts'
import type { Operation } from './operation.ts'
import { faultOfPicture } from './picture.ts'

/**
 * The rules have versions, and a room keeps the one in its genesis block for life (PROTOCOL, section 6): every log leads
 * to the states that it led to when it was written.
 *
 * 1: the first one. 2: auctions are extended, paused and resumed; a picture is one; a host that cancels without a reason
 * is refused with `reason-needed`, no longer with `auction-has-bids`. 3: the host sets the pace of the ring. 4: the
 * host records experiments of the lab.
 */
const firstVersions: Readonly<Partial<Record<Operation['kind'], number>>> = {
  'extend-auction': 2,
  'pause-auction': 2,
  'resume-auction': 2,
  'set-pace': 3,
  'record-experiment': 4,
}

/** {@link decodeSubmission}, as a program that knew only the rules of this version would have decoded. */
export function decodeInVersion(bytes: Uint8Array, version: number): Decoded | { readonly malformed: string } {
  const decoded = decodeSubmission(bytes)
  if ('malformed' in decoded) return decoded
  const malformed = faultInVersion(decoded.value.operation, version)
  return malformed === undefined ? decoded : { malformed }
}

/** Why an operation is none in rooms of this version; `undefined` if it is one. */
export function faultInVersion(operation: Operation, version: number): string | undefined {
  if ((firstVersions[operation.kind] ?? 1) > version) return `the rules of this room, version ${version}, know no such operation`
  if (operation.kind !== 'start-auction' || version < 2 || operation.picture.length === 0) return undefined
  return faultOfPicture(operation.picture)
}
