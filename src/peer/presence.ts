import type { PeerId } from '../core/ids.ts'
import type { Clock } from './ports.ts'

/** Who of the room is connected, as people are told it. */
export interface Presence {
  came(peer: PeerId): void
  went(peer: PeerId): void
  /** Another room begins: whoever was here in the old one is forgotten, and nothing is said of it. */
  clear(): void
}

/** Whoever is back so soon was never gone, in milliseconds: a connection that breaks is dialled again in less. */
export const goneAfter = 3_000

/** Says that somebody came at once, and that somebody went only when it stays away. */
export function createPresence(clock: Pick<Clock, 'monotonic' | 'at'>, tell: (peer: PeerId, here: boolean) => void): Presence {
  /** Those who were said to be here; how to call off what is about to be said of their going. */
  const here = new Map<PeerId, (() => void) | undefined>()
  return {
    came(peer) {
      const isNew = !here.has(peer)
      here.get(peer)?.()
      here.set(peer, undefined)
      if (isNew) tell(peer, true)
    },
    went(peer) {
      if (!here.has(peer) || here.get(peer) !== undefined) return
      const cancel = clock.at(clock.monotonic() + goneAfter, () => {
        here.delete(peer)
        tell(peer, false)
      })
      here.set(peer, cancel)
    },
    clear() {
      for (const cancel of here.values()) cancel?.()
      here.clear()
    },
  }
}
