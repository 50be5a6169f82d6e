import { assert } from '../core/assert.ts'
import { type Crypto, toHex } from '../core/crypto.ts'
import { Failure } from '../core/failure.ts'
import type { Instant, PeerId, RoomId } from '../core/ids.ts'
import { blockBytesMax, rulesVersion, statePartsMax } from '../core/limits.ts'
import type { Market } from '../market/types.ts'
import { type Block, type Genesis, headOf, isSignedByAuthor, partsAfter, type StateParts, signBlock } from '../ring/block.ts'
import type { DiskMeta } from '../ring/types.ts'
import type { PeerContext } from './context.ts'
import { encodeMeta, noEvidence, toStored } from './disk.ts'
import type { Entropy, Identity, StoreBatch } from './ports.ts'
import { firstMarket, knowsRules, untouchedHash } from './replay.ts'
import type { Session } from './session.ts'

/** What a room is made of when it is founded. */
export interface RoomPlan {
  readonly name: string
  readonly currency: string
  readonly deposits: Genesis['deposits']
}

/** Block 0 of a new room: its hash is the room's id, its founder alone the first view (PROTOCOL, section 6). */
export function foundRoom(
  { name, currency, deposits }: RoomPlan,
  founder: PeerId,
  salt: Uint8Array,
  time: number,
  crypto: Crypto,
  parts?: StateParts,
): Block {
  const genesis: Genesis = { name, rulesVersion, currency, deposits, founder, salt, ...(parts && { parts }) }
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

/** Of a state in one block: two of them fit into an answer to whoever fetches. */
const partBytes = blockBytesMax - 8 * 1024

/**
 * The first blocks of a new room that goes on from `state`, the snapshot of another room's market: however large it is, it comes in
 * blocks of the usual size. Throws a `Failure`: `room-too-large`, where it is beyond what any room can hold.
 */
export function foundRoomOn(
  state: Uint8Array,
  ...[plan, founder, salt, time, crypto]: Parameters<typeof foundRoom>
): readonly Block[] {
  const count = Math.ceil(state.length / partBytes)
  if (count > statePartsMax) {
    const facts = { bytes: state.length, bytesMax: statePartsMax * partBytes }
    throw new Failure('room-too-large', 'What this room holds is more than a new one can begin with.', facts)
  }
  const genesis = foundRoom(plan, founder, salt, time, crypto, { count, hash: toHex(crypto.hash(state)) })
  const blocks = [genesis]
  let previous = genesis
  for (let part = 0; part < count; part++) {
    previous = signBlock(
      {
        ...{ epoch: previous.epoch, author: founder, time: previous.time, checkpoint: undefined },
        index: previous.index + 1,
        turn: previous.turn + 1,
        lamport: previous.lamport + 1,
        prevHash: previous.hash,
        body: { kind: 'state', left: count - 1 - part, part: state.slice(part * partBytes, (part + 1) * partBytes) },
      },
      crypto,
    )
    blocks.push(previous)
  }
  return blocks
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
  return block.author === genesis.founder && isSignedByAuthor(block, crypto)
    ? undefined
    : 'its genesis block is not its founder’s'
}

/**
 * The last incarnation in which a peer wrote anything that a new room goes on from; `undefined`: the state is no state. `blocks`: the
 * first ones of a room, which are all that it goes on from.
 */
export function incarnationIn([genesisBlock, ...parts]: readonly Block[], peer: PeerId, { hash }: Crypto): number | undefined {
  const genesis = genesisBlock && genesisOf(genesisBlock)
  if (genesisBlock === undefined || genesis === undefined) return undefined
  if (genesis.state === undefined && genesis.parts === undefined) return 0
  const market = firstMarket(genesisBlock, genesis, hash, parts)
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

/**
 * The first batch of a room's log: its genesis block, and all of the state that it goes on from. It takes away all that another room
 * may have left.
 */
export function firstBatch(blocks: readonly Block[], { incarnation, loss }: Arrival): StoreBatch {
  const last = blocks.at(-1)
  assert(last !== undefined && partsAfter(last) === 0, 'a room begins with all of its first blocks')
  const { index, hash, epoch } = last
  const meta: DiskMeta = { head: headOf(last), promised: epoch, incarnation, commit: { index, hash }, loss }
  return { cutFrom: 0, blocks: blocks.map(toStored), values: noEvidence, meta: encodeMeta(meta) }
}

/** How long the quorum must have been missing before a room may go on without it, in milliseconds: less is a hiccup. */
const refoundAfter = 1_000

/** Throws a `Failure`, `quorum-held`, where there is no need for a new room, unless it is `force`d (PROTOCOL, section 5, refound). */
export function refuseRefound(session: Pick<Session, 'quorumMissing'>, force: boolean): void {
  if (force || session.quorumMissing() >= refoundAfter) return
  throw new Failure('quorum-held', 'The room has its quorum, or had it a moment ago: there is no need for a new one.')
}

/** The first blocks of a new room that goes on from this one's committed state. Throws as {@link foundRoomOn} does. */
export function refoundBlocks(
  { ports }: Pick<PeerContext, 'ports'>,
  { genesis, market, view }: Pick<Session, 'genesis' | 'market' | 'view'>,
): readonly Block[] {
  const { identity, clock, entropy } = ports
  return refoundOn({ genesis, market, time: view.time(clock.monotonic()) }, identity, entropy)
}

/** The same for whoever has no more of a room than what it is made of; `time`: that of the room now. */
export function refoundOn(
  { genesis, market, time }: { readonly genesis: Genesis; readonly market: Market; readonly time: number },
  { self, crypto }: Pick<Identity, 'self' | 'crypto'>,
  entropy: Entropy,
): readonly Block[] {
  const { name, currency, deposits } = genesis
  const founding = [{ name, currency, deposits }, self, salt(entropy), time, crypto] as const
  // Where nothing was done there is nothing to go on from: the new room is as blank as this one.
  if (market.stateHash === untouchedHash(genesis, crypto.hash)) return [foundRoom(...founding)]
  return foundRoomOn(market.snapshot(), ...founding)
}

/** For people: enough of an id to tell two rooms apart. */
export const shortRoomId = (room: RoomId): string => room.slice(0, 8)

/** So that two rooms of one name and moment differ. */
export const salt = (entropy: Entropy): Uint8Array => entropy.bytes(16)
