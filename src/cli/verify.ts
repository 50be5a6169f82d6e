import type { ProofView } from '../api/views.ts'
import type { LogRow } from '../app/stored-log.ts'
import { profileOption } from './client.ts'
import type { Call, Command } from './command.ts'
import { readExportedLog, readLog, readRunningLog, roomOption, toRows } from './log-source.ts'
import { tell } from './output.ts'
import { createProgress } from './progress.ts'

export const logVerify: Command = {
  name: 'log verify',
  summary: 'check a log from its first block on, and name the first bad one',
  operands: ['FILE?'],
  options: [roomOption, profileOption],
  examples: [
    'gavelring log verify',
    'gavelring log verify --profile /tmp/ana',
    'gavelring log verify --room 6519a069',
    'gavelring log verify room.jsonl',
    'gavelring log export | gavelring log verify -',
  ],
  details:
    'Checks hashes, signatures, the chain, epochs and turns, Lamport times, block times and authors, and replays bank\n' +
    'and auctions against every checkpoint. FILE: what `log export` wrote, - for stdin; there every readable field is\n' +
    'held against the signed bytes too. Otherwise the log of --profile, through its peer where one runs, from its folder\n' +
    'where none does, and with it the proof that is kept there of members’ faults.',
  async run(call) {
    const file = call.operands[0]
    if (file !== undefined) {
      const rows = readExportedLog(file)
      return check(call, {
        rows,
        hasEnd: false,
        proofs: async () => [],
        remedy: 'Export it once more, from a peer that you trust.',
      })
    }
    return readLog(call, {
      running: (api) =>
        check(call, { rows: toRows(readRunningLog(api)), hasEnd: true, proofs: () => api.log.proofs(), remedy: refetch }),
      stored: ({ rows, store }) =>
        store === undefined
          ? check(call, { rows, hasEnd: false, proofs: async () => [], remedy: 'It is kept beside the rooms as it was written.' })
          : checkStored(call, rows, store),
    })
  },
}

interface OpenLog {
  readonly rows: AsyncIterable<LogRow>
  /** Whether its rows know how many there are. */
  readonly hasEnd: boolean
  /** What is kept beside it of members' faults. To be asked for when the rows are read. */
  proofs(): Promise<readonly ProofView[]>
  /** What to do about a bad block. */
  readonly remedy: string
}

const refetch = 'Fetch the log anew from other members: start the peer with --refetch.'
const orAlone =
  'Start the peer when other members are in reach: it fetches the log anew from them. Where they are gone for good, `gavelring refound` goes on from there.'

async function checkStored(call: Call, rows: AsyncIterable<LogRow>, store: { profile: string; room: string }): Promise<number> {
  const { readStoredProofs } = await import('../app/stored-log.ts')
  const proofs = async () =>
    (await readStoredProofs(store.profile, store.room)).map((proof) => ({ ...proof, blocks: [...proof.blocks] }))
  return check(call, { rows, hasEnd: true, proofs, remedy: orAlone })
}

async function check(call: Call, log: OpenLog): Promise<number> {
  const { verifyLogRows } = await import('../app/stored-log.ts')
  const progress = createProgress(call.terminal)
  try {
    const { result } = await verifyLogRows(log.rows, ({ block }, last) => {
      if (log.hasEnd) progress('verifying', block.index, last)
    })
    // A damaged log may not open a second time.
    const proofs = await log.proofs().catch((error: unknown) => {
      if (result.ok) throw error
      return []
    })
    if (!result.ok) {
      const { index, reason } = result.bad
      tell(call, { error: { code: 'log-bad', message: `Block ${index}: ${reason}.`, index, reason }, proofs }, [
        `Block ${index} is bad: ${reason.replace(/\.$/, '')}.`,
        index === 0 ? log.remedy : `What stands before it is good. ${log.remedy}`,
        ...proofs.flatMap(proofLines),
      ])
      return 1
    }
    tell(call, { ...result, proofs }, [
      `The log is good: ${result.blocks} ${result.blocks === 1 ? 'block' : 'blocks'} of room ${result.room.slice(0, 8)}.`,
      `Last hash ${result.head}`,
      `State hash ${result.stateHash}`,
      ...proofs.flatMap(proofLines),
    ])
    return 0
  } finally {
    progress('verifying', 1, 1)
  }
}

/** Whose fault it is, then the blocks that prove it. */
function proofLines({ author, what, blocks }: ProofView): string[] {
  return [
    `Proof of a fault: ${author ?? 'one of two members, or who misled them'} ${what}.`,
    ...blocks.map((block) => `  block ${block.index} of epoch ${block.epoch} by ${block.author}, hash ${block.hash}`),
  ]
}
