import type { PeerStore } from '@libp2p/interface'
import { type PeerId, parsePeerId } from '../../core/ids.ts'

/** libp2p keeps whom it has ever dialled or met for hours; whoever knows the room code can be a new peer each second. */
const entriesMax = 256
/** In beats. */
const lookEvery = 10

/** Forgets whom there is no link with, now and then: where they listen the dialer knows better. */
export function keepPeerStoreSmall(store: PeerStore, isLinked: (peer: PeerId) => boolean): { tick(): void } {
  let ticks = 0
  let isBusy = false

  const sweep = async (): Promise<void> => {
    const peers = await store.all()
    if (peers.length <= entriesMax) return
    for (const { id } of peers) {
      const peer = parsePeerId(id.toString())
      if (!peer.ok || !isLinked(peer.value)) await store.delete(id)
    }
  }

  return {
    tick() {
      if (isBusy || ++ticks % lookEvery !== 0) return
      isBusy = true
      // A store in memory has no reason to fail; if it does, the next sweep is soon.
      void sweep()
        .catch(() => {})
        .finally(() => {
          isBusy = false
        })
    },
  }
}
