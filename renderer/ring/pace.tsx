import { useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { StatusView } from '../../src/api/views.ts'
import { OutcomeLine } from '../parts/outcome.tsx'
import { useAct } from '../room/act.ts'
import { useRole } from '../room/use-room.tsx'
import { useRingNames } from './names.tsx'
import { nearestPace, paces, paceText } from './paces.ts'

/** One drags past what one does not want: only where it rests is asked for, in milliseconds. */
const restMillis = 500

/** How long the token stays at each peer when nobody wants it. The host sets it, and every peer of the room follows. */
export function Pace({ status, paceMillis }: { readonly status: StatusView; readonly paceMillis: number }) {
  const { t, i18n } = useTranslation('ring')
  const nameOf = useRingNames()
  const act = useAct()
  const { may } = useRole()
  const id = useId()
  const [wanted, setWanted] = useState<number>()
  const isHost = status.room.founder === status.self
  const text = (millis: number): string => t('perHop', { time: paceText(millis, i18n.language) })

  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])

  const choose = (millis: number): void => {
    setWanted(millis)
    clearTimeout(timer.current)
    timer.current = setTimeout(async () => {
      await act.run((api, request) => api.ring.pace({ millis, ...request }))
      // Whatever became of it, the slider shows the room's own pace again, unless it was moved meanwhile.
      setWanted((newest) => (newest === millis ? undefined : newest))
    }, restMillis)
  }

  const shown = wanted ?? paceMillis
  return (
    <section className="card ring-pace">
      <h2>
        <label htmlFor={id}>{t('pace')}</label>
      </h2>
      <p className="ring-pace-now figures">
        {text(paceMillis)}
        {wanted !== undefined && wanted !== paceMillis && <span className="wait"> → {text(wanted)}</span>}
      </p>
      <input
        id={id}
        type="range"
        min={0}
        max={paces.length - 1}
        step={1}
        value={nearestPace(shown)}
        disabled={!isHost || !may('ring.pace')}
        aria-valuetext={text(shown)}
        aria-describedby={`${id}-hint`}
        onChange={(event) => choose(paces[Number(event.currentTarget.value)] ?? paceMillis)}
      />
      <div className="row faint figures" aria-hidden="true">
        <span>{paceText(paces[0], i18n.language)}</span>
        <span>{paceText(paces[paces.length - 1] ?? 0, i18n.language)}</span>
      </div>
      <p id={`${id}-hint`} className="faint">
        {isHost && !may('ring.pace')
          ? t('needs_host', { ns: 'common' })
          : isHost
            ? t('paceHint')
            : t('paceHostOnly', { name: nameOf(status.room.founder) })}
      </p>
      <OutcomeLine act={act} />
    </section>
  )
}
