/** Version of frames on the wire; a peer that speaks another one is told so and refused (PROTOCOL, section 6). */
export const wireVersion = 2
/** How operations are applied, for the life of a room; stands in its genesis block. New rooms get this one. */
export const rulesVersion = 4
/** Rooms with rules from this version on are known (`market/versions.ts`). */
export const rulesVersionMin = 1

/** No number in a frame or block is above this (PROTOCOL, section 3, Whom a peer obeys). */
export const numberMax = 2 ** 48
/** How far a number may be ahead of the highest that its receiver knows: epochs; and turns, requests and Lamport times. */
export const epochLeapMax = 2 ** 20
export const leapMax = 2 ** 32

/** Largest single amount: 10^13 minor units. */
export const amountCentsMax = 10 ** 13
/** A deposit that would bring the issuer below this is refused (`room-limit`), so no balance can overflow. */
export const issuerCentsMin = -9 * 10 ** 15

export const operationBytesMax = 4 * 1024
/** An operation that starts an auction carries a picture. */
export const auctionStartBytesMax = 96 * 1024
/** What the log keeps of one experiment of the lab, before it or after it. */
export const experimentBytesMax = 16 * 1024
/** Experiments that run at once, each in a section of its own. */
export const experimentsMax = 8
export const sectionCharsMax = 32
/** Of one experiment's setting; times in milliseconds. */
export const labLimits = {
  /** Of each peer. */
  entries: 10_000,
  /** Longest time to think, and to stay inside. */
  millis: 60_000,
  /** When a fault begins, and how long it lasts. */
  faultMillis: 600_000,
  lostShare: 0.9,
  faults: 32,
  seed: 2 ** 31,
} as const
export const frameBytesMax = 1024 * 1024
export const blockOpsMax = 4_096
export const blockBytesMax = 256 * 1024
/** Of a room's state that another one goes on from: each fills a block, so it comes to 1 GiB at most. */
export const statePartsMax = 4_096
export const roomMembersMax = 128

export const accountIdCharsMax = 32
export const requestIdCharsMax = 64
export const nameCharsMax = 64
export const codeCharsMax = 128
export const memoCharsMax = 140
export const descriptionCharsMax = 1_000
export const reasonCharsMax = 140
/** Longest auction, extension and cap: 30 days. */
export const auctionMillisMax = 30 * 24 * 3_600_000
/** How long a token may rest where nobody wants it: from what a ring still bears to what an eye can follow. */
export const paceMillisMin = 50
export const paceMillisMax = 3_000
/** Results remembered per author for `requestId` (PRODUCT, Money). */
export const requestsPerAuthorMax = 10_000
