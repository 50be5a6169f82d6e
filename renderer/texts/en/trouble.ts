import type { TroubleCode } from '../../../src/api/views.ts'
import { en as sentences } from '../../../src/core/refusal-words/en.ts'

/** Why the peer writes nothing. */
export const trouble = {
  left: 'It has left the room.',
  'older-copy': 'Its folder is an older copy of itself: what it wrote later is missing. Start it with --refetch.',
  twin: 'A copy of its folder runs or ran elsewhere, or it was restored from an older copy. Start it with --refetch.',
  'state-diverged':
    'Accounts and lots here are not those that the other members have: this disk or this program is at fault. Start it with --refetch.',
  bug: 'A fault of the program has stopped it. Start it again.',
  'disk-full': sentences['disk-full'],
  'disk-failed': sentences['disk-failed'],
  forgotten: 'Its log was lost. It takes part again when the room has gone on.',
  'catching-up': 'It is catching up with the room.',
  unheard: 'No member of the room was heard yet.',
  'no-quorum': sentences['no-quorum'],
} as const satisfies Readonly<Record<TroubleCode, string>>
