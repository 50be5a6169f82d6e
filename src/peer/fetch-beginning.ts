import type { Crypto } from '../core/crypto.ts'
import type { RoomId } from '../core/ids.ts'
import { type Block, faultOf, partsAfter, viewOf } from '../ring/block.ts'
import { firstMarket } from './replay.ts'
import { genesisOf, refuseGenesis } from './room.ts'

/**
 * The first blocks of a room on their way to a peer that is not in it yet: the genesis block, and where the room goes on from another
 * one the parts of that one's state, in as many answers as it takes. Nothing of a room is opened before all of it is there, and is the
 * state that the genesis block names (PROTOCOL, section 5, refound).
 */
export interface WantedRoom {
  readonly id: RoomId
  readonly name: string
}

/** `reason`: why what a peer gave is not what a room begins with. */
export type FetchedBeginning = { readonly blocks: readonly Block[] } | { readonly reason: string }

/** `ask`: blocks from this index on, as one peer gives them; none where it gives nothing. */
export async function fetchBeginning(
  ask: (from: number) => Promise<readonly Block[]>,
  wanted: WantedRoom,
  crypto: Crypto,
): Promise<FetchedBeginning> {
  const [first] = await ask(0)
  const reason = refuseGenesis(first, wanted.id, wanted.name, crypto)
  const genesis = first && genesisOf(first)
  const view = first && viewOf(first)
  if (reason !== undefined || first === undefined || genesis === undefined || view === undefined) {
    return { reason: reason ?? 'it gave no genesis block' }
  }
  const blocks = [first]
  let last = first
  while (partsAfter(last) > 0) {
    const given = await ask(last.index + 1)
    if (given.length === 0) return { reason: 'it gave only a part of the state that its room goes on from' }
    for (const block of given) {
      // What comes after the parts is for whoever is in the room.
      if (partsAfter(last) === 0) break
      const fault = faultOf(block, last, view, crypto)
      if (fault !== undefined) return { reason: `in the state that its room goes on from, block ${block.index}: ${fault}` }
      blocks.push(block)
      last = block
    }
  }
  const market = firstMarket(first, genesis, crypto.hash, blocks.slice(1))
  return 'malformed' in market ? { reason: 'the state that its room goes on from cannot be read' } : { blocks }
}
