import { useCallback, useRef, useState } from 'react'
import type { Api } from '../../src/api/client.ts'
import { codeOf } from './live.ts'
import type { Committed, Outcome, Refused } from './outcome.ts'
import { useRoom } from './use-room.tsx'

export type Request = { readonly requestId: string }

export interface Act {
  readonly outcome: Outcome
  /** Asks the peer, with a request id by which it is done once, however often it is asked again. Resolves with what became of it. */
  run(operation: (api: Api, request: Request) => Promise<Committed>): Promise<Outcome>
  /** The same again, with the same request id; only where it is `unsettled`. */
  askAgain(): Promise<Outcome>
  forget(): void
}

export function useAct(): Act {
  const { door, pending } = useRoom()
  const [outcome, setOutcome] = useState<Outcome>({ kind: 'none' })
  const last = useRef<(() => Promise<Outcome>) | undefined>(undefined)

  const run = useCallback<Act['run']>(
    (operation) => {
      const request = { requestId: crypto.randomUUID() }
      const ask = async (): Promise<Outcome> => {
        setOutcome({ kind: 'pending' })
        const answer = outcomeOf(door.api().then((api) => operation(api, request)))
        // Without a quorum no event tells that it waits.
        pending.refresh()
        const became = await answer
        // Another one may have been asked for meanwhile: it is that one's outcome that is shown.
        if (last.current === ask) setOutcome(became)
        return became
      }
      last.current = ask
      return ask()
    },
    [door, pending],
  )
  const askAgain = useCallback(async (): Promise<Outcome> => (await last.current?.()) ?? { kind: 'none' }, [])
  const forget = useCallback(() => {
    last.current = undefined
    setOutcome({ kind: 'none' })
  }, [])
  return { outcome, run, askAgain, forget }
}

export async function outcomeOf(answer: Promise<Committed>): Promise<Outcome> {
  try {
    const { operation, block } = await answer
    return { kind: 'committed', receipt: { operation, block } }
  } catch (error) {
    return refusedOf(error) ?? { kind: 'unsettled' }
  }
}

/** The peer said no; `undefined`: it said nothing, or that it does not know yet. */
export function refusedOf(error: unknown): Refused | undefined {
  const code = codeOf(error)
  if (code === undefined || code === 'unsettled' || !(error instanceof Error)) return undefined
  const data: unknown = 'data' in error ? error.data : undefined
  const facts = typeof data === 'object' && data !== null ? (data as Readonly<Record<string, unknown>>) : {}
  return { kind: 'refused', code, facts, text: error.message }
}
