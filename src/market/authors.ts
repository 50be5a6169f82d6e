import type { Hash } from '../core/crypto.ts'
import type { PeerId, RequestId } from '../core/ids.ts'
import { requestsPerAuthorMax } from '../core/limits.ts'
import type { Outcome } from './outcome.ts'

/** What a room remembers of one author, so that nothing is applied twice. */
export interface Author {
  incarnation: number
  /** Of the last operation applied in that incarnation. */
  sequence: number
  /** Results by request id, oldest first. */
  readonly requests: Map<RequestId, Remembered>
}

export interface Remembered {
  readonly bodyHash: Hash
  readonly outcome: Outcome
}

export function authorOf(authors: Map<PeerId, Author>, peer: PeerId): Author {
  let author = authors.get(peer)
  if (author === undefined) {
    author = { incarnation: 0, sequence: 0, requests: new Map() }
    authors.set(peer, author)
  }
  return author
}

/** Whether this is its author's next operation; if so it is from now on its last (PROTOCOL, section 4). */
export function takeSequence(author: Author, incarnation: number, sequence: number): boolean {
  const isNext =
    incarnation === author.incarnation ? sequence === author.sequence + 1 : incarnation > author.incarnation && sequence === 1
  if (!isNext) return false
  author.incarnation = incarnation
  author.sequence = sequence
  return true
}

/** The last 10,000 of an author. */
export function rememberRequest(author: Author, request: RequestId, remembered: Remembered): void {
  author.requests.set(request, remembered)
  if (author.requests.size <= requestsPerAuthorMax) return
  const [oldest] = author.requests.keys()
  if (oldest !== undefined) author.requests.delete(oldest)
}
