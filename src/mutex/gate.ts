import type { PeerId } from '../core/ids.ts'
import type { MutexMessage } from './algorithm.ts'
import type { MutexFrame } from './participant.ts'

/** A message that waits at its sender until the host lets it go. */
export interface HeldMessage {
  /** The number of the event of its sending among its sender's: with the sender it names the message. */
  readonly event: number
  readonly to: PeerId
  readonly message: MutexMessage
  readonly lamport: number
  /** How often it was on its way before, and was dropped, plus one. */
  readonly attempt: number
  /** The step at which it was put behind all others; 0: it was not. */
  readonly rank: number
}

export type StepAct = 'release' | 'drop' | 'delay'

interface Kept {
  held: HeldMessage
  readonly frame: MutexFrame
}

/**
 * The messages of one peer in step mode. It lies below the channel: one that is dropped is sent again by that, and waits here
 * again; one that waits is not sent again.
 */
export class Gate {
  readonly #self: PeerId
  readonly #kept = new Map<string, Kept>()
  /** How often each was dropped; those that are gone pass, since what is repeated is no new message. */
  readonly #dropped = new Map<string, number>()
  readonly #gone = new Set<string>()
  /** Steps that are done: the host says each until it hears so, and what came again meanwhile is not meant. */
  readonly #done = new Set<number>()

  constructor(self: PeerId) {
    this.#self = self
  }

  /** In the order of their sending. */
  get held(): readonly HeldMessage[] {
    return [...this.#kept.values()].map(({ held }) => held)
  }

  /** Whether it may leave now; otherwise it waits here. What begins an epoch, and acknowledgements, are no messages of the algorithm. */
  passes(to: PeerId, frame: MutexFrame): boolean {
    const { part, epoch } = frame
    if (part.kind === 'ack') return true
    const { message, lamport, vector } = part.payload
    if (message.kind === 'begin') return true
    const key = `${to} ${epoch} ${part.number}`
    if (this.#gone.has(key)) return true
    if (this.#kept.has(key)) return false
    // The channel knows no message of this kind: it is the algorithm's.
    const own = message as MutexMessage
    const attempt = (this.#dropped.get(key) ?? 0) + 1
    this.#kept.set(key, { held: { event: vector[this.#self] ?? 0, to, message: own, lamport, attempt, rank: 0 }, frame })
    return false
  }

  /** What leaves because of it; nothing where none of that number waits, or it does not go. `round`: the number of the step, done once. */
  act(event: number, act: StepAct, round: number): { readonly to: PeerId; readonly frame: MutexFrame } | undefined {
    if (this.#done.has(round)) return undefined
    for (const [key, kept] of this.#kept) {
      if (kept.held.event !== event) continue
      this.#done.add(round)
      if (act === 'delay') {
        kept.held = { ...kept.held, rank: round }
        return undefined
      }
      this.#kept.delete(key)
      if (act === 'drop') {
        this.#dropped.set(key, kept.held.attempt)
        return undefined
      }
      this.#gone.add(key)
      return { to: kept.held.to, frame: kept.frame }
    }
    return undefined
  }

  /** Of another epoch nothing is wanted any more. */
  clear(): void {
    this.#kept.clear()
    this.#dropped.clear()
    this.#gone.clear()
  }
}

/** The order in which held messages of all peers are let go: the oldest first, those that were delayed after them. */
export function compareHeld(a: HeldMessage & { readonly from: PeerId }, b: HeldMessage & { readonly from: PeerId }): number {
  return a.rank - b.rank || a.lamport - b.lamport || (a.from < b.from ? -1 : a.from > b.from ? 1 : a.event - b.event)
}
