import type { Api } from '../api/client.ts'
import type { AccountDetail, AccountSummary, Settled } from '../api/views.ts'
import { allAccounts, allPeers } from '../api/whole-lists.ts'
import { parseCsv } from '../core/csv.ts'
import { parseAccountId, parseNewName } from '../core/ids.ts'
import { operationInput, operationOptions, profileOption, valid, withPeer } from './client.ts'
import { type Call, type Command, operand, textFlag } from './command.ts'
import { type Each, tellEach } from './each.ts'
import { usageError } from './errors.ts'
import { timeText } from './format.ts'
import { peerNames, placeOf, tell } from './output.ts'
import { type Column, columnsOption, tableOf, tellTable } from './table.ts'
import { accountWord, chosenAccount } from './words.ts'

const open: Command = {
  name: 'account open',
  summary: 'open an account that this peer owns, or those of a whole class',
  operands: ['ACCOUNT?'],
  options: [
    { name: 'holder', value: 'NAME', text: "the holder's name (default: the account's id)" },
    { name: 'from', value: 'FILE', text: 'a roster as CSV, with the columns account and name: one account for each line' },
    { name: 'dry-run', text: 'with --from: only check the file, and say what would be done' },
    ...operationOptions,
  ],
  examples: [
    'gavelring account open ana --holder "Ana Lima"',
    'gavelring account open 1234567890',
    'gavelring account open --from class.csv --dry-run',
  ],
  details:
    'A roster may have a first line that names the columns, quotes, and semicolons for commas, as spreadsheets write them.\n' +
    'A line that is refused is named, and the others go on: the exit code is 1 then.',
  async run(call) {
    const file = textFlag(call, 'from')
    if (file !== undefined) return openRoster(call, file)
    if (call.flags['dry-run'] === true) throw usageError('--dry-run goes with --from.')
    if (call.operands[0] === undefined) throw usageError('`gavelring account open` needs ACCOUNT, or --from FILE.')
    const account = accountWord(operand(call, 0), 'ACCOUNT')
    const holder = valid(parseNewName, textFlag(call, 'holder') ?? account, '--holder')
    const input = { account, holder, ...operationInput(call) }
    const settled = await withPeer(call, (api) => api.accounts.open(input))
    tell(call, settled, [`Account ${account} is open ${placeOf(settled)}.`])
    return 0
  },
}

const list: Command = {
  name: 'account list',
  summary: 'all accounts of the room',
  operands: [],
  options: [{ name: 'own', text: "only this peer's" }, columnsOption, profileOption],
  examples: [
    'gavelring account list',
    'gavelring account list --own --columns account,available',
    'gavelring account list --json',
  ],
  async run(call) {
    const { accounts, nameOf } = await withPeer(call, async (api) => {
      const [all, peers] = await Promise.all([allAccounts(api), allPeers(api)])
      const self = peers.find((peer) => peer.self)?.peer
      return { accounts: call.flags.own === true ? all.filter(({ owner }) => owner === self) : all, nameOf: peerNames(peers) }
    })
    tellTable(call, accounts, columnsOf(nameOf), accounts, 'There are no accounts yet.')
    return 0
  },
}

const show: Command = {
  name: 'account show',
  summary: 'an account with its newest entries',
  operands: ['ACCOUNT?'],
  options: [profileOption],
  examples: ['gavelring account show ana'],
  details: 'Without ACCOUNT: the one of `gavelring account use`.',
  async run(call) {
    const account = accountOperand(call)
    const { found, nameOf } = await withPeer(call, async (api) => {
      const [shown, peers] = await Promise.all([api.accounts.show({ account }), allPeers(api)])
      return { found: shown, nameOf: peerNames(peers) }
    })
    const { width } = call.terminal
    tell(call, found, [
      ...tableOf(columnsOf(nameOf), [found], width),
      '',
      ...(found.history.length === 0 ? ['Nothing has come or gone yet.'] : tableOf(entryColumns, found.history, width)),
    ])
    return 0
  },
}

const close: Command = {
  name: 'account close',
  summary: 'close an account that is empty',
  operands: ['ACCOUNT'],
  options: operationOptions,
  examples: ['gavelring account close ana'],
  async run(call) {
    const account = accountWord(operand(call, 0), 'ACCOUNT')
    const input = { account, ...operationInput(call) }
    const settled = await withPeer(call, (api) => api.accounts.close(input))
    tell(call, settled, [`Account ${account} is closed ${placeOf(settled)}.`])
    return 0
  },
}

export const accountCommands: readonly Command[] = [open, list, show, close]

function accountOperand(call: Call): string {
  const [text] = call.operands
  if (text !== undefined) return accountWord(text, 'ACCOUNT')
  const chosen = chosenAccount(call)
  if (chosen !== undefined) return chosen
  throw usageError('ACCOUNT is needed.', 'Or choose an account once: `gavelring account use ACCOUNT`.')
}

const columnsOf = (nameOf: (peer: string) => string): readonly Column<AccountSummary>[] => [
  { name: 'account', head: 'Account', cell: ({ account }) => account, whole: true },
  { name: 'holder', head: 'Holder', cell: ({ holder }) => holder },
  { name: 'owner', head: 'Owner', cell: ({ owner }) => nameOf(owner) },
  { name: 'available', head: 'Available', cell: ({ available }) => available.text, right: true },
  { name: 'held', head: 'Held', cell: ({ held }) => held.text, right: true },
  { name: 'is', head: '', cell: ({ closed }) => (closed ? 'closed' : '') },
]

type Entry = AccountDetail['history'][number]

