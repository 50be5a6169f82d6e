import { expect, it } from 'vitest'
import * as limits from '../../src/core/limits.ts'

it('the limits are those of every peer of this wire version: whoever changes one makes another version', () => {
  expect({ ...limits }).toEqual({
    wireVersion: 2,
    rulesVersion: 4,
    rulesVersionMin: 1,
    numberMax: 281_474_976_710_656,
    epochLeapMax: 1_048_576,
    leapMax: 4_294_967_296,
    amountCentsMax: 10_000_000_000_000,
    issuerCentsMin: -9_000_000_000_000_000,
    operationBytesMax: 4_096,
    auctionStartBytesMax: 98_304,
    experimentBytesMax: 16_384,
    experimentsMax: 8,
    sectionCharsMax: 32,
    labLimits: { entries: 10_000, millis: 60_000, faultMillis: 600_000, lostShare: 0.9, faults: 32, seed: 2_147_483_648 },
    frameBytesMax: 1_048_576,
    blockOpsMax: 4_096,
    blockBytesMax: 262_144,
    statePartsMax: 4_096,
    roomMembersMax: 128,
    accountIdCharsMax: 32,
    requestIdCharsMax: 64,
    nameCharsMax: 64,
    codeCharsMax: 128,
    memoCharsMax: 140,
    descriptionCharsMax: 1_000,
    reasonCharsMax: 140,
    auctionMillisMax: 2_592_000_000,
    paceMillisMin: 50,
    paceMillisMax: 3_000,
    requestsPerAuthorMax: 10_000,
  })
})
