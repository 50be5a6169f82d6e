import { Failure } from '../core/failure.ts'
import type { Peer } from '../peer/peer.ts'
import { api } from './routes/api.ts'
import { createAuctionRoutes } from './routes/auctions.ts'
import { createBankRoutes } from './routes/bank.ts'
import { createCatalogueRoutes } from './routes/catalogue.ts'
import { createDesk } from './routes/desk.ts'
import { createEventRoutes } from './routes/events.ts'
import { createLabRoutes } from './routes/lab.ts'
import { createLogRoutes } from './routes/log.ts'
import { createRingRoutes } from './routes/ring.ts'
import { createRoomRoutes } from './routes/rooms.ts'
import { createTokenRoutes } from './routes/tokens.ts'
import type { Seat } from './seat.ts'
import type { Streams } from './streams.ts'
import { failureWords } from './texts.ts'

/**
 * The contract, answered by one seat; a file for each subject in `routes`. Handlers get parsed, branded values; what is refused
 * comes back by its code.
 */
export function createRouter(seat: Seat, streams: Streams) {
  const desk = createDesk(() => peerOf(seat))
  return api.router({
    ...createRoomRoutes(desk, seat),
    ...createRingRoutes(desk, seat, streams),
    ...createBankRoutes(desk),
    ...createAuctionRoutes(desk),
    ...createCatalogueRoutes(desk, seat.catalogue),
    ...createLogRoutes(desk, seat),
    ...createLabRoutes(desk, streams),
    ...createTokenRoutes(seat.tokens),
    ...createEventRoutes(desk, seat, streams),
  })
}

/** The one place where it is noticed that there is no room to ask something of. */
function peerOf({ peer }: Seat): Peer {
  if (peer === undefined) throw new Failure('no-room', failureWords['no-room'].text)
  return peer
}
