import { z } from 'zod'
import { parseAccountId, parseNewName, parseOperationId, parseRequestId } from '../core/ids.ts'
import {
  auctionMillisMax,
  descriptionCharsMax,
  memoCharsMax,
  operationBytesMax,
  paceMillisMax,
  paceMillisMin,
  reasonCharsMax,
} from '../core/limits.ts'
import type { Parsed } from '../core/result.ts'
import { faultOfPicture } from '../market/picture.ts'
import { parseAuctionRef } from './auction-ref.ts'
import { pageItemsMax } from './page-size.ts'
import { eventKinds } from './views.ts'

/**
 * What may come in, made from the parsers of `core`: text goes in, typed values come out, and a refusal keeps the
 * parser's code (`account-id-invalid`, …) in the issue's `params`.
 */

export const fromParser = <T>(parse: (text: string) => Parsed<T>) =>
  z.string().transform((text, context): T => {
    const result = parse(text)
    if (result.ok) return result.value
    context.addIssue({ code: 'custom', message: result.error.message, params: { code: result.error.code } })
    return z.NEVER
  })

/**
 * Text in major units, as `10.50` or `10.50 EUR`; never a JSON number, which would have been a float on its way. It is read
 * where the room's currency is known.
 */
export const amountText = z.string().max(64, 'An amount has at most 64 characters.')
export const accountText = fromParser(parseAccountId)
/** An id, the number of a lot, or `last`. */
export const auctionText = fromParser(parseAuctionRef)
export const operationText = fromParser(parseOperationId)
const requestText = fromParser(parseRequestId)
export const nameText = fromParser(parseNewName)
export const memoText = z.string().max(memoCharsMax, `A memo has at most ${memoCharsMax} characters.`)
export const reasonText = z.string().max(reasonCharsMax, `A reason has at most ${reasonCharsMax} characters.`)
export const descriptionText = z.string().max(descriptionCharsMax, `A description has at most ${descriptionCharsMax} characters.`)

export const spanMillis = z.int().min(1, 'A time is at least 1 ms.').max(auctionMillisMax, 'A time is at most 30 days.')

/** Room for the other fields of the operation that carries it. */
export const pictureBytesMax = 96 * 1024 - operationBytesMax

/** Bytes travel as base64url: a `Uint8Array` would silently arrive as an object. Empty: none. */
export const pictureText = z
  .base64url('A picture travels as base64url.')
  .transform((text) => new Uint8Array(Buffer.from(text, 'base64url')))
  .superRefine((bytes, context) => {
    if (bytes.length > pictureBytesMax) {
      const message = `A picture has at most ${pictureBytesMax} bytes, and this one has ${bytes.length}.`
      context.addIssue({ code: 'custom', message, params: { code: 'picture-too-large' } })
      return
    }
    const fault = bytes.length === 0 ? undefined : faultOfPicture(bytes)
    if (fault === undefined) return
    context.addIssue({
      code: 'custom',
      message: `${fault.charAt(0).toUpperCase()}${fault.slice(1)}.`,
      params: { code: 'picture-invalid' },
    })
  })

/** What every operation may carry beside its own fields. */
export const operationInput = z.object({
  /** The same id and body gives the first result again. */
  requestId: requestText.optional(),
  /** How long to wait for the commit; 10 s unless told. After it the answer is `unsettled`: it may still happen. */
  deadlineMillis: z.int().min(1).max(600_000).default(10_000),
})

/** A part of a list that can grow: nothing of it said, its first {@link pageItemsMax}. */
export const pageInput = z
  .object({
    limit: z
      .int()
      .min(1, 'A page has at least one entry.')
      .max(pageItemsMax, `A page has at most ${pageItemsMax} entries.`)
      .optional(),
    /** Goes on behind this entry, the last of the page before: its id, and over HTTP as the `Link` says. */
    cursor: z.string().max(200, 'A cursor has at most 200 characters.').optional(),
  })
  .default({})

/** How long the token rests where nobody wants it. */
export const paceMillis = z
  .int()
  .min(paceMillisMin, `The pace is at least ${paceMillisMin} ms.`)
  .max(paceMillisMax, `The pace is at most ${paceMillisMax} ms.`)

const noSuchKind = 'There is no such kind of event.'
const eventKindText = z.enum(eventKinds, noSuchKind)
const eventKindTexts = z.array(eventKindText).max(eventKinds.length)

/** What a listener wants to hear of; all that is named has to fit. */
const eventFilter = z.object({
  /** Any of these. */
  kinds: eventKindTexts.optional(),
  auction: auctionText.optional(),
  account: accountText.optional(),
  /** Only what carries an amount of at least so much. */
  least: amountText.optional(),
})

export const eventsInput = eventFilter.omit({ kinds: true }).extend({
  /** The last number that was told before; 0: all that are still kept. */
  after: z.int().min(0).default(0),
  /** As `opened` said it before: of another start of the peer the numbers mean nothing. */
  start: z.string().max(64, 'A start is a text that `opened` told.').optional(),
  filter: eventFilter.optional(),
  /** For addresses that people write, each field of the filter also by itself: `/events?kind=outbid&kind=bid-accepted&account=ana`. */
  kind: z.union([eventKindText, eventKindTexts], noSuchKind).optional(),
})
