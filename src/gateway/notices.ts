import type { Currency } from '../core/currency.ts'
import type { Cents } from '../core/money.ts'
import { classicAmount } from './amounts.ts'
import type { Notice } from './message.ts'
import type { Texts } from './texts.ts'

/** What happened to a lot, as far as the classic notices have words for it; from wherever that is known. */
export type Happening = { readonly productId: string; readonly item: string } & (
  | { readonly kind: 'started'; readonly price: Cents }
  | { readonly kind: 'bid'; readonly account: string; readonly amount: Cents }
  | {
      readonly kind: 'ended'
      readonly why: 'sold' | 'unsold' | 'reserve-not-met' | 'cancelled'
      /** Who has it now; `undefined`: nobody. */
      readonly winner: string | undefined
      /** What was paid; where nobody won, the last bid, or the starting price. */
      readonly amount: Cents
    }
)

/** The classic notice of it, whoever is told, over whatever door. */
export function noticeOf(happening: Happening, currency: Currency, texts: Texts): Notice {
  const { productId, item } = happening
  const make = (kind: Notice['kind'], cents: Cents, vencedor: string, words: (amount: string) => string): Notice => {
    const amount = classicAmount(cents, currency)
    return {
      kind,
      fields: Object.entries({
        ...{ tipo: kind, productId, nome: item },
        ...{ valor: amount, lanceAtual: amount, vencedor, mensagem: words(amount) },
      }),
    }
  }
  switch (happening.kind) {
    case 'started':
      return make('inicio', happening.price, '', (amount) => texts.noticeStarted(item, amount))
    case 'bid': {
      const { account } = happening
      return make('lance', happening.amount, account, (amount) => texts.noticeBid(account, amount))
    }
    case 'ended': {
      const { winner, why } = happening
      if (winner !== undefined) return make('fim', happening.amount, winner, (amount) => texts.noticeSold(item, winner, amount))
      return make('fim', happening.amount, '', () => (why === 'cancelled' ? texts.noticeCancelled : texts.noticeUnsold)(item))
    }
  }
}
