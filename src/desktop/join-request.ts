import { formatJoinLink, type JoinLink, parseJoinLink } from '../core/join-link.ts'

/** A link was opened, by whatever program or page: nothing happens before the person said yes. */
export type JoinRequest =
  | { readonly kind: 'refused'; readonly title: string; readonly detail: string }
  | { readonly kind: 'ask'; readonly title: string; readonly detail: string; readonly link: string }

/**
 * What to ask, and the link that the peer is given after a yes.
 * `room`: the one that this peer is in now.
 */
export function readJoinRequest(text: string, room: string | undefined): JoinRequest {
  const link = parseJoinLink(text)
  if (!link.ok) return { kind: 'refused', title: 'This link cannot be opened.', detail: link.error.message }
  return {
    kind: 'ask',
    title: `Join the room “${link.value.room}”?`,
    detail: detailOf(link.value, room),
    // Written anew from what was read: what was not understood goes nowhere.
    link: formatJoinLink(link.value),
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
