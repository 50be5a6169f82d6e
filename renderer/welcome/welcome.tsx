import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Allowed } from '../parts/allowed.tsx'
import { Delayed } from '../parts/empty.tsx'
import { inText } from '../parts/name.tsx'
import { useRefusal } from '../parts/outcome.tsx'
import { go } from '../room/location.ts'
import type { RoomsView } from '../room/rooms.ts'
import { paths } from '../room/routes.ts'
import { useRooms, useStatus } from '../room/use-room.tsx'
import { CrossIcon } from '../shell/icons.tsx'
import { Damaged } from './damaged.tsx'
import { Entering } from './entering.tsx'
import { Here } from './here.tsx'
import { OtherWays } from './other-ways.tsx'
import { OwnNameLine } from './own-name.tsx'
import { Before, Sight } from './sight.tsx'
import { otherWays, type Way, type Ways, WaysContext } from './ways.ts'
import './welcome.css'

/**
 * Which rooms there are, and the ways into one and out: first what people do most, to go into one that is found here. The others are a
 * click away, and only one of all is open. `room`: the id of the one that is asked for.
 */
export default function Welcome({ room }: { readonly room: string | undefined }) {
  const { t } = useTranslation('welcome')
  const rooms = useRooms()
  const status = useStatus()
  const { ways, wasTriedHere } = useWays(rooms)
  const [opened, setOpened] = useState(room)
  // Also where this screen was up before: a bar on top of it may lead to a room.
  useEffect(() => setOpened(room), [room])
  const isIn = rooms?.state === 'in'
  useEffect(() => {
    if (isIn) setOpened((before) => (isOther(before) ? undefined : before))
  }, [isIn])
  if (rooms === undefined) return <Delayed />
  const isEntering = rooms.state === 'entering'
  const { failed } = rooms
  const isDamaged = failed?.code === 'store-damaged' && rooms.state === 'none'
  const isFree = !isIn && !isEntering && !isDamaged
  return (
    <WaysContext value={ways}>
      <div className="welcome">
        <div>
          <h1>{t('title')}</h1>
          <OwnNameLine name={rooms.name} />
        </div>
        {failed !== undefined && <Failed rooms={rooms} failed={failed} isTold={wasTriedHere} />}
        {isEntering && <Entering rooms={rooms} />}
        {isIn && status !== undefined && <Here status={status} />}
        <Allowed to="rooms.join">
          <Sight rooms={rooms} opened={opened} onOpen={setOpened} isFirst={isFree && opened === undefined} />
          {!isEntering && <Before rooms={rooms} except={isDamaged ? failed.room : undefined} />}
          <section className="ways" aria-label={t('otherWays')} hidden={isEntering}>
            <OtherWays
              current={isIn ? rooms.room?.name : undefined}
              isFirst={isFree && rooms.inSight.length === 0}
              open={isOther(opened) ? opened : undefined}
              onOpen={setOpened}
            />
          </section>
        </Allowed>
      </div>
    </WaysContext>
  )
}

const isOther = (opened: string | undefined): opened is Way => otherWays.some((way) => way === opened)

interface FailedProps {
  readonly rooms: RoomsView
  readonly failed: NonNullable<RoomsView['failed']>
  /** A form says for itself what became of it. */
  readonly isTold: boolean
}

/** Why it is not in the room that it was to enter, as at the start of the peer. */
function Failed({ rooms, failed, isTold }: FailedProps) {
  const { t } = useTranslation('welcome')
  const refusal = useRefusal()
  // Who came back to another room hears of that from whoever asked.
  if (failed.code === 'store-damaged' && rooms.state === 'none') {
    const whole = failed.facts?.index
    return <Damaged rooms={rooms} name={failed.room} whole={typeof whole === 'number' ? whole : undefined} />
  }
  if (isTold) return null
  return (
    <div className="outcome" role="status">
      <p className="bad">
        <CrossIcon />
        <span className="grow">
          {failed.room !== undefined && `${t('notIn', { name: inText(failed.room) })} `}
          {refusal({ kind: 'refused', code: failed.code, text: failed.text, facts: failed.facts ?? {} })}
        </span>
      </p>
    </div>
  )
}

/** Whoever has come into a room by this screen wants to see what is there; who has founded one, to let others in. */
function useWays(rooms: RoomsView | undefined): { readonly ways: Ways; readonly wasTriedHere: boolean } {
  const [tried, setTried] = useState<'join' | 'create'>()
  const [state, room] = [rooms?.state, rooms?.room?.id]
  const before = useRef({ state, room })
  useEffect(() => {
    const last = before.current
    before.current = { state, room }
    // Whoever moves from one room to another may be there before this page asks again: it sees no way in between.
    const hasMoved = tried === 'join' && last.room !== undefined && room !== last.room
    const cameIn = state === 'in' && (last.state === 'entering' || hasMoved)
    if (cameIn && tried !== 'create') go(paths.auctions)
  }, [state, room, tried])
  const ways = useMemo(
    () => ({
      onTry(way: 'join' | 'create'): void {
        setTried(way)
        // In no room this screen stands in for another one, which would come up, and this one go, before the answer is here.
        go(paths.welcome)
      },
    }),
    [],
  )
  return { ways, wasTriedHere: tried !== undefined }
}
