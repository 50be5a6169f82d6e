/** What a parser answers: a typed value, or a named error with its reason. Parsers never throw. */
export type Parsed<T, Code extends string = ParseCode> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: ParseError<Code> }

export interface ParseError<Code extends string = string> {
  /** Stable, for programs: `amount-not-a-number`, `account-id-invalid`, … */
  readonly code: Code
  /** One sentence, for people. */
  readonly message: string
}

export const parsed = <T>(value: T): Parsed<T> => ({ ok: true, value })
export const refused = <const Code extends string>(code: Code, message: string): Parsed<never, Code> => ({
  ok: false,
  error: { code, message },
})

/** What is wrong with words that anybody may type: interfaces have texts for each. Options of a program have further ones. */
export type ParseCode =
  | 'account-id-invalid'
  | 'address-invalid'
  | 'address-name'
  | 'address-number'
  | 'address-peer'
  | 'address-port'
  | 'address-use'
  | 'address-zone'
  | 'amount-ambiguous'
  | 'amount-not-a-number'
  | 'amount-not-whole'
  | 'amount-other-currency'
  | 'amount-too-large'
  | 'amount-too-precise'
  | 'amount-too-small'
  | 'auction-id-invalid'
  | 'code-invalid'
  | 'currency-unknown'
  | 'link-invalid'
  | 'name-invalid'
  | 'name-unprintable'
  | 'operation-id-invalid'
  | 'peer-id-invalid'
  | 'request-id-invalid'
  | 'room-id-invalid'
