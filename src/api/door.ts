import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type Caller, owner, rateText } from './caller.ts'
import type { DoorLimits } from './limits.ts'
import { type Challenge, cover, isKeyText, type ProofRole, proofText, ticketProtocolPrefix, tokenText } from './proof.ts'
import { createRateLimit } from './rate-limit.ts'
import type { Tokens, TokenView } from './tokens.ts'

/** Browsers cannot set headers on a WebSocket: there the token comes as this subprotocol's second half. */
const tokenProtocolPrefix = 'gavelring.token.'
export const webSocketProtocol = 'gavelring'

/** A no before anything is read: {@link Sockets.refuse} says it and hangs up. */
export interface DoorRefusal {
  readonly status: number
  readonly code:
    | 'host-refused'
    | 'origin-refused'
    | 'token-wrong'
    | 'path-unknown'
    | 'not-found'
    | 'nonce-invalid'
    | 'upgrade-unknown'
    | 'expectation-unknown'
    | 'method-refused'
    | 'body-unexpected'
    | 'body-unknown'
    | 'body-too-large'
    | 'body-unreadable'
    | 'request-unreadable'
    | 'request-slow'
    | 'head-too-large'
    | 'connections-exhausted'
    | 'rate-limited'
    | 'not-ready'
  readonly message: string
  readonly data?: unknown
  /** The methods that there are. */
  readonly allow?: readonly string[]
}

/** What of a request is looked at before it is let in. */
export type Knock = Pick<IncomingMessage, 'headers'>

export interface Door {
  /**
   * Whoever does not name this machine as the host (a page elsewhere can make its name point here), or comes from a page that is
   * not our own. `undefined`: may ask for a proof.
   */
  ignoreForeign(request: Knock): DoorRefusal | undefined
  /** Who it is by its token, or why it may not come in. */
  recognize(request: Knock, address: string | undefined): { readonly caller: Caller } | { readonly refusal: DoorRefusal }
  /**
   * Proves that this is the peer whose token the client knows, and draws the number that the client's own proof needs. `token`: the id of
   * a role token; absent: it is the owner's. Refuses an id that no token here has.
   */
  challenge(
    question: ProofQuestion,
    address: string | undefined,
  ): { readonly challenge: Challenge } | { readonly refusal: DoorRefusal }
}

export interface ProofQuestion {
  readonly nonce: string
  readonly token?: string | undefined
}

/** How long a challenge counts, in milliseconds, and how many do: strangers can ask for as many as they like. */
const challengeMillis = 10_000
const challengesMax = 4_096

export interface DoorOptions {
  /** The owner's. */
  readonly token: string
  /** All others. */
  readonly tokens: Pick<Tokens, 'find' | 'known' | 'onRevoke'>
  readonly limits: DoorLimits
  /** Where this door is, asked for anew each time, since it is not known before the server listens. */
  readonly port: () => number
}

/**
 * The owner may ask as often as it likes; calls by other tokens are counted for each of them, and wrong tokens for each address. The
 * right one comes in whatever others from its address tried.
 */
