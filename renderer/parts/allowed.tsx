import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ProcedureName } from '../../src/api/procedures.ts'
import { useRole } from '../room/use-room.tsx'

interface AllowedProps {
  /** What is done there. */
  readonly to: ProcedureName
  readonly children: ReactNode
}

/** What this page may not do, by the token that it was opened with, is shown all the same: greyed out, and with the reason. */
export function Allowed({ to, children }: AllowedProps) {
  const { may } = useRole()
  if (may(to)) return children
  return (
    <fieldset className="not-allowed" disabled>
      <RoleNeeded to={to} />
      {children}
    </fieldset>
  )
}

/** With which token it could be done. */
export function RoleNeeded({ to }: Pick<AllowedProps, 'to'>) {
  const { t } = useTranslation()
  const needed = useRole().needed(to)
  return needed === 'read' ? null : <p className="faint">{t(`needs_${needed}`)}</p>
}
