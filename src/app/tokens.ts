import { createHash, randomBytes } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { bounds } from '../api/bounds.ts'
import { tokenText } from '../api/proof.ts'
import { type Tokens, type TokenView, tokenIdText, tokenView } from '../api/tokens.ts'
import { readBeginningIfThere, replaceFile } from '../io/files.ts'
import type { Logger } from '../peer/ports.ts'
import { createInTurn } from './in-turn.ts'
import { firstFree } from './room-folder.ts'

const tokensMax = bounds.tokens

const keptToken = tokenView.extend({
  id: tokenIdText,
  /** Of the token's text, as hex. A text of 32 random bytes needs no salt: nobody guesses it from its hash. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
type KeptToken = Readonly<z.infer<typeof keptToken>>

/**
 * The tokens of a profile folder, in `tokens.json`, for its owner only. One that cannot be read opens nothing: it is put aside with a
 * word in the log. The disk's own faults are a `Failure`.
 */
export async function openTokens(profile: string, logger: Logger): Promise<Tokens> {
  const file = join(profile, 'tokens.json')
  let byHash = indexed((await readTokens(file)) ?? (await putAside(file, logger)))
  const listeners = new Set<(id: string) => void>()
  const inTurn = createInTurn()
  const keep = async (tokens: readonly KeptToken[]): Promise<void> => {
    await replaceFile(file, `${JSON.stringify(tokens, undefined, 1)}\n`, 0o600)
    byHash = indexed(tokens)
  }

  return {
    tokensMax,
    list: () => [...byHash.values()].map(toView),
    find(text) {
      const token = byHash.get(hashOf(text))
      return token && toView(token)
    },
    known(id) {
      const kept = [...byHash.values()].find((one) => one.id === id)
      return kept && { token: toView(kept), sha256: Buffer.from(kept.sha256, 'hex') }
    },
    create: (role, label) =>
      inTurn(async () => {
        if (byHash.size >= tokensMax) return undefined
        const id = randomBytes(4).toString('hex')
        // The role and the id are for people who find it somewhere; what counts is the whole text.
        const token = tokenText({ role, id, secret: randomBytes(32).toString('base64url') })
        const kept = { id, role, ...(label !== undefined && { label }), created: Date.now(), sha256: hashOf(token) }
        await keep([...byHash.values(), kept])
        return { id, role, token }
      }),
    revoke: (id) =>
      inTurn(async () => {
        const others = [...byHash.values()].filter((token) => token.id !== id)
        if (others.length === byHash.size) return false
        await keep(others)
        for (const listener of listeners) listener(id)
        return true
      }),
    onRevoke(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

const indexed = (tokens: readonly KeptToken[]): ReadonlyMap<string, KeptToken> =>
  new Map(tokens.map((token) => [token.sha256, token]))

const toView = ({ sha256: _, ...token }: KeptToken): TokenView => token

/** `undefined`: what stands there is no list of tokens. */
async function readTokens(file: string): Promise<readonly KeptToken[] | undefined> {
  const contents = await readBeginningIfThere(file)
  if (contents === undefined) return []
  try {
    return z
      .array(keptToken)
      .max(tokensMax)
      .safeParse(JSON.parse(new TextDecoder().decode(contents))).data
  } catch {
    return undefined
  }
}

async function putAside(file: string, logger: Logger): Promise<readonly KeptToken[]> {
  const aside = firstFree((number) => `${file}.unread${number > 1 ? `-${number}` : ''}`)
  await rename(file, aside)
  logger.warn('tokens-unread', { file: aside })
  return []
}
