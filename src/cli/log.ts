import type { Api } from '../api/client.ts'
import { pageBlocksMax } from '../api/page-size.ts'
import type { AuctionSummary, JudgedBlock, PeerView } from '../api/views.ts'
import { allAuctions, allPeers } from '../api/whole-lists.ts'
import type { LogRow, VerifiedBlock } from '../app/stored-log.ts'
import { currencyOf } from '../core/currency.ts'
import { profileOption } from './client.ts'
import { type Call, type Command, textFlag } from './command.ts'
import { usageError } from './errors.ts'
import { logExport } from './export.ts'
import { timeText } from './format.ts'
import { logRooms } from './log-rooms.ts'
import { readLog, roomOption } from './log-source.ts'
import { operationText, type RoomWords, roomWords, type ToldOperation } from './operation-text.ts'
import { peerNames, shortPeer } from './output.ts'
import { createProgress } from './progress.ts'
import { judge } from './replay.ts'
import { shorten, widthOf } from './table.ts'
import { logVerify } from './verify.ts'

const tail: Command = {
  name: 'log tail',
  summary: 'the newest blocks of the log, and what became of their operations',
  operands: [],
  options: [
    { name: 'count', short: 'n', value: 'NUMBER', text: 'how many (default 20)' },
    { name: 'follow', short: 'f', text: 'go on with new ones as they are committed' },
    roomOption,
    profileOption,
  ],
  examples: ['gavelring log tail', 'gavelring log tail -n 5 --follow', 'gavelring log tail --room 6519a069'],
  details:
    'Block, time, epoch and turn, author, Lamport time, hash, and each operation in words; one that the rules refused is\n' +
    'marked, with the reason. Where no peer runs, and of a room that was left, the log is read from its first block on.',
  async run(call) {
    const text = textFlag(call, 'count') ?? '20'
    const count = Number(text)
    if (!/^\d{1,4}$/.test(text) || count < 1 || count > blocksMax) {
      throw usageError(`--count: a number from 1 to ${blocksMax} is expected.`)
    }
    return readLog(call, {
      async running(api) {
        const { room, commit } = await api.status()
        const teller = createTeller(call, room.currency, { peers: () => allPeers(api), auctions: () => allAuctions(api) })
        const from = Math.max(0, commit.index + 1 - count)
        const blocks: JudgedBlock[] = []
        for await (const block of committed(api, from, commit.index)) blocks.push(block)
        for (const block of await judge(call, api, blocks, room.currency)) await teller(block)
        if (call.flags.follow === true) await follow(call, api, from + blocks.length, teller)
        return 0
      },
      async stored({ rows }) {
        if (call.flags.follow === true) throw usageError('--follow: nothing comes into a log that no peer has open.')
        return tellStored(call, rows, count)
      },
    })
  },
}

/** The newest blocks of a log that no peer has open, as far as it is good: what is wrong with it is said, and ends with 1. */
async function tellStored(call: Call, rows: AsyncIterable<LogRow>, count: number): Promise<number> {
  const [{ currencyIn, verifyLogRows }, { toReplayedBlock }, { toAuction }] = await Promise.all([
    import('../app/stored-log.ts'),
    import('../api/judged-block.ts'),
    import('../api/to-view.ts'),
  ])
  const progress = createProgress(call.terminal)
  const newest: VerifiedBlock[] = []
  let code = ''
  const { result, market } = await verifyLogRows(rows, (verified, last) => {
    progress('reading', verified.block.index, last)
    code ||= currencyIn(verified) ?? ''
    newest.push(verified)
    if (newest.length > count) newest.shift()
  }).finally(() => progress('reading', 1, 1))
  const currency = currencyOf(code)
  const now = newest.at(-1)?.block.time
  const auctions = now === undefined ? [] : [...(market?.auctions.values() ?? [])].map((one) => toAuction(one, currency, now))
  const teller = createTeller(call, code, { peers: async () => [], auctions: async () => auctions })
  for (const { block, outcomes } of newest) await teller(toReplayedBlock(block, outcomes, currency))
  if (result.ok) return 0
  call.terminal.note(`Block ${result.bad.index} is bad: ${result.bad.reason.replace(/\.$/, '')}. What stands before it is good.`)
  return 1
}

export const logCommands: readonly Command[] = [tail, logVerify, logExport, logRooms]

/** At once. */
const blocksMax = 1_000
/** How often the log is looked at, in milliseconds: a committed block has no event of its own. */
const followEvery = 250

