import { useTranslation } from 'react-i18next'
import type { Cones } from '../../src/mutex/happened-before.ts'
import { useTell } from './tell.ts'
import type { LabEvent, PeerEvent } from './types.ts'

interface ChosenProps {
  readonly event: PeerEvent
  readonly cones: Cones
  readonly events: readonly LabEvent[]
}

/** One event in words: its clocks, its past and its future. */
export function Chosen({ event, cones, events }: ChosenProps) {
  const { t } = useTranslation('lab')
  const tell = useTell()
  const all = events.filter(({ kind }) => kind === 'event').length
  const [past, future] = [cones.past.size, cones.future.size]
  const vector = event.vector.map(({ peer, count }) => `${tell.name(peer)} ${count}`).join(', ')
  return (
    <>
      <strong data-chosen={event.number}>{tell.event(event)}</strong> {t('vectorIs', { vector })}{' '}
      <span data-past={past} data-future={future}>
        {t('cones', { past, future, apart: all - past - future - 1 })}
      </span>
    </>
  )
}
