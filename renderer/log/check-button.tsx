import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CrossIcon, TickIcon } from '../shell/icons.tsx'
import { type Checked, checkBlock } from './check.ts'
import './check.css'

/** This page looks for itself: the peer that showed the block is not asked whether it is right. */
export function CheckButton({ entry }: { readonly entry: Parameters<typeof checkBlock>[0] }) {
  const { t } = useTranslation('log')
  const [checked, setChecked] = useState<Checked>()
  const isGood = checked === 'good'
  return (
    <>
      <Button variant="default" onClick={() => void checkBlock(entry).then(setChecked)}>
        {t('check')}
      </Button>
      <p role="status" className={isGood ? 'good checked' : checked === 'unable' ? 'checked' : 'bad checked'}>
        {checked !== undefined && (
          <>
            {isGood ? <TickIcon /> : <CrossIcon />}
            {t(`checked_${checked}`)}
          </>
        )}
      </p>
    </>
  )
}
