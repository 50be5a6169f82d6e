import { Button, FileButton, Textarea } from '@mantine/core'
import { useDeferredValue, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { StatusView } from '../../src/api/views.ts'
import { useFormat } from '../room/format.ts'
import { useCurrency } from '../room/money.ts'
import { Enrolment } from './enrolment.tsx'
import { parseRoster, type RosterFault, rosterCharsMax, rosterLinesMax } from './roster.ts'

/** UTF-8 takes up to three bytes where a text has one character; a text that is too long is told by its bytes first. */
const fileBytesMax = rosterCharsMax
const faultsShownMax = 20

/** Paste or choose; see what would be done, line by line; then do it. */
export function RosterForm({ status }: { readonly status: StatusView }) {
  const { t } = useTranslation('class')
  const { number } = useFormat()
  const { decimals, read } = useCurrency()
  const [text, setText] = useState('')
  const [fault, setFault] = useState<string>()
  const [isRunning, setRunning] = useState(false)
  const deferred = useDeferredValue(text)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `read` is another function each time, and depends on the decimals only
  const roster = useMemo(() => parseRoster(deferred, read), [deferred, decimals])

  const take = async (file: File | null): Promise<void> => {
    if (file === null) return
    setFault(undefined)
    if (file.size > fileBytesMax) {
      setFault(t('fileTooLarge', { size: number(Math.ceil(file.size / 1024)), max: number(fileBytesMax / 1024) }))
      return
    }
    await file.text().then(setText, () => setFault(t('fileUnreadable')))
  }
  return (
    <div className="form">
      <p className="faint">{t('rosterHint')}</p>
      <Textarea
        label={t('lines')}
        autosize={false}
        rows={6}
        maxLength={rosterCharsMax}
        readOnly={isRunning}
        spellCheck={false}
        autoComplete="off"
        placeholder={'ana,Ana Costa,100\nbob,Bob,100'}
        classNames={{ input: 'code' }}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value)
          setFault(undefined)
        }}
      />
      <div className="actions">
        <FileButton accept=".csv,.txt,.tsv,text/csv,text/plain" onChange={(file) => void take(file)}>
          {(props) => (
            <Button variant="default" disabled={isRunning} {...props}>
              {t('chooseFile')}
            </Button>
          )}
        </FileButton>
        {text !== '' && (
          <Button variant="subtle" disabled={isRunning} onClick={() => setText('')}>
            {t('clear')}
          </Button>
        )}
      </div>
      {fault !== undefined && (
        <p className="bad" role="alert">
          {fault}
        </p>
      )}
      <Faults faults={roster.faults} />
      {roster.lines.length > 0 && <Enrolment key={deferred} status={status} lines={roster.lines} onRunning={setRunning} />}
      {roster.lines.length === 0 && roster.faults.length > 0 && <p>{t('noLines')}</p>}
    </div>
  )
}

function Faults({ faults }: { readonly faults: readonly RosterFault[] }) {
  const { t } = useTranslation('class')
  const { t: common } = useTranslation()
  const { exact } = useCurrency()
  const { number } = useFormat()
  if (faults.length === 0) return null
  const tell = ({ code, value, first, line }: RosterFault): string => {
    const facts = { value: shown(value ?? ''), first: number(first ?? 0), max: number(rosterLinesMax), example: exact(10_050) }
    return t('faultLine', { line: number(line), fault: t(`fault_${code}`, facts) })
  }
  return (
    <div className="faults" role="status">
      <p className="bad">{t('faults', { count: faults.length })}</p>
      <ul>
        {faults.slice(0, faultsShownMax).map((fault) => (
          <li key={fault.line}>
            <bdi>{tell(fault)}</bdi>
          </li>
        ))}
        {faults.length > faultsShownMax && <li>{common('moreOf', { count: faults.length - faultsShownMax })}</li>}
      </ul>
    </div>
  )
}

/** As much of a cell as shows which one it is. */
const shown = (value: string): string => (value.length > 40 ? `${value.slice(0, 39)}…` : value)
