import type { Connection, Stream } from '@libp2p/interface'
import { type PeerId, parsePeerId } from '../../core/ids.ts'
import type { LaneName, Link } from './link.ts'

/**
 * One link with each peer, whoever dialled, and however often: two peers that dial each other at once get two connections,
 * one that is found at a second address another, and one that comes back before its loss was noticed one more.
 */
export interface Pairing {
  readonly links: ReadonlyMap<PeerId, Link>
  /** Peers that have said hello, and are not lost. */
  readonly connected: readonly PeerId[]
  onConnection(connection: Connection): void
  onConnectionLost(connection: Connection): void
  onStream(stream: Stream, connection: Connection, lane: LaneName): void
  /** The peer's hello has come. */
  greeted(peer: PeerId): void
  hangUp(peer: PeerId, reason: string): void
  /** Whoever comes from now on is hung up on, and no loss is told any more. */
  close(): void
}

export interface PairingEvents {
  isWelcome(peer: PeerId): boolean
  createLink(peer: PeerId, connection: Connection): Link
  /** A peer that this one is linked with was found at this address too. */
  onFoundAgain(peer: PeerId, connection: Connection): void
  /** The link is gone, before its hello or after: there is none with this peer now. Answers how long to wait with telling. */
  onLinkLost(peer: PeerId, connection: Connection, wasGreeted: boolean): Promise<Verdict> | undefined
  onDisconnected(peer: PeerId, verdict: Verdict): void
}

/** `refused`: nobody listens there any more: the process is gone, and not only the connection. */
export type Verdict = 'refused' | 'lost'

/** Two peers that dial each other at once get two connections this close together. */
export const simultaneousMillis = 2_000
const secondThoughtMillis = 500

/** This peer and one other. */
interface Pair {
  /** Over the connection that came first: streams of the others belong to it, too. */
  link: Link | undefined
  /** Further connections. */
  readonly spare: Set<Connection>
  /** Its hello has come, and its loss is not told yet. */
  isGreeted: boolean
  /** A loss waits for its verdict: tells it now. */
  tellLoss: (() => void) | undefined
}

export function createPairing(events: PairingEvents): Pairing {
  const pairs = new Map<PeerId, Pair>()
  const links = new Map<PeerId, Link>()
  let isClosed = false

  const pairOf = (peer: PeerId): Pair => {
    const known = pairs.get(peer)
    if (known !== undefined) return known
    const pair: Pair = { link: undefined, spare: new Set(), isGreeted: false, tellLoss: undefined }
    pairs.set(peer, pair)
    return pair
  }

  /** Strangers come and go without end. */
  const forget = (peer: PeerId, { link, spare, tellLoss }: Pair): void => {
    if (link === undefined && spare.size === 0 && tellLoss === undefined) pairs.delete(peer)
  }

  const onConnection = (connection: Connection): void => {
    const peer = peerOf(connection)
    if (peer === undefined || isClosed || !events.isWelcome(peer)) {
      connection.abort(new Error('not welcome'))
      return
    }
    if (connection.status !== 'open') return
    const pair = pairOf(peer)
    if (pair.link === undefined) {
      pair.link = events.createLink(peer, connection)
      links.set(peer, pair.link)
      return
    }
    if (pair.link.connection === connection || pair.spare.has(connection)) return
    pair.spare.add(connection)
    if (connection.timeline.open - pair.link.connection.timeline.open > simultaneousMillis) onLate(peer, pair, connection)
  }

  /** A further connection, long after the first one. */
  const onLate = (peer: PeerId, pair: Pair, connection: Connection): void => {
    if (connection.direction === 'outbound') {
      events.onFoundAgain(peer, connection)
      connection.abort(new Error('connected already'))
      return
    }
    // Where the other has only found us once more it closes this one at once. Otherwise it has lost the first one, which
    // we have not noticed yet: both start afresh.
    setTimeout(() => {
      if (pair.spare.has(connection)) abortAll(pair, 'the peer starts afresh')
    }, secondThoughtMillis)
  }

  const onConnectionLost = (connection: Connection): void => {
    const peer = peerOf(connection)
    const pair = peer && pairs.get(peer)
    if (peer === undefined || pair === undefined) return
    const isSpare = pair.spare.delete(connection)
    // Nothing runs yet over a spare that is closed as soon as it is opened: libp2p does so with a second one to one address.
    if (isSpare && Date.now() - connection.timeline.open < simultaneousMillis) return
    const isLink = pair.link?.connection === connection
    // Otherwise some streams are lost, maybe those of gossip: the rest would only half work.
    if (isSpare || isLink) abortAll(pair, 'the peer starts afresh')
    if (isLink) loseLink(peer, pair, connection)
    forget(peer, pair)
  }

  const loseLink = (peer: PeerId, pair: Pair, connection: Connection): void => {
    pair.link?.close()
    pair.link = undefined
    links.delete(peer)
    if (isClosed) return
    const wasGreeted = pair.isGreeted
    pair.isGreeted = false
    const verdict = events.onLinkLost(peer, connection, wasGreeted)
    if (!wasGreeted) return
    let isTold = false
    const tell = (told: Verdict): void => {
      pair.tellLoss = undefined
      forget(peer, pair)
      if (!isTold && !isClosed) events.onDisconnected(peer, told)
      isTold = true
    }
    pair.tellLoss = () => tell('lost')
    if (verdict === undefined) tell('lost')
    else void verdict.then(tell)
  }

  return {
    links,
    get connected() {
      return [...pairs].filter(([, pair]) => pair.isGreeted).map(([peer]) => peer)
    },
    onConnection,
    onConnectionLost,
    onStream(stream, connection, lane) {
      // A stream may be heard of before its connection is.
      onConnection(connection)
      const peer = peerOf(connection)
      const link = peer && pairs.get(peer)?.link
      if (link === undefined) stream.abort(new Error('no such link'))
      else link.accept(stream, lane)
    },
    greeted(peer) {
      const pair = pairOf(peer)
      pair.tellLoss?.()
      pair.isGreeted = true
    },
    hangUp(peer, reason) {
      const pair = pairs.get(peer)
      if (pair !== undefined) abortAll(pair, reason)
    },
    close() {
      isClosed = true
      for (const link of links.values()) link.close()
      pairs.clear()
      links.clear()
    },
  }
}

function abortAll(pair: Pair, reason: string): void {
  const connections = [...pair.spare, ...(pair.link === undefined ? [] : [pair.link.connection])]
  pair.spare.clear()
  for (const connection of connections) if (connection.status === 'open') connection.abort(new Error(reason))
}

function peerOf(connection: Connection): PeerId | undefined {
  const peer = parsePeerId(connection.remotePeer.toString())
  return peer.ok ? peer.value : undefined
}
