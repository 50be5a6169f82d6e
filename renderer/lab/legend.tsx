import { useTranslation } from 'react-i18next'
import { Shape } from './drawing.tsx'

/** What the marks of the diagram mean. */
export function Legend() {
  const { t } = useTranslation('lab')
  const samples = ['wished', 'entered', 'released', 'sent'] as const
  return (
    <ul className="lab-legend plain" aria-label={t('legend')}>
      {samples.map((what) => (
        <li key={what}>
          <svg width="18" height="18" viewBox="-9 -9 18 18" aria-hidden="true" className={`lab-mark ${what}`}>
            <Shape what={what} />
          </svg>
          {t(`legend_${what}`)}
        </li>
      ))}
      <li>
        <svg width="26" height="18" aria-hidden="true">
          <rect className="lab-stay" x="1" y="3" width="24" height="12" rx="3" />
        </svg>
        {t('legend_inside')}
      </li>
      <li>
        <svg width="26" height="18" aria-hidden="true">
          <path className="lab-arrow overhead" d="M1 9H25" />
        </svg>
        {t('legend_overhead')}
      </li>
      <li>
        <span className="lab-key past">{t('past')}</span> <span className="lab-key future">{t('future')}</span>
      </li>
    </ul>
  )
}
