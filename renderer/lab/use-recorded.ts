import { useCallback, useEffect, useState } from 'react'
import { type Asked, useAsk } from '../room/ask.ts'
import { useRoom } from '../room/use-room.tsx'
import type { Recorded } from './types.ts'

const pageCount = 50

interface Known {
  /** The newest first. */
  readonly recorded: readonly Recorded[]
  /** Where older ones are looked for; `undefined`: nothing was looked at yet. */
  readonly lookedTo: number | undefined
  readonly isWhole: boolean
}

export interface UsedRecorded extends Omit<Known, 'lookedTo'> {
  readonly asked: Asked
  /** Older ones, too. */
  more(): void
}

/** What the log has of experiments, the newest page by itself; asked anew when one has ended. */
export function useRecorded(): UsedRecorded {
  const { onMarket } = useRoom()
  const { asked, run } = useAsk<void>()
  const [known, setKnown] = useState<Known>({ recorded: [], lookedTo: undefined, isWhole: false })
  const look = useCallback(
    (before: number | undefined) =>
      void run(async (api) => {
        const { recorded, lookedTo, isWhole } = await api.lab.results({
          count: pageCount,
          ...(before !== undefined && { before }),
        })
        setKnown((then) => ({ recorded: before === undefined ? recorded : joined(then.recorded, recorded), lookedTo, isWhole }))
      }),
    [run],
  )
  useEffect(() => {
    look(undefined)
    return onMarket((event) => {
      if (event.kind === 'experiment-ended') look(undefined)
    })
  }, [look, onMarket])
  return { recorded: known.recorded, isWhole: known.isWhole, asked, more: () => look(known.lookedTo) }
}

/** A page that is looked at again brings nothing twice. */
const joined = (before: readonly Recorded[], older: readonly Recorded[]): readonly Recorded[] => {
  const known = new Set(before.map(({ experiment, what }) => `${experiment} ${what}`))
  return [...before, ...older.filter(({ experiment, what }) => !known.has(`${experiment} ${what}`))]
}
