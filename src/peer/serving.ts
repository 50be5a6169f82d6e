import type { PeerId } from '../core/ids.ts'
import { frameBytesMax } from '../core/limits.ts'
import { encodeFetched } from '../ring/message.ts'
import type { Input, Serve } from '../ring/types.ts'
import type { PeerContext } from './context.ts'

/**
 * Gives other peers the blocks that they ask for. A question is put to the ring only when its turn comes, so that whoever waits costs
 * no more than the question; the newest of a peer counts, and one answer at a time is on its way to each.
 */
export interface Server {
  ask(fetch: FetchInput): void
  /** The ring's answer to the question whose turn it was. */
  serve(asked: Serve): void
  /** The ring has looked at it: where it gave no answer, there is none. */
  asked(from: PeerId): void
  /** Nothing is sent any more. */
  close(): void
}

export type FetchInput = Extract<Input, { kind: 'receive' }>

export const isFetch = (input: Input): input is FetchInput => input.kind === 'receive' && input.message.kind === 'fetch'

export interface ServerOptions {
  /** Of blocks in one answer. */
  readonly fetchedBytes: number
  /** A member of the room that this peer takes part in goes before others; to one that takes no part all are alike. */
  readonly isMember: (peer: PeerId) => boolean
  /** Something goes on in the room that the answers would hold up. */
  readonly isBusy: () => boolean
  /** Puts a question to the ring. */
  readonly put: (fetch: FetchInput) => void
  /** An answer leaves. */
  readonly onSent: (to: PeerId, frame: Uint8Array) => void
}

/** Answers that are made and sent at the same time: to members, and to others. */
const atOnce = { member: 8, other: 2 } as const
/** One that takes so long, in milliseconds, is a slow reader's: others go on meanwhile. */
const slowMillis = 250
/** Of answers to others than members that slow readers have not taken yet; beyond it no more are begun. */
const heldBytesMax = 32 * 1024 * 1024
/** Who only knows the code can come under a new name each time: of so many others the questions wait. */
const othersMax = 8_192
/**
 * While the room is busy others than members are answered one after the other, and after each this peer has time for the room: so many
 * times what the answer took, within these bounds in milliseconds. A quarter of the time is enough for a newcomer to come in.
 */
const busyRest = { times: 3, least: 5, most: slowMillis } as const

interface Serving {
  readonly beganAt: number
  readonly isMember: boolean
  isAnswered: boolean
  isSlow: boolean
  bytes: number
  cancel: () => void
}

export function createServer({ ports }: Pick<PeerContext, 'ports'>, options: ServerOptions): Server {
  const { store, transport, clock, logger } = ports
  const { fetchedBytes, isMember, isBusy, put, onSent } = options
  /** In the order in which they began to wait. */
  const members = new Map<PeerId, FetchInput>()
  const others = new Map<PeerId, FetchInput>()
  const servings = new Map<PeerId, Serving>()
  let heldBytes = 0
  /** Others than members are not answered before, while the room is busy. */
  let restsUntil = Number.NEGATIVE_INFINITY
  let isClosed = false
  let stopWaiting: (() => void) | undefined

  const begin = (): void => {
    for (let next = pick(); next !== undefined; next = pick()) {
      const beganAt = clock.monotonic()
      const isOfMember = isMember(next.from)
      const serving: Serving = { beganAt, isMember: isOfMember, isAnswered: false, isSlow: false, bytes: 0, cancel: () => {} }
      servings.set(next.from, serving)
      serving.cancel = clock.at(beganAt + slowMillis, () => {
        serving.isSlow = true
        restAfter(serving)
        begin()
      })
      put(next)
    }
  }

  const pick = (): FetchInput | undefined => {
    if (isClosed) return undefined
    return (
      (isFree(true) ? first(members) : undefined) ?? (others.size > 0 && isFree(false) && mayAnswer() ? first(others) : undefined)
    )
  }

  const first = (waiting: Map<PeerId, FetchInput>): FetchInput | undefined => {
    for (const [peer, fetch] of waiting) {
      if (servings.has(peer)) continue
      waiting.delete(peer)
      return fetch
    }
    return undefined
  }

  const isFree = (forMember: boolean): boolean => {
    if (!forMember && heldBytes >= heldBytesMax) return false
    let count = 0
    for (const serving of servings.values()) if (serving.isMember === forMember && !serving.isSlow) count++
    return count < (forMember ? atOnce.member : isBusy() ? 1 : atOnce.other)
  }

  const restAfter = ({ isMember: isOfMember, isAnswered, beganAt }: Serving): void => {
    const now = clock.monotonic()
    const rest = Math.min(busyRest.most, Math.max(busyRest.least, busyRest.times * (now - beganAt)))
    if (!isOfMember && isAnswered) restsUntil = Math.max(restsUntil, now + rest)
  }

  /** Whether others may be answered now; if not, they will be later. */
  const mayAnswer = (): boolean => {
    if (clock.monotonic() >= restsUntil || !isBusy()) return true
    stopWaiting ??= clock.at(restsUntil, () => {
      stopWaiting = undefined
      begin()
    })
    return false
  }

  const answer = (asked: Serve, blocks: readonly { readonly bytes: Uint8Array }[]): void => {
    const serving = servings.get(asked.to)
    if (isClosed || serving === undefined) return
    const frame = encodeFetched(asked.lamport, { ...asked, blocks })
    if (frame.length > frameBytesMax) {
      logger.error('frame-too-large', { kind: 'fetched', bytes: frame.length })
      return end(asked.to)
    }
    serving.bytes = frame.length
    if (!serving.isMember) heldBytes += frame.length
    onSent(asked.to, frame)
    const done = (): void => end(asked.to)
    transport.sendBulk(asked.to, frame).then(done, done)
  }

  const end = (peer: PeerId): void => {
    const serving = servings.get(peer)
    if (serving === undefined) return
    serving.cancel()
    if (!serving.isSlow) restAfter(serving)
    if (!serving.isMember) heldBytes -= serving.bytes
    servings.delete(peer)
    begin()
  }

  return {
    ask(fetch) {
      const { from } = fetch
      const isOfMember = isMember(from)
      const waiting = isOfMember ? members : others
      if (!isOfMember && others.size >= othersMax && !others.has(from)) return
      waiting.set(from, fetch)
      begin()
    },
    serve(asked) {
      const serving = servings.get(asked.to)
      if (serving === undefined) return
      serving.isAnswered = true
      const { blocks } = asked
      if (!('through' in blocks)) return answer(asked, blocks)
      // As they are stored: what the store gives out it has checked, and whoever gets it looks at every byte.
      store.read(blocks.from, blocks.through, fetchedBytes).then(
        (rows) => answer(asked, rows),
        (error: unknown) => {
          logger.warn('blocks-unread', { from: blocks.from, error })
          end(asked.to)
        },
      )
    },
    asked(from) {
      if (servings.get(from)?.isAnswered === false) end(from)
    },
    close() {
      isClosed = true
      stopWaiting?.()
      for (const { cancel } of servings.values()) cancel()
    },
  }
}
