import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AskedLine } from '../parts/asked.tsx'
import { useLastGood } from '../parts/beware.tsx'
import { CopyButton } from '../parts/copy.tsx'
import { inText } from '../parts/name.tsx'
import { type Asking, useAsk } from '../room/ask.ts'
import { useFormat } from '../room/format.ts'
import type { RoomsView } from '../room/rooms.ts'
import { useRoom } from '../room/use-room.tsx'
import { useWays } from './ways.ts'

/** How long the others are looked for, in milliseconds. */
const lookMillis = 30_000

/** `whole`: so many blocks of the log, from the first on, are good; `undefined`: nobody has said. */
export interface DamagedProps {
  readonly rooms: RoomsView
  readonly whole: number | undefined
}

/** The log on this disk is damaged, and nobody else was there: what is wrong, and the ways on that the command line has, too. */
export function Damaged({ rooms, whole }: DamagedProps) {
  const { t } = useTranslation('damage')
  const { t: welcome } = useTranslation('welcome')
  const { number } = useFormat()
  const lastGood = useLastGood()
  const [isSure, setSure] = useState(false)
  const fetching = useAsk<object>()
  const goingOn = useAsk<object>()
  const enter = useEnter()
  // The latest one stands first: the room that it was to go back to.
  const [room] = rooms.known
  const isBusy = fetching.asked.kind === 'asking' || goingOn.asked.kind === 'asking'
  const command = `gavelring log export${room === undefined ? '' : ` --room ${room.id.slice(0, 8)}`} -o log.jsonl`
  return (
    <section className="card form" aria-labelledby="damaged-title" data-damaged={whole}>
      <h2 id="damaged-title">{room === undefined ? t('isDamaged') : t('isDamagedOf', { name: inText(room.name) })}</h2>
      <p>
        {whole !== undefined && `${lastGood(whole)} `}
        {t('nothingChanged')}
      </p>
      {room !== undefined && (
        <div className="damage-way">
          <p>{t('fetchMeans')}</p>
          <AskedLine asked={fetching.asked} />
          <div className="actions">
            <Button
              disabled={isBusy}
              onClick={() => void enter('join', fetching, (api) => api.rooms.join({ to: room.id, deadlineMillis: lookMillis }))}
            >
              {t('fetch')}
            </Button>
            {fetching.asked.kind === 'asking' && <span className="faint">{welcome('lookingForRoom')}</span>}
          </div>
        </div>
      )}
      {whole !== undefined && whole > 0 && (
        <>
          <div className="damage-way">
            <p>{t('goOnMeans')}</p>
            <AskedLine asked={goingOn.asked} />
            <div className="actions">
              {isSure ? (
                <>
                  <Button
                    variant="default"
                    color="red"
                    disabled={isBusy}
                    onClick={() => void enter('create', goingOn, (api) => api.rooms.refound({ force: false }))}
                  >
                    {welcome('refoundNow')}
                  </Button>
                  <Button variant="default" onClick={() => setSure(false)}>
                    {welcome('waitOn')}
                  </Button>
                </>
              ) : (
                <Button variant="default" disabled={isBusy} onClick={() => setSure(true)}>
                  {t('goOn', { block: number(whole - 1) })}
                </Button>
              )}
            </div>
          </div>
          <div className="damage-way">
            <p>{t('keepMeans')}</p>
            <code>{command}</code>
            <div className="actions">
              <CopyButton label={t('copyCommand')} text={command} />
            </div>
          </div>
        </>
      )}
    </section>
  )
}

/** Asks; whoever came in by that goes on from there (`useWays`). */
function useEnter(): (
  way: 'join' | 'create',
  asking: Asking<object>,
  question: Parameters<Asking<object>['run']>[0],
) => Promise<void> {
  const { rooms } = useRoom()
  const { onTry } = useWays()
  return async (way, { run }, question) => {
    onTry(way)
    await run(question)
    rooms.refresh()
  }
}
