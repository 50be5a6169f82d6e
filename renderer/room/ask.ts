import { useCallback, useEffect, useRef, useState } from 'react'
import type { Api } from '../../src/api/client.ts'
import { refusedOf } from './act.ts'
import type { Refused } from './outcome.ts'
import { useRoom } from './use-room.tsx'

/** What became of something that was asked of the peer itself, and is no operation of the room. */
export type Asked =
  | { readonly kind: 'none' }
  | { readonly kind: 'asking' }
  | { readonly kind: 'done' }
  /** The connection went meanwhile. */
  | { readonly kind: 'lost' }
  | Refused

export interface Asking<T> {
  readonly asked: Asked
  /** Resolves with the answer; `undefined`: there was none, `asked` says why. */
  run(question: (api: Api, signal: AbortSignal) => Promise<T>): Promise<T | undefined>
  /** Whatever is under way is no longer waited for. */
  forget(): void
}

export function useAsk<T>(): Asking<T> {
  const { door } = useRoom()
  const [asked, setAsked] = useState<Asked>({ kind: 'none' })
  const last = useRef<AbortController | undefined>(undefined)
  useEffect(() => () => last.current?.abort(), [])

  const run = useCallback<Asking<T>['run']>(
    async (question) => {
      last.current?.abort()
      const own = new AbortController()
      last.current = own
      const become = (next: Asked): void => {
        if (!own.signal.aborted) setAsked(next)
      }
      become({ kind: 'asking' })
      try {
        const answer = await question(await door.api(), own.signal)
        become({ kind: 'done' })
        return own.signal.aborted ? undefined : answer
      } catch (error) {
        become(refusedOf(error) ?? { kind: 'lost' })
        return undefined
      }
    },
    [door],
  )
  const forget = useCallback(() => {
    last.current?.abort()
    setAsked({ kind: 'none' })
  }, [])
  return { asked, run, forget }
}
