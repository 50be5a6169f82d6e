import { Button, SegmentedControl, TextInput } from '@mantine/core'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { OutcomeLine } from '../parts/outcome.tsx'
import { useAct } from '../room/act.ts'
import { useCurrency } from '../room/money.ts'
import { useLive, useRole, useRoom } from '../room/use-room.tsx'
import { ReceiptFold } from './receipt.tsx'

type Move = 'deposit' | 'withdraw' | 'transfer'
const memoCharsMax = 140

interface MoveMoneyProps {
  readonly account: string
  readonly isOwn: boolean
  readonly mayDeposit: boolean
}

/** Deposit, withdraw, transfer: one form, whose button says how much. */
export function MoveMoney({ account, isOwn, mayDeposit }: MoveMoneyProps) {
  const { t } = useTranslation('bank')
  const { code, format, plain, read } = useCurrency()
  const act = useAct()
  const { may } = useRole()
  const usual: readonly Move[] = [
    ...(mayDeposit ? (['deposit'] as const) : []),
    ...(isOwn ? (['withdraw', 'transfer'] as const) : []),
  ]
  const able = usual.filter(may)
  // Where none may be done all are shown, greyed out.
  const moves = able.length > 0 ? able : usual
  const [chosen, setChosen] = useState<Move>('deposit')
  const move = moves.includes(chosen) ? chosen : (moves[0] ?? 'deposit')
  const [text, setText] = useState('')
  const [to, setTo] = useState('')
  const [memo, setMemo] = useState('')
  const others = (useLive(useRoom().accounts) ?? []).filter((each) => !each.closed && each.account !== account)
  const listId = useId()
  const cents = read(text)

  const run = async (): Promise<void> => {
    const amount = text.trim()
    const outcome = await act.run((api, request) => {
      if (move === 'transfer') return api.transfer({ from: account, to: to.trim(), amount, memo: memo.trim(), ...request })
      return api[move]({ account, amount, ...request })
    })
    if (outcome.kind !== 'committed') return
    setText('')
    setMemo('')
  }
  const label = cents === undefined ? t(move) : t(`${move}Amount`, { amount: format(cents) })
  return (
    <form
      className="card form"
      aria-label={t(move)}
      onSubmit={(event) => {
        event.preventDefault()
        void run()
      }}
    >
      {moves.length > 1 && (
        <SegmentedControl
          fullWidth
          aria-label={t('what')}
          value={move}
          data={moves.map((each) => ({ value: each, label: t(each) }))}
          onChange={(value) => {
            setChosen(value as Move)
            act.forget()
          }}
        />
      )}
      {!mayDeposit && <p className="faint">{t('hostDeposits')}</p>}
      {move === 'transfer' && (
        <>
          <TextInput
            label={t('to')}
            list={listId}
            required
            withAsterisk={false}
            autoComplete="off"
            spellCheck={false}
            maxLength={32}
            value={to}
            onChange={(event) => setTo(event.currentTarget.value)}
          />
          <datalist id={listId}>
            {others.map((each) => (
              <option key={each.account} value={each.account}>
                {each.holder.slice(0, 64)}
              </option>
            ))}
          </datalist>
        </>
      )}
      <TextInput
        label={`${t('amount')} (${code})`}
        placeholder={plain(1_000)}
        inputMode="decimal"
        autoComplete="off"
        required
        withAsterisk={false}
        maxLength={20}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {move === 'transfer' && (
        <TextInput
          label={`${t('memo')} (${t('optional')})`}
          maxLength={memoCharsMax}
          value={memo}
          onChange={(event) => setMemo(event.currentTarget.value)}
        />
      )}
      <div className="actions">
        <Button type="submit" disabled={act.outcome.kind === 'pending'}>
          {label}
        </Button>
      </div>
      <OutcomeLine act={act} />
      {act.outcome.kind === 'committed' && (
        <ReceiptFold key={act.outcome.receipt.operation} index={act.outcome.receipt.block.index} />
      )}
    </form>
  )
}
