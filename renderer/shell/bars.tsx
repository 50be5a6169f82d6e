import { Progress } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { shortName } from '../parts/name.tsx'
import type { DoorState } from '../room/door.ts'
import { useFormat } from '../room/format.ts'
import { missingOf, reachableCount } from '../room/members.ts'
import { useDoorState, useNameOf, useRoom, useStatus } from '../room/use-room.tsx'

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
  const { t } = useTranslation()
  const door = useSteadyDoorState()
  const status = useStatus()
  if (door !== 'open') return <p className="bar bad">{t(`door_${door}`)}</p>
  if (status === undefined) return null
  if (status.role === 'stopped') return <p className="bar bad">{t('stopped', { reason: status.trouble ?? '' })}</p>
  // Without a quorum it is read-only, too; with one the disk is the reason.
  if (!status.quorum) return <NoQuorum />
  if (status.role === 'read-only') return <p className="bar bad">{t('readOnly', { reason: status.trouble ?? '' })}</p>
  if (status.behind > 0) return <CatchingUp left={status.behind} />
  if (status.role === 'learner') return <p className="bar">{t('learner')}</p>
  return null
}

function NoQuorum() {
  const { t } = useTranslation()
  const { clock, names } = useFormat()
  const room = useRoom()
  const status = useStatus()
  const nameOf = useNameOf()
  if (status === undefined) return null
  const since = room.quorumLostAt()
  const missing = missingOf(status)
  return (
    <div className="bar">
      <strong>
        {t('quorumLost', { reachable: reachableCount(status), members: status.members.length })}
        {since !== undefined && `, ${t('quorumSince', { time: clock(since) })}`}
      </strong>
      <span>
        {missing.length > 0 &&
          `${t('quorumMissing', { names: names(missing.slice(0, 8).map((peer) => shortName(nameOf(peer)))) })}. `}
        {t('quorumWorks')}
      </span>
    </div>
  )
}

function CatchingUp({ left }: { readonly left: number }) {
  const { t } = useTranslation()
  const most = useRef(left)
  most.current = Math.max(most.current, left)
  return (
    <div className="bar">
      <span>{t('catchingUp', { count: left })}</span>
      <Progress value={(1 - left / most.current) * 100} aria-label={t('catchingUp', { count: left })} />
    </div>
  )
}

function useSteadyDoorState(): DoorState {
  const state = useDoorState()
  const [steady, setSteady] = useState<DoorState>('open')
  useEffect(() => {
    const timer = setTimeout(() => setSteady(state), state === 'open' ? 0 : patienceMillis)
    return () => clearTimeout(timer)
  }, [state])
  return steady
}
