import { accountText, amountText, memoText } from '../api/schemas.ts'
import { operationInput, operationOptions, valid, withPeer } from './client.ts'
import { type Command, operand, textFlag } from './command.ts'
import { placeOf, tell } from './output.ts'

const deposit: Command = {
  name: 'deposit',
  summary: 'put money into an account',
  operands: ['ACCOUNT', 'AMOUNT'],
  options: operationOptions,
  examples: ['gavelring deposit ana 100', 'gavelring deposit ana 10.50 --request-id pay-day-1'],
  async run(call) {
    const account = valid(accountText, operand(call, 0), 'ACCOUNT')
    const amount = valid(amountText, operand(call, 1), 'AMOUNT')
    const input = { account, amount, ...operationInput(call) }
    const settled = await withPeer(call, (api) => api.deposit(input))
    tell(call, settled, [`${amount} went to ${account} ${placeOf(settled)}.`])
    return 0
  },
}

const withdraw: Command = {
  name: 'withdraw',
  summary: 'take money out of an account',
  operands: ['ACCOUNT', 'AMOUNT'],
  options: operationOptions,
  examples: ['gavelring withdraw ana 20'],
  async run(call) {
    const account = valid(accountText, operand(call, 0), 'ACCOUNT')
    const amount = valid(amountText, operand(call, 1), 'AMOUNT')
    const input = { account, amount, ...operationInput(call) }
    const settled = await withPeer(call, (api) => api.withdraw(input))
    tell(call, settled, [`${amount} came out of ${account} ${placeOf(settled)}.`])
    return 0
  },
}

const transfer: Command = {
  name: 'transfer',
  summary: 'pay from an account to another',
  operands: ['FROM', 'TO', 'AMOUNT'],
  options: [{ name: 'memo', value: 'TEXT', text: 'what it is for' }, ...operationOptions],
  examples: ['gavelring transfer ana bob 12.50 --memo tea'],
  async run(call) {
    const from = valid(accountText, operand(call, 0), 'FROM')
    const to = valid(accountText, operand(call, 1), 'TO')
    const amount = valid(amountText, operand(call, 2), 'AMOUNT')
    const memo = valid(memoText, textFlag(call, 'memo') ?? '', '--memo')
    const input = { from, to, amount, memo, ...operationInput(call) }
    const settled = await withPeer(call, (api) => api.transfer(input))
    tell(call, settled, [`${amount} went from ${from} to ${to} ${placeOf(settled)}.`])
    return 0
  },
}

export const bankCommands: readonly Command[] = [deposit, withdraw, transfer]
