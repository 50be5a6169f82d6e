import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuctionDetail } from '../../src/api/views.ts'
import { Allowed } from '../parts/allowed.tsx'
import { OutcomeLine } from '../parts/outcome.tsx'
import { useAct } from '../room/act.ts'
import { useStatus } from '../room/use-room.tsx'
import { Controls } from './controls.tsx'

const reasonCharsMax = 140

/** What the seller and the host may do to an open lot. */
export function Govern({ lot }: { readonly lot: AuctionDetail }) {
  const { t } = useTranslation('auctions')
  const status = useStatus()
  const act = useAct()
  const [isCancelling, setCancelling] = useState(false)
  if (status === undefined) return null
  const isHost = status.room.founder === status.self
  if (!isHost && lot.seller !== status.self) return null
  const { auction } = lot
  const mayCancel = isHost || lot.bids === 0
  return (
    <section>
      <h2>{t('govern')}</h2>
      <Allowed to="auctions.cancel">
        <div className="actions">
          <Controls lot={lot} act={act} />
          {mayCancel && !isCancelling && (
            <Button variant="default" className="danger" onClick={() => setCancelling(true)}>
              {t('cancelLot')}
            </Button>
          )}
        </div>
        {!mayCancel && <p className="faint">{t('cancelOnlyHost')}</p>}
        {isCancelling && (
          <CancelForm
            needsReason={lot.bids > 0}
            onKeep={() => setCancelling(false)}
            onCancel={(reason) => void act.run((api, request) => api.auctions.cancel({ auction, reason, ...request }))}
          />
        )}
      </Allowed>
      <OutcomeLine act={act} />
    </section>
  )
}

interface CancelFormProps {
  readonly needsReason: boolean
  onKeep(): void
  onCancel(reason: string): void
}

function CancelForm({ needsReason, onKeep, onCancel }: CancelFormProps) {
  const { t } = useTranslation('auctions')
  const [reason, setReason] = useState('')
  return (
    <form
      className="inline-form"
      onSubmit={(event) => {
        event.preventDefault()
        onCancel(reason.trim())
      }}
    >
      {needsReason && <p className="faint">{t('cancelReasonNeeded')}</p>}
      <TextInput
        label={needsReason ? t('cancelReason') : `${t('cancelReason')} (${t('optional')})`}
        maxLength={reasonCharsMax}
        required={needsReason}
        withAsterisk={false}
        autoFocus
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <div className="actions">
        <Button type="submit" variant="default" className="danger" disabled={needsReason && reason.trim() === ''}>
          {t('cancelLot')}
        </Button>
        <Button variant="default" onClick={onKeep}>
          {t('keepLot')}
        </Button>
      </div>
    </form>
  )
}
