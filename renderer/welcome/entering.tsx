import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { AskedLine } from '../parts/asked.tsx'
import { Beware } from '../parts/beware.tsx'
import { Name } from '../parts/name.tsx'
import { Sentence } from '../parts/sentence.tsx'
import { useAsk } from '../room/ask.ts'
import type { RoomsView } from '../room/rooms.ts'
import { say } from '../room/said.ts'
import { useRole, useRoom } from '../room/use-room.tsx'
import { Mark } from '../theme/mark.tsx'
import { Findings } from './findings.tsx'

/** On the way into a room: for whom it waits, and why; it can be called off. */
export function Entering({ rooms }: { readonly rooms: RoomsView }) {
  const { t, i18n } = useTranslation('welcome')
  const room = useRoom()
  const { asked, run } = useAsk<object>()
  const { may } = useRole()
  const cancel = async (): Promise<void> => {
    await run((api) => api.rooms.cancel())
    room.rooms.refresh()
  }
  const { waiting } = rooms
  return (
    <section className="card form" aria-labelledby="entering-title">
      <div className="entering">
        <Mark />
        <div className="grow">
          <h2 id="entering-title">
            {t('enteringRoom')} <Name text={rooms.room?.name ?? ''} />
          </h2>
          {waiting !== undefined && <p className="faint figures">{t('waitingFor', { time: minutesText(waiting.seconds) })}</p>}
        </div>
      </div>
      <Beware notices={waiting?.notices ?? []} />
      {waiting !== undefined && waiting.reasons.length > 0 && (
        <ul className="reasons" aria-label={t('why')}>
          {waiting.reasons.map((reason) => (
            <li key={reason.text}>
              <Sentence said={say(i18n, 'waiting', reason)} english={reason.text} />
            </li>
          ))}
        </ul>
      )}
      <AskedLine asked={asked} />
      <div className="actions">
        <Button variant="default" disabled={!may('rooms.cancel')} loading={asked.kind === 'asking'} onClick={() => void cancel()}>
          {t('callOff')}
        </Button>
      </div>
      <Findings />
    </section>
  )
}

/** `0:07`, `12:30`. */
const minutesText = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
