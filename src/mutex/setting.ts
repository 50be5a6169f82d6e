import { Malformed, textOf } from '../core/codec.ts'
import { type PeerId, parsePeerId } from '../core/ids.ts'
import { labLimits, roomMembersMax } from '../core/limits.ts'
import type { Span } from './rehearsal.ts'

/** What goes wrong in the lab's part of a peer, and when: milliseconds from where that part began. */
export type ExperimentFault =
  /** It stands still: it hears nothing, and says nothing. */
  | { readonly kind: 'pause'; readonly peer: PeerId; readonly at: number; readonly millis: number }
  /** It dies without a word, and begins anew, with nothing remembered, in the room's next view. */
  | { readonly kind: 'kill'; readonly peer: PeerId; readonly at: number }
  /** Nothing comes through between the two. */
  | { readonly kind: 'cut'; readonly peer: PeerId; readonly to: PeerId; readonly at: number; readonly millis: number }

/** An experiment on the real room, as its set-up stands in the log. Times in milliseconds. */
export interface ExperimentSetting {
  readonly algorithm: string
  /** Of somebody's own algorithm: SHA-256 of its file, in hex. */
  readonly sha256?: string
  readonly section: string
  /** Of each peer. */
  readonly entries: number
  /** Before a peer wants in (again), and while it is inside: drawn by `seed` and the peer's id. */
  readonly think: Span
  readonly stay: Span
  readonly seed: number
  /** Of what goes from one peer to another, 0 to 0.9; it is sent again. */
  readonly lostShare: number
  readonly faults: readonly ExperimentFault[]
  /** Messages wait at their senders until the host lets them go. */
  readonly step: boolean
  /** Each message is told as an event; else only wishes, entries and releases are. */
  readonly record: boolean
  /** Who takes part, where not all members of the room do. */
  readonly peers?: readonly PeerId[]
}

export function encodeSetting(setting: ExperimentSetting): Uint8Array {
  const { algorithm, sha256, section, entries, think, stay, seed, lostShare, faults, step, record, peers } = setting
  const ordered = { algorithm, sha256, section, entries, think, stay, seed, lostShare, faults, step, record, peers }
  return new TextEncoder().encode(JSON.stringify(ordered))
}

/** What a set-up in the log says, or why it says nothing: another peer wrote it. */
export function decodeSetting(content: Uint8Array): { readonly value: ExperimentSetting } | { readonly malformed: string } {
  try {
    return { value: settingOf(JSON.parse(textOf(content))) }
  } catch (error) {
    if (error instanceof Malformed) return { malformed: error.message }
    if (error instanceof SyntaxError) return { malformed: 'a set-up is JSON' }
    throw error
  }
}

function settingOf(value: unknown): ExperimentSetting {
  const given = fieldsOf(value, 'a set-up')
  const { sha256, peers } = given
  return {
    algorithm: textIn(given.algorithm, /^[^\p{C}]{1,64}$/u, 'algorithm'),
    ...(sha256 !== undefined && { sha256: textIn(sha256, /^[0-9a-f]{64}$/, 'sha256') }),
    section: textIn(given.section, /^[A-Za-z0-9._-]{1,32}$/, 'section'),
    entries: whole(given.entries, 1, labLimits.entries, 'entries'),
    think: spanOf(given.think, 'think'),
    stay: spanOf(given.stay, 'stay'),
    seed: whole(given.seed, 0, labLimits.seed, 'seed'),
    lostShare: numberIn(given.lostShare, 0, labLimits.lostShare, 'lostShare'),
    faults: listOf(given.faults, labLimits.faults, faultOf, 'faults'),
    step: flagOf(given.step, 'step'),
    record: flagOf(given.record, 'record'),
    ...(peers !== undefined && { peers: listOf(peers, roomMembersMax, peerOf, 'peers') }),
  }
}

function faultOf(value: unknown): ExperimentFault {
  const { kind, ...given } = fieldsOf(value, 'a fault')
  const peer = peerOf(given.peer)
  const at = numberIn(given.at, 0, labLimits.faultMillis, 'at')
  if (kind === 'kill') return { kind, peer, at }
  const millis = numberIn(given.millis, 0, labLimits.faultMillis, 'millis')
  if (kind === 'pause') return { kind, peer, at, millis }
  if (kind === 'cut') return { kind, peer, to: peerOf(given.to), at, millis }
  throw new Malformed('an unknown kind of fault')
}

function spanOf(value: unknown, name: string): Span {
  const given = fieldsOf(value, name)
  const least = numberIn(given.least, 0, labLimits.millis, name)
  return { least, most: numberIn(given.most, least, labLimits.millis, name) }
}

function peerOf(value: unknown): PeerId {
  const parsed = parsePeerId(typeof value === 'string' ? value : '')
  if (!parsed.ok) throw new Malformed('a peer that can be none')
  return parsed.value
}

function fieldsOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Malformed(`${what} has fields`)
  return { ...value }
}

function listOf<T>(value: unknown, most: number, read: (item: unknown) => T, name: string): readonly T[] {
  if (!Array.isArray(value) || value.length > most) throw new Malformed(`${name}: a list of at most ${most}`)
  return value.map(read)
}

function textIn(value: unknown, form: RegExp, name: string): string {
  if (typeof value !== 'string' || !form.test(value)) throw new Malformed(`${name}: not of its form`)
  return value
}

function numberIn(value: unknown, least: number, most: number, name: string): number {
  if (typeof value !== 'number' || !(value >= least && value <= most)) throw new Malformed(`${name}: from ${least} to ${most}`)
  return value
}

function whole(value: unknown, least: number, most: number, name: string): number {
  if (!Number.isInteger(value)) throw new Malformed(`${name}: a whole number`)
  return numberIn(value, least, most, name)
}

function flagOf(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') throw new Malformed(`${name}: yes or no`)
  return value
}
