import type { DamageCode } from '../../../src/api/views.ts'

/** What is wrong with a block, for the middle of a sentence. */
export const damage = {
  empty: 'the log is empty',
  unreadable: 'it cannot be read',
  beginning: 'a log does not begin so',
  rules: 'its rules are of a version that this program does not know',
  signature: 'its signature is not its author’s',
  place: 'it does not follow the blocks before it',
  checkpoint: 'its checkpoint is not the state that the log leads to',
  beside: 'what stands beside it says something else',
  missing: 'it is missing on the disk, or damaged there',
} as const satisfies Readonly<Record<DamageCode, string>>
