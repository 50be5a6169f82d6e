import { useTranslation } from 'react-i18next'
import { heads } from './heads.ts'
import { type Kind, kinds, looks } from './kinds.ts'
import type { Axis } from './span.ts'

export interface LegendProps {
  readonly shown: ReadonlySet<Kind>
  readonly axis: Axis
  onChange(shown: ReadonlySet<Kind>): void
}

/** What the lines mean, and which are shown: one button for each kind. */
export function Legend({ shown, axis, onChange }: LegendProps) {
  const { t } = useTranslation('ring')
  const toggle = (kind: Kind): void => {
    const next = new Set(shown)
    if (!next.delete(kind)) next.add(kind)
    onChange(next)
  }
  return (
    <fieldset className="ring-legend">
      <legend className="unseen">{t('kinds')}</legend>
      {kinds.map((kind) => (
        <button key={kind} type="button" className="ring-kind" aria-pressed={shown.has(kind)} onClick={() => toggle(kind)}>
          <Sample kind={kind} />
          {t(`kind_${kind}`)}
        </button>
      ))}
      <span className="ring-kind-note">
        <svg width="14" height="14" aria-hidden="true" focusable="false">
          <rect className="square" x="2.5" y="2.5" width="9" height="9" />
        </svg>
        {t('square')}
      </span>
      {axis === 'time' && (
        <span className="ring-kind-note">
          <svg width="26" height="14" aria-hidden="true" focusable="false">
            <rect className="band" y="2" width="26" height="10" />
          </svg>
          {t('band')}
        </span>
      )}
    </fieldset>
  )
}

function Sample({ kind }: { readonly kind: Kind }) {
  const { colour, dash, width, head } = looks[kind]
  const { path, isFilled } = heads[head]
  const stroke = `var(${colour})`
  return (
    <svg width="40" height="14" viewBox="0 -7 40 14" aria-hidden="true" focusable="false">
      <circle cx="3" r="2.6" fill={stroke} />
      <path d="M3 0H36" stroke={stroke} strokeWidth={width} strokeDasharray={dash.join(' ')} fill="none" />
      <path
        d={path}
        transform="translate(38 0)"
        stroke={stroke}
        strokeWidth={isFilled ? 0 : 1.6}
        fill={isFilled ? stroke : 'none'}
      />
    </svg>
  )
}
