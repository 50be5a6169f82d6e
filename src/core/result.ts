/** What a parser answers: a typed value, or a named error with its reason. Parsers never throw. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ParseError }

export interface ParseError {
  /** Stable, for programs: `amount-not-a-number`, `account-id-invalid`, … */
  readonly code: string
  /** One sentence, for people. */
  readonly message: string
}

export const parsed = <T>(value: T): Parsed<T> => ({ ok: true, value })
export const refused = (code: string, message: string): Parsed<never> => ({ ok: false, error: { code, message } })
