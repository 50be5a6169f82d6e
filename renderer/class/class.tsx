import { useTranslation } from 'react-i18next'
import { Allowed } from '../parts/allowed.tsx'
import { Delayed } from '../parts/empty.tsx'
import { inText } from '../parts/name.tsx'
import { useNameOf, useStatus } from '../room/use-room.tsx'
import { RosterForm } from './roster-form.tsx'
import { Who } from './who.tsx'
import './class.css'

/** For the host: who is here, and accounts and deposits for all. Everybody else sees who is here. */
export default function Class() {
  const { t } = useTranslation('class')
  const status = useStatus()
  const nameOf = useNameOf()
  if (status === undefined) return <Delayed />
  const isHost = status.self === status.room.founder
  return (
    <>
      <h1>{t('title')}</h1>
      <Who founder={status.room.founder} />
      <section aria-labelledby="roster-title">
        <h2 id="roster-title">{t('roster')}</h2>
        {isHost ? (
          <Allowed to="deposit">
            <RosterForm status={status} />
          </Allowed>
        ) : (
          <p className="faint">{t('rosterOnlyHost', { name: inText(nameOf(status.room.founder)) })}</p>
        )}
      </section>
    </>
  )
}
