import { accountIdCharsMax, nameCharsMax, requestIdCharsMax } from './limits.ts'
import { type Parsed, parsed, refused } from './result.ts'
import { isPrintable } from './safe-text.ts'

declare const brand: unique symbol
type Branded<Base, Name extends string> = Base & { readonly [brand]: Name }

/** A libp2p identity in base58btc (`12D3KooW…`, Ed25519). Compared as text: base58 is ASCII. */
export type PeerId = Branded<string, 'PeerId'>
/** SHA-256 of the genesis block, 64 lowercase hex digits. */
export type RoomId = Branded<string, 'RoomId'>
export type AccountId = Branded<string, 'AccountId'>
/** The id of the operation that started the auction, as text: see {@link operationId}. */
export type AuctionId = Branded<string, 'AuctionId'>
/** `author/incarnation/sequence`. */
export type OperationId = Branded<string, 'OperationId'>
/** Made by a client; the same id and body gives the first result again. */
export type RequestId = Branded<string, 'RequestId'>
/** Milliseconds since 1970, UTC, as the room agreed on it (block time). */
export type Instant = Branded<number, 'Instant'>

/** The account that deposits come from and withdrawals go to. */
export const issuerAccount = 'issuer' as AccountId

const accountPattern = /^[A-Za-z0-9._-]+$/
const peerPattern = /^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/
const requestPattern = /^[\x21-\x7e]+$/

/** Ed25519 libp2p ids only: 52 characters of base58btc that start with `12D3KooW`. */
export function parsePeerId(text: string): Parsed<PeerId> {
  return peerPattern.test(text)
    ? parsed(text as PeerId)
    : refused('peer-id-invalid', 'A peer id is 52 characters that start with 12D3KooW.')
}

export function parseRoomId(text: string): Parsed<RoomId> {
  return /^[0-9a-f]{64}$/.test(text) ? parsed(text as RoomId) : refused('room-id-invalid', 'A room id is 64 hex digits.')
}

/** 1 to 32 of `A-Za-z0-9._-`, case-sensitive. `issuer` parses: whether it may be used is a rule, not a form. */
export function parseAccountId(text: string): Parsed<AccountId> {
  return text.length <= accountIdCharsMax && accountPattern.test(text)
    ? parsed(text as AccountId)
    : refused('account-id-invalid', `An account id is 1 to ${accountIdCharsMax} of A-Z a-z 0-9 . _ -`)
}

/** 1 to 64 printable ASCII characters without spaces. */
export function parseRequestId(text: string): Parsed<RequestId> {
  return text.length <= requestIdCharsMax && requestPattern.test(text)
    ? parsed(text as RequestId)
    : refused('request-id-invalid', `A request id is 1 to ${requestIdCharsMax} printable characters without spaces.`)
}

/** A room's or a person's name: 1 to 64 characters, no control characters, no space at either end. */
export function parseName(text: string): Parsed<string> {
  const fits = text.length >= 1 && text.length <= nameCharsMax && text.trim() === text && !/\p{Cc}/u.test(text)
  return fits ? parsed(text) : refused('name-invalid', `A name is 1 to ${nameCharsMax} characters without control characters.`)
}

/** A name that is new here: one that nobody can see, or that turns the writing around, is none. Those in old logs stay. */
export function parseNewName(text: string): Parsed<string> {
  const name = parseName(text)
  if (!name.ok || isPrintable(text)) return name
  return refused(
    'name-unprintable',
    'A name is made of characters that a screen shows: no invisible ones, no marks of direction.',
  )
}

export function operationId(author: PeerId, incarnation: number, sequence: number): OperationId {
  return `${author}/${incarnation}/${sequence}` as OperationId
}

export function parseOperationId(text: string): Parsed<OperationId> {
  const [author, incarnation, sequence, ...rest] = text.split('/')
  const counts = [incarnation, sequence].every((part) => part !== undefined && /^[1-9]\d{0,14}$/.test(part))
  return author !== undefined && parsePeerId(author).ok && counts && rest.length === 0
    ? parsed(text as OperationId)
    : refused('operation-id-invalid', 'An operation id is author/incarnation/sequence.')
}

/**
 * An auction's id is short enough to type: the last 6 characters of its author's id, then incarnation and sequence of
 * the operation that started it, as `k3XbQz-2-15`.
 */
export function auctionId(author: PeerId, incarnation: number, sequence: number): AuctionId {
  return `${author.slice(-6)}-${incarnation}-${sequence}` as AuctionId
}

export function parseAuctionId(text: string): Parsed<AuctionId> {
  return /^[1-9A-HJ-NP-Za-km-z]{6}-[1-9]\d{0,14}-[1-9]\d{0,14}$/.test(text)
    ? parsed(text as AuctionId)
    : refused('auction-id-invalid', 'An auction id looks like k3XbQz-2-15 (see `gavelring auction list`).')
}
