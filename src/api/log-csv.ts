import type { Currency } from '../core/currency.ts'
import { formatAmount } from '../core/money.ts'
import type { AppliedOutcome } from '../market/types.ts'
import { toReplayedBlock } from './judged-block.ts'
import type { toBlock } from './to-view.ts'

/** The log for spreadsheets: an operation a row, as RFC 4180 wants it. */

type Block = Parameters<typeof toBlock>[0]

const columns = [
  ...['block', 'time', 'epoch', 'turn', 'lamport', 'author', 'hash'],
  ...['operation', 'kind', 'account', 'to', 'auction', 'amount', 'currency', 'text', 'outcome'],
] as const

export const csvHead = `${columns.join(',')}\r\n`

/** Of the genesis block and of view blocks one row; of others one for each operation, none where there is none. */
export function csvRows(block: Block, outcomes: readonly AppliedOutcome[], currency: Currency): string {
  const { index, time, epoch, turn, lamport, author, hash, kind, content } = toReplayedBlock(block, outcomes, currency)
  const place = [index, new Date(time).toISOString(), epoch, turn, lamport, author, hash]
  if (!Array.isArray(content)) {
    const text = kind === 'genesis' ? content.name : Array.isArray(content.members) ? content.members.join(' ') : ''
    return row([...place, '', kind, '', '', '', '', '', text, 'done'])
  }
  return content
    .map((operation) => {
      const cents = operation.amount ?? operation.startingPrice
      const amount = typeof cents === 'number' ? [formatAmount(cents, currency), currency.code] : ['', '']
      return row([
        ...place,
        operation.operation,
        operation.kind,
        operation.account ?? operation.from ?? operation.payee,
        operation.to,
        operation.auction,
        ...amount,
        operation.memo ?? operation.reason ?? operation.item ?? operation.holder ?? operation.millis,
        outcomeOf(operation),
      ])
    })
    .join('')
}

function outcomeOf({ refused, repeat, skipped }: Readonly<Record<string, unknown>>): string {
  if (typeof refused === 'object' && refused !== null && 'code' in refused) return `refused: ${String(refused.code)}`
  if (repeat === true) return 'repeat'
  return skipped === true ? 'skipped' : 'done'
}

const row = (values: readonly unknown[]): string => `${values.map(cell).join(',')}\r\n`

function cell(value: unknown): string {
  const text = value === undefined ? '' : String(value)
  // What other people wrote is text, and no formula that a spreadsheet would carry out.
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
