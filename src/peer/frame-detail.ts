import { toHex } from '../core/crypto.ts'
import { printable } from '../core/safe-text.ts'
import type { Message } from '../ring/message.ts'
import { epochText } from '../ring/view.ts'
import type { FrameStep } from './ring-steps.ts'

/** One message of the ring in full, for people. */
export interface FrameDetail extends Pick<FrameStep, 'id' | 'from' | 'to' | 'message' | 'lamport' | 'bytes'> {
  /** As it travelled; empty where this peer neither sent nor received it, or has forgotten it. */
  readonly hex: string
  /** What it says. Operations and pictures are told by their size, long lists by their first entries. */
  readonly fields: Readonly<Record<string, unknown>>
}

const entriesMax = 32
/** Longer text than any id or hash is no message's. */
const charsMax = 256

/** `own`: the frame's bytes and what they say, where this peer has them. */
export function detailOf(
  step: FrameStep,
  own: { readonly frame: Uint8Array; readonly message: Message } | undefined,
): FrameDetail {
  const { id, from, to, message, lamport, bytes, topic, epoch, turn, block } = step
  const ends = { id, from, to, message, lamport, bytes }
  if (own === undefined) return { ...ends, hex: '', fields: present({ topic, epoch, turn, block }) }
  const { kind, ...fields } = own.message
  return { ...ends, message: kind, hex: toHex(own.frame), fields: present({ topic, ...(told(fields) as object) }) }
}

/** Any value of a message as JSON and a screen can have it: a stranger may have put anything into it that has the form of an id. */
function told(value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (typeof value === 'string') return printable(value.length > charsMax ? `${value.slice(0, charsMax)}…` : value)
  if (Array.isArray(value)) {
    const first = value.slice(0, entriesMax).map(told)
    return value.length > entriesMax ? [...first, `… ${value.length - entriesMax} more`] : first
  }
  if (typeof value !== 'object' || value === null) return value
  if (isEpoch(value)) return printable(epochText(value))
  return present(Object.fromEntries(Object.entries(value).map(([name, one]) => [name, told(one)])))
}

type Epoch = Parameters<typeof epochText>[0]

const isEpoch = (value: object): value is Epoch => 'number' in value && 'initiator' in value && Object.keys(value).length === 2

const present = (fields: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
