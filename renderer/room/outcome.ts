import type { RefusalCode } from '../../src/api/views.ts'

export interface Committed {
  readonly operation: string
  readonly block: { readonly index: number; readonly epoch: string; readonly turn: number; readonly time: number }
}

/** What became of one operation. Nothing is done before it is `committed`. */
export type Outcome =
  | { readonly kind: 'none' }
  | { readonly kind: 'pending' }
  | { readonly kind: 'committed'; readonly receipt: Committed }
  | {
      readonly kind: 'refused'
      readonly code: RefusalCode
      readonly facts: Readonly<Record<string, unknown>>
      readonly text: string
    }
  /** No answer before the deadline, or the connection went: it may still happen. */
  | { readonly kind: 'unsettled' }

export type Refused = Extract<Outcome, { readonly kind: 'refused' }>
