import type { FailureCode } from '../failure.ts'
import type { ParseCode } from '../result.ts'

/** What may be wrong with a join link. */
type LinkCode = Extract<
  ParseCode,
  | 'link-invalid'
  | 'name-invalid'
  | 'name-unprintable'
  | 'code-invalid'
  | 'room-id-invalid'
  | 'peer-id-invalid'
  | 'address-name'
  | 'address-number'
  | 'address-peer'
  | 'address-port'
  | 'address-use'
  | 'address-zone'
>

/** Why a peer does not start, or a room is not entered: a sentence for each code. A file for each language, so that a page loads one. */
export type Sentences = Readonly<Record<FailureCode | LinkCode, string>>
