import { useEffect, useState } from 'react'
import type { Api } from '../../src/api/client.ts'
import { allLots } from '../../src/api/whole-lists.ts'
import { createLive, type Live } from '../room/live.ts'
import type { Door } from '../room/open-door.ts'
import { useLive, useRoom } from '../room/use-room.tsx'

export type CatalogueLot = Awaited<ReturnType<Api['catalogue']['list']>>[number]

/** The one list of a page, whoever shows it. */
const lives = new WeakMap<Door, Live<readonly CatalogueLot[]>>()
/** No event tells what another window of this peer does to it: it is asked for so often, in milliseconds. */
const lookMillis = 5_000

export function useCatalogue(): { readonly lots: readonly CatalogueLot[] | undefined; refresh(): void } {
  const { door, onMarket } = useRoom()
  const live = lives.get(door) ?? createLive<readonly CatalogueLot[]>(door, (api) => allLots(api))
  lives.set(door, live)
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) live.refresh()
    }, lookMillis)
    // A lot that is started leaves it.
    const stop = onMarket(({ kind }) => {
      if (kind === 'auction-started') live.refresh()
    })
    return () => {
      clearInterval(timer)
      stop()
    }
  }, [live, onMarket])
  return { lots: useLive(live), refresh: live.refresh }
}

/** Its picture, once it has come; empty: it has none. */
export function useCataloguePicture({ id, hasPicture }: CatalogueLot): string {
  const { door } = useRoom()
  const [picture, setPicture] = useState('')
  useEffect(() => {
    setPicture('')
    if (!hasPicture) return
    let isGone = false
    const ask = async (): Promise<void> => {
      const answer = await (await door.api()).catalogue.picture({ id })
      if (!isGone) setPicture(answer.picture)
    }
    // A lot that is gone meanwhile has none to show.
    ask().catch(() => {})
    return () => {
      isGone = true
    }
  }, [door, id, hasPicture])
  return picture
}
