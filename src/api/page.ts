import type { CallContext } from './caller.ts'
import { pageItemsMax } from './page-size.ts'
import { refuseField } from './refuse.ts'

export interface PageInput {
  readonly limit?: number | undefined
  readonly cursor?: string | undefined
}

/**
 * The part of a list that was asked for, and the door is told where it goes on. A cursor is the key of the entry before; lists grow
 * at their end, and `isAfter` says of one that also loses entries what comes behind one that is gone. Throws `input-invalid`.
 */
export function pageOf<Item>(
  items: readonly Item[],
  { limit, cursor }: PageInput,
  context: Pick<CallContext, 'goesOn'>,
  keyOf: (item: Item) => string,
  isAfter?: (item: Item, cursor: string) => boolean,
): readonly Item[] {
  const from = cursor === undefined ? 0 : startOf(items, cursor, keyOf, isAfter)
  const count = limit ?? pageItemsMax
  const page = items.slice(from, from + count)
  const last = page.at(-1)
  if (last !== undefined && from + count < items.length) context.goesOn?.({ cursor: keyOf(last), limit: count })
  return page
}

function startOf<Item>(
  items: readonly Item[],
  cursor: string,
  keyOf: (item: Item) => string,
  isAfter: ((item: Item, cursor: string) => boolean) | undefined,
): number {
  if (isAfter !== undefined) {
    const next = items.findIndex((item) => isAfter(item, cursor))
    return next < 0 ? items.length : next
  }
  const at = items.findIndex((item) => keyOf(item) === cursor)
  if (at < 0) throw refuseCursor()
  return at + 1
}

/** Where the entry stood that the page was to go on behind is known no more. */
export const refuseCursor = (): Error =>
  refuseField('cursor', { code: 'cursor-unknown', message: 'The list has no such entry: begin it anew, without cursor.' })
