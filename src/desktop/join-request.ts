import { formatJoinLink, type JoinLink, parseJoinLink } from '../core/join-link.ts'
import type { Words } from './words.ts'

/** A link was opened, by whatever program or page: nothing happens before the person said yes. */
export type JoinRequest =
  | { readonly kind: 'refused'; readonly title: string; readonly detail: string }
  | { readonly kind: 'ask'; readonly title: string; readonly detail: string; readonly link: string }

/**
 * What to ask, and the link that the peer is given after a yes.
 * `room`: the one that this peer is in now.
 */
export function readJoinRequest(text: string, room: string | undefined, words: Words): JoinRequest {
  const link = parseJoinLink(text)
  if (!link.ok) return { kind: 'refused', title: words.join.unreadable, detail: words.refusal(link.error) }
  return {
    kind: 'ask',
    title: words.join.title(link.value.room),
    detail: detailOf(link.value, room, words),
    // Written anew from what was read: what was not understood goes nowhere.
    link: formatJoinLink(link.value),
  }
}

function detailOf({ room, addresses, code }: JoinLink, current: string | undefined, { join }: Words): string {
  const parts = [code === undefined ? join.noCode : join.withCode]
  const [address] = addresses
  if (address !== undefined) parts.push(addresses.length === 1 ? join.at(address) : join.atSeveral(addresses.length))
  if (current !== undefined && current !== room) parts.push(join.leavesFirst(current))
  return parts.join(' ')
}
