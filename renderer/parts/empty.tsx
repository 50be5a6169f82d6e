import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'

/** What to do first, with the button that does it. */
export function Empty({
  title,
  hint,
  children,
}: {
  readonly title: string
  readonly hint?: string
  readonly children?: ReactNode
}) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {hint !== undefined && <p className="faint">{hint}</p>}
      {children}
    </div>
  )
}

const patienceMillis = 300

/** Grey lines in the place of what is on its way; only where that takes longer than one would notice. */
export function Delayed() {
  const { t } = useTranslation()
  const [isLate, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), patienceMillis)
    return () => clearTimeout(timer)
  }, [])
  if (!isLate) return null
  return (
    <div className="skeleton" role="status">
      <span className="unseen">{t('loading')}</span>
      <i />
      <i />
      <i />
    </div>
  )
}
