import { pageOf } from '../page.ts'
import { followRing, showFrame } from '../ring-watch.ts'
import type { Seat } from '../seat.ts'
import type { Streams } from '../streams.ts'
import { toRing } from '../to-view.ts'
import { api } from './api.ts'
import type { Desk } from './desk.ts'

/** Who is in the room, and how the token goes round. */
export const createRingRoutes = (desk: Desk, seat: Seat, streams: Streams) => ({
  peers: api.peers.handler(({ input, context }) => [...pageOf(desk.peer.peers(), input, context, ({ peer }) => peer)]),

  ring: {
    show: api.ring.show.handler(() => toRing(desk.peer.ring())),
    pace: api.ring.pace.handler(({ input }) => desk.settle(input, { kind: 'set-pace', millis: input.millis })),
    watch: api.ring.watch.handler(({ signal }) => streams.open(() => followRing(seat, desk.peer, signal), signal)),
    frame: api.ring.frame.handler(({ input }) => showFrame(desk.peer, input.id)),
  },
})
