import { Button, Checkbox, FileButton, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { type FormEvent, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Allowed } from '../parts/allowed.tsx'
import { AskedLine } from '../parts/asked.tsx'
import { Delayed, Empty } from '../parts/empty.tsx'
import { OutcomeLine } from '../parts/outcome.tsx'
import { LotPicture } from '../parts/picture.tsx'
import { useAct } from '../room/act.ts'
import { useAsk } from '../room/ask.ts'
import { useFormat } from '../room/format.ts'
import { go } from '../room/location.ts'
import { useCurrency } from '../room/money.ts'
import { paths } from '../room/routes.ts'
import { useLive, useRoom, useStatus } from '../room/use-room.tsx'
import { ownAccounts } from './lot-state.ts'
import { type Picture, type PictureFault, pictureBytesMax, pictureSideMax, readPicture } from './picture.ts'
import { useSpan } from './span.ts'
import './auctions.css'

const second = 1_000
const durations = [30, 60, 120, 300, 600, 1_800, 3_600, 86_400].map((seconds) => seconds * second)
const softClose = { windowMillis: 10 * second, extensionMillis: 10 * second, capMillis: 300 * second }
const [itemCharsMax, descriptionCharsMax] = [64, 1_000]

interface Fields {
  readonly item: string
  readonly description: string
  readonly startingPrice: string
  readonly increment: string
  readonly reserve: string
  readonly buyNow: string
  readonly payee: string
  readonly duration: string
  readonly isSoft: boolean
}

export function StartLot() {
  const { t } = useTranslation('auctions')
  const accounts = useLive(useRoom().accounts)
  const self = useStatus()?.self
  if (accounts === undefined || self === undefined) return <Delayed />
  const own = ownAccounts(accounts, self).map(({ account }) => account)
  const [first] = own
  return (
    <div className="narrow">
      <a href={paths.auctions} className="back">
        {t('toAuctions')}
      </a>
      <h1>{t('formTitle')}</h1>
      {first === undefined ? (
        <Empty title={t('needPayee')}>
          <Button component="a" href={paths.bank()}>
            {t('openAccount')}
          </Button>
        </Empty>
      ) : (
        <Allowed to="auctions.start">
          <StartForm own={own} first={first} />
        </Allowed>
      )}
    </div>
  )
}

function StartForm({ own, first }: { readonly own: readonly string[]; readonly first: string }) {
  const { t } = useTranslation('auctions')
  const { plain, code } = useCurrency()
  const act = useAct()
  const keeping = useAsk<unknown>()
  const span = useSpan()
  const form = useRef<HTMLFormElement>(null)
  const [picture, setPicture] = useState<Picture>()
  const [fields, setFields] = useState<Fields>({
    item: '',
    description: '',
    startingPrice: '',
    increment: '',
    reserve: '',
    buyNow: '',
    payee: first,
    duration: String(60 * second),
    isSoft: false,
  })
  const set = (change: Partial<Fields>): void => setFields((before) => ({ ...before, ...change }))
  const money = (name: 'startingPrice' | 'increment' | 'reserve' | 'buyNow', isOptional = false) => ({
    label: `${t(name)} (${isOptional ? `${code}, ${t('optional')}` : code})`,
    inputMode: 'decimal' as const,
    autoComplete: 'off',
    maxLength: 20,
    required: !isOptional,
    withAsterisk: false,
    placeholder: plain(name === 'increment' ? 100 : 1_000),
    value: fields[name],
    onChange: (event: FormEvent<HTMLInputElement>) => set({ [name]: event.currentTarget.value }),
  })

  const lot = () => ({
    item: fields.item.trim(),
    description: fields.description.trim(),
    startingPrice: fields.startingPrice.trim(),
    increment: fields.increment.trim(),
    durationMillis: Number(fields.duration),
    ...(picture === undefined ? {} : { picture: picture.base64url }),
    ...(fields.reserve.trim() === '' ? {} : { reserve: fields.reserve.trim() }),
    ...(fields.buyNow.trim() === '' ? {} : { buyNow: fields.buyNow.trim() }),
    ...(fields.isSoft ? { softClose } : {}),
  })
  const start = async (): Promise<void> => {
    let started = ''
    const outcome = await act.run(async (api, request) => {
      const answer = await api.auctions.start({ ...lot(), payee: fields.payee, ...request })
      started = answer.auction
      return answer
    })
    if (outcome.kind === 'committed') go(paths.lot(started))
  }
  /** For later: it waits in the catalogue. */
  const keep = async (): Promise<void> => {
    const kept = await keeping.run((api) => api.catalogue.add(lot()))
    if (kept !== undefined) go(paths.catalogue)
  }

  return (
    <form
      ref={form}
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        void start()
      }}
    >
      <TextInput
        label={t('item')}
        maxLength={itemCharsMax}
        required
        withAsterisk={false}
        value={fields.item}
        onChange={(event) => set({ item: event.currentTarget.value })}
      />
      <Textarea
        label={`${t('description')} (${t('optional')})`}
        maxLength={descriptionCharsMax}
        rows={3}
        value={fields.description}
        onChange={(event) => set({ description: event.currentTarget.value })}
      />
      <PictureField item={fields.item} picture={picture} onPicture={setPicture} />
      <div className="pair">
        <TextInput {...money('startingPrice')} />
        <TextInput {...money('increment')} />
      </div>
      <div className="pair">
        <NativeSelect
          label={t('duration')}
          value={fields.duration}
          data={durations.map((millis) => ({ value: String(millis), label: span(millis) }))}
          onChange={(event) => set({ duration: event.currentTarget.value })}
        />
        <NativeSelect
          label={t('payee')}
          value={fields.payee}
          data={[...own]}
          onChange={(event) => set({ payee: event.currentTarget.value })}
        />
      </div>
      <details className="more">
        <summary>{t('more')}</summary>
        <div className="pair">
          <TextInput {...money('reserve', true)} />
          <TextInput {...money('buyNow', true)} />
        </div>
        <Checkbox
          label={t('softClose')}
          description={t('softCloseHint')}
          checked={fields.isSoft}
          onChange={(event) => set({ isSoft: event.currentTarget.checked })}
        />
      </details>
      <OutcomeLine act={act} />
      <AskedLine asked={keeping.asked} />
      <div className="actions">
        <Button type="submit" size="md" disabled={act.outcome.kind === 'pending'}>
          {t('start')}
        </Button>
        <Button
          size="md"
          variant="default"
          disabled={keeping.asked.kind === 'asking'}
          onClick={() => {
            if (form.current?.reportValidity() === true) void keep()
          }}
        >
          {t('keep')}
        </Button>
      </div>
    </form>
  )
}

