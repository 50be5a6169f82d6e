import { ORPCError } from '@orpc/client'
import type { AccountId } from '../../core/ids.ts'
import { type Catalogue, catalogueFull, unknownLot } from '../catalogue.ts'
import { pageOf } from '../page.ts'
import { refuseField } from '../refuse.ts'
import { api } from './api.ts'
import { startAuction, toLot } from './auctions.ts'
import type { Desk } from './desk.ts'

/** The host's lots that wait for their turn. */
export const createCatalogueRoutes = (desk: Desk, catalogue: Catalogue) => ({
  catalogue: {
    list: api.catalogue.list.handler(({ input, context }) => [...pageOf(catalogue.list(), input, context, ({ id }) => id)]),
    add: api.catalogue.add.handler(async ({ input }) => {
      // What this room could not read is refused now, and not when everyone is waiting for the lot.
      toLot({ ...input, payee: nobody }, desk.amount)
      const id = await catalogue.add(input)
      if (id === undefined) throw refuseFull(catalogue.lotsMax)
      return { id }
    }),
    picture: api.catalogue.picture.handler(async ({ input }) => {
      const picture = await catalogue.picture(input.id)
      if (picture === undefined) throw refuseUnknownLot(input.id)
      return { picture: Buffer.from(picture).toString('base64url') }
    }),
    remove: api.catalogue.remove.handler(async ({ input }) => {
      if (!(await catalogue.remove(input.id))) throw refuseUnknownLot(input.id)
      return {}
    }),
    move: api.catalogue.move.handler(async ({ input }) => {
      if (!(await catalogue.move(input.id, input.before))) throw refuseUnknownLot(input.id)
      return {}
    }),
    start: api.catalogue.start.handler(async ({ input }) => {
      const { id, payee } = input
      const lot = catalogue.list().find((each) => each.id === id)
      const picture = await catalogue.picture(id)
      if (lot === undefined || picture === undefined) throw refuseUnknownLot(id)
      const operation = toLot({ ...lot, picture, payee }, desk.amount)
      const begun = await catalogue.begin(id, { room: desk.peer.status().room.id, payee })
      if (begun === undefined) throw refuseUnknownLot(id)
      if ('asked' in begun) {
        const message = `This lot is being started already, and pays into ${begun.asked}: start it with that account.`
        throw refuseField('payee', { code: 'start-under-way', message })
      }
      try {
        const started = await startAuction(desk, { deadlineMillis: input.deadlineMillis, ...begun }, operation)
        await catalogue.remove(id)
        return started
      } catch (error) {
        // What the rules refuse is over; anything else may still happen, and is asked for again as it was.
        if (error instanceof ORPCError) await catalogue.settle(id)
        throw error
      }
    }),
  },
})

/** A lot of the catalogue pays into no account yet. */
const nobody = 'nobody' as AccountId

function refuseUnknownLot(lot: string): ORPCError<string, unknown> {
  return new ORPCError('lot-unknown', { ...unknownLot['lot-unknown'], data: { lot } })
}

function refuseFull(most: number): ORPCError<string, unknown> {
  return new ORPCError('catalogue-full', { ...catalogueFull['catalogue-full'], data: { most } })
}