const entryColumns: readonly Column<Entry>[] = [
  { name: 'time', head: 'Time', cell: ({ time }) => timeText(time), whole: true },
  { name: 'what', head: 'What', cell: entryText },
  { name: 'amount', head: 'Amount', cell: ({ amount }) => amount.text, right: true },
  { name: 'available', head: 'Available', cell: ({ available }) => available.text, right: true },
  { name: 'held', head: 'Held', cell: ({ held }) => held.text, right: true },
  { name: 'memo', head: 'Memo', cell: ({ memo }) => memo },
]

function entryText({ kind, counterparty, lot }: Entry): string {
  const what = lot === undefined ? 'an auction' : `lot ${lot}`
  switch (kind) {
    case 'deposit':
      return 'deposited'
    case 'withdraw':
      return 'withdrawn'
    case 'sent':
      return `paid to ${counterparty}`
    case 'received':
      return `got from ${counterparty}`
    case 'held':
      return `held for ${what}`
    case 'released':
      return `free again, ${what}`
    case 'paid':
      return `paid for ${what} to ${counterparty}, from the hold`
    case 'sold':
      return `got for ${what} from ${counterparty}`
  }
}

interface RosterRow {
  readonly line: number
  readonly account: string
  readonly holder: string
}

async function openRoster(call: Call, file: string): Promise<number> {
  if (call.operands.length > 0) throw usageError('ACCOUNT or --from, not both.')
  if (textFlag(call, 'holder') !== undefined) throw usageError('With --from the names stand in the file.')
  if (textFlag(call, 'request-id') !== undefined)
    throw usageError('With --from there is no --request-id: an account is opened once anyway.')
  const { rows, faults } = await readRoster(file)
  if (rows.length === 0 && faults.length === 0) throw usageError(`--from: ${file} has no accounts.`)
  const tellFaults = (): void => {
    if (!call.json) for (const { label, message } of faults) call.terminal.note(`${label}: ${message}`)
  }
  if (call.flags['dry-run'] === true) {
    tell(call, { rows, faults }, [
      ...tableOf(rosterColumns, rows, call.terminal.width),
      `${rows.length} accounts would be opened, and ${faults.length} lines cannot be used.`,
    ])
    tellFaults()
    return faults.length === 0 ? 0 : 1
  }
  tellFaults()
  const exit = await withPeer(call, (api) =>
    tellEach(
      call,
      rows.map((row) => opening(api, row, operationInput(call))),
    ),
  )
  return exit === 0 && faults.length > 0 ? 1 : exit
}

function opening(api: Api, { line, account, holder }: RosterRow, input: ReturnType<typeof operationInput>): Each {
  return {
    label: `line ${line}, ${account}`,
    facts: { line, account },
    run: () => api.accounts.open({ account, holder, ...input }),
    done: (settled: Settled) => `Account ${account} is open, for ${holder} ${placeOf(settled)}.`,
  }
}

const rosterColumns: readonly Column<RosterRow>[] = [
  { name: 'line', head: 'Line', cell: ({ line }) => String(line), right: true },
  { name: 'account', head: 'Account', cell: ({ account }) => account, whole: true },
  { name: 'holder', head: 'Holder', cell: ({ holder }) => holder },
]

/** A hundred thousand accounts have less. */
const rosterBytesMax = 16 * 2 ** 20

interface RosterFault {
  readonly label: string
  readonly message: string
}

async function readRoster(
  file: string,
): Promise<{ readonly rows: readonly RosterRow[]; readonly faults: readonly RosterFault[] }> {
  const { readAtMost, whyUnread } = await import('../app/own-files.ts')
  const bytes = await readAtMost(file, rosterBytesMax + 1).catch((error: unknown) => {
    throw usageError(`--from: ${file} cannot be read (${whyUnread(error)}).`)
  })
  if (bytes.length > rosterBytesMax)
    throw usageError(`--from: ${file} is no list of accounts: it has more than ${rosterBytesMax / 2 ** 20} MiB.`)
  const text = bytes.toString('utf8')
  // A spreadsheet's own character set would give names that nobody has.
  if (text.includes('\uFFFD')) throw usageError(`--from: ${file} is not in UTF-8.`, 'Save it as “CSV UTF-8”.')
  const parsed = parseCsv(text)
  if (parsed === undefined) throw usageError(`--from: ${file} has a quote that is never closed.`)
  const [first, ...rest] = parsed
  const columns = first === undefined ? undefined : headOf(first.cells)
  const { account: at, holder: holderAt } = columns ?? { account: 0, holder: 1 }
  const rows: RosterRow[] = []
  const faults: RosterFault[] = []
  const seen = new Map<string, number>()
  for (const { line, cells } of columns === undefined ? parsed : rest) {
    const account = parseAccountId(cells[at] ?? '')
    const holder = parseNewName(cells[holderAt] || (cells[at] ?? ''))
    const before = seen.get(cells[at] ?? '')
    const message = !account.ok
      ? account.error.message
      : !holder.ok
        ? holder.error.message
        : before !== undefined && `${account.value} stands on line ${before} too.`
    if (account.ok && holder.ok && message === false) {
      seen.set(account.value, line)
      rows.push({ line, account: account.value, holder: holder.value })
    } else faults.push({ label: `line ${line}`, message: String(message) })
  }
  return { rows, faults }
}

/** A first line that names the columns, in any order; without one they are account and name. */
function headOf(cells: readonly string[]): { readonly account: number; readonly holder: number } | undefined {
  const names = cells.map((cell) => cell.toLowerCase())
  const account = names.findIndex((name) => name === 'account' || name === 'id')
  const holder = names.findIndex((name) => name === 'name' || name === 'holder')
  // An account may well be called `name`: a head names both.
  return account >= 0 && holder >= 0 ? { account, holder } : undefined
}