async function follow(call: Call, api: Api, from: number, teller: (block: JudgedBlock) => Promise<void>): Promise<void> {
  let next = from
  while (!call.terminal.isClosed) {
    const { commit } = await api.status()
    const from = next
    for await (const block of committed(api, next, commit.index)) {
      await teller(block)
      next = block.index + 1
    }
    if (next === from) {
      await Promise.race([new Promise((resolve) => setTimeout(resolve, followEvery)), call.terminal.closed])
    }
  }
}

/** As many at a time as fit an answer, so that none is missed however much came at once. */
async function* committed(api: Api, from: number, last: number): AsyncGenerator<JudgedBlock> {
  for (let next = from; next <= last; ) {
    const { blocks } = await api.log.page({ from: next, count: Math.min(last + 1 - next, pageBlocksMax) })
    // Not all are on the peer's disk yet.
    if (blocks.length === 0) return
    yield* blocks
    next += blocks.length
  }
}

type Teller = (block: JudgedBlock) => Promise<void>

/** What the words need to know of a room: from its peer, or from its log alone. */
interface Known {
  peers(): Promise<readonly PeerView[]>
  auctions(): Promise<readonly AuctionSummary[]>
}

/** Tells blocks one by one; asks for names and lots again when one is missing. */
function createTeller(call: Call, currency: string, known: Known): Teller {
  let nameOf = (peer: string): string => shortPeer(peer)
  let words = roomWords(currency, [])
  const asked = new Set<string>()
  return async (block) => {
    if (call.json) return call.terminal.json(block)
    const peers = [block.author, ...membersOf(block)]
    if (peers.some((peer) => !asked.has(peer))) {
      for (const peer of peers) asked.add(peer)
      nameOf = peerNames(await known.peers())
    }
    const auctions = auctionsOf(block)
    if (auctions.some((auction) => !asked.has(auction))) {
      for (const auction of auctions) asked.add(auction)
      words = roomWords(currency, await known.auctions())
    }
    for (const line of blockLines(block, words, nameOf)) call.terminal.line(line)
  }
}

const authorCells = 12
/** Of one block. Whoever wants more of them has `--json`. */
const operationsMax = 20

function blockLines(block: JudgedBlock, words: RoomWords, nameOf: (peer: string) => string): string[] {
  const { index, epoch, turn, author, lamport, time, hash } = block
  const name = shorten(nameOf(author), authorCells)
  const who = name + ' '.repeat(authorCells - widthOf(name))
  const where = `${String(index).padStart(6)}  ${timeText(time)}  epoch ${epoch} turn ${turn}`
  const head = `${where}  ${who}  lamport ${lamport}  ${shorten(hash, 13)}  `
  const [first = '', ...more] = contentLines(block, words, nameOf)
  return [head + first, ...more.map((line) => ' '.repeat(widthOf(head)) + line)]
}

function contentLines(block: JudgedBlock, words: RoomWords, nameOf: (peer: string) => string): string[] {
  const { kind, content } = block
  if (!Array.isArray(content)) {
    if (kind === 'genesis') return [`founds room ${String(content.name)}`]
    if (kind === 'state') return [`a part of the state that the room goes on from, ${String(content.left)} to come`]
    const members = membersOf(block)
    return [`view of ${members.length}: ${members.map(nameOf).join(', ')}`]
  }
  const lines = content.slice(0, operationsMax).map((operation) => judgedText(operation, words, block.judged))
  const left = content.slice(operationsMax)
  if (left.length === 0) return lines
  const refused = left.filter((operation) => operation.refused !== undefined).length
  return [...lines, `and ${left.length} more${refused === 0 ? '' : `, ${refused} of them refused`}`]
}

function judgedText(operation: ToldOperation, words: RoomWords, isJudged: boolean): string {
  const { refused, repeat, skipped } = operation
  const text = operationText(operation, words)
  if (typeof refused === 'object' && refused !== null && 'message' in refused)
    return `${text}: REFUSED. ${String(refused.message)}`
  if (repeat === true) return `${text}: a repeat, done once before`
  if (skipped === true) return `${text}: skipped, out of its author’s sequence`
  return isJudged ? text : `${text} (what became of it is not known here)`
}

function auctionsOf({ content }: JudgedBlock): readonly string[] {
  return Array.isArray(content) ? content.flatMap(({ auction }) => (typeof auction === 'string' ? [auction] : [])) : []
}

function membersOf({ kind, content }: JudgedBlock): readonly string[] {
  if (kind !== 'view' || Array.isArray(content) || !Array.isArray(content.members)) return []
  return content.members.map(String)
}
