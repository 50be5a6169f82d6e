import type { Crypto } from '../core/crypto.ts'
import type { Instant, PeerId, RoomId } from '../core/ids.ts'
import { frameBytesMax, rulesVersion } from '../core/limits.ts'
import { type Block, type Genesis, headOf, isSignedByAuthor, signBlock } from '../ring/block.ts'
import type { DiskMeta } from '../ring/types.ts'
import { firstMarket } from './apply.ts'
import { encodeMeta, toStored } from './disk.ts'
import type { HelloRoom } from './hello.ts'
import type { StoreBatch } from './ports.ts'

/** What a room is made of when it is founded. */
export interface RoomPlan {
  readonly name: string
  readonly currency: string
  readonly deposits: Genesis['deposits']
}

/** Of a genesis block: with what stands around it, it must fit into a frame. */
export const genesisBytesMax = frameBytesMax - 16 * 1024

/**
 * Block 0 of a new room: its hash is the room's id, its founder alone the first view (PROTOCOL, section 6). `state`: the
 * snapshot of another room's market that it goes on from; none for an empty room.
 */
export function foundRoom(
  plan: RoomPlan,
  founder: PeerId,
  salt: Uint8Array,
  time: number,
  crypto: Crypto,
  state?: Uint8Array,
): Block {
  const { name, currency, deposits } = plan
  const genesis: Genesis = { name, rulesVersion, currency, deposits, founder, salt, ...(state && { state }) }
  return signBlock(
    {
      index: 0,
      epoch: { number: 1, initiator: founder },
      turn: 0,
      author: founder,
      lamport: 1,
      time: Math.floor(time) as Instant,
      prevHash: '',
      checkpoint: undefined,
      body: { kind: 'genesis', genesis },
    },
    crypto,
  )
}

export const roomIdOf = (genesis: Block): RoomId => genesis.hash as RoomId

export function genesisOf(block: Block): Genesis | undefined {
  return block.index === 0 && block.body.kind === 'genesis' ? block.body.genesis : undefined
}

/** Why a block that another peer gave is not the genesis block of `room`. */
export function refuseGenesis(block: Block | undefined, room: RoomId, name: string, crypto: Crypto): string | undefined {
  const genesis = block && genesisOf(block)
  if (block === undefined || genesis === undefined) return 'it gave no genesis block'
  if (roomIdOf(block) !== room) return 'its genesis block is of another room'
  if (genesis.name !== name) return 'its room has another name'
  if (genesis.rulesVersion !== rulesVersion) return `its room has rules of version ${genesis.rulesVersion}`
  if (block.author !== genesis.founder || !isSignedByAuthor(block, crypto)) return 'its genesis block is not its founder’s'
  return incarnationIn(block, genesis.founder, crypto) === undefined ? 'the state in its genesis block cannot be read' : undefined
}

/** The last incarnation in which a peer wrote anything that a new room goes on from; `undefined`: the state is no state. */
export function incarnationIn(genesisBlock: Block, peer: PeerId, { hash }: Crypto): number | undefined {
  const genesis = genesisOf(genesisBlock)
  if (genesis?.state === undefined) return 0
  const market = firstMarket(genesisBlock, genesis, hash)
  return 'malformed' in market ? undefined : market.value.incarnationOf(peer)
}

/**
 * The first batch of a room's log. `forgot`: this peer may have been in the room in a life that its disk knows nothing
 * of, so it counts for nothing until the room has gone on without it (PROTOCOL, section 5). `incarnation`: its last one.
 */
export function firstBatch(genesis: Block, forgot: boolean, incarnation: number): StoreBatch {
  const meta: DiskMeta = {
    head: headOf(genesis),
    promised: genesis.epoch,
    incarnation,
    commit: { index: 0, hash: genesis.hash },
    forgotBelow: forgot ? 1 : undefined,
  }
  // Cuts what another, blank room may have left.
  return { cutFrom: 0, blocks: [toStored(genesis)], meta: encodeMeta(meta) }
}

export type Meeting =
  /** The same room, or the other looks for one. */
  | 'nothing'
  /** Ours gives way: join the other's. */
  | 'join'
  /** The other's gives way. */
  | 'stay'
  /** Both have history: they never mix. */
  | 'strangers'

/** Two rooms of one name meet (PROTOCOL, section 6). Both sides come to the same answer. */
export function meet(own: { readonly id: RoomId; readonly history: boolean }, other: HelloRoom | undefined): Meeting {
  if (other === undefined || other.id === own.id) return 'nothing'
  if (own.history && other.history) return 'strangers'
  if (own.history !== other.history) return own.history ? 'stay' : 'join'
  return own.id > other.id ? 'join' : 'stay'
}

/** For people: enough of an id to tell two rooms apart. */
export const shortRoomId = (room: RoomId): string => room.slice(0, 8)

export const randomSalt = (): Uint8Array => globalThis.crypto.getRandomValues(new Uint8Array(16))
