import { useTranslation } from 'react-i18next'
import type { Asked } from '../room/ask.ts'
import { CrossIcon } from '../shell/icons.tsx'
import { useRefusal } from './outcome.tsx'

/** Why it was not done, in words; nothing while nothing is wrong. */
export function AskedLine({ asked }: { readonly asked: Asked }) {
  const { t } = useTranslation()
  const refusal = useRefusal()
  return (
    <div className="outcome" role="status" aria-live="polite" data-asked={asked.kind}>
      {(asked.kind === 'refused' || asked.kind === 'lost') && (
        <p className="bad">
          <CrossIcon />
          <span className="grow">{asked.kind === 'refused' ? refusal(asked) : t('askLost')}</span>
        </p>
      )}
    </div>
  )
}
