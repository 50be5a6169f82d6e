import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { useAsk } from '../room/ask.ts'
import { useRoom } from '../room/use-room.tsx'
import { AskedLine } from './asked.tsx'

/** Says what leaving means, and does it when that is confirmed. */
export function LeaveRoom({ onStay }: { onStay(): void }) {
  const { t } = useTranslation()
  const { rooms } = useRoom()
  const { asked, run } = useAsk<object>()
  const leave = async (): Promise<void> => {
    await run((api) => api.rooms.leave({ stay: true }))
    rooms.refresh()
  }
  return (
    <div className="form">
      <p>{t('leaveMeans')}</p>
      <AskedLine asked={asked} />
      <div className="actions">
        <Button size="compact-md" color="red" variant="default" loading={asked.kind === 'asking'} onClick={() => void leave()}>
          {t('leaveRoom')}
        </Button>
        <Button size="compact-md" variant="default" onClick={onStay}>
          {t('stayHere')}
        </Button>
      </div>
    </div>
  )
}
