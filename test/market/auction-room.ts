import type { AuctionId, PeerId } from '../../src/core/ids.ts'
import type { Operation } from '../../src/market/operation.ts'
import type { AuctionView } from '../../src/market/types.ts'
import { ana, bob, close, createRoom, deposit, eve, open, type Room, start, startTime } from './room.ts'

export const lamp = 'BBBBBB-1-3' as AuctionId
export const end = startTime + 30_000

/**
 * Bob sells a lamp, paid into `shop`, and has `bob` too. Eve, with 1,000 on `eve` and 1,000 on `purse`, and the founder
 * Ana, with 1,000 on `ana`, can bid.
 */
export function auctionRoom(changes: Parameters<typeof start>[1] = {}): Room {
  const room = createRoom()
  room.accept(bob, open('shop'), open('bob'), start('shop', changes), deposit('bob', 1_000), deposit('shop', 500))
  room.accept(eve, open('eve'), deposit('eve', 1_000), open('purse'), deposit('purse', 1_000), open('gone'), close('gone'))
  room.accept(ana, open('ana'), deposit('ana', 1_000))
  return room
}

export const view = (room: Room): AuctionView => room.market.auctions.get(lamp) as AuctionView
export const eventsOf = (room: Room, author: PeerId, operation: Operation): readonly unknown[] => {
  const { outcome } = room.submit(author, operation)
  return outcome?.accepted === true ? outcome.events : [outcome?.rejection]
}
export const soft = { window: 5_000, extension: 10_000, cap: 12_000 }
