import { operationText } from '../api/schemas.ts'
import { profileOption, valid, withPeer } from './client.ts'
import { type Command, operand } from './command.ts'
import { printable, table, tell } from './output.ts'

const list: Command = {
  name: 'pending list',
  summary: 'operations of this peer that are not committed yet',
  operands: [],
  options: [profileOption],
  examples: ['gavelring pending list'],
  async run(call) {
    const pending = await withPeer(call, (api) => api.pending.list())
    const rows = pending.map(({ operation, written, what }) => [
      operation,
      written ? 'written' : 'waiting',
      printable(JSON.stringify(what)),
    ])
    tell(call, pending, pending.length === 0 ? ['Nothing is pending.'] : table(['Operation', 'Is', 'What'], rows))
    return 0
  },
}

const voidOne: Command = {
  name: 'pending void',
  summary: 'withdraw an operation that was never written',
  operands: ['OPERATION'],
  options: [profileOption],
  examples: ['gavelring pending void 12D3KooW…/1/7'],
  async run(call) {
    const operation = valid(operationText, operand(call, 0), 'OPERATION')
    const answer = await withPeer(call, (api) => api.pending.void({ operation }))
    tell(call, answer, [`Operation ${operation} is withdrawn.`])
    return 0
  },
}

export const pendingCommands: readonly Command[] = [list, voidOne]
