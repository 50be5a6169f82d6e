import { Button, FileButton, Textarea } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyButton } from '../parts/copy.tsx'
import { Name, shortName } from '../parts/name.tsx'
import { useWork, WorkLine } from '../parts/work.tsx'
import { useFormat } from '../room/format.ts'
import { useCurrency } from '../room/money.ts'
import { TickIcon } from '../shell/icons.tsx'
import { type CatalogueDraft, type CatalogueFault, type DraftLot, pictureKey, readCatalogue } from './catalogue-csv.ts'
import { type Picture, readPicture } from './picture.ts'
import { useSpan } from './span.ts'

/** What a file of lots looks like: the columns, and one of them. */
const example =
  'item,description,price,increment,reserve,buy now,duration,picture\nShip clock,Eight-day movement,40,2.50,60,,5m,clock.jpg\n'
const fileBytesMax = 1_000_000
/** Files that are looked at; a catalogue holds no more lots. */
const picturesMax = 500

const nothing: CatalogueDraft = { lots: [], faults: [] }

type Pictures = ReadonlyMap<string, Picture>

interface AddLotsProps {
  /** There is no lot yet: it is open from the start. */
  readonly isFirst: boolean
  onAdded(): void
}

/** Lots from a file of comma-separated values and the pictures that it names; all of it is shown before anything is done. */
export function AddLots({ isFirst, onAdded }: AddLotsProps) {
  const { t } = useTranslation('catalogue')
  const { number } = useFormat()
  const { read, exact } = useCurrency()
  // Afterwards it is the person's to open and close.
  const [isOpenFirst] = useState(isFirst)
  const [text, setText] = useState('')
  const [fileFault, setFileFault] = useState('')
  const [pictures, setPictures] = useState<Pictures>(new Map())
  const [badPictures, setBadPictures] = useState<readonly string[]>([])
  const reading = useWork<undefined>()
  const adding = useWork<number>()
  /** Lines that are in the catalogue already, after a stop or a fault. */
  const [done, setDone] = useState<ReadonlySet<number>>(new Set())
  // biome-ignore lint/correctness/useExhaustiveDependencies: read and exact are new with each call, and say the same.
  const draft = useMemo(
    () => (text.trim() === '' ? nothing : readCatalogue(text, { amount: read, exact, hasPicture: (key) => pictures.has(key) })),
    [text, pictures],
  )
  const { faults } = draft
  const lots = draft.lots.filter(({ line }) => !done.has(line))
  const change = (next: string): void => {
    setText(next)
    setDone(new Set())
  }

  const takeText = async (file: File | null): Promise<void> => {
    if (file === null) return
    if (file.size > fileBytesMax) return setFileFault(t('fault_too-large'))
    setFileFault('')
    change(decode(new Uint8Array(await file.arrayBuffer())))
  }
  const takePictures = (files: readonly File[]): void => {
    const chosen = files.slice(0, picturesMax)
    reading.start(async (_, tell, signal) => {
      const [good, bad] = [new Map(pictures), [] as string[]]
      for (const [done, file] of chosen.entries()) {
        if (signal.aborted) break
        tell({ done, total: chosen.length })
        const picture = await readPicture(file)
        if ('kind' in picture) bad.push(file.name)
        else good.set(pictureKey(file.name), picture)
      }
      setPictures(good)
      setBadPictures(bad)
      return undefined
    })
  }
  const add = (): void =>
    adding.start(async (api, tell, signal) => {
      const added = new Set(done)
      try {
        for (const [at, lot] of lots.entries()) {
          if (signal.aborted) break
          tell({ done: at, total: lots.length })
          await api.catalogue.add(toInput(lot, pictures))
          added.add(lot.line)
        }
      } finally {
        setDone(added)
        onAdded()
      }
      return added.size
    })
  const isBusy = reading.work.kind === 'running' || adding.work.kind === 'running'
  return (
    <details className="more add-lots" open={isOpenFirst}>
      <summary>{t('add')}</summary>
      <p className="faint">{t('addHint')}</p>
      <pre className="code">{example}</pre>
      <div className="actions">
        <FileButton accept=".csv,.tsv,.txt,text/csv" onChange={(file) => void takeText(file)}>
          {(props) => (
            <Button variant="default" disabled={isBusy} {...props}>
              {t('chooseFile')}
            </Button>
          )}
        </FileButton>
        <FileButton multiple accept="image/png,image/jpeg,image/webp,image/gif" onChange={takePictures}>
          {(props) => (
            <Button variant="default" disabled={isBusy} {...props}>
              {t('choosePictures')}
            </Button>
          )}
        </FileButton>
        <CopyButton label={t('copyExample')} text={example} />
        {pictures.size > 0 && <span className="faint">{t('pictures', { count: pictures.size })}</span>}
      </div>
      <WorkLine
        working={reading}
        text={({ done, total }) => t('readingPictures', { done: number(done), total: number(total) })}
      />
      {badPictures.length > 0 && (
        <p className="bad" role="status">
          <bdi>{t('badPictures', { names: badPictures.slice(0, 10).map(shortName).join(', ') })}</bdi>
        </p>
      )}
      <Textarea
        label={t('paste')}
        rows={4}
        spellCheck={false}
        classNames={{ input: 'code' }}
        value={text}
        error={fileFault === '' ? undefined : fileFault}
        disabled={isBusy}
        onChange={(event) => change(event.currentTarget.value)}
      />
      {faults.length > 0 && <Faults faults={faults} />}
      {lots.length > 0 && (
        <>
          <Preview lots={lots} />
          <div className="actions">
            <Button disabled={isBusy} onClick={add}>
              {t('addLots', { count: lots.length })}
            </Button>
            {faults.length > 0 && <span className="faint">{t('leftOut')}</span>}
          </div>
        </>
      )}
      <WorkLine working={adding} text={({ done, total }) => t('adding', { done: number(done), total: number(total) })} />
      {adding.work.kind === 'done' && lots.length === 0 && (
        <p role="status" className="good">
          <TickIcon /> {t('added', { count: adding.work.result })}
        </p>
      )}
    </details>
  )
}

