import { createHash, randomBytes } from 'node:crypto'
import { tokenText } from '../../src/api/proof.ts'
import type { Tokens, TokenView } from '../../src/api/tokens.ts'

/** The tokens without a disk; three fill them. */
export function createFakeTokens(): Tokens {
  const byText = new Map<string, TokenView>()
  const listeners = new Set<(id: string) => void>()
  let made = 0
  return {
    tokensMax: 3,
    list: () => [...byText.values()],
    find: (text) => byText.get(text),
    known(id) {
      const [text, token] = [...byText].find(([, one]) => one.id === id) ?? []
      if (text === undefined || token === undefined) return undefined
      return { token, sha256: createHash('sha256').update(text).digest() }
    },
    async create(role, label) {
      if (byText.size >= 3) return undefined
      const id = String(++made).padStart(8, '0')
      const token = tokenText({ role, id, secret: randomBytes(32).toString('base64url') })
      byText.set(token, { id, role, ...(label !== undefined && { label }), created: 1_700_000_000_000 })
      return { id, role, token }
    },
    async revoke(id) {
      const [text] = [...byText].find(([, token]) => token.id === id) ?? []
      if (text === undefined) return false
      byText.delete(text)
      for (const listener of listeners) listener(id)
      return true
    },
    onRevoke(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
