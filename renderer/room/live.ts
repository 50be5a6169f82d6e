import type { Api } from '../../src/api/client.ts'
import type { RefusalCode } from '../../src/api/views.ts'

/** The peer's last answer to one question, asked again whenever something happened that may have changed it. */
export interface Live<T> {
  /** The same object until the answer is another one; `undefined`: not answered yet. */
  read(): T | undefined
  /** The code of a refusal, such as `auction-unknown`. */
  failure(): RefusalCode | undefined
  /** Only while somebody listens is it asked. */
  subscribe(listener: () => void): () => void
  /** What is known is out of date. However often this is said, one question is under way at a time. */
  refresh(): void
  /** What is known belongs to a room that is left: it is gone, and asked for anew. */
  forget(): void
}

/** The part of a door that is needed to ask. */
interface Asked {
  api(): Promise<Api>
}

/**
 * The same is asked so often at most, in milliseconds: the first time something happens at once, and in a busy room ten times a
 * second, which is as often as anybody can read, and leaves peer and page time for all else.
 */
const restMillis = 100

export function createLive<T>(door: Asked, ask: (api: Api) => Promise<T>, onAnswer: (answer: T) => void = () => {}): Live<T> {
  const listeners = new Set<() => void>()
  let value: T | undefined
  let text: string | undefined
  let failure: RefusalCode | undefined
  let isStale = true
  let isAsking = false
  let askedAt = Number.NEGATIVE_INFINITY
  /** Counts what was forgotten: an answer to a question from before that says nothing. */
  let era = 0

  const tell = (): void => {
    for (const listener of [...listeners]) listener()
  }

  const drop = (): void => {
    value = undefined
    text = undefined
  }

  const askOnce = async (): Promise<void> => {
    isStale = false
    const asked = era
    try {
      const answer = await ask(await door.api())
      if (era !== asked) return
      onAnswer(answer)
      const told = JSON.stringify(answer)
      if (told === text && failure === undefined) return
      value = answer
      text = told
      failure = undefined
    } catch (error) {
      // A lost connection is told by the door, and everything is asked again when it is back.
      const code = codeOf(error)
      if (era !== asked || code === undefined || code === 'unsettled' || code === failure) return
      failure = code
      // In no room there is nothing left to show.
      if (code === 'no-room') drop()
    }
    tell()
  }

  const askWhileStale = async (): Promise<void> => {
    if (isAsking) return
    isAsking = true
    while (isStale && listeners.size > 0) {
      const rest = askedAt + restMillis - performance.now()
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest))
      if (listeners.size === 0) break
      askedAt = performance.now()
      await askOnce()
    }
    isAsking = false
  }

  return {
    read: () => value,
    failure: () => failure,
    subscribe(listener) {
      listeners.add(listener)
      void askWhileStale()
      return () => {
        listeners.delete(listener)
        // Meanwhile nobody asks: who comes back sees what was known, and asks.
        if (listeners.size === 0) isStale = true
      }
    },
    refresh() {
      isStale = true
      void askWhileStale()
    },
    forget() {
      era++
      drop()
      failure = undefined
      isStale = true
      tell()
      void askWhileStale()
    },
  }
}

/** The contract's code of a refusal, or one of another version's contract; `undefined` for whatever else can be thrown. */
export function codeOf(error: unknown): RefusalCode | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? (error.code as RefusalCode) : undefined
}
