import type { Instant, PeerId, RoomId } from '../core/ids.ts'
import { createRandom } from '../core/random.ts'
import type { Block } from '../ring/block.ts'
import { epochText } from '../ring/epoch.ts'
import type { Pace, StopReason } from '../ring/types.ts'
import { rulesOf } from './apply.ts'
import { runBidder } from './bidder.ts'
import { readBlocks } from './disk.ts'
import { createEventLog } from './events.ts'
import { createNetwork, type FoundRoom } from './network.ts'
import type { Bidder, Peer, PeerInfo, PeerStatus } from './peer.ts'
import { Failure, type Ports } from './ports.ts'
import { createRememberer, readRememberedAddresses } from './remembered.ts'
import { firstBatch, foundRoom, type RoomPlan, randomSalt, roomIdOf, shortRoomId } from './room.ts'
import { openSession, type Session } from './session.ts'
import { nameOrId, peerInfos, quorumText, roleOf, stopText, troubleOf } from './views.ts'

export interface PeerOptions {
  /** The person's name; empty: none. */
  readonly name: string
  /** The room's name, and its rules where this peer founds it. */
  readonly room: RoomPlan
  /** Found the room at once, without looking for it. */
  readonly create: boolean
  /** How long to look for the room before founding it, in milliseconds (PROTOCOL, section 6: 3,000). */
  readonly lookMillis: number
  readonly pace: Pace
  /** Of back-off and automatic bidders. */
  readonly seed: number
  /** Of the program, for `status`. */
  readonly version: string
  /** Multiaddrs to dial, and to dial again whenever the connection is lost. */
  readonly bootstrap: readonly string[]
  /** Long work at the start: blocks checked, then blocks replayed. */
  readonly onProgress?: (what: 'check' | 'replay', done: number, total: number) => void
}

/** How often hellos, addresses and meetings are looked at, in milliseconds. */
const refreshEvery = 1_000
/** Of the time to stop, what is kept for the disk and the network. */
const closeMillis = 1_000

/**
 * Opens the store, finds or founds the room, and takes part. Throws a `Failure` where that is not possible; nothing is
 * left open then.
 */
export async function createPeer(options: PeerOptions, ports: Ports): Promise<Peer> {
  const { store, transport, clock, logger, identity } = ports
  const { self } = identity
  const events = createEventLog((error) => logger.error('a listener failed', { error }))
  const stopped = Promise.withResolvers<string>()
  const bidders = new Set<() => void>()
  const bidderRandom = createRandom(options.seed)
  const said = new Set<string>()
  let session: Session
  let changing: Promise<void> | undefined
  let stopping: Promise<void> | undefined
  let leaving = false
  let stopReason: string | undefined
  let ringStopped: (() => void) | undefined
  let stopRefreshing = (): void => {}

  const now = (): number => clock.monotonic()
  const time = (): Instant => session.view.time(now()) as Instant
  const nameOf = (peer: PeerId): string => nameOrId(peer === self ? options.name : network.lobby.nameOf(peer), peer)

  /** Said once for each peer and subject: the world repeats itself. */
  const tellOnce = (key: string, message: string, facts: Readonly<Record<string, string | number>>): void => {
    if (said.has(key) || said.size > 1_000) return
    said.add(key)
    logger.warn(message, facts)
    events.add({ kind: 'note', at: session ? time() : (Math.floor(clock.wall()) as Instant), event: message, facts })
  }

  const network = createNetwork({
    ports,
    name: options.name,
    roomName: options.room.name,
    onGiveWay: (found) => {
      if (leaving) return
      changing ??= giveWay(found).finally(() => {
        changing = undefined
      })
    },
    onStrangers: ({ peer, room }) =>
      tellOnce(`room ${room.id}`, 'another room of this name exists', { peer, room: shortRoomId(room.id) }),
    onVersion: (peer, version) =>
      tellOnce(`version ${peer}`, 'a peer speaks another version of the protocol', { peer, version }),
    onTrouble: (trouble) => {
      if (trouble.kind === 'version') network.events.onTrouble
      logger.debug('trouble on the network', trouble)
    },
  })
})
