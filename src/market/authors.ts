import type { Crypto } from '../core/crypto.ts'
import type { PeerId, RequestId } from '../core/ids.ts'
import { requestsPerAuthorMax } from '../core/limits.ts'
import type { Outcome } from './outcome.ts'

/** What a room remembers of one author, so that nothing is applied twice. */
export interface Author {
  incarnation: number
  /** Of the last operation applied in that incarnation. */
  sequence: number
  readonly requests: Requests
}

/** The first results of an author's last 10,000 request ids. */
export interface Requests {
  readonly byId: Map<RequestId, Remembered>
  /**
   * In order, a ring once it is full: `oldest` is where it begins. A map knows its order too, but to find the first of
   * its keys it walks over all those deleted before it.
   */
  readonly ring: Remembered[]
  oldest: number
}

/** Never changed. */
export interface Remembered {
  readonly request: RequestId
  /** 32 bytes: of the operation without the request id. */
  readonly bodyHash: Uint8Array
  readonly outcome: Outcome
}

export const createAuthor = (incarnation: number, sequence: number): Author => ({
  incarnation,
  sequence,
  requests: { byId: new Map(), ring: [], oldest: 0 },
})

export function authorOf(authors: Map<PeerId, Author>, peer: PeerId): Author {
  let author = authors.get(peer)
  if (author === undefined) {
    author = createAuthor(0, 0)
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

/** A copy of its own: what a hash function returns may keep a whole buffer alive. */
export const hashOfBody = (body: Uint8Array, hash: Crypto['hash']): Uint8Array => new Uint8Array(hash(body))

/** The first outcome of this id, or that the id stood for another body; `undefined`: it is new. */
export function recallRequest(
  { byId }: Requests,
  request: RequestId,
  bodyHash: Uint8Array,
): { readonly outcome: Outcome; readonly isRepeat: boolean } | undefined {
  const remembered = byId.get(request)
  if (remembered === undefined) return undefined
  const isRepeat = isSame(remembered.bodyHash, bodyHash)
  const outcome: Outcome = isRepeat ? remembered.outcome : { accepted: false, rejection: { code: 'request-reused' } }
  return { outcome, isRepeat }
}

/** The id is new: it takes the place of the oldest one where there is no more room. */
export function rememberRequest(requests: Requests, remembered: Remembered): void {
  const { byId, ring, oldest } = requests
  byId.set(remembered.request, remembered)
  if (ring.length < requestsPerAuthorMax) {
    ring.push(remembered)
    return
  }
  byId.delete((ring[oldest] as Remembered).request)
  ring[oldest] = remembered
  requests.oldest = (oldest + 1) % requestsPerAuthorMax
}

/** Oldest first, as of now. */
export const requestsInOrder = ({ ring, oldest }: Requests): readonly Remembered[] =>
  ring.slice(oldest).concat(ring.slice(0, oldest))

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false
  return true
}
