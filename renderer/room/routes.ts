export type Route =
  | { readonly screen: 'welcome'; readonly room: string | undefined }
  | { readonly screen: 'auctions' }
  | { readonly screen: 'start-lot' }
  | { readonly screen: 'catalogue' }
  | { readonly screen: 'lot'; readonly auction: string }
  | { readonly screen: 'projector'; readonly auction: string | undefined }
  | { readonly screen: 'bank'; readonly account: string | undefined }
  | { readonly screen: 'ring' }
  | { readonly screen: 'log'; readonly block: number | undefined }
  | { readonly screen: 'class' }
  | { readonly screen: 'lab'; readonly experiment: number | undefined }
  | { readonly screen: 'settings' }

/** Where each screen is: the address's fragment, which no server sees. */
export const paths = {
  welcome: '#/rooms',
  roomOf: (id: string) => `#/rooms/${encodeURIComponent(id)}`,
  auctions: '#/',
  startLot: '#/start',
  catalogue: '#/catalogue',
  lot: (auction: string) => `#/lots/${encodeURIComponent(auction)}`,
  projector: (auction?: string) => (auction === undefined ? '#/projector' : `#/projector/${encodeURIComponent(auction)}`),
  bank: (account?: string) => (account === undefined ? '#/bank' : `#/bank/${encodeURIComponent(account)}`),
  ring: '#/ring',
  log: (block?: number) => (block === undefined ? '#/log' : `#/log/${block}`),
  class: '#/class',
  lab: (experiment?: number) => (experiment === undefined ? '#/lab' : `#/lab/${experiment}`),
  settings: '#/settings',
} as const

/** Whatever leads nowhere leads to the auctions. */
export function parseRoute(hash: string): Route {
  const [first, second] = hash.replace(/^#\/?/, '').split('/').map(decoded)
  switch (first) {
    case 'rooms':
      return { screen: 'welcome', room: second || undefined }
    case 'start':
      return { screen: 'start-lot' }
    case 'catalogue':
      return { screen: 'catalogue' }
    case 'lots':
      return second ? { screen: 'lot', auction: second } : { screen: 'auctions' }
    case 'projector':
      return { screen: 'projector', auction: second || undefined }
    case 'bank':
      return { screen: 'bank', account: second || undefined }
    case 'ring':
      return { screen: 'ring' }
    case 'log':
      return { screen: 'log', block: /^\d{1,15}$/.test(second ?? '') ? Number(second) : undefined }
    case 'class':
      return { screen: 'class' }
    case 'lab':
      return { screen: 'lab', experiment: /^[1-9]\d{0,14}$/.test(second ?? '') ? Number(second) : undefined }
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
