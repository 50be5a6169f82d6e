import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import './check.css'
import { type LogFormat, type SavedLog, saveLog } from '../parts/save-log.ts'
import { useWork, WorkLine } from '../parts/work.tsx'
import { say } from '../room/said.ts'
import { useStatus } from '../room/use-room.tsx'
import { CrossIcon, TickIcon } from '../shell/icons.tsx'
import { useMoments } from './moments.ts'

type Verified =
  | { readonly kind: 'done'; readonly blocks: number }
  | { readonly kind: 'damage'; readonly index: number; readonly code: string; readonly reason: string }

/** What is done with the log as a whole: verified by the peer, block by block, or taken along as a file. */
export function WholeLog() {
  const { t } = useTranslation('log')
  const { number } = useMoments()
  const room = useStatus()?.room
  const verifying = useWork<Verified>()
  const exporting = useWork<SavedLog>()

  const verify = (): void =>
    verifying.start(async (api, tell, signal) => {
      for await (const step of await api.log.verify(undefined, { signal })) {
        if (step.kind !== 'progress') return step
        tell(step)
      }
      throw new Error('the verification ended without a result')
    })
  const exportAs = (format: LogFormat): void =>
    exporting.start(async (api, tell, signal) =>
      saveLog(await api.log.export({ format }, { signal }), { format, room: room?.name ?? '', tell, signal }),
    )
  const isBusy = verifying.work.kind === 'running' || exporting.work.kind === 'running'
  return (
    <section className="log-whole">
      <div className="actions">
        <Button variant="default" disabled={isBusy} onClick={verify}>
          {t('verify')}
        </Button>
        <Button variant="default" disabled={isBusy} onClick={() => exportAs('jsonl')}>
          {t('exportLines')}
        </Button>
        <Button variant="default" disabled={isBusy} onClick={() => exportAs('csv')}>
          {t('exportTable')}
        </Button>
      </div>
      <WorkLine working={verifying} text={({ done, total }) => t('verifying', { done: number(done), total: number(total) })} />
      <WorkLine working={exporting} text={({ done, total }) => t('exporting', { done: number(done), total: number(total) })} />
      {verifying.work.kind === 'done' && <Verdict verified={verifying.work.result} />}
      {exporting.work.kind === 'done' && (
        <p role="status" className="good checked">
          <TickIcon />
          <bdi>{t('exported', { count: exporting.work.result.blocks, file: exporting.work.result.file })}</bdi>
        </p>
      )}
    </section>
  )
}

function Verdict({ verified }: { readonly verified: Verified }) {
  const { t, i18n } = useTranslation('log')
  const { number } = useMoments()
  if (verified.kind === 'done') {
    return (
      <p role="status" className="good checked">
        <TickIcon />
        {t('verified', { count: verified.blocks })}
      </p>
    )
  }
  return (
    <p role="alert" className="bad checked">
      <CrossIcon />
      {t('damaged', {
        index: number(verified.index),
        reason: say(i18n, 'damage', verified) ?? verified.reason.replace(/\.$/, ''),
      })}
    </p>
  )
}
