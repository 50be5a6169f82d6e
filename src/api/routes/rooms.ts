import { bounds, first } from '../bounds.ts'
import type { Seat } from '../seat.ts'
import { toStatus } from '../to-view.ts'
import { api } from './api.ts'
import type { Desk } from './desk.ts'

/** The room, and the way into another one or out. */
export const createRoomRoutes = (desk: Desk, seat: Seat) => ({
  status: api.status.handler(() => toStatus(desk.peer.status(), seat.gateway)),

  rooms: {
    list: api.rooms.list.handler(() => seat.rooms()),
    create: api.rooms.create.handler(({ input }) => seat.create(input)),
    join: api.rooms.join.handler(({ input }) => {
      const { to, code, force, deadlineMillis } = input
      return seat.join({ ...to, code: to.code ?? code }, { force, deadlineMillis })
    }),
    cancel: api.rooms.cancel.handler(async () => {
      await seat.cancel()
      return {}
    }),
    leave: api.rooms.leave.handler(async ({ input }) => {
      const room = await seat.leave(input)
      return room === undefined ? {} : { room }
    }),
    rename: api.rooms.rename.handler(async ({ input }) => {
      await seat.rename(input.name)
      return { name: input.name }
    }),
    link: api.rooms.link.handler(() => ({ link: desk.peer.link() })),
    refound: api.rooms.refound.handler(async ({ input }) => {
      const { room, archive, resubmitted } = await seat.refound(input)
      return { room, ...(archive !== undefined && { archive }), resubmitted }
    }),
  },

  logLevel: {
    show: api.logLevel.show.handler(() => ({ level: seat.log.level })),
    set: api.logLevel.set.handler(({ input }) => {
      seat.log.setLevel(input.level)
      return { level: seat.log.level }
    }),
  },

  diagnosis: api.diagnosis.handler(async () => first(await seat.diagnosis(), bounds.findings)),
})
