/**
 * A message port takes whatever is posted, and says nothing of who reads it: words to a page that hangs pile up in the memory of
 * the peer's process. So the page says, as a bare number, how much it has taken in all, and no more than a window full is under
 * way. Both ends count alike.
 */

/** Characters or bytes that may be under way; the last words that fit in may be longer. */
export const windowSize = 1024 * 1024
/** The page tells of each further part of this size: well before the window is full. */
const partSize = windowSize / 8
/** Short words take memory, too. */
const wordsSizeMin = 256

/**
 * The last that the peer says on a port, before it closes it: a browser tells a page nothing of a port that was closed at its other
 * end, and what the page asks from then on would wait for ever.
 */
export const hangUp = null

/** Text; bytes where a file is in it. */
export type PortWords = string | ArrayBufferLike | Uint8Array

export const isPortWords = (said: unknown): said is PortWords =>
  typeof said === 'string' || said instanceof Uint8Array || said instanceof ArrayBuffer

/** In characters or bytes. */
export const sizeOf = (words: PortWords): number => (typeof words === 'string' ? words.length : words.byteLength)

const countOf = (words: PortWords): number => Math.max(wordsSizeMin, sizeOf(words))

/** The page's end: counts what comes, and `tell`s the count in all when there is much more of it. */
export function createTaking(tell: (total: number) => void): (words: PortWords) => void {
  let total = 0
  let told = 0
  return (words) => {
    total += countOf(words)
    if (total - told < partSize) return
    told = total
    tell(total)
  }
}

/** The peer's end. */
export interface PortWindow {
  /** Resolves when the words are posted, in the order of asking, or when nobody will read them any more. */
  send(words: PortWords): Promise<void>
  /** The page has taken so much in all. `false`: it cannot have. */
  take(total: number): boolean
  close(): void
}

export function createPortWindow(post: (words: PortWords) => void): PortWindow {
  const waiting: { readonly words: PortWords; readonly done: () => void }[] = []
  let posted = 0
  let taken = 0
  let isClosed = false
  const isFull = (): boolean => posted - taken >= windowSize
  const postNow = (words: PortWords): void => {
    posted += countOf(words)
    post(words)
  }
  return {
    async send(words) {
      if (isClosed) return
      if (waiting.length === 0 && !isFull()) return postNow(words)
      await new Promise<void>((done) => waiting.push({ words, done }))
    },
    take(total) {
      if (!(total >= taken && total <= posted)) return false
      taken = total
      while (!isFull()) {
        const next = waiting.shift()
        if (next === undefined) break
        postNow(next.words)
        next.done()
      }
      return true
    },
    close() {
      isClosed = true
      for (const { done } of waiting.splice(0)) done()
    },
  }
}
