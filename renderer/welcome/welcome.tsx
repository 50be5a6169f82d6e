import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Delayed } from '../parts/empty.tsx'
import { inText } from '../parts/name.tsx'
import { useRefusal } from '../parts/outcome.tsx'
import { go } from '../room/location.ts'
import type { RoomsView } from '../room/rooms.ts'
import { paths } from '../room/routes.ts'
import { useRooms, useStatus } from '../room/use-room.tsx'
import { CrossIcon } from '../shell/icons.tsx'
import { CreateRoom } from './create-room.tsx'
import { Damaged } from './damaged.tsx'
import { Entering } from './entering.tsx'
import { Here } from './here.tsx'
import { JoinBy } from './join-by.tsx'
import { OwnName } from './own-name.tsx'
import { Sight } from './sight.tsx'
import { type Ways, WaysContext } from './ways.ts'
import './welcome.css'

/** Which rooms there are, and the ways into one and out. `room`: the id of the one that is asked for. */
export default function Welcome({ room }: { readonly room: string | undefined }) {
  const { t } = useTranslation('welcome')
  const rooms = useRooms()
  const status = useStatus()
  const { ways, wasTriedHere } = useWays(rooms?.state)
  if (rooms === undefined) return <Delayed />
  const isIn = rooms.state === 'in'
  const isEntering = rooms.state === 'entering'
  const isDamaged = rooms.failed?.code === 'store-damaged'
  return (
    <WaysContext value={ways}>
      <h1>{t('title')}</h1>
      <div className="welcome">
        <div className="welcome-main">
          <Failed rooms={rooms} isTold={wasTriedHere} />
          {isEntering && <Entering rooms={rooms} />}
          {isIn && status !== undefined && <Here status={status} />}
          <Sight rooms={rooms} chosen={room} />
        </div>
        <div className="welcome-side">
          <OwnName name={rooms.name} />
          {/* Only hidden: what is typed there stays, and so does what is waited for. */}
          <div className="ways" hidden={isEntering}>
            <JoinBy />
            <CreateRoom
              current={isIn ? rooms.room?.name : undefined}
              isFirst={!isIn && !isDamaged && rooms.inSight.length === 0}
            />
          </div>
        </div>
      </div>
    </WaysContext>
  )
}

/** Why it is not in the room that it was to enter, as at the start of the peer. `isTold`: a form says for itself what became of it. */
function Failed({ rooms, isTold }: { readonly rooms: RoomsView; readonly isTold: boolean }) {
  const { t } = useTranslation('welcome')
  const refusal = useRefusal()
  const { failed, room } = rooms
  if (failed === undefined) return null
  if (failed.code === 'store-damaged') {
    const whole = failed.facts?.index
    return <Damaged rooms={rooms} whole={typeof whole === 'number' ? whole : undefined} />
  }
  if (isTold) return null
  return (
    <div className="outcome" role="status">
      <p className="bad">
        <CrossIcon />
        <span className="grow">
          {room !== undefined && `${t('notIn', { name: inText(room.name) })} `}
          {refusal({ kind: 'refused', code: failed.code, text: failed.text, facts: failed.facts ?? {} })}
        </span>
      </p>
    </div>
  )
}

/** Whoever has come into a room by this screen wants to see what is there; who has founded one, to let others in. */
function useWays(state: RoomsView['state'] | undefined): { readonly ways: Ways; readonly wasTriedHere: boolean } {
  const [tried, setTried] = useState<'join' | 'create'>()
  const before = useRef(state)
  useEffect(() => {
    const cameIn = before.current === 'entering' && state === 'in'
    before.current = state
    if (cameIn && tried !== 'create') go(paths.auctions)
  }, [state, tried])
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
