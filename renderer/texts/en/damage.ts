import type { DamageCode } from '../../../src/api/views.ts'

/** What is wrong with a block, for the middle of a sentence; and what is said of a damaged log as a whole. */
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

  /** Of the log on this disk. */
  beware: 'What to know about this peer',
  wasDamaged: 'The log that was here is damaged.',
  wasGone: 'The log of this room is gone from this disk.',
  lastGood: 'Block {{block}} is the last good one.',
  nothingWhole: 'No block of it can be relied on.',
  isAside: 'It is kept as it was, in {{aside}}.',
  isGiven: 'The other members give this peer the log anew.',
  copied: 'A copy of this peer’s folder was started elsewhere, and has stopped. Start only one of the two from now on.',
  isDamaged: 'The log on this disk is damaged',
  isDamagedOf: 'The log of {{name}} on this disk is damaged',
  nothingChanged: 'Nothing on the disk was changed. There are these ways on:',
  fetch: 'Fetch it from the others',
  fetchMeans:
    'The other members have the log. When one of them is in the room and on this network, this peer gets it from there, with nothing lost.',
  goOn: 'Go on from block {{block}}',
  goOnMeans:
    'Where the others are gone for good, this peer can found the room anew from its last good block. What came after it is lost, and acknowledged operations may be among it. It is another room then, with another id, and others have to join it. Do it on one peer only. The damaged log stays on this machine.',
  keepMeans: 'What is whole can be kept as a file. JSON Lines can be verified on any machine, CSV is for a spreadsheet.',
  reading: 'Reading the log',
  isBad: 'Block {{index}} is bad: {{reason}}.',
} as const satisfies Readonly<Record<DamageCode, string>> & Readonly<Record<string, string>>
