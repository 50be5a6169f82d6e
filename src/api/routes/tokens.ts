import { ORPCError } from '@orpc/client'
import { type Tokens, tokensFull, unknownToken } from '../tokens.ts'
import { api } from './api.ts'

/** Tokens for programs that may do less than the owner. */
export const createTokenRoutes = (tokens: Tokens) => ({
  tokens: {
    create: api.tokens.create.handler(async ({ input }) => {
      const made = await tokens.create(input.role, input.label)
      if (made === undefined) throw refuseFull(tokens.tokensMax)
      return made
    }),
    list: api.tokens.list.handler(() => [...tokens.list()]),
    revoke: api.tokens.revoke.handler(async ({ input: { id } }) => {
      if (!(await tokens.revoke(id))) throw refuseUnknown(id)
      return { id }
    }),
  },
})

function refuseFull(most: number): ORPCError<string, unknown> {
  const message = `There are ${most} tokens already: revoke one first.`
  return new ORPCError('tokens-full', { ...tokensFull['tokens-full'], message, data: { most } })
}

function refuseUnknown(token: string): ORPCError<string, unknown> {
  const message = `There is no token ${token}: it was revoked, or never made.`
  return new ORPCError('token-unknown', { ...unknownToken['token-unknown'], message, data: { token } })
}
