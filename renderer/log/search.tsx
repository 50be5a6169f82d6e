import { Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { shortName } from '../parts/name.tsx'
import { useWork, WorkLine } from '../parts/work.tsx'
import { paths } from '../room/routes.ts'
import { useNameOf } from '../room/use-room.tsx'
import { type Line, toLine } from './lines.ts'
import { useMoments } from './moments.ts'
import { useTell } from './tell.ts'

/** As many are looked for at a time; whoever wants more says so. */
const foundMax = 100
const textCharsMax = 200

interface Found {
  readonly text: string
  /** The newest first. */
  readonly lines: readonly Line[]
  /** The oldest block that was looked at. */
  readonly lookedTo: number
  readonly isDone: boolean
}

/** `last`: the newest block, where a search begins. */
export function Search({ last }: { readonly last: number }) {
  const { t } = useTranslation('log')
  const { number } = useMoments()
  const [text, setText] = useState('')
  const [found, setFound] = useState<Found>()
  const working = useWork<undefined>()
  const { work } = working

  const search = (so: Found): void => {
    setFound(so)
    working.start(async (api, tell, signal) => {
      let { lines, lookedTo } = so
      const enough = lines.length + foundMax
      for (let isDone = false; !isDone && lines.length < enough; ) {
        const answer = await api.log.search({ text: so.text, before: lookedTo, count: foundMax }, { signal })
        lines = [...lines, ...answer.blocks.map(toLine)]
        lookedTo = answer.lookedTo
        isDone = answer.isDone
        setFound({ text: so.text, lines, lookedTo, isDone })
        tell({ done: last + 1 - lookedTo, total: last + 1 })
      }
      return undefined
    })
  }
  const isRunning = work.kind === 'running'
  return (
    <search className="log-search" aria-label={t('search')}>
      <form
        className="log-ask"
        onSubmit={(event) => {
          event.preventDefault()
          const wanted = text.trim()
          if (wanted !== '') search({ text: wanted, lines: [], lookedTo: last + 1, isDone: false })
        }}
      >
        <TextInput
          className="grow"
          label={t('search')}
          placeholder={t('searchHint')}
          autoComplete="off"
          spellCheck={false}
          maxLength={textCharsMax}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" disabled={text.trim() === ''}>
          {t('searchStart')}
        </Button>
      </form>
      <WorkLine working={working} text={({ done, total }) => t('searching', { done: number(done), total: number(total) })} />
      {found !== undefined && (
        <>
          <p role="status" className="faint">
            {!isRunning &&
              (found.lines.length === 0 && found.isDone ? t('foundNone') : t('found', { count: found.lines.length }))}
            {!isRunning && !found.isDone && ` ${t('searchStopped', { index: number(found.lookedTo) })}`}
          </p>
          <Results lines={found.lines} />
          <div className="actions">
            {!isRunning && !found.isDone && (
              <Button size="compact-md" variant="default" onClick={() => search(found)}>
                {t('searchMore')}
              </Button>
            )}
            <Button
              size="compact-md"
              variant="default"
              onClick={() => {
                if (isRunning) working.stop()
                setFound(undefined)
                setText('')
              }}
            >
              {t('searchClose')}
            </Button>
          </div>
        </>
      )}
    </search>
  )
}

function Results({ lines }: { readonly lines: readonly Line[] }) {
  const { t } = useTranslation('log')
  const { number, moment } = useMoments()
  const tell = useTell()
  const nameOf = useNameOf()
  if (lines.length === 0) return null
  return (
    <ul className="log-found" aria-label={t('found', { count: lines.length })}>
      {lines.map((line) => (
        <li key={line.index}>
          <a className="log-line" href={paths.log(line.index)}>
            <span className="log-index">{number(line.index)}</span>
            <span className="log-time">{moment(line.time)}</span>
            <bdi className="log-author">{shortName(nameOf(line.author))}</bdi>
            <bdi className="log-what">{tell(line)}</bdi>
          </a>
        </li>
      ))}
    </ul>
  )
}
