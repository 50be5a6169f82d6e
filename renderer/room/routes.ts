export type Route =
  | { readonly screen: 'auctions' }
  | { readonly screen: 'start-lot' }
  | { readonly screen: 'lot'; readonly auction: string }
  | { readonly screen: 'projector'; readonly auction: string | undefined }
  | { readonly screen: 'bank'; readonly account: string | undefined }
  | { readonly screen: 'settings' }

/** Where each screen is: the address's fragment, which no server sees. */
export const paths = {
  auctions: '#/',
  startLot: '#/start',
  lot: (auction: string) => `#/lots/${encodeURIComponent(auction)}`,
  projector: (auction?: string) => (auction === undefined ? '#/projector' : `#/projector/${encodeURIComponent(auction)}`),
  bank: (account?: string) => (account === undefined ? '#/bank' : `#/bank/${encodeURIComponent(account)}`),
  settings: '#/settings',
} as const

/** Whatever leads nowhere leads to the auctions. */
export function parseRoute(hash: string): Route {
  const [first, second] = hash.replace(/^#\/?/, '').split('/').map(decoded)
  switch (first) {
    case 'start':
      return { screen: 'start-lot' }
    case 'lots':
      return second ? { screen: 'lot', auction: second } : { screen: 'auctions' }
    case 'projector':
      return { screen: 'projector', auction: second || undefined }
    case 'bank':
      return { screen: 'bank', account: second || undefined }
    case 'settings':
      return { screen: 'settings' }
    default:
      return { screen: 'auctions' }
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}
