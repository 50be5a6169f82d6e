import { Button, Progress } from '@mantine/core'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Api } from '../../src/api/client.ts'
import { refusedOf } from '../room/act.ts'
import type { Refused } from '../room/outcome.ts'
import { useRoom } from '../room/use-room.tsx'
import { useRefusal } from './outcome.tsx'
import './work.css'

export interface Progressed {
  readonly done: number
  readonly total: number
}

/** Long work, which says how far it is and can be stopped. */
export type Work<R> =
  | { readonly kind: 'none' }
  | ({ readonly kind: 'running' } & Progressed)
  | { readonly kind: 'stopped' }
  | { readonly kind: 'done'; readonly result: R }
  | { readonly kind: 'failed'; readonly refused: Refused | undefined }

export interface Working<R> {
  readonly work: Work<R>
  /** What was under way before is stopped. */
  start(task: (api: Api, tell: (progress: Progressed) => void, signal: AbortSignal) => Promise<R>): void
  stop(): void
}

export function useWork<R>(): Working<R> {
  const { door } = useRoom()
  const [work, setWork] = useState<Work<R>>({ kind: 'none' })
  const last = useRef<AbortController | undefined>(undefined)
  useEffect(() => () => last.current?.abort(), [])

  const start = useCallback<Working<R>['start']>(
    (task) => {
      last.current?.abort()
      const own = new AbortController()
      last.current = own
      const become = (next: Work<R>): void => {
        if (!own.signal.aborted) setWork(next)
      }
      become({ kind: 'running', done: 0, total: 0 })
      const run = async (): Promise<void> => {
        try {
          const api = await door.api()
          const result = await task(api, ({ done, total }) => become({ kind: 'running', done, total }), own.signal)
          become({ kind: 'done', result })
        } catch (error) {
          become({ kind: 'failed', refused: refusedOf(error) })
        }
      }
      void run()
    },
    [door],
  )
  const stop = useCallback(() => {
    last.current?.abort()
    setWork({ kind: 'stopped' })
  }, [])
  return { work, start, stop }
}

/** How far it is, with the way to stop it; then what became of it, unless it is done: that is the caller's to tell. */
export function WorkLine<R>({ working, text }: { readonly working: Working<R>; text(progress: Progressed): string }) {
  const { t } = useTranslation('log')
  const refusal = useRefusal()
  const { work, stop } = working
  switch (work.kind) {
    case 'none':
    case 'done':
      return null
    case 'running': {
      const share = work.total === 0 ? 0 : Math.min(100, (work.done / work.total) * 100)
      return (
        <div className="work">
          <Progress className="grow" value={share} size="sm" color="var(--link)" aria-label={text(work)} />
          <span className="figures faint">{text(work)}</span>
          <Button size="compact-md" variant="default" onClick={stop}>
            {t('cancel', { ns: 'common' })}
          </Button>
        </div>
      )
    }
    case 'stopped':
      return (
        <p className="faint" role="status">
          {t('stopped')}
        </p>
      )
    case 'failed':
      return (
        <p className="bad" role="alert">
          {work.refused === undefined ? t('lost') : t('failed', { text: refusal(work.refused) })}
        </p>
      )
  }
}
