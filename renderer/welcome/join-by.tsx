import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { inText } from '../parts/name.tsx'
import { JoinState } from './join-state.tsx'
import { useJoin } from './use-join.ts'

const [targetCharsMax, codeCharsMax] = [8_192, 128]

/** By a link, an address or an id, for a room that is not in sight. `current`: the name of the room that is left for it. */
export function JoinBy({ current }: { readonly current: string | undefined }) {
  const { t } = useTranslation('welcome')
  const joining = useJoin()
  const [to, setTo] = useState('')
  const [code, setCode] = useState('')
  // A link says by itself whether there is a code.
  const hasOwnCode = /^\s*gavelring:/i.test(to)
  return (
    <form
      className="card form"
      aria-labelledby="join-by-title"
      onSubmit={(event) => {
        event.preventDefault()
        void joining.join({ to: to.trim(), code: hasOwnCode ? '' : code })
      }}
    >
      <h2 id="join-by-title">{t('joinBy')}</h2>
      {current !== undefined && <p className="faint">{t('leavesFor', { name: inText(current) })}</p>}
      <TextInput
        label={t('joinTarget')}
        description={t('joinTargetHint')}
        maxLength={targetCharsMax}
        required
        withAsterisk={false}
        autoComplete="off"
        spellCheck={false}
        value={to}
        onChange={(event) => setTo(event.currentTarget.value)}
      />
      {!hasOwnCode && (
        <TextInput
          label={t('codeIfAny')}
          maxLength={codeCharsMax}
          autoComplete="off"
          spellCheck={false}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
      )}
      <JoinState joining={joining} />
      <div className="actions">
        <Button type="submit" disabled={joining.asked.kind === 'asking'}>
          {t('join')}
        </Button>
      </div>
    </form>
  )
}
