import type { WaitCode } from '../../../src/api/views.ts'

/** Behind `_` comes the variant, where the peer names one that needs other words. */
type Words = Readonly<Record<WaitCode, string>> & Readonly<Record<string, string>>

/** Why the peer is not in its room yet. */
export const waiting = {
  nobody: 'Nobody was heard yet. Is a peer of the room running on this same network, with the same room name and code?',
  'another-code':
    'The room {{name}} of {{founder}} is here, but has another code. Join with its code, or create a room of your own.',
  'another-code_none-there': 'The room {{name}} of {{founder}} is here, but has no code. Join it without one.',
  'another-code_none-here': 'The room {{name}} of {{founder}} is here, but has a code. Join with its code.',
  stranger: 'Somebody answers at {{address}}, but has another room code, or another room name. Look at both again.',
  'another-version':
    '{{who}} speaks version {{theirs, number}} of the protocol, this peer version {{ours, number}}. Use the same version of Gavelring on all laptops.',
  'another-version_newer':
    '{{who}} speaks version {{theirs, number}} of the protocol, this peer version {{ours, number}}. Use a newer Gavelring here.',
  'another-version_older':
    '{{who}} speaks version {{theirs, number}} of the protocol, this peer version {{ours, number}}. It needs a newer Gavelring there.',
  'another-room': 'The room of this name that {{founder}} founded is another one (id {{room}}).',
  'another-name': 'The room {{name}} of {{founder}} is here. Is it the one that you mean?',
  refused: 'What {{who}} offers as the room is refused: it cannot be trusted. Join by somebody else who is in it.',
  unreachable:
    '{{who}} is heard at {{address}}, but cannot be connected with: a firewall, or a network that keeps its guests apart.',
  unreachable_nowhere: '{{who}} is heard, but cannot be connected with: a firewall, or a network that keeps its guests apart.',
  'no-answer': 'Nobody answers at {{address}}. Is a peer running there, and is the address right?',
  'waits-too': '{{who}} waits for the room, too. One of you has to create it.',
} as const satisfies Words
