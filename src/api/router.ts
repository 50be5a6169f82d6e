import { Failure } from '../core/failure.ts'
import type { Peer } from '../peer/peer.ts'
import { api } from './routes/api.ts'
import { createAuctionRoutes } from './routes/auctions.ts'
import { createBankRoutes } from './routes/bank.ts'
import { createCatalogueRoutes } from './routes/catalogue.ts'
import { createDesk } from './routes/desk.ts'
import { createEventRoutes } from './routes/events.ts'
import { createLogRoutes } from './routes/log.ts'
import { createRingRoutes } from './routes/ring.ts'
import { createRoomRoutes } from './routes/rooms.ts'
import type { Seat } from './seat.ts'
import { createStreams } from './streams.ts'
import { failureWords } from './texts.ts'

/**
 * The contract, answered by one seat; a file for each subject in `routes`. Handlers get parsed, branded values; what is refused
 * comes back by its code.
 */
export function createRouter(seat: Seat, streamsMax: number) {
  const desk = createDesk(() => peerOf(seat))
  const streams = createStreams(streamsMax)
  return api.router({
    ...createRoomRoutes(desk, seat),
    ...createRingRoutes(desk, seat, streams),
    ...createBankRoutes(desk),
    ...createAuctionRoutes(desk),
    ...createCatalogueRoutes(desk, seat.catalogue),
    ...createLogRoutes(desk),
    ...createEventRoutes(desk, seat, streams),
  })
}

/** The one place where it is noticed that there is no room to ask something of. */
function peerOf({ peer }: Seat): Peer {
  if (peer === undefined) throw new Failure('no-room', failureWords['no-room'].text)
  return peer
}
