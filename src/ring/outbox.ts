import type { PeerId } from '../core/ids.ts'
import { createLamportClock, type LamportClock } from '../core/lamport.ts'
import type { Message } from './message.ts'
import type { Note, Output, StopReason } from './types.ts'

/** The only way out of the ring: what a step decided, in order. Each sending advances the Lamport clock. */
export class Outbox {
  readonly clock: LamportClock
  /** Monotonic milliseconds of the step that runs. */
  now: number
  #outputs: Output[] = []
  #stopped: StopReason | undefined

  constructor(now: number, lamport: number) {
    this.now = now
    this.clock = createLamportClock(lamport)
  }

  get stopped(): StopReason | undefined {
    return this.#stopped
  }

  put(output: Output): void {
    this.#outputs.push(output)
  }

  send(to: readonly PeerId[], message: Message): void {
    if (to.length > 0) this.#outputs.push({ kind: 'send', to, lamport: this.clock.advance(), message })
  }

  gossip(message: Message): void {
    this.#outputs.push({ kind: 'gossip', lamport: this.clock.advance(), message })
  }

  note(event: string, facts: Note['facts']): void {
    this.#outputs.push({ kind: 'note', note: { event, facts } })
  }

  /** This peer takes no more part. Said last, whatever else the step still decides. */
  stop(reason: StopReason): void {
    this.#stopped ??= reason
  }

  /** What the step decided. */
  take(): readonly Output[] {
    const outputs = this.#outputs
    this.#outputs = []
    return outputs
  }
}