interface PictureFieldProps {
  readonly item: string
  readonly picture: Picture | undefined
  onPicture(picture: Picture | undefined): void
}

function PictureField({ item, picture, onPicture }: PictureFieldProps) {
  const { t } = useTranslation('auctions')
  const { number } = useFormat()
  const [fault, setFault] = useState<PictureFault>()
  const kilobytes = (bytes: number): string => number(Math.ceil(bytes / 1_024))
  const take = async (file: File | null): Promise<void> => {
    if (file === null) return
    const read = await readPicture(file)
    if ('kind' in read) return setFault(read)
    setFault(undefined)
    onPicture(read)
  }
  const faultText = (): string | undefined => {
    switch (fault?.kind) {
      case undefined:
        return undefined
      case 'pictureKind':
        return t('pictureKind')
      case 'picturePixels':
        return t('picturePixels', { width: number(fault.width), height: number(fault.height), max: number(pictureSideMax) })
      case 'pictureBytes':
        return t('pictureBytes', { size: kilobytes(fault.bytes), max: kilobytes(pictureBytesMax) })
    }
  }
  return (
    <fieldset className="picture-field">
      <legend>{t('picture')}</legend>
      <LotPicture picture={picture?.base64url ?? ''} item={item} />
      <div>
        <p className="faint">{t('pictureHint')}</p>
        <div className="actions">
          <FileButton accept="image/png,image/jpeg,image/webp,image/gif" onChange={(file) => void take(file)}>
            {(props) => (
              <Button variant="default" {...props}>
                {t('pictureChoose')}
              </Button>
            )}
          </FileButton>
          {picture !== undefined && (
            <Button variant="default" onClick={() => onPicture(undefined)}>
              {t('pictureRemove')}
            </Button>
          )}
        </div>
        <p role="status" className={fault === undefined ? 'faint' : 'bad'}>
          {faultText() ?? (picture?.isSmaller ? t('pictureSmaller', { size: kilobytes(picture.bytes) }) : '')}
        </p>
      </div>
    </fieldset>
  )
}
