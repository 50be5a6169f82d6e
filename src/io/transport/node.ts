import { type GossipSub, gossipsub } from '@chainsafe/libp2p-gossipsub'
import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import { type Identify, identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { mdns } from '@libp2p/mdns'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { Failure } from '../../core/failure.ts'
import { frameBytesMax, roomMembersMax } from '../../core/limits.ts'
import type { KeyedIdentity } from '../identity.ts'
import { publicKeyIn } from '../peer-id.ts'
import { roomServiceTag } from './discovery.ts'
import { envelopeBytesMax } from './envelope.ts'
import { roomPrologue } from './prologue.ts'
import { joiningNoise, sparingYamux } from './wire.ts'

export type Node = Libp2p<{ identify: Identify; gossip: GossipSub }>

export interface NodeOptions {
  readonly identity: KeyedIdentity
  readonly room: { readonly name: string; readonly code: string }
  /** Multiaddrs to listen at. */
  readonly listen: readonly string[]
  /** Whether to look for the room's peers by mDNS, and be found. */
  readonly mdns: boolean
}

/** How long to wait for a stranger at the other end, in milliseconds. On a LAN all of this takes a few. */
const patienceMillis = 3_000
/** Who comes asks at once and is answered by all: asking again only helps where a packet was lost, or a cable plugged in. */
const mdnsMillis = 20_000

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
    connectionEncrypters: [joiningNoise(prologueBytes)],
    streamMuxers: [sparingYamux()],
    connectionMonitor: { enabled: false },
    peerDiscovery: options.mdns ? [mdns({ serviceTag: roomServiceTag(room.name), interval: mdnsMillis })] : [],
    connectionManager: {
      // The defaults guard a public node against strangers: 5 connections a second from one host refuse a classroom.
      inboundConnectionThreshold: 1_000,
      maxIncomingPendingConnections: 1_000,
      maxConnections: 4 * roomMembersMax,
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

/** `/ip4/0.0.0.0/tcp/4001`. Fails with `address-invalid`. */
function parseListenAddress(text: string): string {
  const names = componentNames(text)
  if (names?.length === 2 && (names[0] === 'ip4' || names[0] === 'ip6') && names[1] === 'tcp') return text
  throw new Failure('address-invalid', `An address to listen at looks like /ip4/0.0.0.0/tcp/4001, not ${text}`, { address: text })
}

/** The protocols of a multiaddr; `undefined` if it is none. */
export function componentNames(text: string): readonly string[] | undefined {
  try {
    return multiaddr(text)
      .getComponents()
      .map(({ name }) => name)
  } catch {
    return undefined
  }
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
