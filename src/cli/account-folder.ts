import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Api } from '../api/client.ts'
import type { AccountSummary, StatusView } from '../api/views.ts'
import { allAccounts } from '../api/whole-lists.ts'
import type { AccountFile, ClassicAccount } from '../app/accounts-folder.ts'
import { currencyOf } from '../core/currency.ts'
import { parseAccountId } from '../core/ids.ts'
import { formatMoney } from '../core/money.ts'
import { operationInput, operationOptions, profileOption, withPeer } from './client.ts'
import { type Call, type Command, operand } from './command.ts'
import { type Each, tellEach } from './each.ts'
import { CliError, usageError } from './errors.ts'
import { createNewFile } from './new-file.ts'
import { placeOf, tell } from './output.ts'
import { type Column, tableOf } from './table.ts'

const accountImport: Command = {
  name: 'account import',
  summary: 'open the accounts of a classic bank here, with their balances',
  operands: ['DIR'],
  options: [
    { name: 'dry-run', text: 'only check the files, and say what would be done' },
    ...operationOptions.filter(({ name }) => name !== 'request-id'),
  ],
  examples: ['gavelring account import contas --dry-run', 'gavelring account import contas'],
  details:
    'DIR has one JSON file for each account: {"rg": "1111111111", "nome": "Ana Lima", "saldo": 110.0}. All are checked first: where one\n' +
    'cannot be used, nothing is done. The accounts belong to this peer, and each balance is a deposit. Doing it again does nothing twice:\n' +
    'an account that is there and has moved money is left as it is.',
  run: (call) => withPeer(call, (api) => importFolder(call, api)),
}

const accountExport: Command = {
  name: 'account export',
  summary: 'write the accounts as files of a classic bank',
  operands: ['DIR'],
  options: [{ name: 'own', text: "only this peer's" }, { name: 'force', text: 'replace files that are there' }, profileOption],
  examples: ['gavelring account export contas', 'gavelring account export contas --own --force'],
  details:
    'DIR gets one JSON file for each account that is open, as `gavelring account import` reads them; it is made where it is not there.\n' +
    'What is held for auctions stands in no file.',
  async run(call) {
    const { accounts, status } = await withPeer(call, async (api) => {
      const [accounts, status] = await Promise.all([allAccounts(api), api.status()])
      return { accounts, status }
    })
    return exportFolder(call, accounts, status)
  },
}

export const accountFolderCommands: readonly Command[] = [accountImport, accountExport]

/** What becomes of one file. */
type Step = ClassicAccount & AccountFile & { readonly does: 'open' | 'deposit' | 'nothing'; readonly why: string }

async function importFolder(call: Call, api: Api): Promise<number> {
  const status = await api.status()
  const { readAccountsFolder } = await import('../app/accounts-folder.ts')
  const folder = operand(call, 0)
  const { accounts, faults } = await readAccountsFolder(folder, currencyOf(status.room.currency)).catch(
    (error: NodeJS.ErrnoException): never => {
      throw usageError(`${folder} cannot be read (${error.code ?? error.message}).`)
    },
  )
  if (accounts.length === 0 && faults.length === 0) throw usageError(`${folder} has no .json files.`)
  const known = new Map((await allAccounts(api)).map((account) => [account.account, account]))
  const steps: Step[] = []
  for (const one of accounts) steps.push({ ...one, ...(await stepOf(one, known.get(one.account), status, api)) })

  if (call.flags['dry-run'] === true) {
    tell(call, { accounts: steps, faults }, [...tableOf(columnsOf(status), steps, call.terminal.width), countText(steps, status)])
  }
  if (!call.json) for (const { file, fault } of faults) call.terminal.note(`${file}: ${fault}`)
  if (call.flags['dry-run'] === true) return faults.length === 0 ? 0 : 1
  if (faults.length > 0) {
    const what = faults.length === 1 ? 'One file cannot' : `${faults.length} files cannot`
    throw new CliError(1, 'files-unusable', `${what} be used: nothing was done.`, 'Mend them, or take them out.', faults)
  }
  const todo = steps.filter(({ does }) => does !== 'nothing')
  const openings = todo.filter(({ does }) => does === 'open').map((step) => opening(call, api, step))
  const deposits = todo.filter(({ cents }) => cents > 0).map((step) => depositing(call, api, step, status))
  if (openings.length + deposits.length === 0) {
    tell(call, [], ['All of these accounts are here already: nothing was done.'])
    return 0
  }
  // All are open before the first deposit: an account that cannot be opened is none of this peer's, and gets nothing.
  return tellEach(call, [...openings, ...deposits])
}

