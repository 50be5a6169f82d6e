import type { Flags } from '../app/flags.ts'
import { formatJoinLink, type JoinLink, parseJoinLink } from '../core/join-link.ts'

/** A link was opened, by whatever program or page: nothing happens before the person said yes. */
export type JoinRequest =
  | { readonly kind: 'refused'; readonly title: string; readonly detail: string }
  | { readonly kind: 'ask'; readonly title: string; readonly detail: string; readonly flags: Flags }

/**
 * What to ask, and what the peer is started with after a yes: who it is and how it is reached stays, the room is the link's.
 * `room`: the one that this peer is in now.
 */
export function readJoinRequest(text: string, flags: Flags, room: string | undefined): JoinRequest {
  const link = parseJoinLink(text)
  if (!link.ok) return { kind: 'refused', title: 'This link cannot be opened.', detail: link.error.message }
  const { create: _create, join: _join, room: _room, code: _code, bootstrap: _bootstrap, refetch: _refetch, ...kept } = flags
  return {
    kind: 'ask',
    title: `Join the room “${link.value.room}”?`,
    detail: detailOf(link.value, room),
    // Written anew from what was read: what was not understood goes nowhere.
    flags: { ...kept, bootstrap: [formatJoinLink(link.value)] },
  }
}

function detailOf({ room, addresses, code }: JoinLink, current: string | undefined): string {
  const parts = [code === undefined ? 'The room has no code.' : 'The link brings the room’s code.']
  if (addresses.length > 0)
    parts.push(`It will be looked for at ${addresses.length === 1 ? addresses[0] : `${addresses.length} addresses`}.`)
  if (current !== undefined && current !== room)
    parts.push(`This peer leaves the room “${current}” first; its log stays on this machine.`)
  return parts.join(' ')
}
