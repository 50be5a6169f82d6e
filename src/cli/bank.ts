import type { Api } from '../api/client.ts'
import type { AccountSummary, Settled } from '../api/views.ts'
import { allAccounts } from '../api/whole-lists.ts'
import { parseRequestId } from '../core/ids.ts'
import { memoCharsMax } from '../core/limits.ts'
import { operationInput, operationOptions, valid, withPeer } from './client.ts'
import { type Call, type Command, operand, textFlag } from './command.ts'
import { tellEach } from './each.ts'
import { usageError } from './errors.ts'
import { placeOf, tell } from './output.ts'
import { accountWord, amountWord, chosenAccount, isAmount, naming } from './words.ts'

const dryRun = { name: 'dry-run', text: 'with --all: only say what would be done' } as const

const deposit: Command = {
  name: 'deposit',
  summary: 'put money into an account',
  operands: ['ACCOUNT?', 'AMOUNT'],
  options: [{ name: 'all', text: 'into each open account that this peer may deposit into' }, dryRun, ...operationOptions],
  examples: ['gavelring deposit ana 100', 'gavelring deposit ana 10.50 --request-id pay-day-1', 'gavelring deposit --all 50'],
  details:
    'Without ACCOUNT: the one of `gavelring account use`. With --all and --request-id each account has a request of its own,\n' +
    'so that the same line again pays nobody twice.',
  async run(call) {
    if (call.flags.all === true) return depositAll(call)
    if (call.flags['dry-run'] === true) throw usageError('--dry-run goes with --all.')
    const settled = await onAccount(call, (api, input) => api.deposit(input))
    tell(call, settled, [`${amountText(settled)} went into ${accountOf(settled, 'to')} ${placeOf(settled)}.`])
    return 0
  },
}

const withdraw: Command = {
  name: 'withdraw',
  summary: 'take money out of an account',
  operands: ['ACCOUNT?', 'AMOUNT'],
  options: operationOptions,
  examples: ['gavelring withdraw ana 20', 'gavelring withdraw 20'],
  details: 'Without ACCOUNT: the one of `gavelring account use`.',
  async run(call) {
    const settled = await onAccount(call, (api, input) => api.withdraw(input))
    tell(call, settled, [`${amountText(settled)} came out of ${accountOf(settled, 'from')} ${placeOf(settled)}.`])
    return 0
  },
}

const transfer: Command = {
  name: 'transfer',
  summary: 'pay from an account to another',
  operands: ['FROM?', 'TO', 'AMOUNT'],
  options: [
    { name: 'from', value: 'ACCOUNT', text: 'instead of FROM' },
    { name: 'memo', value: 'TEXT', text: 'what it is for' },
    ...operationOptions,
  ],
  examples: [
    'gavelring transfer ana bob 12.50 --memo tea',
    'gavelring transfer bob 12.50',
    'gavelring transfer ana bob 9 --memo "-10%"',
  ],
  details: 'Without FROM: the account of `gavelring account use`.',
  async run(call) {
    const flag = textFlag(call, 'from')
    const isShort = call.operands.length === 2
    if (isShort && flag === undefined && chosenAccount(call) === undefined) throw missing(call, 'FROM', 'AMOUNT')
    if (!isShort && flag !== undefined) throw usageError('FROM or --from, not both.')
    const from =
      flag === undefined
        ? isShort
          ? String(chosenAccount(call))
          : accountWord(operand(call, 0), 'FROM')
        : accountWord(flag, '--from')
    const [toText, amount] = call.operands.slice(isShort ? 0 : 1) as [string, string]
    const to = accountWord(toText, 'TO')
    const memo = textFlag(call, 'memo') ?? ''
    if (memo.length > memoCharsMax) throw usageError(`--memo: A memo has at most ${memoCharsMax} characters.`)
    const input = { from, to, amount: amountWord(amount, 'AMOUNT'), memo, ...operationInput(call) }
    const settled = await naming(
      { amount: 'AMOUNT', to: 'TO' },
      withPeer(call, (api) => api.transfer(input)),
    )
    tell(call, settled, [`${amountText(settled)} went from ${from} to ${to} ${placeOf(settled)}.`])
    return 0
  },
}

