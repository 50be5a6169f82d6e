import { useCallback, useState } from 'react'
import { type Asked, useAsk } from '../room/ask.ts'
import { go } from '../room/location.ts'
import { paths } from '../room/routes.ts'
import { useRoom } from '../room/use-room.tsx'
import { useWays } from './ways.ts'

/** How long somebody who is in the room is looked for before it is said that nobody was found, in milliseconds. */
const lookMillis = 30_000

interface Target {
  /** A join link, an address, the first digits of a room's id, or a name. */
  readonly to: string
  readonly code: string
}

export interface Joining {
  readonly asked: Asked
  /** The room that is here holds something that was done in it: only {@link force} leaves it, and its log is kept. */
  readonly needsForce: boolean
  join(target: Target): Promise<void>
  /** The same once more, although the room that is here has history. */
  force(): Promise<void>
  /** Calls it off. */
  cancel(): void
}

export function useJoin(): Joining {
  const room = useRoom()
  const { onTry } = useWays()
  const { asked, run, forget } = useAsk<object>()
  const [last, setLast] = useState<Target>()
  const ask = useCallback(
    async ({ to, code }: Target, force: boolean): Promise<void> => {
      onTry('join')
      setLast({ to, code })
      const options = { to, force, deadlineMillis: lookMillis, ...(code === '' ? {} : { code }) }
      const joined = await run((api, signal) => api.rooms.join(options, { signal }))
      room.rooms.refresh()
      if (joined !== undefined) go(paths.auctions)
    },
    [room, run, onTry],
  )
  return {
    asked,
    needsForce: asked.kind === 'refused' && asked.code === 'room-has-history',
    join: (target) => ask(target, false),
    force: async () => {
      if (last !== undefined) await ask(last, true)
    },
    cancel: () => {
      forget()
      void room.door
        .api()
        .then((api) => api.rooms.cancel())
        .then(room.rooms.refresh, room.rooms.refresh)
    },
  }
}
