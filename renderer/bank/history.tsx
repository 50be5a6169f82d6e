import { memo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AccountDetail } from '../../src/api/views.ts'
import { Amount } from '../parts/amount.tsx'
import { shortName } from '../parts/name.tsx'
import { useFormat } from '../room/format.ts'
import { paths } from '../room/routes.ts'
import { ReceiptIcon } from '../shell/icons.tsx'
import { Receipt } from './receipt.tsx'

type Entry = AccountDetail['history'][number]

/** Their other side is the room itself. */
const withIssuer: ReadonlySet<Entry['kind']> = new Set(['deposit', 'withdraw'])

/** Date, what, with whom, amount, balance after: the newest on top. */
export function History({ detail }: { readonly detail: AccountDetail }) {
  const { t } = useTranslation('bank')
  const entries = keyed(detail.history).reverse()
  return (
    <section>
      <h2>{t('history')}</h2>
      {entries.length === 0 ? (
        <p className="faint">{t('historyEmpty')}</p>
      ) : (
        <table className="ledger history">
          <thead>
            <tr>
              <th scope="col">{t('date')}</th>
              <th scope="col">{t('what')}</th>
              <th scope="col">{t('with')}</th>
              <th scope="col" className="right">
                {t('amount')}
              </th>
              <th scope="col" className="right">
                {t('balance')}
              </th>
              <th scope="col" className="receipt">
                <span className="unseen">{t('receipt')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {entries.map(([key, entry]) => (
              <Row key={key} entry={entry} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

/** What has happened stays as it is: a row is drawn once, however often the history is told anew. */
const Row = memo(function Row({ entry }: { readonly entry: Entry }) {
  const { t } = useTranslation('bank')
  const { moment, number } = useFormat()
  const [isOpen, setOpen] = useState(false)
  const label = t('receiptOf', { block: number(entry.index) })
  return (
    <>
      <tr>
        <td className="figures when">{moment(entry.time)}</td>
        <td className="what">{t(`kind_${entry.kind}`)}</td>
        <td className="with">
          <With entry={entry} />
        </td>
        <td className={`right much ${entry.change.cents > 0 ? 'good' : ''}`}>
          {entry.change.cents === 0 ? <Amount cents={entry.amount.cents} /> : <Amount cents={entry.change.cents} sign />}
        </td>
        <td className="right after">
          <Amount cents={entry.available.cents} />
        </td>
        <td className="receipt">
          <button
            type="button"
            className="round small"
            aria-label={label}
            aria-expanded={isOpen}
            title={label}
            onClick={() => setOpen(!isOpen)}
          >
            <ReceiptIcon />
          </button>
        </td>
      </tr>
      {isOpen && (
        <tr className="receipt-row">
          <td colSpan={6}>
            <Receipt index={entry.index} />
          </td>
        </tr>
      )}
    </>
  )
}, isSame)

function isSame({ entry: one }: { readonly entry: Entry }, { entry: other }: { readonly entry: Entry }): boolean {
  const text = (entry: Entry): string => JSON.stringify(entry)
  return text(one) === text(other)
}

/** Each with the number of its block, and its place among those of that block. */
function keyed(entries: readonly Entry[]): [string, Entry][] {
  const places = new Map<number, number>()
  return entries.map((entry) => {
    const place = (places.get(entry.index) ?? 0) + 1
    places.set(entry.index, place)
    return [`${entry.index}.${place}`, entry]
  })
}

function With({ entry }: { readonly entry: Entry }) {
  const { t } = useTranslation('bank')
  return (
    <>
      {entry.auction !== undefined && entry.lot !== undefined && (
        <a href={paths.lot(entry.auction)}>{t('lot', { number: entry.lot })}</a>
      )}
      {entry.counterparty !== undefined && entry.auction === undefined && !withIssuer.has(entry.kind) && (
        <bdi>{entry.counterparty}</bdi>
      )}
      {entry.memo !== '' && (
        <span className="faint memo">
          <bdi>{shortName(entry.memo)}</bdi>
        </span>
      )}
    </>
  )
}
