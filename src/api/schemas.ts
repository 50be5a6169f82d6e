import { z } from 'zod'
import { parseAccountId, parseAuctionId, parseName, parseOperationId, parseRequestId } from '../core/ids.ts'
import {
  auctionMillisMax,
  currencyCharsMax,
  descriptionCharsMax,
  memoCharsMax,
  operationBytesMax,
  reasonCharsMax,
} from '../core/limits.ts'
import { parseAmount } from '../core/money.ts'
import type { Parsed } from '../core/result.ts'

/**
 * What may come in, made from the parsers of `core`: text goes in, typed values come out, and a refusal keeps the
 * parser's code (`amount-not-a-number`, …) in the issue's `params`. The command line checks its arguments with these too.
 */

const fromParser = <T>(parse: (text: string) => Parsed<T>) =>
  z.string().transform((text, context): T => {
    const result = parse(text)
    if (result.ok) return result.value
    context.addIssue({ code: 'custom', message: result.error.message, params: { code: result.error.code } })
    return z.NEVER
  })

/** Decimal text in major units, as `10.50`; never a JSON number, which would have been a float on its way. */
export const amountText = fromParser(parseAmount)
export const accountText = fromParser(parseAccountId)
export const auctionText = fromParser(parseAuctionId)
export const operationText = fromParser(parseOperationId)
export const requestText = fromParser(parseRequestId)
export const nameText = fromParser(parseName)
export const currencyText = z
  .string()
  .max(currencyCharsMax, `A currency has at most ${currencyCharsMax} characters.`)
  .regex(/^\p{L}[\p{L}\p{N}]*$|^\p{Sc}$/u, 'A currency is letters, as EUR, or one sign.')
export const memoText = z.string().max(memoCharsMax, `A memo has at most ${memoCharsMax} characters.`)
export const reasonText = z.string().max(reasonCharsMax, `A reason has at most ${reasonCharsMax} characters.`)
export const descriptionText = z.string().max(descriptionCharsMax, `A description has at most ${descriptionCharsMax} characters.`)

export const spanMillis = z.int().min(1, 'A time is at least 1 ms.').max(auctionMillisMax, 'A time is at most 30 days.')

/** Room for the other fields of the operation that carries it. */
const pictureBytesMax = 96 * 1024 - operationBytesMax

/** Bytes travel as base64url: a `Uint8Array` would silently arrive as an object. */
export const pictureText = z
  .base64url('A picture travels as base64url.')
  .transform((text) => new Uint8Array(Buffer.from(text, 'base64url')))
  .refine((bytes) => bytes.length <= pictureBytesMax, `A picture has at most ${pictureBytesMax} bytes.`)

/** What every operation may carry beside its own fields. */
export const operationInput = z.object({
  /** The same id and body gives the first result again. */
  requestId: requestText.optional(),
  /** How long to wait for the commit; 10 s unless told. After it the answer is `unsettled`: it may still happen. */
  deadlineMillis: z.int().min(1).max(600_000).default(10_000),
})
