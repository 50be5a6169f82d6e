import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { AuctionSummary } from '../../src/api/views.ts'
import { useShortcuts } from '../parts/shortcuts.ts'
import type { Act } from '../room/act.ts'

const extendMillis = 30_000

/** Pause, go on, more time: for the seller and the host, by button and by key. */
export function Controls({ lot, act }: { readonly lot: AuctionSummary; readonly act: Act }) {
  const { t } = useTranslation('auctions')
  const { auction, paused, item } = lot
  const isBusy = act.outcome.kind === 'pending'
  const pause = () => void act.run((api, request) => api.auctions.pause({ auction, ...request }))
  const resume = () => void act.run((api, request) => api.auctions.resume({ auction, ...request }))
  const extend = () => void act.run((api, request) => api.auctions.extend({ auction, millis: extendMillis, ...request }))
  const unlessBusy = (task: () => void) => (): void => {
    if (!isBusy) task()
  }
  useShortcuts([
    { key: 'p', text: t('keyPause'), run: unlessBusy(paused === undefined ? pause : resume) },
    { key: 'e', text: t('extend', { seconds: extendMillis / 1_000 }), run: unlessBusy(extend) },
  ])
  return (
    <>
      {paused === undefined ? (
        <Button variant="default" aria-keyshortcuts="p" aria-description={item.slice(0, 64)} onClick={unlessBusy(pause)}>
          {t('pause')}
        </Button>
      ) : (
        <Button variant="default" aria-keyshortcuts="p" aria-description={item.slice(0, 64)} onClick={unlessBusy(resume)}>
          {t('resume')}
        </Button>
      )}
      <Button variant="default" aria-keyshortcuts="e" aria-description={item.slice(0, 64)} onClick={unlessBusy(extend)}>
        {t('extend', { seconds: extendMillis / 1_000 })}
      </Button>
    </>
  )
}
