import { Button, Loader } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Finding } from '../../src/api/views.ts'
import { AskedLine } from '../parts/asked.tsx'
import { Sentence } from '../parts/sentence.tsx'
import { useAsk } from '../room/ask.ts'
import { say } from '../room/said.ts'
import { CrossIcon, TickIcon, WaitIcon } from '../shell/icons.tsx'

const icons = { good: TickIcon, note: WaitIcon, bad: CrossIcon } as const

/** What the peer finds good and bad about the network here, with what to do. It takes some seconds, and need not be waited for. */
export function Findings() {
  const { t } = useTranslation('welcome')
  const { t: common } = useTranslation()
  const { asked, run, forget } = useAsk<readonly Finding[]>()
  const [findings, setFindings] = useState<readonly Finding[]>()
  const look = async (): Promise<void> => {
    const found = await run((api, signal) => api.diagnosis(undefined, { signal }))
    if (found !== undefined) setFindings(found)
  }
  return (
    <div className="findings" role="status" aria-live="polite">
      {asked.kind === 'asking' ? (
        <div className="row">
          <span className="looking">
            <Loader size="sm" aria-hidden="true" />
            {t('lookingAround')}
          </span>
          <Button size="compact-sm" variant="default" onClick={forget}>
            {common('cancel')}
          </Button>
        </div>
      ) : (
        <div className="actions">
          <Button variant="default" onClick={() => void look()}>
            {findings === undefined ? t('whyNobody') : t('lookAgain')}
          </Button>
        </div>
      )}
      <AskedLine asked={asked} />
      {findings?.length === 0 && asked.kind !== 'asking' && <p className="faint">{t('nothingFound')}</p>}
      {findings !== undefined && findings.length > 0 && asked.kind !== 'asking' && (
        <ul className="plain found">
          {findings.map((finding) => (
            <FindingItem key={`${finding.code} ${finding.text}`} finding={finding} />
          ))}
        </ul>
      )}
    </div>
  )
}

function FindingItem({ finding }: { readonly finding: Finding }) {
  const { t, i18n } = useTranslation('welcome')
  const Icon = icons[finding.severity]
  return (
    <li className={finding.severity === 'note' ? 'wait' : finding.severity}>
      <Icon />
      <div className="grow">
        <p>
          <span className="unseen">{t(`severity_${finding.severity}`)}: </span>
          <Sentence said={say(i18n, 'findings', finding)} english={finding.text} />
        </p>
        {finding.remedy !== undefined && (
          <p className="remedy">
            <Sentence said={say(i18n, 'findings', finding, '_remedy')} english={finding.remedy} />
          </p>
        )}
      </div>
    </li>
  )
}
