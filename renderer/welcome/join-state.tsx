import { Button, Loader } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { AskedLine } from '../parts/asked.tsx'
import type { Joining } from './use-join.ts'

/** What became of joining: it looks, and can be called off; it was refused, and why; it is done all the same where that is wanted. */
export function JoinState({ joining }: { readonly joining: Joining }) {
  const { t } = useTranslation('welcome')
  const { asked, needsForce, force, cancel } = joining
  return (
    <>
      {asked.kind === 'asking' && (
        <div className="row" role="status">
          <span className="looking">
            <Loader size="sm" aria-hidden="true" />
            {t('lookingForRoom')}
          </span>
          <Button variant="default" onClick={cancel}>
            {t('callOff')}
          </Button>
        </div>
      )}
      <AskedLine asked={asked} />
      {needsForce && (
        <div className="actions">
          <Button variant="default" onClick={() => void force()}>
            {t('moveAllTheSame')}
          </Button>
        </div>
      )}
    </>
  )
}
