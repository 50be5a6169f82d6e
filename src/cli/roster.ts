import type { AccountSummary, PeerView } from '../api/views.ts'
import { allAccounts, allPeers } from '../api/whole-lists.ts'
import { profileOption, withPeer } from './client.ts'
import type { Command } from './command.ts'
import { shortPeer } from './output.ts'
import { type Column, columnsOption, tellTable } from './table.ts'

export const roster: Command = {
  name: 'roster',
  summary: 'who is in the room by name: the peer, the accounts, and whether it is here',
  operands: [],
  options: [{ name: 'away', text: 'only those that are not here' }, columnsOption, profileOption],
  examples: ['gavelring roster', 'gavelring roster --away', 'gavelring roster --columns name,accounts'],
  details:
    'By name. A peer that is away stays in the list for as long as it is a member or owns an account. Accounts that are closed are\n' +
    'left out. To open the accounts of a whole class: gavelring account open --from FILE',
  async run(call) {
    const [peers, accounts] = await withPeer(call, (api) => Promise.all([allPeers(api), allAccounts(api)]))
    const all = rosterOf(peers, accounts)
    const rows = call.flags.away === true ? all.filter(({ here }) => !here) : all
    tellTable(call, rows, columns, rows, 'Nobody is away.')
    return 0
  },
}

/** One row for each peer that is known, or owns an account. */
interface RosterRow {
  /** Of the person; where a peer has left, and its person's name with it, the holder of its first account. */
  readonly name: string
  readonly peer: string
  readonly self: boolean
  readonly here: boolean
  readonly accounts: readonly { readonly account: string; readonly holder: string }[]
}

/** By name. */
function rosterOf(peers: readonly PeerView[], accounts: readonly AccountSummary[]): readonly RosterRow[] {
  const open = accounts.filter(({ closed }) => !closed)
  const known = new Map(peers.map((peer) => [peer.peer, peer]))
  const ids = new Set([...known.keys(), ...open.map(({ owner }) => owner)])
  return [...ids]
    .map((id): RosterRow => {
      const peer = known.get(id)
      const self = peer?.self ?? false
      const own = open.filter(({ owner }) => owner === id).map(({ account, holder }) => ({ account, holder }))
      return {
        name: peer?.name || (own[0]?.holder ?? ''),
        peer: id,
        self,
        here: self || (peer?.connected ?? false),
        accounts: own,
      }
    })
    .sort((a, b) => a.name.localeCompare(b.name) || (a.peer < b.peer ? -1 : 1))
}

const columns: readonly Column<RosterRow>[] = [
  { name: 'name', head: 'Name', cell: ({ name }) => name },
  { name: 'peer', head: 'Peer', cell: ({ peer }) => shortPeer(peer), whole: true },
  { name: 'here', head: 'Here', cell: ({ self, here }) => (self ? 'this peer' : here ? 'yes' : 'no'), whole: true },
  { name: 'accounts', head: 'Accounts', cell: ({ accounts, name }) => accounts.map((one) => accountText(one, name)).join(', ') },
]

/** The holder's name where neither the account nor the person says it. */
function accountText({ account, holder }: RosterRow['accounts'][number], name: string): string {
  return holder === account || holder === name ? account : `${account} (${holder})`
}
