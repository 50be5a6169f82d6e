import type { PeerView, Settled } from '../api/views.ts'
import type { Call } from './command.ts'

/** One JSON value on a line for programs, or lines for people. */
export function tell(call: Call, value: unknown, lines: readonly string[]): void {
  if (call.json) call.terminal.json(value)
  else for (const line of lines) call.terminal.line(line)
}

export const shortPeer = (peer: string): string => peer.slice(-6)

/**
 * What people call a peer: its name; beside it the end of its id where two have the same one; that alone where it has none, or
 * is not among `peers`.
 */
export function peerNames(peers: readonly Pick<PeerView, 'peer' | 'name'>[]): (peer: string) => string {
  const names = new Map(peers.map(({ peer, name }) => [peer, name]))
  const counts = new Map<string, number>()
  for (const { name } of peers) counts.set(name, (counts.get(name) ?? 0) + 1)
  return (peer) => {
    const name = names.get(peer)
    if (!name) return shortPeer(peer)
    return (counts.get(name) ?? 0) > 1 ? `${name} (${shortPeer(peer)})` : name
  }
}

/** Where an accepted operation stands. */
export function placeOf({ block }: Settled): string {
  return `(block ${block.index}, turn ${block.turn} of epoch ${block.epoch})`
}
