import type { Api } from '../api/client.ts'
import { allAuctions, allPending } from '../api/whole-lists.ts'
import { parseOperationId } from '../core/ids.ts'
import { profileOption, valid, withPeer } from './client.ts'
import { type Command, operand } from './command.ts'
import { CliError } from './errors.ts'
import { operationText, type RoomWords, roomWords } from './operation-text.ts'
import { tell } from './output.ts'
import { type Column, columnsOption, tellTable } from './table.ts'

interface Row {
  readonly is: string
  readonly what: string
  readonly operation: string
}

const columns: readonly Column<Row>[] = [
  { name: 'is', head: 'Is', cell: ({ is }) => is },
  { name: 'what', head: 'What', cell: ({ what }) => what },
  { name: 'operation', head: 'Operation', cell: ({ operation }) => operation },
]

const list: Command = {
  name: 'pending list',
  summary: 'operations of this peer that are not committed yet',
  operands: [],
  options: [columnsOption, profileOption],
  examples: ['gavelring pending list'],
  async run(call) {
    const [pending, words] = await withPeer(call, (api) => Promise.all([allPending(api), wordsOf(api)]))
    const rows = pending.map(({ operation, written, what }) => ({
      is: written ? 'in a block, not committed' : 'waiting',
      what: operationText(what, words),
      operation,
    }))
    tellTable(call, pending, columns, rows, 'Nothing is pending.')
    return 0
  },
}

const voidOne: Command = {
  name: 'pending void',
  summary: 'take back an operation that was never written; `last`: the newest of them',
  operands: ['OPERATION'],
  options: [profileOption],
  examples: ['gavelring pending void last', 'gavelring pending void 12D3KooW…/1/7'],
  async run(call) {
    const asked = operand(call, 0)
    if (asked !== 'last') valid(parseOperationId, asked, 'OPERATION')
    const [answer, what] = await withPeer(call, async (api) => {
      const [pending, words] = await Promise.all([allPending(api), wordsOf(api)])
      const found = pending.findLast(({ operation, written }) => (asked === 'last' ? !written : operation === asked))
      if (found === undefined && asked === 'last') {
        throw new CliError(1, 'not-pending', 'Nothing waits that could be taken back.', 'See `gavelring pending list`.')
      }
      const voided = await api.pending.void({ operation: found?.operation ?? asked })
      return [voided, found && operationText(found.what, words)] as const
    })
    tell(call, answer, [`Taken back: ${what ?? 'an operation'} (operation ${answer.operation}).`])
    return 0
  },
}

async function wordsOf(api: Api): Promise<RoomWords> {
  const [{ room }, auctions] = await Promise.all([api.status(), allAuctions(api)])
  return roomWords(room.currency, auctions)
}

export const pendingCommands: readonly Command[] = [list, voidOne]
