import { Button, NativeSelect, SegmentedControl, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AskedLine } from '../parts/asked.tsx'
import { inText } from '../parts/name.tsx'
import { useAsk } from '../room/ask.ts'
import { useRoom } from '../room/use-room.tsx'
import { useWays } from './ways.ts'

const [nameCharsMax, codeCharsMax] = [64, 128]
/** What is offered; another one is typed. */
const currencies = ['EUR', 'BRL', 'USD', 'GBP', 'CHF', 'JPY', 'MXN', 'ARS', 'CLP', 'COP', 'AOA', 'MZN', 'KWD'] as const
const another = 'another'

type CodeKind = 'none' | 'new' | 'own'

/** `current`: the name of the room that is left for the new one. */
export function CreateRoom({ current }: { readonly current: string | undefined }) {
  const { t, i18n } = useTranslation('welcome')
  const room = useRoom()
  const { onTry } = useWays()
  const { asked, run } = useAsk<object>()
  const [name, setName] = useState('')
  const [codeKind, setCodeKind] = useState<CodeKind>('none')
  const [ownCode, setOwnCode] = useState('')
  const [currency, setCurrency] = useState<string>(navigator.language === 'pt-BR' ? 'BRL' : 'EUR')
  const [typedCurrency, setTypedCurrency] = useState('')
  const [deposits, setDeposits] = useState<'open' | 'host'>('open')
  const create = async (): Promise<void> => {
    onTry('create')
    const code = codeKind === 'own' ? ownCode : codeKind === 'new' ? 'new' : ''
    const plan = { name: name.trim(), code, currency: currency === another ? typedCurrency.trim() : currency, deposits }
    const created = await run((api) => api.rooms.create(plan))
    room.rooms.refresh()
    if (created === undefined) return
    setName('')
    setOwnCode('')
  }
  const currencyNames = new Intl.DisplayNames(i18n.language, { type: 'currency' })
  return (
    <form
      className="card form"
      aria-labelledby="create-title"
      onSubmit={(event) => {
        event.preventDefault()
        void create()
      }}
    >
      <h2 id="create-title">{t('create')}</h2>
      {current !== undefined && <p className="faint">{t('leavesFor', { name: inText(current) })}</p>}
      <TextInput
        label={t('roomName')}
        maxLength={nameCharsMax}
        required
        withAsterisk={false}
        autoComplete="off"
        placeholder={t('roomNameExample')}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <div>
        <p className="label" id="code-label">
          {t('roomCode')}
        </p>
        <SegmentedControl
          fullWidth
          aria-labelledby="code-label"
          value={codeKind}
          data={(['none', 'new', 'own'] as const).map((value) => ({ value, label: t(`code_${value}`) }))}
          onChange={(value) => setCodeKind(value as CodeKind)}
        />
        <p className="faint hint">{t(`codeHint_${codeKind}`)}</p>
      </div>
      {codeKind === 'own' && (
        <TextInput
          label={t('ownCode')}
          // The peer takes this word for one that it shall make.
          pattern="(?!new$).*"
          title={t('codeNotNew')}
          maxLength={codeCharsMax}
          required
          withAsterisk={false}
          autoComplete="off"
          spellCheck={false}
          value={ownCode}
          onChange={(event) => setOwnCode(event.currentTarget.value)}
        />
      )}
      <NativeSelect
        label={t('currency')}
        value={currency}
        data={[
          ...currencies.map((value) => ({ value, label: `${value} · ${currencyNames.of(value) ?? value}` })),
          { value: another, label: t('anotherCurrency') },
        ]}
        onChange={(event) => setCurrency(event.currentTarget.value)}
      />
      {currency === another && (
        <TextInput
          label={t('currencyCode')}
          placeholder="NOK"
          maxLength={3}
          required
          withAsterisk={false}
          autoComplete="off"
          value={typedCurrency}
          onChange={(event) => setTypedCurrency(event.currentTarget.value.toUpperCase())}
        />
      )}
      <div>
        <p className="label" id="deposits-label">
          {t('deposits')}
        </p>
        <SegmentedControl
          fullWidth
          aria-labelledby="deposits-label"
          value={deposits}
          data={(['open', 'host'] as const).map((value) => ({ value, label: t(`deposits_${value}`) }))}
          onChange={(value) => setDeposits(value as typeof deposits)}
        />
        <p className="faint hint">{t(`depositsHint_${deposits}`)}</p>
      </div>
      <AskedLine asked={asked} />
      <div className="actions">
        <Button type="submit" loading={asked.kind === 'asking'}>
          {t('createIt')}
        </Button>
      </div>
    </form>
  )
}
