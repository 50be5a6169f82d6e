import type { contract } from './contract.ts'

/** `status`, `accounts.open`, …: every procedure of the contract. */
export type Route<Tree> = {
  [Name in keyof Tree & string]: '~orpc' extends keyof Tree[Name] ? Name : `${Name}.${Route<Tree[Name]>}`
}[keyof Tree & string]
export type ProcedureName = Route<typeof contract>

/**
 * What a token is good for; each may do all that those before it may. `read` looks and listens. `bid` takes part: accounts, transfers
 * and bids of this peer. `host` runs the evening: auctions, the catalogue, money over the counter, the room. `owner` is whoever sits
 * at the peer, its window and the token of its folder, and alone makes tokens.
 */
export const roles = ['read', 'bid', 'host', 'owner'] as const
export type Role = (typeof roles)[number]
/** Those that a token can be made for. */
export const tokenRoles = ['read', 'bid', 'host'] as const
export type TokenRole = (typeof tokenRoles)[number]

/** The least role for each procedure, at whatever door. One that is not in here does not compile. */
export const roleNeeded: Readonly<Record<ProcedureName, Role>> = {
  status: 'read',
  peers: 'read',
  'ring.show': 'read',
  'ring.pace': 'host',
  'ring.watch': 'read',
  'ring.frame': 'read',

  'rooms.list': 'read',
  'rooms.create': 'host',
  'rooms.join': 'host',
  'rooms.cancel': 'host',
  'rooms.leave': 'host',
  'rooms.rename': 'host',
  // The code is in it: whoever has that comes in as a peer, which no token can take back.
  'rooms.link': 'host',
  'rooms.refound': 'host',
  // Asks around on every network of the machine.
  diagnosis: 'host',

  'logLevel.show': 'read',
  'logLevel.set': 'owner',

  'accounts.open': 'bid',
  'accounts.list': 'read',
  'accounts.show': 'read',
  'accounts.close': 'bid',
  // Money that comes from nowhere, and goes there: a bidder's program should not make what it bids with.
  deposit: 'host',
  withdraw: 'host',
  transfer: 'bid',
  'pending.list': 'read',
  'pending.void': 'bid',

  'auctions.start': 'host',
  'auctions.list': 'read',
  'auctions.show': 'read',
  'auctions.bid': 'bid',
  'auctions.cancel': 'host',
  'auctions.extend': 'host',
  'auctions.pause': 'host',
  'auctions.resume': 'host',

  // What is not offered yet is the host's own business, its reserves above all.
  'catalogue.list': 'host',
  'catalogue.add': 'host',
  'catalogue.picture': 'host',
  'catalogue.remove': 'host',
  'catalogue.move': 'host',
  'catalogue.start': 'host',

  // What a bidder would pay at most is told to nobody who only looks on.
  'bidders.start': 'bid',
  'bidders.list': 'bid',
  'bidders.stop': 'bid',

  'log.tail': 'read',
  'log.read': 'read',
  'log.page': 'read',
  'log.search': 'read',
  'log.verify': 'read',
  'log.export': 'read',
  'log.salvage': 'read',
  'log.entry': 'read',
  'log.proofs': 'read',

  'lab.algorithms': 'read',
  'lab.start': 'host',
  'lab.stop': 'host',
  'lab.repeat': 'host',
  'lab.series': 'host',
  'lab.state': 'read',
  'lab.events': 'read',
  'lab.step': 'host',
  'lab.predict': 'bid',
  'lab.results': 'read',

  'tokens.create': 'owner',
  'tokens.list': 'owner',
  'tokens.revoke': 'owner',

  events: 'read',
}

const rank: Readonly<Record<Role, number>> = { read: 0, bid: 1, host: 2, owner: 3 }

export const mayDo = (role: Role, needed: Role): boolean => rank[role] >= rank[needed]
