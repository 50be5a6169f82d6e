import { blockOpsMax, roomMembersMax } from '../core/limits.ts'

/**
 * How long each list of the contract that is no list in pages can get. An answer with a longer one would be refused as a fault of
 * this program, so whoever makes a view of something that may be longer cuts it.
 */
export const bounds = {
  members: roomMembersMax,
  /** Members, and those who were some while it went on. */
  membersEver: 4 * roomMembersMax,
  otherRooms: 16,
  notices: 16,
  /** Of this machine. */
  addresses: 64,
  /** Of a peer in sight. */
  addressesInSight: 8,
  roomsInSight: 64,
  peopleInSight: 50,
  knownRooms: 32,
  /** Why a peer waits. */
  reasons: 16,
  findings: 256,
  /** The newest entries of an account, bids of an auction, and turns of the ring. */
  history: 100,
  recentBids: 50,
  turns: 50,
  /** That one operation changes. */
  marketEvents: 16,
  proofs: 64,
  /** Experiments of the lab that run, and the newest that ended. */
  runs: 64,
  /** Of one experiment. */
  violations: 20,
  predictions: 20,
  held: 2_000,
  /** Algorithms of one series, and those that there are. */
  series: 16,
  algorithms: 256,
  /** Experiments that one look at the log finds: it stops behind the block that has the last one that was asked for. */
  recorded: 128 + blockOpsMax,
  tokens: 100,
} as const

/** The first of a list that somebody else made: so many at most. */
export const first = <Item>(items: readonly Item[], most: number): Item[] => items.slice(0, most)
/** The last of it. */
export const newest = <Item>(items: readonly Item[], most: number): Item[] => items.slice(-most)
