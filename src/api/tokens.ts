import { z } from 'zod'
import { type TokenRole, tokenRoles } from './procedures.ts'
import { nameText } from './schemas.ts'

/** Tokens for programs that may do less than the owner. Only a hash of each is kept: the text is told once, when it is made. */

const tokenIdPattern = /^[0-9a-f]{8}$/
export const tokenIdText = z.string().regex(tokenIdPattern, 'A token is named by the 8 hex digits that it was given.')

export const tokenView = z.object({
  id: z.string(),
  role: z.enum(tokenRoles),
  /** What it is for, in its maker's words. */
  label: z.string().optional(),
  created: z.int(),
})
export type TokenView = z.infer<typeof tokenView>

export const newToken = z.object({ role: z.enum(tokenRoles, 'A role is read, bid or host.'), label: nameText.optional() })
export const madeToken = z.object({
  id: z.string(),
  role: z.enum(tokenRoles),
  /** Told now, and never again. */
  token: z.string(),
})

export const unknownToken = {
  'token-unknown': { status: 404, message: 'There is no such token.', data: z.object({ token: z.string() }) },
}
export const tokensFull = {
  'tokens-full': { status: 409, message: 'There are as many tokens as can be.', data: z.object({ most: z.int() }) },
}

/** Whoever keeps them does so through restarts. */
export interface Tokens {
  /** How many there can be. */
  readonly tokensMax: number
  list(): readonly TokenView[]
  /** Whose text this is; `undefined`: nobody's. */
  find(text: string): TokenView | undefined
  /** By its id: what it is, and the SHA-256 of its text. `undefined`: there is none. */
  known(id: string): { readonly token: TokenView; readonly sha256: Uint8Array } | undefined
  /** Resolves once it is on disk. `undefined`: there are {@link tokensMax} already. */
  create(role: TokenRole, label: string | undefined): Promise<z.infer<typeof madeToken> | undefined>
  /** Whether it was there. It opens nothing any more when this resolves. */
  revoke(id: string): Promise<boolean>
  /** Called with the id of each that is revoked, until the returned function is called. */
  onRevoke(listener: (id: string) => void): () => void
}
