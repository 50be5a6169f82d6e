import { z } from 'zod'
import { amountText, descriptionText, nameText, pictureText, spanMillis } from './schemas.ts'

/** What a lot is, but for the account that it pays into. */
export const lotFields = z.object({
  item: nameText,
  description: descriptionText.default(''),
  picture: pictureText.optional(),
  startingPrice: amountText,
  increment: amountText,
  reserve: amountText.optional(),
  buyNow: amountText.optional(),
  durationMillis: spanMillis.default(30_000),
  softClose: z.object({ windowMillis: spanMillis, extensionMillis: spanMillis, capMillis: spanMillis }).optional(),
})

const lotIdPattern = /^[0-9a-f]{12}$/
/** Of a lot in the catalogue; drawn when it is added. */
export const lotIdText = z.string().regex(lotIdPattern, 'A lot of the catalogue is named by the 12 hex digits that it was given.')

/** A lot that waits for its turn. Amounts are text, as they were typed: they are read in the currency of the room that it is started in. */
export const catalogueLot = z.object({
  id: z.string(),
  /** Its place: 1 is next. */
  number: z.int(),
  item: z.string(),
  description: z.string(),
  startingPrice: z.string(),
  increment: z.string(),
  reserve: z.string().optional(),
  buyNow: z.string().optional(),
  durationMillis: z.int(),
  softClose: z.object({ windowMillis: z.int(), extensionMillis: z.int(), capMillis: z.int() }).optional(),
  hasPicture: z.boolean(),
})
export type CatalogueLot = z.infer<typeof catalogueLot>

const lot = z.string()
export const unknownLot = {
  'lot-unknown': { status: 404, message: 'There is no such lot in the catalogue.', data: z.object({ lot }) },
}
export const catalogueFull = {
  'catalogue-full': { status: 409, message: 'The catalogue is full.', data: z.object({ most: z.int() }) },
}

/** A lot to be kept; as `lotFields` reads it. */
export type NewLot = Readonly<z.output<typeof lotFields>>

/** The lots that a host means to offer, in order. Whoever keeps them does so through restarts, whatever the room. */
export interface Catalogue {
  /** How many it can hold. */
  readonly lotsMax: number
  list(): readonly CatalogueLot[]
  /** Puts it last; resolves with its id, once it is on disk. `undefined`: there are {@link lotsMax} already. */
  add(lot: NewLot): Promise<string | undefined>
  /** Empty: it has none. `undefined`: there is no such lot. */
  picture(id: string): Promise<Uint8Array | undefined>
  /** Whether it was there. */
  remove(id: string): Promise<boolean>
  /** Before another one, or to the end. Whether both are there. */
  move(id: string, before: string | undefined): Promise<boolean>
  /**
   * Before the lot is started: the request id for that, which stays the same until {@link settle} or {@link remove}, so that a
   * lot is started once, however often it is asked for and whatever stops in between. `asked`: it was started before, no
   * outcome was heard of, and it pays into another account.
   */
  begin(id: string, by: Start): Promise<{ readonly requestId: string } | { readonly asked: string } | undefined>
  /** It was refused: the next start is another request. */
  settle(id: string): Promise<void>
}

export interface Start {
  /** Id of the room. */
  readonly room: string
  readonly payee: string
}
