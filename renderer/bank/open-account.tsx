import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { OutcomeLine } from '../parts/outcome.tsx'
import { useAct } from '../room/act.ts'
import { go } from '../room/location.ts'
import { paths } from '../room/routes.ts'
import { useStatus } from '../room/use-room.tsx'

const [idCharsMax, nameCharsMax] = [32, 64]

export function OpenAccount({ onDone }: { onDone(): void }) {
  const { t } = useTranslation('bank')
  const { t: common } = useTranslation()
  const act = useAct()
  const [id, setId] = useState('')
  const [holder, setHolder] = useState(useStatus()?.name ?? '')
  const open = async (): Promise<void> => {
    const account = id.trim()
    const outcome = await act.run((api, request) => api.accounts.open({ account, holder: holder.trim(), ...request }))
    if (outcome.kind !== 'committed') return
    onDone()
    go(paths.bank(account))
  }
  return (
    <form
      className="card form narrow"
      aria-label={t('open')}
      onSubmit={(event) => {
        event.preventDefault()
        void open()
      }}
    >
      <h2>{t('open')}</h2>
      <div className="pair">
        <TextInput
          label={t('id')}
          description={t('idHint')}
          maxLength={idCharsMax}
          required
          withAsterisk={false}
          autoComplete="off"
          spellCheck={false}
          autoFocus
          value={id}
          onChange={(event) => setId(event.currentTarget.value)}
        />
        <TextInput
          label={t('holder')}
          description={' '}
          maxLength={nameCharsMax}
          required
          withAsterisk={false}
          value={holder}
          onChange={(event) => setHolder(event.currentTarget.value)}
        />
      </div>
      <OutcomeLine act={act} />
      <div className="actions">
        <Button type="submit" disabled={act.outcome.kind === 'pending'}>
          {t('open')}
        </Button>
        <Button variant="default" onClick={onDone}>
          {common('cancel')}
        </Button>
      </div>
    </form>
  )
}
