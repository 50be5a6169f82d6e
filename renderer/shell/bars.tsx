import { Button, Progress } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { StatusView } from '../../src/api/views.ts'
import { LeaveRoom } from '../parts/leave-room.tsx'
import { inText } from '../parts/name.tsx'
import { desktop, type ShellState } from '../room/desktop.ts'
import { useFormat } from '../room/format.ts'
import { missingOf, reachableCount } from '../room/members.ts'
import type { DoorState } from '../room/open-door.ts'
import { paths } from '../room/routes.ts'
import { say } from '../room/said.ts'
import { useDoorState, useNameOf, useRoom, useRooms, useShell, useStatus } from '../room/use-room.tsx'

/** A page that has just been opened, or a peer that answers a moment later, is no reason for a bar. */
const patienceMillis = 600

/** At most one calm bar above all: the one that matters most. */
export function Bars() {
  return (
    <div role="status" aria-live="polite" className="bars">
      <Bar />
    </div>
  )
}

function Bar() {
  const { t, i18n } = useTranslation()
  const door = useSteady<DoorState>(useDoorState(), 'open')
  const status = useStatus()
  const rooms = useRooms()
  const isSilent = useSteady(rooms === undefined, false)
  const shell = useShell()
  // The app knows better than the page why nothing answers; and what goes on before the first answer. Of a peer that is there it
  // knows nothing more: then the way to it is lost.
  if (shell !== undefined && (isSilent || (door !== 'open' && !shell.isRunning))) return <OfShell shell={shell} />
  if (door !== 'open') return <p className="bar bad">{t(`door_${door}`)}</p>
  // Of the room, as long as this peer is in one.
  if (status === undefined || rooms?.state === 'none') return null
  const { trouble = '', troubleCode = '' } = status
  const reason = say(i18n, 'trouble', { code: troubleCode }) ?? trouble
  if (status.role === 'stopped') return <p className="bar bad">{t('stopped', { reason })}</p>
  // Without a quorum it is read-only, too; with one the disk is the reason.
  if (!status.quorum) return <NoQuorum />
  if (status.role === 'read-only') return <p className="bar bad">{t('readOnly', { reason })}</p>
  if (status.role === 'forgotten') return <p className="bar">{t('forgotten')}</p>
  if (status.behind > 0) return <CatchingUp left={status.behind} />
  if (status.role === 'learner') return <p className="bar">{t('learner')}</p>
  if (status.role === 'leaving') return <p className="bar">{t('leaving')}</p>
  return <Stray status={status} />
}

function OfShell({ shell: { text, isGone } }: { readonly shell: ShellState }) {
  const { t } = useTranslation()
  return (
    <div className={isGone ? 'bar bad' : 'bar'}>
      <span>{text}</span>
      {isGone && (
        <div className="actions">
          <Button size="compact-sm" variant="default" onClick={() => desktop?.startAgain()}>
            {t('startAgain')}
          </Button>
        </div>
      )}
    </div>
  )
}

/** Another room of this name: whoever came into the wrong one of the two finds the way out here. */
function Stray({ status }: { readonly status: StatusView }) {
  const { t } = useTranslation()
  const [isLeaving, setLeaving] = useState(false)
  const [seen, setSeen] = useState<readonly string[]>([])
  const [other] = status.otherRooms.filter(({ id }) => !seen.includes(id))
  if (other === undefined) return null
  return (
    <div className="bar">
      <span>
        {t('otherRoomOf', {
          name: inText(other.name),
          founder: inText(other.founder),
          count: other.size,
          id: other.id.slice(0, 8),
        })}
      </span>
      {isLeaving ? (
        <LeaveRoom onStay={() => setLeaving(false)} />
      ) : (
        <div className="actions">
          <Button component="a" href={paths.roomOf(other.id)} size="compact-sm" variant="default">
            {t('moveThere')}
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => setLeaving(true)}>
            {t('leaveRoom')}
          </Button>
          <Button size="compact-sm" variant="subtle" onClick={() => setSeen((before) => [...before, other.id])}>
            {t('stayHere')}
          </Button>
        </div>
      )}
    </div>
  )
}

/** So many of those that are missing are named; the rest as a number. */
const namedMax = 8

function NoQuorum() {
  const { t } = useTranslation()
  const { clock, names } = useFormat()
  const room = useRoom()
  const status = useStatus()
  const nameOf = useNameOf()
  if (status === undefined) return null
  const since = room.quorumLostAt()
  const missing = missingOf(status)
  const named = missing.slice(0, namedMax).map((peer) => inText(nameOf(peer)))
  const rest = missing.length - named.length
  const told = rest > 0 ? [...named, t('moreOf', { count: rest })] : named
  return (
    <div className="bar">
      <strong>
        {t('quorumLost', { reachable: reachableCount(status), members: status.members.length })}
        {since !== undefined && `, ${t('quorumSince', { time: clock(since) })}`}
      </strong>
      <span>
        {missing.length > 0 && `${t('quorumMissing', { names: names(told) })}. `}
        {t('quorumWorks')}
      </span>
    </div>
  )
}

function CatchingUp({ left }: { readonly left: number }) {
  const { t } = useTranslation()
  const { number } = useFormat()
  const most = useRef(left)
  most.current = Math.max(most.current, left)
  const told = t('catchingUp', { count: left, left: number(left) })
  return (
    <div className="bar">
      <span className="figures">{told}</span>
      <Progress value={(1 - left / most.current) * 100} aria-label={told} />
    </div>
  )
}

/** `usual` at once, anything else after a while. */
function useSteady<T>(value: T, usual: T): T {
  const [steady, setSteady] = useState(usual)
  useEffect(() => {
    const timer = setTimeout(() => setSteady(value), value === usual ? 0 : patienceMillis)
    return () => clearTimeout(timer)
  }, [value, usual])
  return steady
}
