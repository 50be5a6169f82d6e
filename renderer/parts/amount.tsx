import { useCurrency } from '../room/money.ts'

/** Money, in figures of one width, never broken in two. `sign`: a plus before what came in. */
export function Amount({ cents, sign = false }: { readonly cents: number; readonly sign?: boolean }) {
  const { format } = useCurrency()
  return <span className="amount figures">{sign && cents > 0 ? `+${format(cents)}` : format(cents)}</span>
}

/** What a phone has room for in the largest figures. */
const largeCharactersMax = 11

/** The class of a large amount: smaller figures for a long one. */
export function usePriceClass(cents: number): string {
  return useCurrency().format(cents).length > largeCharactersMax ? 'price long' : 'price'
}
