import type { PeerId } from '../core/ids.ts'
import type { MutexEvent, MutexView } from './participant.ts'

/** What happened in an experiment, on one clock, in order: milliseconds from its start. */
export type TrialEvent =
  | { readonly kind: 'mutex'; readonly at: number; readonly peer: PeerId; readonly event: MutexEvent }
  | { readonly kind: 'view'; readonly at: number; readonly view: MutexView }
  | { readonly kind: 'crashed'; readonly at: number; readonly peer: PeerId }

/** Two inside at once: what must never be. */
export interface Violation {
  readonly at: number
  /** Who was inside, since this event, when the other entered. */
  readonly first: Entered
  readonly second: Entered
}

export interface Entered {
  readonly peer: PeerId
  readonly at: number
  readonly epoch: number
  readonly lamport: number
}

/** Who is inside: each for itself says when it enters and leaves, and the room who is in it at all. */
export class Referee {
  readonly #inside = new Map<PeerId, Entered>()
  /** Of each peer that was left out of a view: the newest such. */
  readonly #outSince = new Map<PeerId, number>()
  readonly #known = new Set<PeerId>()
  readonly #violations: Violation[] = []

  get violations(): readonly Violation[] {
    return this.#violations
  }

  get inside(): readonly Entered[] {
    return [...this.#inside.values()]
  }

  observe(event: TrialEvent): void {
    switch (event.kind) {
      case 'crashed':
        this.#inside.delete(event.peer)
        return
      case 'view':
        return this.#leaveOut(event.view)
      case 'mutex':
        if (event.event.what === 'entered') this.#enter(event.peer, event.at, event.event.epoch, event.event.lamport)
        else if (event.event.what === 'released' || event.event.what === 'left') this.#inside.delete(event.peer)
    }
  }

  /** Whoever is out of a view is no longer inside, though it may not know yet: what it does in earlier ones counts nowhere (fencing). */
  #leaveOut({ epoch, members }: MutexView): void {
    for (const member of members) this.#known.add(member)
    for (const peer of this.#known) {
      if (members.includes(peer)) continue
      this.#outSince.set(peer, epoch)
      if ((this.#inside.get(peer)?.epoch ?? epoch) < epoch) this.#inside.delete(peer)
    }
  }

  #enter(peer: PeerId, at: number, epoch: number, lamport: number): void {
    if (epoch < (this.#outSince.get(peer) ?? 0)) return
    const second = { peer, at, epoch, lamport }
    for (const first of this.#inside.values()) this.#violations.push({ at, first, second })
    this.#inside.set(peer, second)
  }
}
