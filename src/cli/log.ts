import type { Api } from '../api/client.ts'
import type { BlockView, ExportedBlock } from '../api/views.ts'
import { profileOption, withPeer } from './client.ts'
import { type Call, type Command, textFlag } from './command.ts'
import { usageError } from './errors.ts'
import { logExport } from './export.ts'
import { clockTime, printable, shortPeer } from './output.ts'
import { logVerify } from './verify.ts'

const tail: Command = {
  name: 'log tail',
  summary: 'the newest blocks of the log',
  operands: [],
  options: [
    { name: 'count', short: 'n', value: 'NUMBER', text: 'how many (default 20)' },
    { name: 'follow', short: 'f', text: 'go on with new ones as they are committed' },
    profileOption,
  ],
  examples: ['gavelring log tail', 'gavelring log tail -n 5 --follow'],
  async run(call) {
    const text = textFlag(call, 'count') ?? '20'
    const count = Number(text)
    if (!/^\d{1,4}$/.test(text) || count < 1 || count > 1_000) throw usageError('--count: a number from 1 to 1000 is expected.')
    return withPeer(call, async (api) => {
      const blocks = await api.log.tail({ count })
      for (const block of blocks) tellBlock(call, block)
      if (call.flags.follow === true) await follow(call, api, (blocks.at(-1)?.index ?? -1) + 1)
      return 0
    })
  },
}

export const logCommands: readonly Command[] = [tail, logVerify, logExport]

/** How often the log is looked at, in milliseconds: a committed block has no event of its own. */
const followEvery = 250

async function follow(call: Call, api: Api, from: number): Promise<void> {
  let next = from
  while (!call.terminal.isClosed) {
    const blocks: readonly ExportedBlock[] = await api.log.read({ from: next })
    for (const { bytes: _, ...block } of blocks) tellBlock(call, block)
    next += blocks.length
    if (blocks.length === 0) await new Promise((resolve) => setTimeout(resolve, followEvery))
  }
}

function tellBlock(call: Call, block: BlockView): void {
  if (call.json) return call.terminal.line(JSON.stringify(block))
  const { index, epoch, turn, author, lamport, time, hash } = block
  const where = `${String(index).padStart(6)}  ${clockTime(time)}  epoch ${epoch} turn ${turn}  ${shortPeer(author)}`
  call.terminal.line(`${where}  lamport ${lamport}  ${hash.slice(0, 8)}  ${describe(block)}`)
}

function describe({ kind, content }: BlockView): string {
  if (Array.isArray(content)) {
    const [first] = content
    const more = content.length > 1 ? ` and ${content.length - 1} more` : ''
    return `${printable(String(first?.kind ?? 'nothing'))}${more}`
  }
  if (kind === 'genesis') return `room ${printable(String(content.name))}`
  const members = Array.isArray(content.members) ? content.members.map((peer) => shortPeer(String(peer))) : []
  return `view of ${members.length}: ${members.join(' ')}`
}