export const bankCommands: readonly Command[] = [deposit, withdraw, transfer]

interface OnAccount {
  readonly account: string
  readonly amount: string
}

/** `ACCOUNT AMOUNT`, or the amount alone and the account that was chosen. */
async function onAccount(call: Call, speak: (api: Api, input: OnAccount) => Promise<Settled>): Promise<Settled> {
  const isShort = call.operands.length === 1
  const chosen = chosenAccount(call)
  if (isShort && chosen === undefined) throw missing(call, 'ACCOUNT', 'AMOUNT')
  const account = isShort ? String(chosen) : accountWord(operand(call, 0), 'ACCOUNT')
  const amount = amountWord(operand(call, isShort ? 0 : 1), 'AMOUNT')
  const input = { account, amount, ...operationInput(call) }
  return withPeer(call, async (api) => {
    if (isShort) await refuseAccount(api, amount)
    return naming({ amount: 'AMOUNT' }, speak(api, input))
  })
}

/** Accounts may be called `1234567890`: whoever forgot the amount did not mean so much money. */
async function refuseAccount(api: Api, amount: string): Promise<void> {
  const accounts = await allAccounts(api)
  if (!accounts.some(({ account }) => account === amount)) return
  throw usageError(`AMOUNT: ${amount} is an account of this room. Name the account and the amount.`)
}

/** Which of the two words was left out can be seen from the one that is there. */
function missing(call: Call, account: string, amount: string): Error {
  return isAmount(call.operands.at(-1) ?? '')
    ? usageError(`${account} is needed.`, 'Or choose an account once: `gavelring account use ACCOUNT`.')
    : usageError(`${amount} is needed.`, 'See --help.')
}

async function depositAll(call: Call): Promise<number> {
  if (call.operands.length !== 1) throw usageError('With --all an amount is expected, and no account.')
  const amount = amountWord(operand(call, 0), 'AMOUNT')
  const { requestId, ...input } = operationInput(call)
  return withPeer(call, async (api) => {
    const accounts = await accountsToFill(api)
    const requestIds = accounts.map(({ account }) => requestOf(requestId, account))
    if (call.flags['dry-run'] === true) {
      tell(
        call,
        accounts.map(({ account }) => ({ account, amount })),
        [
          ...accounts.map(({ account, holder }) => `${amount} would go into ${account}, ${holder}.`),
          `${accounts.length} accounts.`,
        ],
      )
      return 0
    }
    if (accounts.length === 0) throw usageError('There is no open account that this peer may deposit into.')
    const each = accounts.map(({ account }, at) => ({
      label: account,
      facts: { account },
      run: () =>
        naming(
          { amount: 'AMOUNT' },
          api.deposit({ account, amount, ...input, ...(requestIds[at] && { requestId: requestIds[at] }) }),
        ),
      done: (settled: Settled) => `${amountText(settled)} went into ${account} ${placeOf(settled)}.`,
    }))
    return tellEach(call, each)
  })
}

/** Open ones: in a room where the host deposits all, elsewhere this peer's own. */
async function accountsToFill(api: Api): Promise<readonly AccountSummary[]> {
  const [{ self, room }, accounts] = await Promise.all([api.status(), allAccounts(api)])
  if (room.deposits === 'host' && room.founder !== self) {
    throw usageError('In this room only the host, the peer that founded it, deposits.')
  }
  return accounts.filter(({ closed, owner }) => !closed && (room.deposits === 'host' || owner === self))
}

/** The same line again is the same requests. */
function requestOf(requestId: string | undefined, account: string): string | undefined {
  if (requestId === undefined) return undefined
  return valid(parseRequestId, `${requestId}/${account}`, '--request-id, a slash and the account')
}

const moved = ({ events }: Settled) => events.find((event) => event.kind === 'moved')
const amountText = (settled: Settled): string => moved(settled)?.amount.text ?? '?'
const accountOf = (settled: Settled, end: 'from' | 'to'): string => moved(settled)?.[end] ?? '?'