function Faults({ faults }: { readonly faults: readonly CatalogueFault[] }) {
  const { t } = useTranslation('catalogue')
  return (
    // What is long enough to be scrolled can be scrolled by keys.
    <section aria-label={t('faults', { count: faults.length })}>
      <h3>{t('faults', { count: faults.length })}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above. */}
      <ul className="add-faults" tabIndex={0}>
        {faults.map(({ line, code, text }) => (
          <li key={`${line} ${code} ${text}`}>
            {t('line', { line })} {t(`fault_${code}`)}
            {text !== '' && (
              <>
                {' '}
                <bdi className="code">{shortName(text)}</bdi>
              </>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Preview({ lots }: { readonly lots: readonly DraftLot[] }) {
  const { t } = useTranslation('catalogue')
  const { format, read } = useCurrency()
  const span = useSpan()
  const money = (text: string | undefined): string => {
    const cents = text === undefined ? undefined : read(text)
    return cents === undefined ? '' : format(cents)
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than a phone can be scrolled by keys.
    <section className="add-preview" tabIndex={0} aria-label={t('preview')}>
      <table className="ledger">
        <thead>
          <tr>
            <th scope="col" className="right">
              {t('lineHead')}
            </th>
            <th scope="col">{t('item', { ns: 'auctions' })}</th>
            <th scope="col" className="right">
              {t('startingPrice', { ns: 'auctions' })}
            </th>
            <th scope="col" className="right">
              {t('increment', { ns: 'auctions' })}
            </th>
            <th scope="col" className="right">
              {t('reserve', { ns: 'auctions' })}
            </th>
            <th scope="col" className="right">
              {t('buyNow', { ns: 'auctions' })}
            </th>
            <th scope="col" className="right">
              {t('duration', { ns: 'auctions' })}
            </th>
            <th scope="col">{t('picture', { ns: 'auctions' })}</th>
          </tr>
        </thead>
        <tbody>
          {lots.map((lot) => (
            <tr key={lot.line}>
              <td className="right figures">{lot.line}</td>
              <td className="item">
                <Name text={lot.item} />
              </td>
              <td className="right figures">{money(lot.startingPrice)}</td>
              <td className="right figures">{money(lot.increment)}</td>
              <td className="right figures">{money(lot.reserve)}</td>
              <td className="right figures">{money(lot.buyNow)}</td>
              <td className="right figures">{span(lot.durationMillis)}</td>
              <td>{lot.picture !== undefined && <Name text={lot.picture} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function toInput(
  { item, description, startingPrice, increment, reserve, buyNow, durationMillis, picture }: DraftLot,
  pictures: Pictures,
) {
  const chosen = picture === undefined ? undefined : pictures.get(picture)
  return {
    item,
    description,
    startingPrice,
    increment,
    durationMillis,
    ...(reserve === undefined ? {} : { reserve }),
    ...(buyNow === undefined ? {} : { buyNow }),
    ...(chosen === undefined ? {} : { picture: chosen.base64url }),
  }
}

/** Spreadsheets on Windows still write their own code page. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}
