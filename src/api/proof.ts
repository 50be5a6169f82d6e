/**
 * How the two ends of a connection prove to each other that they know the same token, without saying it (challenge and
 * response with HMAC-SHA-256; the token is 32 random bytes, so it is a key as it is). A program that took over the port of a
 * peer that died learns nothing that it could use, here or elsewhere: the port is part of what is proven, each proof is for
 * two numbers drawn just now, and a client's counts once.
 */

/** Free for all, as it has to be: `?nonce=` 32 random bytes as base64url; the answer is a {@link Challenge}. */
export const proofPath = '/proof'
/** The subprotocol by which a client enters: this, the server's nonce, a dot, and its own proof. */
export const ticketProtocolPrefix = 'gavelring.ticket.'

export interface Challenge {
  /** The server's: 32 random bytes as base64url. Good for one ticket, for some seconds. */
  readonly nonce: string
  /** Of the server, as base64url. */
  readonly proof: string
}

/** Who proves to whom; the two may never be mistaken for each other. */
export type ProofRole = 'server' | 'client'

/** What is signed with the token. */
export function proofText(role: ProofRole, port: number, clientNonce: string, serverNonce: string): string {
  return ['gavelring proof 1', role, port, clientNonce, serverNonce].join('\n')
}

/** Thirty-two bytes as base64url, as nonces, proofs and tokens are. */
export const isKeyText = (text: unknown): text is string => typeof text === 'string' && /^[A-Za-z0-9_-]{43}$/.test(text)
