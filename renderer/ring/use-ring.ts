import { useEffect, useMemo, useReducer, useRef, useState, useSyncExternalStore } from 'react'
import type { PeerView, StatusView } from '../../src/api/views.ts'
import { createLive } from '../room/live.ts'
import { isHere } from '../room/members.ts'
import { useLive, useRoom, useStatus } from '../room/use-room.tsx'
import { askingOf, createHistory, type History } from './history.ts'
import { departingMillis, type Membership, type Sight, seeRing } from './membership.ts'
import type { RingView } from './types.ts'
import { followRing } from './watch.ts'

/** Words and lists follow the steps so often at most, in milliseconds; what moves is drawn by itself. */
const tellMillis = 100
/** What no event tells is asked for so often. */
const lookMillis = 1_000
/** A suspicion that came to nothing is forgotten after so long. */
const suspectMillis = 3_000

/** The ring's steps, followed while the page is seen; whoever uses it is drawn anew when some have come. */
export function useHistory(): History {
  const room = useRoom()
  const isSeen = usePageSeen()
  const history = useMemo(createHistory, [])
  const [, tell] = useReducer((count: number) => count + 1, 0)
  useEffect(() => {
    if (!isSeen) return
    const stop = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const onStep = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined
        tell()
      }, tellMillis)
    }
    void followRing(room, history, onStep, stop.signal)
    return () => {
      stop.abort()
      clearTimeout(timer)
    }
  }, [room, history, isSeen])
  return history
}

const subscribeSeen = (listener: () => void): (() => void) => {
  document.addEventListener('visibilitychange', listener)
  return () => document.removeEventListener('visibilitychange', listener)
}

const usePageSeen = (): boolean => useSyncExternalStore(subscribeSeen, () => !document.hidden)

/** The peer's own word on the ring: its pace, its last turns, whom it suspects. */
export function useRingView(): RingView | undefined {
  const { door, status, peers } = useRoom()
  const live = useMemo(() => createLive(door, (api) => api.ring.show()), [door])
  useEffect(() => {
    const stops = [status.subscribe(live.refresh), peers.subscribe(live.refresh)]
    const timer = setInterval(live.refresh, lookMillis)
    return () => {
      clearInterval(timer)
      for (const stop of stops) stop()
    }
  }, [live, status, peers])
  return useLive(live)
}

/** Who is in the ring, who is suspected, who has just gone, and what happened of late. */
export function useMembership(ring: RingView | undefined, history: History): Membership | undefined {
  const { now, onEvent } = useRoom()
  const status = useStatus()
  const peers = useLive(useRoom().peers)
  const [membership, setMembership] = useState<Membership>()
  const last = useRef<Membership | undefined>(undefined)
  /** Whom this peer said it suspects, and when: the vote may be over before the next answer. */
  const heard = useRef(new Map<string, number>())

  useEffect(
    () =>
      onEvent((event) => {
        if (event.kind !== 'suspected' || event.suspect === undefined || last.current === undefined) return
        const { sight } = last.current
        heard.current.set(event.suspect, event.at)
        if (!sight.members.includes(event.suspect) || sight.suspected.includes(event.suspect)) return
        last.current = seeRing(last.current, { ...sight, at: event.at, suspected: [...sight.suspected, event.suspect] })
        setMembership(last.current)
      }),
    [onEvent],
  )

  useEffect(() => {
    if (status === undefined) return
    const see = (): void => {
      const at = now()
      const isAnew = last.current?.sight.epoch !== status.epoch
      for (const [peer, since] of heard.current) if (isAnew || at - since > suspectMillis) heard.current.delete(peer)
      last.current = seeRing(last.current, {
        ...sightOf(status, peers, ring, heard.current),
        at,
        asking: askingOf(history.past(), at),
      })
      setMembership(last.current)
    }
    see()
    if (last.current?.departures.length === 0) return
    // Once more when they are gone.
    const timer = setTimeout(see, departingMillis)
    return () => clearTimeout(timer)
  }, [status, peers, ring, history, now])
  return membership
}

function sightOf(
  status: StatusView,
  peers: readonly PeerView[] | undefined,
  ring: RingView | undefined,
  heard: ReadonlyMap<string, number>,
): Omit<Sight, 'at' | 'asking'> {
  const { self, epoch, members, quorum } = status
  const suspected = new Set([...heard.keys(), ...(ring?.epoch === epoch ? ring.suspected : [])])
  for (const { peer, suspected: isSuspected } of peers ?? []) if (isSuspected) suspected.add(peer)
  return {
    self,
    epoch,
    members,
    quorum,
    suspected: members.filter((member) => suspected.has(member)),
    reachable: members.filter((member) => isHere(status, member)),
  }
}
