import type { PeerId } from '../core/ids.ts'
import { createDiscovery, type Discovery } from '../io/discovery/discovery.ts'
import type { Sighting } from '../peer/ports.ts'

/** Listens who is on the network while there is no transport that does: it asks, and says nothing of itself. */
export interface Ears {
  /** Nothing happens where it listens already. */
  start(): void
  stop(): void
  readonly sightings: readonly Sighting[]
}

/** `mdns`: whether it may use the network at all. */
export function createEars(self: PeerId, mdns: boolean): Ears {
  let discovery: Discovery | undefined
  return {
    start() {
      if (!mdns || discovery !== undefined) return
      discovery = createDiscovery({
        self,
        room: { name: '', hasCode: false },
        listening: () => [],
        onSighted: () => {},
        // Where multicast does not work rooms are found by link or address; the diagnosis says why.
        onTrouble: () => {},
      })
      discovery.start()
    },
    stop() {
      void discovery?.stop()
      discovery = undefined
    },
    get sightings() {
      return discovery?.sightings ?? []
    },
  }
}
