import type { Crypto } from '../core/crypto.ts'
import { Failure } from '../core/failure.ts'
import type { Instant, PeerId, RoomId } from '../core/ids.ts'
import { frameBytesMax, rulesVersion } from '../core/limits.ts'
import { type Block, type Genesis, headOf, isSignedByAuthor, signBlock } from '../ring/block.ts'
import type { DiskMeta } from '../ring/types.ts'
import type { PeerContext } from './context.ts'
import { encodeMeta, noEvidence, toStored } from './disk.ts'
import type { Entropy, StoreBatch } from './ports.ts'
import { firstMarket, knowsRules, untouchedHash } from './replay.ts'
import type { Session } from './session.ts'

/** What a room is made of when it is founded. */
export interface RoomPlan {
  readonly name: string
  readonly currency: string
  readonly deposits: Genesis['deposits']
}

/** Of a genesis block: with what stands around it, it must fit into a frame. */
const genesisBytesMax = frameBytesMax - 16 * 1024

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
  if (!knowsRules(genesis)) return `its room has rules of version ${genesis.rulesVersion}`
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

/** What a peer brings along into a room. */
export interface Arrival {
  /** Its last one: in this room's log, or in what that goes on from. */
  readonly incarnation: number
  /**
   * Where this peer may have been in the room in a life that its disk knows nothing of: it counts for nothing until the
   * room has written this number down (PROTOCOL, section 5).
   */
  readonly loss: number | undefined
}

/** The first batch of a room's log. It takes away all that another, blank room may have left. */
export function firstBatch(genesis: Block, { incarnation, loss }: Arrival): StoreBatch {
  const meta: DiskMeta = {
    head: headOf(genesis),
    promised: genesis.epoch,
    incarnation,
    commit: { index: 0, hash: genesis.hash },
    loss,
  }
  return { cutFrom: 0, blocks: [toStored(genesis)], values: noEvidence, meta: encodeMeta(meta) }
}

/** How long the quorum must have been missing before a room may go on without it, in milliseconds: less is a hiccup. */
const refoundAfter = 1_000

/**
 * The genesis block of a new room that goes on from this one's committed state (PROTOCOL, section 5, refound). Throws a
 * `Failure`: `quorum-held` unless `force`d, `room-too-large`.
 */
export function refoundBlock({ ports }: PeerContext, session: Session, force: boolean): Block {
  const { identity, clock, entropy } = ports
  const { genesis, market, view } = session
  if (!force && session.quorumMissing() < refoundAfter) {
    throw new Failure('quorum-held', 'The room has its quorum, or had it a moment ago: there is no need for a new one.')
  }
  const { name, currency, deposits } = genesis
  const time = view.time(clock.monotonic())
  // Where nothing was done there is nothing to go on from: the new room is as blank as this one.
  const state = market.stateHash === untouchedHash(genesis, identity.crypto.hash) ? undefined : market.snapshot()
  const block = foundRoom({ name, currency, deposits }, identity.self, salt(entropy), time, identity.crypto, state)
  if (block.bytes.length <= genesisBytesMax) return block
  throw new Failure('room-too-large', 'What this room holds does not fit into the first block of a new one.', {
    bytes: block.bytes.length,
    bytesMax: genesisBytesMax,
  })
}

/** For people: enough of an id to tell two rooms apart. */
export const shortRoomId = (room: RoomId): string => room.slice(0, 8)

/** So that two rooms of one name and moment differ. */
export const salt = (entropy: Entropy): Uint8Array => entropy.bytes(16)
