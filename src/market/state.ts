import type { Crypto, Hash } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import { type Auctions, createAuctions } from './auctions.ts'
import type { Author } from './authors.ts'
import { type Bank, createBank } from './bank.ts'
import { firstStateHash } from './digest.ts'
import { createExperiments, type Experiments } from './experiments.ts'
import { createPace, type RoomPace } from './pace.ts'
import type { RoomRules } from './types.ts'

/** The whole replicated state of a market. */
export interface MarketState {
  index: number
  stateHash: Hash
  readonly bank: Bank
  readonly auctions: Auctions
  readonly pace: RoomPace
  readonly experiments: Experiments
  readonly authors: Map<PeerId, Author>
}

export function createState(rules: RoomRules, hash: Crypto['hash']): MarketState {
  return {
    index: 0,
    stateHash: firstStateHash(rules, hash),
    bank: createBank(rules),
    auctions: createAuctions(),
    pace: createPace(),
    experiments: createExperiments(),
    authors: new Map(),
  }
}
