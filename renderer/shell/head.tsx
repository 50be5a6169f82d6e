import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { useEffect, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import type { StatusView } from '../../src/api/views.ts'
import { initialsOf, Name, shortName } from '../parts/name.tsx'
import { isHere, reachableCount } from '../room/members.ts'
import type { RoomsView } from '../room/rooms.ts'
import { paths } from '../room/routes.ts'
import { useNameOf, useRole, useRoom, useRooms, useStatus } from '../room/use-room.tsx'
import { ChevronIcon, MoonIcon, SunIcon } from './icons.tsx'
import { Keys } from './keys.tsx'

/** The room, what this peer is in it, its members in ring order with the one that has the token lit, and the quorum in words. */
export function Head() {
  const { t } = useTranslation()
  const status = useStatus()
  const rooms = useRooms()
  const { role } = useRole()
  const room = status?.room.name ?? rooms?.room?.name
  useEffect(() => {
    document.title = room === undefined ? 'Gavelring' : `${shortName(room)} · Gavelring`
  }, [room])
  return (
    <header className="head">
      <div className="head-room">
        <a href={paths.welcome} title={t('toRooms')}>
          <strong>{room === undefined ? 'Gavelring' : <Name text={room} />}</strong>
          <ChevronIcon />
        </a>
        {role !== 'owner' && <span className="tag">{t(`may_${role}`)}</span>}
        {status === undefined ? rooms !== undefined && <Whereabouts rooms={rooms} /> : <Standing status={status} />}
      </div>
      <Members />
      <Keys />
      <ThemeSwitch />
    </header>
  )
}

/** Of a peer that is in no room. */
function Whereabouts({ rooms }: { readonly rooms: RoomsView }) {
  const { t } = useTranslation()
  if (rooms.state === 'in') return null
  return <span className="faint">{rooms.state === 'entering' ? t('entering') : t('noRoom')}</span>
}

function Standing({ status }: { readonly status: StatusView }) {
  const { t } = useTranslation()
  const count = status.members.length
  const reachable = reachableCount(status)
  return (
    <span className="faint">
      {status.role !== 'member' && <span className="tag">{t(`role_${status.role}`)}</span>}
      <span>{status.quorum ? t('quorumHeld', { reachable, count }) : t('noQuorum', { reachable, count })}</span>
    </span>
  )
}

/** So many circles; the rest as a number. */
const circlesMax = 12

function Members() {
  const { t } = useTranslation()
  const room = useRoom()
  const status = useStatus()
  const nameOf = useNameOf()
  const holder = useSyncExternalStore(room.holder.subscribe, room.holder.read)
  if (status === undefined) return null
  const { members, self } = status
  return (
    <ol className={members.length > 4 ? 'members many' : 'members'} aria-label={t('ringOf', { count: members.length })}>
      {members.slice(0, circlesMax).map((member) => {
        const name = shortName(nameOf(member))
        const isReachable = isHere(status, member)
        const isLit = isReachable && member === holder
        const told = isLit ? t('holdsToken', { name }) : isReachable ? t('memberOf', { name }) : t('unreachableMember', { name })
        return (
          <li key={member} className={isLit ? 'member lit' : isReachable ? 'member' : 'member away'} title={told}>
            <span aria-hidden="true">{initialsOf(name)}</span>
            <span className="unseen">{member === self ? `${told} (${t('you')})` : told}</span>
          </li>
        )
      })}
      {members.length > circlesMax && <li className="faint">+{members.length - circlesMax}</li>}
    </ol>
  )
}

function ThemeSwitch() {
  const { t } = useTranslation('settings')
  const { setColorScheme } = useMantineColorScheme()
  const shown = useComputedColorScheme('light')
  const other = shown === 'light' ? 'dark' : 'light'
  return (
    <button
      type="button"
      className="round"
      aria-label={`${t('theme')}: ${t(other)}`}
      title={`${t('theme')}: ${t(other)}`}
      onClick={() => setColorScheme(other)}
    >
      {other === 'dark' ? <MoonIcon /> : <SunIcon />}
    </button>
  )
}
