import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useRefusal } from '../parts/outcome.tsx'
import { refusedOf } from '../room/act.ts'
import { useLive, useRole, useRoom, useStatus } from '../room/use-room.tsx'
import { WaitIcon } from '../shell/icons.tsx'
import { useOperationText } from './operation-text.ts'

/** What this peer has asked for and the room has not committed. What is in no block yet can be taken back. */
export function PendingList() {
  const { t } = useTranslation('bank')
  const room = useRoom()
  const pending = useLive(room.pending) ?? []
  const refusal = useRefusal()
  const tell = useOperationText()
  const { may } = useRole()
  const [fault, setFault] = useState('')
  const hasQuorum = useStatus()?.quorum ?? true
  if (pending.length === 0 && fault === '') return null
  const takeBack = async (operation: string): Promise<void> => {
    try {
      await (await room.door.api()).pending.void({ operation })
      setFault('')
    } catch (error) {
      const refused = refusedOf(error)
      setFault(refused === undefined ? t('unsettled', { ns: 'common' }) : refusal(refused))
    }
    room.pending.refresh()
  }
  return (
    <section className="pending-list" aria-label={t('pending')}>
      {pending.map(({ operation, written, what }) => (
        <div key={operation} className="row pending">
          <WaitIcon />
          <span className="grow">
            <bdi>{tell(what)}</bdi>
            <span className="faint">
              {' '}
              · {written ? t('written') : t(hasQuorum ? 'pending' : 'pendingQuorum', { ns: 'common' })}
            </span>
          </span>
          {!written && may('pending.void') && (
            <Button size="compact-md" variant="default" onClick={() => void takeBack(operation)}>
              {t('void')}
            </Button>
          )}
        </div>
      ))}
      <p role="status" className="bad">
        {fault}
      </p>
    </section>
  )
}
