import type { Api } from './client.ts'
import { pageItemsMax } from './page-size.ts'

/** Lists of the contract that come in pages, each to its end, for whoever shows or searches all of it. From Node or a browser. */

/** What is needed of the contract's client. */
type Lists<Name extends keyof Api> = Pick<Api, Name>

export const allPeers = (api: Lists<'peers'>) => wholeList(api.peers, ({ peer }) => peer)
export const allAccounts = ({ accounts }: Lists<'accounts'>) => wholeList(accounts.list, ({ account }) => account)
export const allPending = ({ pending }: Lists<'pending'>) => wholeList(pending.list, ({ operation }) => operation)
export const allAuctions = ({ auctions }: Lists<'auctions'>) => wholeList(auctions.list, ({ auction }) => auction)
export const allBidders = ({ bidders }: Lists<'bidders'>) => wholeList(bidders.list, bidderCursor)
export const allLots = ({ catalogue }: Lists<'catalogue'>) => wholeList(catalogue.list, ({ id }) => id)

/** An account bids once in an auction. */
export const bidderCursor = ({ auction, account }: { readonly auction: string; readonly account: string }): string =>
  `${auction}/${account}`

/** What changes under one's hands is begun anew so often, before it is refused. */
const beginningsMax = 3

/**
 * Asks page after page: each begins behind the entry whose name is the cursor. Where that one is gone meanwhile, and nobody knows any
 * more where it stood, the list is begun anew. Rejects with what a page was refused for.
 */
export async function wholeList<Item>(
  ask: (page: { readonly limit: number; readonly cursor?: string }) => Promise<readonly Item[]>,
  cursorOf: (item: Item) => string,
): Promise<readonly Item[]> {
  let items: Item[] = []
  for (let beginnings = 1; ; ) {
    const last = items.at(-1)
    try {
      const page = await ask({ limit: pageItemsMax, ...(last !== undefined && { cursor: cursorOf(last) }) })
      items = [...items, ...page]
      if (page.length < pageItemsMax) return items
    } catch (error) {
      if (last === undefined || !isCursorGone(error) || ++beginnings > beginningsMax) throw error
      items = []
    }
  }
}

function isCursorGone(error: unknown): boolean {
  const data: unknown = error instanceof Error && 'data' in error ? error.data : undefined
  return typeof data === 'object' && data !== null && 'code' in data && data.code === 'cursor-unknown'
}
