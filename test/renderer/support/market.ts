import { temporaryFolder } from '../../cli/processes.ts'
import { allMembers, call, type PeerProcess, startPeer } from '../../e2e/room.ts'

/** Peers, accounts and lots that screens are shown with. */

/** Ana, who founded the room, and Bob. */
export async function startPair(): Promise<[PeerProcess, PeerProcess]> {
  const ana = await startPeer('Ana', temporaryFolder(), '--create')
  const bob = await startPeer('Bob', temporaryFolder(), '--bootstrap', ana.address)
  await allMembers([ana, bob])
  return [ana, bob]
}

/** Of whoever this peer's person is. */
export async function openAccount(peer: PeerProcess, account: string, amount: string): Promise<void> {
  await call(peer, 'account', 'open', account, '--holder', peer.name)
  await call(peer, 'deposit', account, amount)
}

/** As long as a name may be, and nowhere to break it. */
export const longName = 'Donaudampfschifffahrtsgesellschaftskapitaensmuetzenabzeichen XL'

export const onePixel = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
