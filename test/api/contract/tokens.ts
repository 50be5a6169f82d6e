import { expect } from 'vitest'
import { type Cases, codeOf, dataOf } from './case.ts'

export const tokensCases = {
  'tokens.create': {
    sentence: 'makes a token of a role, tells it once, and no more than there can be',
    run: async (api, _, seat) => {
      const made = await api.tokens.create({ role: 'bid', label: 'the wall' })
      expect(seat.tokens.find(made.token)).toMatchObject({ id: made.id, role: 'bid', label: 'the wall' })
      for (let count = 1; count < seat.tokens.tokensMax; count++) await api.tokens.create({ role: 'read' })
      expect(await dataOf(api.tokens.create({ role: 'read' }))).toEqual({ most: seat.tokens.tokensMax })
    },
  },
  'tokens.list': {
    sentence: 'lists them without their text',
    run: async (api) => {
      const { id, token } = await api.tokens.create({ role: 'host' })
      const list = await api.tokens.list()
      expect(list).toMatchObject([{ id, role: 'host' }])
      expect(JSON.stringify(list)).not.toContain(token)
    },
  },
  'tokens.revoke': {
    sentence: 'takes one away, once',
    run: async (api, _, seat) => {
      const { id, token } = await api.tokens.create({ role: 'host' })
      expect(await api.tokens.revoke({ id })).toEqual({ id })
      expect(seat.tokens.find(token)).toBeUndefined()
      expect(await codeOf(api.tokens.revoke({ id }))).toBe('token-unknown')
    },
  },
} satisfies Cases
