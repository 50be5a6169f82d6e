import type { Api } from '../../src/api/client.ts'
import type { Door } from './door.ts'

/** The peer's last answer to one question, asked again whenever something happened that may have changed it. */
export interface Live<T> {
  /** The same object until the answer is another one; `undefined`: not answered yet. */
  read(): T | undefined
  /** The code of a refusal, such as `auction-unknown`. */
  failure(): string | undefined
  /** Only while somebody listens is it asked. */
  subscribe(listener: () => void): () => void
  /** What is known is out of date. However often this is said, one question is under way at a time. */
  refresh(): void
}

export function createLive<T>(door: Door, ask: (api: Api) => Promise<T>, onAnswer: (answer: T) => void = () => {}): Live<T> {
  const listeners = new Set<() => void>()
  let value: T | undefined
  let text: string | undefined
  let failure: string | undefined
  let isStale = true
  let isAsking = false

  const tell = (): void => {
    for (const listener of [...listeners]) listener()
  }

  const askOnce = async (): Promise<void> => {
    isStale = false
    try {
      const answer = await ask(await door.api())
      onAnswer(answer)
      const told = JSON.stringify(answer)
      if (told === text && failure === undefined) return
      value = answer
      text = told
      failure = undefined
    } catch (error) {
      // A lost connection is told by the door, and everything is asked again when it is back.
      const code = codeOf(error)
      if (code === undefined || code === 'unsettled' || code === failure) return
      failure = code
    }
    tell()
  }

  const askWhileStale = async (): Promise<void> => {
    if (isAsking) return
    isAsking = true
    while (isStale && listeners.size > 0) await askOnce()
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
  }
}

/** The contract's code of a refusal; `undefined` for whatever else can be thrown. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
