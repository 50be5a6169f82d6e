import type { TroubleCode } from '../../../src/api/views.ts'

/** Why the peer writes nothing. */
export const trouble = {
  left: 'It has left the room.',
  'older-copy': 'Its folder is an older copy of itself: what it wrote later is missing. Start it with --refetch.',
  twin: 'A copy of its folder runs or ran elsewhere, or it was restored from an older copy. Start it with --refetch.',
  'state-diverged':
    'Accounts and lots here are not those that the other members have: this disk or this program is at fault. Start it with --refetch.',
  bug: 'A fault of the program has stopped it. Start it again.',
  'disk-full': 'The disk is full. Make room on it, then start the peer again.',
  'disk-failed': 'The disk failed. Look after it, then start the peer again.',
  forgotten: 'Its log was lost. It takes part again when the room has gone on.',
  'catching-up': 'It is catching up with the room.',
  unheard: 'No member of the room was heard yet.',
  'no-quorum': 'Too few members are reachable. It goes on by itself when they are back.',
} as const satisfies Readonly<Record<TroubleCode, string>>
