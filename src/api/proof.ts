import { type TokenRole, tokenRoles } from './procedures.ts'

/**
 * How the two ends of a connection prove to each other that they know the same token, without saying it (challenge and
 * response with HMAC-SHA-256; the token is 32 random bytes, so it is a key as it is). A program that took over the port of a
 * peer that died learns nothing that it could use, here or elsewhere: the port is part of what is proven, each proof is for
 * two numbers drawn just now, and a client's counts once.
 */

/**
 * Free for all, as it has to be: `?nonce=` 32 random bytes as base64url, and `&token=` the id of a role token, where it is no owner's that
 * is proven; the answer is a {@link Challenge}.
 */
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

/**
 * Of a role token the peer keeps only the SHA-256 of its text. That is the key of both proofs; but whoever has read it where it is kept
 * has no token, and does not come in: the client's proof is also covered with the token's own 32 bytes, bit by bit, so that
 * the peer, which can take the proof away again, finds the token under it and sees by the hash that it is one (as SCRAM does, RFC 5802).
 */
export interface RoleToken {
  readonly role: TokenRole
  /** Eight hex digits. */
  readonly id: string
  /** 32 random bytes as base64url. */
  readonly secret: string
}

export const tokenText = ({ role, id, secret }: RoleToken): string => `${role}-${id}-${secret}`

/** `undefined`: the text is an owner's token, or none. */
export function readRoleToken(text: string): RoleToken | undefined {
  const [, name, id = '', secret = ''] = /^([a-z]+)-([0-9a-f]{8})-([A-Za-z0-9_-]{43})$/.exec(text) ?? []
  const role = tokenRoles.find((one) => one === name)
  return role && { role, id, secret }
}

/** Two times 32 bytes: the one covered with the other, or uncovered again. */
export const cover = (bytes: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(bytes, (byte, at) => byte ^ (other[at] ?? 0))

/** Thirty-two bytes as base64url, as nonces, proofs and tokens are. */
export const isKeyText = (text: unknown): text is string => typeof text === 'string' && /^[A-Za-z0-9_-]{43}$/.test(text)
