import { Button, TextInput } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { inText, Name } from '../parts/name.tsx'
import { useFormat } from '../room/format.ts'
import { LockIcon } from '../shell/icons.tsx'
import { useEscape } from './fold.tsx'
import { JoinState } from './join-state.tsx'
import type { SeenRoom } from './sight-order.ts'
import { useJoin } from './use-join.ts'

const codeCharsMax = 128
/** So many of the people in it are named. */
const peopleMax = 6

/**
 * One room in sight: who founded it, since when, how many are in, whether it has a code. It is joined by its id, never by its
 * name; and in two steps where that needs a code, leaves another room, or where a second room has the same name.
 */
export function RoomRow({
  seen: { room, hasTwin, isKnown },
  current,
  canJoin,
  isFirst,
  isOpen,
  onToggle,
}: {
  readonly seen: SeenRoom
  /** The name of the room that this peer would leave for it. */
  readonly current: string | undefined
  readonly canJoin: boolean
  /** Nothing is nearer at hand than to go into this one. */
  readonly isFirst: boolean
  readonly isOpen: boolean
  onToggle(): void
}) {
  const { t } = useTranslation('welcome')
  const { names, number } = useFormat()
  const age = useAge(room.founded)
  const joining = useJoin()
  const [code, setCode] = useState('')
  const row = useRef<HTMLLIElement>(null)
  const wasOpen = useRef(false)
  useEffect(() => {
    // Another part of the screen may lead here.
    if (isOpen) row.current?.scrollIntoView({ block: 'nearest' })
    // Closed, the keyboard goes on where it was, unless it is elsewhere by now.
    else if (wasOpen.current && document.activeElement === document.body) row.current?.querySelector('button')?.focus()
    wasOpen.current = isOpen
  }, [isOpen])
  useEscape(row, isOpen, onToggle)
  const needsCode = room.hasCode && !isKnown
  const needsLook = room.hasCode || hasTwin || current !== undefined
  const shown = room.people.slice(0, peopleMax).map(inText)
  const people =
    room.people.length > shown.length
      ? [...shown, t('moreOf', { ns: 'common', count: room.people.length - shown.length })]
      : shown
  const id = room.id.slice(0, 8)
  const join = (): void => void joining.join({ to: room.id, code })
  return (
    <li ref={row} className={room.isHere ? 'room-row here' : 'room-row'} data-room={room.id}>
      <div className="row top">
        <div className="grow">
          <p className="room-name">
            <Name text={room.name} />
            {room.hasCode && (
              <span className="tag">
                <LockIcon />
                {t('codeNeeded')}
              </span>
            )}
            {room.isHere && <span className="tag">{t('youAreHere')}</span>}
            {!room.isHere && isKnown && <span className="tag">{t('beenHere')}</span>}
          </p>
          <p className={hasTwin ? 'twin' : 'faint'}>
            {t('foundedBy', { founder: inText(room.founder) })}, {age} ·{' '}
            {t('members', { count: room.size, number: number(room.size) })}
            {(hasTwin || isOpen) && (
              <>
                {' · '}
                {t('idIs')} <code>{id}</code>
              </>
            )}
          </p>
          {people.length > 0 && <p className="faint people">{t('peopleHere', { names: names(people) })}</p>}
          {!room.speaksOurs && <p className="bad">{t('otherVersion', { version: room.version })}</p>}
        </div>
        {!room.isHere && room.speaksOurs && canJoin && !isOpen && (
          <Button
            variant={isFirst ? 'filled' : 'default'}
            disabled={joining.asked.kind === 'asking'}
            aria-label={t('joinRoom', { name: inText(room.name), founder: inText(room.founder), id })}
            onClick={() => (needsLook ? onToggle() : join())}
          >
            {t('join')}
          </Button>
        )}
      </div>
      {isOpen && !room.isHere && room.speaksOurs && canJoin && (
        <form
          className="form way-in"
          aria-label={t('joinRoom', { name: inText(room.name), founder: inText(room.founder), id })}
          onSubmit={(event) => {
            event.preventDefault()
            join()
          }}
        >
          {current !== undefined && <p>{t('leavesFor', { name: inText(current) })}</p>}
          {room.hasCode && (
            <TextInput
              label={t('roomCode')}
              description={isKnown ? t('codeKept') : t('codeAsk', { founder: inText(room.founder) })}
              maxLength={codeCharsMax}
              required={needsCode}
              withAsterisk={false}
              autoComplete="off"
              spellCheck={false}
              autoFocus
              value={code}
              onChange={(event) => setCode(event.currentTarget.value)}
            />
          )}
          <div className="actions">
            <Button type="submit" disabled={joining.asked.kind === 'asking'} autoFocus={!room.hasCode}>
              {current === undefined ? t('joinThis') : t('moveThere')}
            </Button>
            <Button variant="default" onClick={onToggle}>
              {t('notThis')}
            </Button>
          </div>
        </form>
      )}
      <JoinState joining={joining} />
    </li>
  )
}

const [minute, hour, day] = [60_000, 3_600_000, 86_400_000]

/** `5 minutes ago`, in the language that is shown. A clock that is ahead of ours makes no room of the future. */
function useAge(founded: number): string {
  const { t, i18n } = useTranslation('welcome')
  const past = Math.max(0, Date.now() - founded)
  const relative = new Intl.RelativeTimeFormat(i18n.language, { numeric: 'auto' })
  if (past < minute) return t('justNow')
  if (past < hour) return relative.format(-Math.floor(past / minute), 'minute')
  if (past < day) return relative.format(-Math.floor(past / hour), 'hour')
  return relative.format(-Math.floor(past / day), 'day')
}
