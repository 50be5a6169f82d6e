import { createORPCClient } from '@orpc/client'
import type { ContractRouterClient } from '@orpc/contract'
import { createAsking } from './asking.ts'
import type { contract } from './contract.ts'
import type { Role } from './procedures.ts'
import { type Challenge, cover, isKeyText, proofPath, proofText, readRoleToken, ticketProtocolPrefix } from './proof.ts'

export type { Role } from './procedures.ts'

export type Api = ContractRouterClient<typeof contract>

export interface ApiClient {
  readonly api: Api
  /** What the token is good for; the peer refuses all else with `role-needed`. */
  readonly role: Role
  /** Resolves when the connection is lost, or closed here. */
  readonly closed: Promise<void>
  close(): void
}

/** No peer can be spoken to there. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
  /**
   * `nobody`: nothing listens there. `silent`: it does not answer. `stranger`: what answers cannot prove that it knows the token.
   * `token-gone`: it says that no such token is kept there, as after it was taken back. `refused`: the peer itself turned the
   * client away.
   */
  readonly reason: 'nobody' | 'silent' | 'stranger' | 'token-gone' | 'refused'

  constructor(reason: Unreachable['reason'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** How long a peer may take to let a client in, in milliseconds, unless told otherwise. */
const answerMillisUsual = 5_000

/**
 * Connects to a running peer's WebSocket, from Node or a browser, with the owner's token or one of a role. The server has to prove first that it knows the token, and the
 * token itself is told to nobody (see `proof.ts`). Rejects with {@link Unreachable}.
 */
export async function connectApi(
  { url, token }: { readonly url: string; readonly token: string },
  answerMillis = answerMillisUsual,
): Promise<ApiClient> {
  const deadline = AbortSignal.timeout(answerMillis)
  const ticket = await askForProof(url, token, deadline)
  const webSocket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws`, ['gavelring', ticketProtocolPrefix + ticket])
  const closed = new Promise<void>((resolve) => webSocket.addEventListener('close', () => resolve(), { once: true }))
  const asking = createAsking((words) => webSocket.send(words))
  const hangUp = (): void => {
    asking.close()
    webSocket.close()
  }
  webSocket.addEventListener('message', ({ data }) => asking.message(data).catch(hangUp))
  webSocket.addEventListener('close', asking.close)
  await new Promise<void>((resolve, reject) => {
    webSocket.addEventListener('open', () => resolve(), { once: true })
    webSocket.addEventListener('error', () => reject(new Unreachable('refused', `The peer at ${url} refused the connection.`)), {
      once: true,
    })
    deadline.addEventListener('abort', () => reject(silent(url)), { once: true })
  }).catch((error: unknown) => {
    hangUp()
    throw error
  })
  return {
    api: createORPCClient<Api>(asking.link),
    role: roleOfToken(token),
    closed,
    close: hangUp,
  }
}

/** What a token is good for, as its text says: one with another role in it is not known to the peer. */
export const roleOfToken = (token: string): Role => readRoleToken(token)?.role ?? 'owner'

/** Checks the server's proof; resolves with what lets this client in. */
async function askForProof(url: string, token: string, deadline: AbortSignal): Promise<string> {
  const nonce = toBase64url(crypto.getRandomValues(new Uint8Array(32)))
  const roleToken = readRoleToken(token)
  const question = roleToken === undefined ? `nonce=${nonce}` : `nonce=${nonce}&token=${roleToken.id}`
  const challenge = await fetchChallenge(`${url}${proofPath}?${question}`, deadline).catch((error: unknown) => {
    if (deadline.aborted) throw silent(url)
    if (error instanceof TokenGone && roleToken !== undefined) throw tokenGone(url, error)
    if (isRefused(error)) throw new Unreachable('nobody', `No peer answers at ${url}.`, { cause: error })
    throw stranger(url, error)
  })
  // Of a role token the peer keeps the hash alone.
  const known = roleToken === undefined ? encode(token) : await crypto.subtle.digest('SHA-256', encode(token))
  const key = await crypto.subtle.importKey('raw', known, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify'])
  const textFor = (role: 'server' | 'client') => encode(proofText(role, Number(new URL(url).port), nonce, challenge.nonce))
  // In a time that says nothing about where they differ.
  const isProven = await crypto.subtle.verify('HMAC', key, fromBase64url(challenge.proof), textFor('server'))
  if (!isProven) throw stranger(url)
  const proof = new Uint8Array(await crypto.subtle.sign('HMAC', key, textFor('client')))
  const covered = roleToken === undefined ? proof : cover(fromBase64url(roleToken.secret), proof)
  return `${challenge.nonce}.${toBase64url(covered)}`
}

/** Nothing listens there. A browser gives no cause at all, and whatever else answers gives one, or an answer. */
function isRefused(error: unknown): boolean {
  if (!(error instanceof TypeError)) return false
  const { cause } = error
  return cause === undefined || (cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED')
}

/** Whoever answers keeps no such token. */
class TokenGone extends Error {}

/** An answer is this long at most: whoever answers there may be anybody. */
const challengeCharsMax = 1_024

async function fetchChallenge(address: string, deadline: AbortSignal): Promise<Challenge> {
  const response = await fetch(address, { redirect: 'error', signal: deadline })
  if (response.status === 401) {
    await response.body?.cancel()
    throw new TokenGone()
  }
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const { value, done } = (await reader?.read()) ?? { value: undefined, done: true }
    if (done) break
    text += decoder.decode(value, { stream: true })
    if (text.length <= challengeCharsMax) continue
    await reader?.cancel()
    throw new Error('the answer is too long')
  }
  const { nonce, proof } = JSON.parse(text) as Record<string, unknown>
  if (!isKeyText(nonce) || !isKeyText(proof)) throw new Error('the answer is no proof')
  return { nonce, proof }
}

const silent = (url: string): Unreachable =>
  new Unreachable('silent', `The peer at ${url} does not answer: it is stopped, or very busy.`)

const stranger = (url: string, cause?: unknown): Unreachable =>
  new Unreachable('stranger', `Another program is at ${url}, not the peer of this folder: it was not told the token.`, { cause })

const tokenGone = (url: string, cause: unknown): Unreachable =>
  new Unreachable('token-gone', `The token opens nothing at ${url}: it was taken back, or is another peer’s.`, { cause })

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

const toBase64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

const fromBase64url = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
