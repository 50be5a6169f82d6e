import { type CsvRow, parseCsv } from '../../src/core/csv.ts'
import { issuerAccount, parseAccountId, parseNewName } from '../../src/core/ids.ts'

/** One person of a class. */
export interface RosterLine {
  /** Counted from 1, as an editor counts. */
  readonly line: number
  readonly account: string
  /** The account's id where no name stands. */
  readonly holder: string
  /** To be deposited; absent: nothing. */
  readonly cents?: number
}

export type RosterFault = {
  readonly line: number
  readonly code:
    | 'quote-open'
    | 'not-utf8'
    | 'too-many-lines'
    | 'account-id-invalid'
    | 'account-issuer'
    | 'account-twice'
    | 'name-invalid'
    | 'name-unprintable'
    | 'amount-invalid'
  /** What stands there. */
  readonly value?: string
  /** The line on which the account stands first. */
  readonly first?: number
}

export interface Roster {
  readonly lines: readonly RosterLine[]
  readonly faults: readonly RosterFault[]
}

/** More is no class. */
export const rosterLinesMax = 1_000
export const rosterCharsMax = 256 * 1024

/** Of the currency's minor unit, from what a person wrote; `undefined`: no amount. */
type ReadAmount = (text: string) => number | undefined

/**
 * Text of comma-separated values, one person a line: account id, name, amount. A first line may name the columns, in any of the
 * three languages and in any order; other columns are left alone. Every line is either good or has one fault.
 */
export function parseRoster(text: string, readAmount: ReadAmount): Roster {
  // A spreadsheet's own character set would give names that nobody has.
  if (text.includes('\uFFFD')) return { lines: [], faults: [{ line: lineOf(text, text.indexOf('\uFFFD')), code: 'not-utf8' }] }
  const rows = parseCsv(text)
  if (rows === undefined) return { lines: [], faults: [{ line: lineOf(text, text.lastIndexOf('"')), code: 'quote-open' }] }
  const [first, ...rest] = rows
  const named = first === undefined ? undefined : columnsIn(first.cells)
  const columns = named ?? { account: 0, holder: 1, amount: 2 }
  const lines: RosterLine[] = []
  const faults: RosterFault[] = []
  const seen = new Map<string, number>()
  for (const row of named === undefined ? rows : rest) {
    if (lines.length + faults.length >= rosterLinesMax) {
      faults.push({ line: row.line, code: 'too-many-lines' })
      break
    }
    const read = readRow(row, columns, readAmount)
    if ('code' in read) {
      faults.push(read)
      continue
    }
    const before = seen.get(read.account)
    if (before === undefined) {
      seen.set(read.account, read.line)
      lines.push(read)
    } else faults.push({ line: read.line, code: 'account-twice', value: read.account, first: before })
  }
  return { lines, faults }
}

interface Columns {
  readonly account: number
  readonly holder: number
  /** -1: there is none. */
  readonly amount: number
}

function readRow({ line, cells }: CsvRow, columns: Columns, readAmount: ReadAmount): RosterLine | RosterFault {
  const id = cells[columns.account] ?? ''
  const account = parseAccountId(id)
  if (!account.ok) return { line, code: 'account-id-invalid', value: id }
  if (account.value === issuerAccount) return { line, code: 'account-issuer', value: id }
  const name = cells[columns.holder] || id
  const holder = parseNewName(name)
  if (!holder.ok) {
    return holder.error.code === 'name-unprintable'
      ? { line, code: 'name-unprintable' }
      : { line, code: 'name-invalid', value: name }
  }
  const amount = cells[columns.amount] ?? ''
  const cents = amount === '' ? 0 : readAmount(amount)
  if (cents === undefined) return { line, code: 'amount-invalid', value: amount }
  return { line, account: account.value, holder: holder.value, ...(cents === 0 ? {} : { cents }) }
}

const columnNames = {
  account: ['account', 'account id', 'id', 'conta', 'id da conta', 'cuenta', 'id de la cuenta'],
  holder: ['name', 'holder', 'nome', 'titular', 'nombre'],
  amount: ['amount', 'deposit', 'valor', 'depósito', 'deposito', 'importe', 'monto'],
} as const

/** An account may well be called `name`: a line that names the columns names both. */
function columnsIn(cells: readonly string[]): Columns | undefined {
  const find = (names: readonly string[]): number => cells.findIndex((cell) => names.includes(cell.toLowerCase()))
  const [account, holder] = [find(columnNames.account), find(columnNames.holder)]
  return account >= 0 && holder >= 0 ? { account, holder, amount: find(columnNames.amount) } : undefined
}

const lineOf = (text: string, at: number): number => text.slice(0, at).split(/\r\n|\r|\n/).length
