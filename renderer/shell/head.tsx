import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { useEffect, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { initialsOf, Name, shortName } from '../parts/name.tsx'
import { isHere, reachableCount } from '../room/members.ts'
import { useNameOf, useRoom, useStatus } from '../room/use-room.tsx'
import { MoonIcon, SunIcon } from './icons.tsx'

/** The room, its members in ring order with the one that has the token lit, and the quorum in words. */
export function Head() {
  const { t } = useTranslation()
  const status = useStatus()
  const room = status?.room.name
  useEffect(() => {
    document.title = room === undefined ? 'Gavelring' : `${shortName(room)} · Gavelring`
  }, [room])
  return (
    <header className="head">
      <div className="head-room">
        <strong>{status === undefined ? 'Gavelring' : <Name text={status.room.name} />}</strong>
        {status !== undefined && (
          <span className="faint">
            {status.quorum
              ? t('quorumHeld', { reachable: reachableCount(status), count: status.members.length })
              : t('noQuorum', { reachable: reachableCount(status), count: status.members.length })}
          </span>
        )}
      </div>
      <Members />
      <ThemeSwitch />
    </header>
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