export function createDoor({ token, tokens, limits, port }: DoorOptions): Door {
  const calls = createRateLimit({ perSecond: limits.callsPerSecond, burst: limits.callsBurst, keysMax: limits.ratesMax })
  const guesses = createRateLimit({ perSecond: limits.guessesPerSecond, burst: limits.guessesBurst, keysMax: limits.ratesMax })
  tokens.onRevoke((id) => calls.forget(id))

  // By the server's nonce, the oldest first: a Map keeps the order.
  const challenges = new Map<string, { readonly asked: ProofQuestion; readonly at: number }>()

  const proofOf = (key: string | Uint8Array, role: ProofRole, clientNonce: string, serverNonce: string): Buffer =>
    createHmac('sha256', key)
      .update(proofText(role, port(), clientNonce, serverNonce))
      .digest()

  const callerOf = ({ id, role }: TokenView): Caller => ({ role, token: id, take: () => calls.take(id) })

  /** Each is for one connection: whoever hears it comes too late. */
  const takeTicket = (ticket: string): Caller | undefined => {
    const [nonce = '', proof = ''] = ticket.split('.')
    const challenge = challenges.get(nonce)
    challenges.delete(nonce)
    if (challenge === undefined || performance.now() - challenge.at > challengeMillis) return undefined
    const { asked } = challenge
    if (asked.token === undefined) {
      return isSame(proof, proofOf(token, 'client', asked.nonce, nonce).toString('base64url')) ? owner : undefined
    }
    const known = tokens.known(asked.token)
    if (known === undefined || !isKeyText(proof)) return undefined
    const own = cover(Buffer.from(proof, 'base64url'), proofOf(known.sha256, 'client', asked.nonce, nonce))
    const secret = Buffer.from(own).toString('base64url')
    const found = tokens.find(tokenText({ ...known.token, secret }))
    return found?.id === asked.token ? callerOf(found) : undefined
  }

  return {
    ignoreForeign({ headers: { host, origin } }) {
      const hosts = [`127.0.0.1:${port()}`, `localhost:${port()}`]
      if (!hosts.includes(host ?? '')) {
        return { status: 403, code: 'host-refused', message: 'This API answers to 127.0.0.1 and localhost only.' }
      }
      if (origin !== undefined && !hosts.some((own) => origin === `http://${own}`)) {
        return { status: 403, code: 'origin-refused', message: 'Pages of other origins may not use this API.' }
      }
      return undefined
    },
    recognize(request, address) {
      const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? protocolOf(request, tokenProtocolPrefix)
      if (bearer !== undefined && isSame(bearer, token)) return { caller: owner }
      const ticket = protocolOf(request, ticketProtocolPrefix)
      const guest = ticket === undefined ? undefined : takeTicket(ticket)
      if (guest !== undefined) return { caller: guest }
      const known = bearer === undefined ? undefined : tokens.find(bearer)
      if (known !== undefined) return { caller: callerOf(known) }
      const seconds = guesses.take(address ?? '')
      return { refusal: seconds === undefined ? tokenWrong : rateLimited(seconds) }
    },
    challenge(asked, address) {
      const key = asked.token === undefined ? token : tokens.known(asked.token)?.sha256
      if (key === undefined) {
        const seconds = guesses.take(address ?? '')
        return { refusal: seconds === undefined ? tokenGone : rateLimited(seconds) }
      }
      const nonce = randomBytes(32).toString('base64url')
      const [oldest] = challenges.keys()
      if (oldest !== undefined && challenges.size >= challengesMax) challenges.delete(oldest)
      challenges.set(nonce, { asked, at: performance.now() })
      return { challenge: { nonce, proof: proofOf(key, 'server', asked.nonce, nonce).toString('base64url') } }
    },
  }
}

const tokenWrong: DoorRefusal = {
  status: 401,
  code: 'token-wrong',
  message: 'A token is needed: that of the profile folder (api-token), or one that `gavelring token create` made.',
}

const tokenGone: DoorRefusal = {
  status: 401,
  code: 'token-wrong',
  message: 'This token opens nothing here: it was taken back, or is another peer’s.',
}

/** `allow`: those that there are. */
export const methodUnknown = (allow: readonly string[]): DoorRefusal => ({
  status: 405,
  code: 'method-refused',
  message: `This can only be asked with ${allow.join(' or ')}.`,
  allow,
})

export const rateLimited = (retryAfterSeconds: number): DoorRefusal => ({
  status: 429,
  code: 'rate-limited',
  message: rateText(retryAfterSeconds),
  data: { retryAfterSeconds },
})

/** What a client wants a server to prove itself for; `undefined`: that is nothing. */
export function proofQuestionOf({ searchParams }: URL): ProofQuestion | undefined {
  const nonce = searchParams.get('nonce')
  const token = searchParams.get('token') ?? undefined
  return isKeyText(nonce) ? { nonce, token } : undefined
}

function protocolOf(request: Knock, prefix: string): string | undefined {
  const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim())
  return protocols.find((protocol) => protocol.startsWith(prefix))?.slice(prefix.length)
}

/** In a time that says nothing about where they differ. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}
