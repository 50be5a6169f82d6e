import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { StatusView } from '../../src/api/views.ts'
import { AskedLine } from '../parts/asked.tsx'
import { Beware } from '../parts/beware.tsx'
import { LeaveRoom } from '../parts/leave-room.tsx'
import { inText, Name } from '../parts/name.tsx'
import { useAsk } from '../room/ask.ts'
import { useFormat } from '../room/format.ts'
import { useNameOf, useRole, useRoom } from '../room/use-room.tsx'
import { Invite } from './invite.tsx'

/** The sheet of the room that this peer is in: what it is, how others come in, and the way out. */
export function Here({ status }: { readonly status: StatusView }) {
  const { t } = useTranslation('welcome')
  const { t: common } = useTranslation()
  const { moment, number } = useFormat()
  const nameOf = useNameOf()
  const { may } = useRole()
  const [asks, setAsks] = useState<'leave' | 'refound'>()
  const { room, members } = status
  const stay = (): void => setAsks(undefined)
  return (
    <section className="card form" aria-labelledby="here-title">
      <div>
        <h2 id="here-title" className="here-name">
          <Name text={room.name} />
        </h2>
        <p className="faint">
          {t('foundedBy', { founder: inText(nameOf(room.founder)) })}, {moment(room.founded)} ·{' '}
          {t('members', { count: members.length, number: number(members.length) })} · {room.currency} · {t('idIs')}{' '}
          <code>{room.id.slice(0, 8)}</code>
        </p>
      </div>
      <Beware notices={status.notices} />
      <Invite hasCode={room.hasCode} bareLink={status.link} />
      {asks === 'leave' && <LeaveRoom onStay={stay} />}
      {asks === 'refound' && <Refound onStay={stay} />}
      {asks === undefined && (
        <div className="actions">
          <Button variant="default" disabled={!may('rooms.leave')} onClick={() => setAsks('leave')}>
            {common('leaveRoom')}
          </Button>
          {!status.quorum && (
            <Button variant="default" disabled={!may('rooms.refound')} onClick={() => setAsks('refound')}>
              {t('refound')}
            </Button>
          )}
        </div>
      )}
    </section>
  )
}

/** Where too many members are gone for good: a new room out of what this peer has. */
function Refound({ onStay }: { onStay(): void }) {
  const { t } = useTranslation('welcome')
  const room = useRoom()
  const { asked, run } = useAsk<object>()
  const refound = async (): Promise<void> => {
    const answer = await run((api) => api.rooms.refound({ force: false }))
    room.rooms.refresh()
    if (answer !== undefined) onStay()
  }
  return (
    <div className="form">
      <p>{t('refoundMeans')}</p>
      <AskedLine asked={asked} />
      <div className="actions">
        <Button variant="default" loading={asked.kind === 'asking'} onClick={() => void refound()}>
          {t('refoundNow')}
        </Button>
        <Button variant="default" onClick={onStay}>
          {t('waitOn')}
        </Button>
      </div>
    </div>
  )
}
