import type { FailureCode } from '../core/failure.ts'
import type { ParseCode } from '../core/result.ts'
import type { RejectionCode } from '../market/outcome.ts'
import type { catalogueFull, unknownLot } from './catalogue.ts'
import type { doorErrors, inputInvalid, unknownBidder, unknownBlock, unknownFrame, voided } from './errors.ts'
import type { lateVote, stepErrors, unknownAlgorithm, unknownExperiment } from './lab.ts'
import type { tokensFull, unknownToken } from './tokens.ts'

/**
 * The codes of all sentences that a peer says ready-made: whoever shows them in another language has words for each, and the compiler
 * sees to it. Only codes of another version have none; there the sentence itself is shown.
 */

/** What a look around may find wrong, or worth knowing. Each has a remedy. */
export const faultCodes = [
  'mdns-off',
  'no-network',
  'multicast-blocked',
  'nobody-heard',
  'vpn',
  'room-not-heard',
  'several-rooms',
  'two-networks',
  'port-closed',
  'firewall',
  'client-isolation',
  'nobody-there',
  'own-firewall',
  'no-such-name',
  'not-a-peer',
  'code-missing',
  'another-code',
  'another-version',
  'clock-off',
] as const
export type FaultCode = (typeof faultCodes)[number]

/** And what may be well. */
export const goodCodes = ['multicast', 'peers-answer', 'connected'] as const
export type GoodCode = (typeof goodCodes)[number]

/** Why a peer is not in its room yet. */
export const waitCodes = [
  'nobody',
  'another-code',
  'stranger',
  'another-version',
  'another-room',
  'another-name',
  'refused',
  'unreachable',
  'no-answer',
  'waits-too',
] as const
export type WaitCode = (typeof waitCodes)[number]

/** Why a peer writes nothing. */
export const troubleCodes = [
  'left',
  'older-copy',
  'twin',
  'state-diverged',
  'bug',
  'disk-full',
  'disk-failed',
  'forgotten',
  'catching-up',
  'unheard',
  'no-quorum',
] as const
export type TroubleCode = (typeof troubleCodes)[number]

/** What is wrong with a block of a log. */
export const damageCodes = [
  'empty',
  'unreadable',
  'beginning',
  'rules',
  'signature',
  'place',
  'checkpoint',
  'beside',
  'missing',
] as const
export type DamageCode = (typeof damageCodes)[number]

/** What is wrong with what came in: the parsers' own codes, those of rules between fields, and those of fields that have no parser. */
export type InputCode =
  | ParseCode
  | 'same-account'
  | 'picture-invalid'
  | 'picture-too-large'
  | 'range-reversed'
  | 'reserve-too-low'
  | 'buy-now-too-low'
  | 'start-under-way'
  | 'cursor-unknown'
  | 'too_big'
  | 'too_small'
  | 'invalid_type'
  | 'invalid_value'
  | 'invalid_format'

/** Every no. */
export type RefusalCode =
  | RejectionCode
  | FailureCode
  | InputCode
  | keyof typeof inputInvalid
  | keyof typeof voided
  | keyof typeof unknownBidder
  | keyof typeof unknownBlock
  | keyof typeof unknownExperiment
  | keyof typeof unknownAlgorithm
  | keyof typeof stepErrors
  | keyof typeof lateVote
  | keyof typeof unknownFrame
  | keyof typeof unknownLot
  | keyof typeof catalogueFull
  | keyof typeof doorErrors
  | keyof typeof unknownToken
  | keyof typeof tokensFull
