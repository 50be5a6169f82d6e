import { useTranslation } from 'react-i18next'
import type { StatusView } from '../../src/api/views.ts'
import { useFormat } from '../room/format.ts'
import { CrossIcon } from '../shell/icons.tsx'
import { inText } from './name.tsx'

type Notice = StatusView['notices'][number]

/** What a person should know although the peer goes on: of its log, or of its folder. */
export function Beware({ notices }: { readonly notices: readonly Notice[] }) {
  const { t } = useTranslation('damage')
  const lastGood = useLastGood()
  if (notices.length === 0) return null
  const tell = ({ code, text, whole, aside }: Notice): string => {
    switch (code) {
      case 'log-damaged':
        return [
          t('wasDamaged'),
          whole === undefined ? '' : lastGood(whole),
          aside === undefined ? '' : t('isAside', { aside: inText(aside) }),
          t('isGiven'),
        ]
          .filter(Boolean)
          .join(' ')
      case 'log-gone':
        return [t('wasGone'), t('isGiven')].join(' ')
      case 'peer-copied':
        return t('copied')
      default:
        // Of a peer of another version than this page.
        return text
    }
  }
  return (
    <ul className="plain outcome" aria-label={t('beware')}>
      {notices.map((notice) => (
        <li key={notice.text} className="bad" data-notice={notice.code}>
          <CrossIcon />
          <span className="grow">{tell(notice)}</span>
        </li>
      ))}
    </ul>
  )
}

/** Which block is the last good one, of so many that are whole. */
export function useLastGood(): (whole: number) => string {
  const { t } = useTranslation('damage')
  const { number } = useFormat()
  return (whole) => (whole === 0 ? t('nothingWhole') : t('lastGood', { block: number(whole - 1) }))
}
