import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Empty } from '../parts/empty.tsx'
import { inText, Name } from '../parts/name.tsx'
import { useFormat } from '../room/format.ts'
import type { RoomsView } from '../room/rooms.ts'
import { Findings } from './findings.tsx'
import { JoinState } from './join-state.tsx'
import { RoomRow } from './room-row.tsx'
import { orderRooms, twinNames, unseenRooms } from './sight-order.ts'
import { useJoin } from './use-join.ts'

/** So many people who look for a room are named. */
const namedMax = 8

/** So many names that several rooms have are told. */
const twinsMax = 3

interface SightProps {
  readonly rooms: RoomsView
  /** The id of the room whose way in is open. */
  readonly opened: string | undefined
  onOpen(room: string | undefined): void
  /** There is nothing nearer at hand than to go into one of them. */
  readonly isFirst: boolean
}

/** The rooms on this network, each with what tells it from the others. */
export function Sight({ rooms, opened, onOpen, isFirst }: SightProps) {
  const { t } = useTranslation('welcome')
  const { names } = useFormat()
  const seen = orderRooms(rooms)
  const current = rooms.state === 'in' ? rooms.room?.name : undefined
  const canJoin = rooms.state !== 'entering'
  const others = seen.filter(({ room }) => !room.isHere)
  const twins = twinNames(seen)
  const lookers = rooms.looking.slice(0, namedMax).map(({ name, peer }) => inText(name === '' ? `…${peer.slice(-6)}` : name))
  const more = rooms.looking.length - lookers.length
  return (
    <section aria-labelledby="sight-title">
      <h2 id="sight-title">{t('inSight')}</h2>
      {twins.slice(0, twinsMax).map((name) => (
        <p key={name} className="twins">
          {t('twin', { name: inText(name) })}
        </p>
      ))}
      {others.length === 0 && current !== undefined ? (
        // The room that is here stands above.
        <p className="faint">{t('noOther')}</p>
      ) : seen.length === 0 && !canJoin ? (
        <p className="faint">{t('nobody')}</p>
      ) : seen.length === 0 ? (
        <Empty title={t('nobody')} hint={t('nobodyHint')}>
          <Findings />
        </Empty>
      ) : (
        <ul className="rooms">
          {seen.map((each) => (
            <RoomRow
              key={each.room.id}
              seen={each}
              current={current}
              canJoin={canJoin}
              isFirst={isFirst && others.length === 1}
              isOpen={opened === each.room.id}
              onToggle={() => onOpen(opened === each.room.id ? undefined : each.room.id)}
            />
          ))}
        </ul>
      )}
      {lookers.length > 0 && (
        <p className="faint looking-people">
          {t('lookingPeople', {
            count: rooms.looking.length,
            names: names(more > 0 ? [...lookers, t('moreOf', { ns: 'common', count: more })] : lookers),
          })}
        </p>
      )}
    </section>
  )
}

/** Rooms that this peer has been in, and that are not in sight. `except`: the name of one that something else is said of. */
export function Before({ rooms, except }: { readonly rooms: RoomsView; readonly except: string | undefined }) {
  const { t } = useTranslation('welcome')
  const joining = useJoin()
  const unseen = unseenRooms(rooms).filter(({ name }) => name !== except)
  if (unseen.length === 0) return null
  return (
    <section aria-labelledby="before-title">
      <h2 id="before-title">{t('before')}</h2>
      <ul className="rooms">
        {unseen.slice(0, shownMax).map(({ id, name }) => (
          <li key={id} className="room-row">
            <div className="row">
              <span className="grow">
                <Name text={name} /> <code className="faint">{id.slice(0, 8)}</code>
              </span>
              <Button
                variant="default"
                disabled={joining.asked.kind === 'asking'}
                aria-label={t('backTo', { name: inText(name), id: id.slice(0, 8) })}
                onClick={() => void joining.join({ to: id, code: '' })}
              >
                {t('back')}
              </Button>
            </div>
          </li>
        ))}
      </ul>
      <JoinState joining={joining} />
    </section>
  )
}

const shownMax = 5
