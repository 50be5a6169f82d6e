import { accountText, nameText } from '../api/schemas.ts'
import type { AccountDetail, AccountSummary } from '../api/views.ts'
import { operationInput, operationOptions, profileOption, valid, withPeer } from './client.ts'
import { type Command, operand, textFlag } from './command.ts'
import { clockTime, placeOf, printable, shortPeer, table, tell } from './output.ts'

const open: Command = {
  name: 'account open',
  summary: 'open an account that this peer owns',
  operands: ['ACCOUNT'],
  options: [{ name: 'holder', value: 'NAME', text: "the holder's name (default: the account's id)" }, ...operationOptions],
  examples: ['gavelring account open ana --holder "Ana Lima"', 'gavelring account open 1234567890'],
  async run(call) {
    const account = valid(accountText, operand(call, 0), 'ACCOUNT')
    const holder = valid(nameText, textFlag(call, 'holder') ?? account, '--holder')
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
  options: [profileOption],
  examples: ['gavelring account list', 'gavelring account list --json'],
  async run(call) {
    const accounts = await withPeer(call, (api) => api.accounts.list())
    tell(call, accounts, table(['Account', 'Holder', 'Owner', 'Available', 'Held', ''], accounts.map(accountRow), [3, 4]))
    return 0
  },
}

const show: Command = {
  name: 'account show',
  summary: 'an account with its newest entries',
  operands: ['ACCOUNT'],
  options: [profileOption],
  examples: ['gavelring account show ana'],
  async run(call) {
    const account = valid(accountText, operand(call, 0), 'ACCOUNT')
    const found = await withPeer(call, (api) => api.accounts.show({ account }))
    tell(call, found, detailLines(found))
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
    const account = valid(accountText, operand(call, 0), 'ACCOUNT')
    const input = { account, ...operationInput(call) }
    const settled = await withPeer(call, (api) => api.accounts.close(input))
    tell(call, settled, [`Account ${account} is closed ${placeOf(settled)}.`])
    return 0
  },
}

export const accountCommands: readonly Command[] = [open, list, show, close]

function accountRow(account: AccountSummary): string[] {
  const { available, held, closed } = account
  return [account.account, printable(account.holder), shortPeer(account.owner), available.text, held.text, closed ? 'closed' : '']
}

function detailLines(account: AccountDetail): string[] {
  const rows = account.history.map((entry) => [
    clockTime(entry.time),
    entry.kind,
    entry.change.text,
    entry.counterparty ?? entry.auction ?? '',
    entry.available.text,
    entry.held.text,
    printable(entry.memo),
  ])
  return [
    ...table(['Account', 'Holder', 'Owner', 'Available', 'Held', ''], [accountRow(account)], [3, 4]),
    '',
    ...table(['Time', 'What', 'Change', 'With', 'Available', 'Held', 'Memo'], rows, [2, 4, 5]),
  ]
}
