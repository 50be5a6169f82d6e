import { Button } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Allowed } from '../parts/allowed.tsx'
import { AskedLine } from '../parts/asked.tsx'
import { useLastGood } from '../parts/beware.tsx'
import { inText } from '../parts/name.tsx'
import { type LogFormat, type SavedLog, saveLog } from '../parts/save-log.ts'
import { useWork, type Working, WorkLine } from '../parts/work.tsx'
import { type Asking, useAsk } from '../room/ask.ts'
import { useFormat } from '../room/format.ts'
import type { RoomsView } from '../room/rooms.ts'
import { say } from '../room/said.ts'
import { useRoom } from '../room/use-room.tsx'
import { CrossIcon, TickIcon } from '../shell/icons.tsx'
import { useWays } from './ways.ts'

/** How long the others are looked for, in milliseconds. */
const lookMillis = 30_000

export interface DamagedProps {
  readonly rooms: RoomsView
  /** Of the room whose log it is. */
  readonly name: string | undefined
  /** So many blocks of the log, from the first on, are good; `undefined`: nobody has said. */
  readonly whole: number | undefined
}

/** The log on this disk is damaged, and nobody else was there: what is wrong, and the ways on that the command line has, too. */
export function Damaged({ rooms, name, whole }: DamagedProps) {
  const { t } = useTranslation('damage')
  const { t: welcome } = useTranslation('welcome')
  const { number } = useFormat()
  const lastGood = useLastGood()
  const [isSure, setSure] = useState(false)
  const fetching = useAsk<object>()
  const goingOn = useAsk<object>()
  const saving = useWork<SavedLog>()
  const enter = useEnter()
  // Of several rooms of one name the latest is in the folder.
  const room = rooms.known.find((one) => one.name === name)
  const isBusy = fetching.asked.kind === 'asking' || goingOn.asked.kind === 'asking' || saving.work.kind === 'running'
  return (
    <section className="card form" aria-labelledby="damaged-title" data-damaged={whole}>
      <h2 id="damaged-title">{name === undefined ? t('isDamaged') : t('isDamagedOf', { name: inText(name) })}</h2>
      <p>
        {whole !== undefined && `${lastGood(whole)} `}
        {t('nothingChanged')}
      </p>
      {room !== undefined && (
        <div className="damage-way">
          <p>{t('fetchMeans')}</p>
          <AskedLine asked={fetching.asked} />
          <Allowed to="rooms.join">
            <div className="actions">
              <Button
                disabled={isBusy}
                onClick={() => void enter('join', fetching, (api) => api.rooms.join({ to: room.id, deadlineMillis: lookMillis }))}
              >
                {t('fetch')}
              </Button>
              {fetching.asked.kind === 'asking' && <span className="faint">{welcome('lookingForRoom')}</span>}
            </div>
          </Allowed>
        </div>
      )}
      {whole !== undefined && whole > 0 && (
        <>
          <div className="damage-way">
            <p>{t('keepMeans')}</p>
            <SaveWhole saving={saving} room={name ?? ''} isBusy={isBusy} />
          </div>
          <div className="damage-way">
            <p>{t('goOnMeans')}</p>
            <AskedLine asked={goingOn.asked} />
            <Allowed to="rooms.refound">
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
            </Allowed>
          </div>
        </>
      )}
    </section>
  )
}

interface SaveWholeProps {
  readonly saving: Working<SavedLog>
  /** Its name. */
  readonly room: string
  readonly isBusy: boolean
}

/** As a file: the blocks before the first that is bad. */
function SaveWhole({ saving, room, isBusy }: SaveWholeProps) {
  const { t, i18n } = useTranslation('damage')
  const { t: log } = useTranslation('log')
  const { number } = useFormat()
  const { work, start } = saving
  const saveAs = (format: LogFormat): void =>
    start(async (api, tell, signal) => saveLog(await api.log.salvage({ format }, { signal }), { format, room, tell, signal }))
  return (
    <>
      <div className="actions">
        <Button variant="default" disabled={isBusy} onClick={() => saveAs('jsonl')}>
          {log('exportLines')}
        </Button>
        <Button variant="default" disabled={isBusy} onClick={() => saveAs('csv')}>
          {log('exportTable')}
        </Button>
      </div>
      <WorkLine
        working={saving}
        text={({ done, total }) => (total === 0 ? t('reading') : log('exporting', { done: number(done), total: number(total) }))}
      />
      {work.kind === 'done' && (
        <div className="outcome" role="status">
          <p className="good">
            <TickIcon />
            <bdi className="grow">{log('exported', { count: work.result.blocks, file: work.result.file })}</bdi>
          </p>
          {work.result.bad !== undefined && (
            <p className="bad">
              <CrossIcon />
              <span className="grow">
                {t('isBad', {
                  index: number(work.result.bad.index),
                  reason: say(i18n, 'damage', work.result.bad) ?? work.result.bad.reason.replace(/\.$/, ''),
                })}
              </span>
            </p>
          )}
        </div>
      )}
    </>
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