/** An account without any entry was opened by an import that ended there: its balance is still to come. */
async function stepOf(
  { account, cents }: ClassicAccount,
  there: AccountSummary | undefined,
  { self }: StatusView,
  api: Api,
): Promise<Pick<Step, 'does' | 'why'>> {
  if (there === undefined) return { does: 'open', why: '' }
  if (there.closed) return { does: 'nothing', why: 'closed here' }
  if (there.owner !== self) return { does: 'nothing', why: 'another peer has it' }
  const isFresh = cents > 0 && (await api.accounts.show({ account })).history.length === 0
  return isFresh ? { does: 'deposit', why: 'open already' } : { does: 'nothing', why: 'here already' }
}

function opening(call: Call, api: Api, { file, account, holder }: Step): Each {
  return {
    label: `${file}, ${account}`,
    facts: { file, account },
    run: () => api.accounts.open({ account, holder, ...operationInput(call), requestId: `import-open-${account}` }),
    done: (settled) => `Account ${account} is open, for ${holder} ${placeOf(settled)}.`,
  }
}

function depositing(call: Call, api: Api, { file, account, cents }: Step, { room }: StatusView): Each {
  const amount = formatMoney(cents, currencyOf(room.currency))
  return {
    label: `${file}, ${account}`,
    facts: { file, account },
    run: () => api.deposit({ account, amount, ...operationInput(call), requestId: `import-${account}` }),
    done: (settled) => `${amount} went into ${account} ${placeOf(settled)}.`,
  }
}

function columnsOf({ room }: StatusView): readonly Column<Step>[] {
  const currency = currencyOf(room.currency)
  return [
    { name: 'file', head: 'File', cell: ({ file }) => file },
    { name: 'account', head: 'Account', cell: ({ account }) => account, whole: true },
    { name: 'holder', head: 'Holder', cell: ({ holder }) => holder },
    { name: 'balance', head: 'Balance', cell: ({ cents }) => formatMoney(cents, currency), right: true },
    { name: 'note', head: '', cell: ({ why, rounded }) => (rounded === undefined ? why : `from ${rounded}`) },
  ]
}

function countText(steps: readonly Step[], { room }: StatusView): string {
  const open = steps.filter(({ does }) => does === 'open').length
  const cents = steps.filter(({ does }) => does !== 'nothing').reduce((sum, one) => sum + one.cents, 0)
  const accounts = open === 1 ? '1 account' : `${open} accounts`
  return `${accounts} would be opened, and ${formatMoney(cents, currencyOf(room.currency))} deposited.`
}

async function exportFolder(call: Call, accounts: readonly AccountSummary[], { self, room }: StatusView): Promise<number> {
  const { printClassicAccount } = await import('../app/accounts-folder.ts')
  const folder = operand(call, 0)
  const currency = currencyOf(room.currency)
  const chosen = accounts.filter(({ closed, owner }) => !closed && (call.flags.own !== true || owner === self))
  // Files of some systems are the same in capitals and without.
  const seen = new Map<string, string>()
  for (const { account } of chosen) {
    const other = seen.get(account.toLowerCase())
    if (other !== undefined)
      throw usageError(`${account} and ${other} would be the same file on some systems: nothing was written.`)
    seen.set(account.toLowerCase(), account)
  }
  await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException): never => {
    throw usageError(`${folder} cannot be made (${error.code ?? error.message}).`)
  })
  const files: string[] = []
  for (const { account, holder, available } of chosen) {
    const id = parseAccountId(account)
    if (!id.ok) continue
    const path = join(folder, `${account}.json`)
    const file = await createNewFile(path, call.flags.force === true)
    try {
      await file.write(printClassicAccount({ account: id.value, holder, cents: available.cents }, currency))
      await file.finish()
    } finally {
      await file.discard()
    }
    files.push(path)
  }
  const held = chosen.filter((account) => account.held.cents > 0)
  tell(call, { files, held: held.map(({ account }) => account) }, [
    files.length === 1 ? `1 account is in ${folder}.` : `${files.length} accounts are in ${folder}.`,
  ])
  if (!call.json && held.length > 0) {
    call.terminal.note(
      `Held for auctions, and in no file: ${held.map(({ account, held }) => `${account} ${held.text}`).join(', ')}.`,
    )
  }
  return 0
}
