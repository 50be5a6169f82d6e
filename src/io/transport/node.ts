import { type GossipSub, gossipsub } from '@chainsafe/libp2p-gossipsub'
import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import { type Identify, identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { createLibp2p } from 'libp2p'
import { parseAddress } from '../../core/address.ts'
import { Failure } from '../../core/failure.ts'
import { frameBytesMax, roomMembersMax } from '../../core/limits.ts'
import type { KeyedIdentity } from '../identity.ts'
import { publicKeyIn } from '../peer-id.ts'
import { encrypter } from './encrypter.ts'
import { envelopeBytesMax } from './envelope.ts'
import { mux } from './mux.ts'
import { noiseCrypto } from './noise-crypto.ts'
import { roomPrologue } from './prologue.ts'
import { handshakesMax, tcp } from './tcp.ts'

export type Node = Libp2p<{ identify: Identify; gossip: GossipSub }>

export interface NodeOptions {
  readonly identity: KeyedIdentity
  readonly room: { readonly name: string; readonly code: string }
  /** Addresses to listen at, as `core/address.ts` reads them. */
  readonly listen: readonly string[]
}

/** How long to wait for a stranger at the other end, in milliseconds. On a LAN all of this takes a few. */
const patienceMillis = 3_000
/** From one host, which may be a whole class behind one address, or on one machine. */
const connectionsPerSecond = 2 * roomMembersMax
const dialsMax = 16
/** Of a connection: a link has two streams each way, gossip one, identify one for a moment. */
const streamsMax = 32
/** A link that breaks again and again opens four a second, see link.ts. */
const opensPerSecond = 16

/** A libp2p node of the room that is not started yet. */
export async function createNode(options: NodeOptions): Promise<Node> {
  const { identity, room } = options
  const listen = options.listen.map(parseListenAddress)
  const prologueBytes = await roomPrologue(room.name, room.code)
  return createLibp2p({
    start: false,
    privateKey: privateKeyFromRaw(Buffer.concat([identity.seed, publicKeyIn(identity.self) ?? new Uint8Array()])),
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [encrypter({ prologueBytes, crypto: noiseCrypto })],
    streamMuxers: [mux({ streamsMax, opensPerSecond })],
    // Links have their own sign of life, see link.ts.
    connectionMonitor: { enabled: false },
    connectionManager: {
      // The defaults guard a public node against strangers: 5 connections a second from one host refuse a classroom.
      inboundConnectionThreshold: connectionsPerSecond,
      // tcp.ts keeps fewer, and lets the newest in.
      maxIncomingPendingConnections: 2 * handshakesMax,
      maxConnections: 4 * roomMembersMax,
      maxParallelDials: dialsMax,
      // In the order in which they are given: see dialer.ts.
      addressSorter: () => 0,
      dialTimeout: 2 * patienceMillis,
      addressDialTimeout: patienceMillis,
      inboundUpgradeTimeout: patienceMillis,
      inboundStreamProtocolNegotiationTimeout: patienceMillis,
      outboundStreamProtocolNegotiationTimeout: patienceMillis,
      connectionCloseTimeout: 500,
      // dialer.ts re-dials.
      reconnectRetries: 0,
    },
    services: { identify: identify({ maxMessageSize: 64 * 1024 }), gossip: gossipsub(gossipOptions) },
  })
}

/** Fails with `address-invalid`. */
function parseListenAddress(text: string): string {
  const address = parseAddress(text, 'listen')
  if (address.ok) return address.value
  throw new Failure('address-invalid', `${address.error.message} Not so: ${text}`, { address: text })
}

/**
 * In a room everyone has the code, so peers are not scored: the defaults would punish many peers behind one address, as
 * on one machine. A smaller mesh than usual saves copies: what a peer publishes goes to all its connections at once
 * (flood), and the mesh only carries it around broken links.
 */
const gossipOptions = {
  globalSignaturePolicy: 'StrictSign',
  fallbackToFloodsub: false,
  floodPublish: true,
  allowPublishToZeroTopicPeers: true,
  ignoreDuplicatePublishError: true,
  D: 3,
  Dlo: 2,
  Dhi: 4,
  Dout: 1,
  Dscore: 1,
  Dlazy: 3,
  seenTTL: 30_000,
  scoreParams: { IPColocationFactorWeight: 0, behaviourPenaltyWeight: 0 },
  // Several messages may share one transmission.
  maxInboundDataLength: 8 * (frameBytesMax + envelopeBytesMax),
  maxOutboundBufferSize: 32 * 1024 * 1024,
  // Signer and number name a message. Without this each copy that comes over the mesh would have its signature checked.
  fastMsgIdFn: (message: { from?: Uint8Array; seqno?: Uint8Array }) =>
    Buffer.concat([message.from ?? new Uint8Array(), message.seqno ?? new Uint8Array()]).toString('latin1'),
} as const
