import { randomBytes } from 'node:crypto'
import { roomFolder } from '../src/app/room-folder.ts'
import type { AccountId, Instant } from '../src/core/ids.ts'
import type { Cents } from '../src/core/money.ts'
import { openIdentity } from '../src/io/identity.ts'
import { openProfile } from '../src/io/profile.ts'
import { createStore } from '../src/io/store/store.ts'
import { encodeSubmission } from '../src/market/codec.ts'
import type { Operation } from '../src/market/operation.ts'
import { encodeMeta, toStored } from '../src/peer/disk.ts'
import { firstMarket, toAppliedBlock } from '../src/peer/replay.ts'
import { firstBatch, foundRoom } from '../src/peer/room.ts'
import { type Block, type Checkpoint, headOf, signBlock } from '../src/ring/block.ts'

export interface LongRoom {
  readonly accounts: number
  readonly transfers: number
  /** Operations in each block: as many as 64 callers of a busy peer have under way. */
  readonly blockOps: number
}

/** Bytes of blocks in one write. */
const batchBlocks = 200
const spacingMillis = 20

/**
 * A profile whose peer founded this room and wrote all of these transfers, signed, chained and with the checkpoints of a running peer,
 * without waiting for a commit in between. Answers the number of blocks, and their bytes.
 */
export async function writeLongRoom(folder: string, room: string, plan: LongRoom): Promise<{ blocks: number; bytes: number }> {
  const { keyFile } = await openProfile(folder)
  const { self, crypto } = await openIdentity(keyFile)
  const store = createStore(roomFolder(folder, room))
  await store.open()
  const begin = Date.now() - (plan.transfers / plan.blockOps) * spacingMillis - 60_000
  const genesis = foundRoom({ name: room, currency: 'EUR', deposits: 'open' }, self, randomBytes(16), begin, crypto)
  const body = genesis.body.kind === 'genesis' ? genesis.body.genesis : undefined
  const market = body && firstMarket(genesis, body, crypto.hash)
  if (market === undefined || !('value' in market)) throw new Error('a room without a market')
  await store.write(firstBatch([genesis], { incarnation: 0, loss: undefined }))
  const incarnation = 1
  let last = genesis
  let firstSequence = 1
  let bytes = 0
  let batch: Block[] = []
  let checkpoint: Checkpoint | undefined
  const write = async (): Promise<void> => {
    const commit = { index: last.index, hash: last.hash }
    const meta = encodeMeta({ head: headOf(last), promised: last.epoch, incarnation, commit, loss: undefined })
    await store.write({ cutFrom: undefined, blocks: batch.map(toStored), values: [], meta })
    batch = []
  }
  for (const operations of inBlocks(plan)) {
    const ops = operations.map((operation) => encodeSubmission({ request: undefined, operation }))
    last = signBlock(
      {
        index: last.index + 1,
        epoch: genesis.epoch,
        turn: last.turn + 1,
        author: self,
        lamport: last.lamport + 1,
        time: (last.time + spacingMillis) as Instant,
        prevHash: last.hash,
        checkpoint,
        body: { kind: 'ops', incarnation, firstSequence, ops },
      },
      crypto,
    )
    firstSequence += ops.length
    bytes += last.bytes.length
    for (const { outcome } of market.value.apply(toAppliedBlock(last))) {
      if (outcome?.accepted !== true) throw new Error(`refused: ${JSON.stringify(outcome)}`)
    }
    checkpoint = { index: last.index, stateHash: market.value.stateHash }
    batch.push(last)
    if (batch.length >= batchBlocks) await write()
  }
  if (batch.length > 0) await write()
  await store.close()
  return { blocks: last.index + 1, bytes }
}

function* inBlocks(plan: LongRoom): Generator<readonly Operation[]> {
  let block: Operation[] = []
  for (const operation of operations(plan)) {
    block.push(operation)
    if (block.length < plan.blockOps) continue
    yield block
    block = []
  }
  if (block.length > 0) yield block
}

function* operations({ accounts, transfers }: LongRoom): Generator<Operation> {
  const account = (number: number): AccountId => `account${number % accounts}` as AccountId
  const cents = (amount: number): Cents => amount as Cents
  for (let number = 0; number < accounts; number++) {
    yield { kind: 'open-account', account: account(number), holder: `Holder ${number}` }
    yield { kind: 'deposit', account: account(number), amount: cents(1_000_000) }
  }
  for (let number = 0; number < transfers; number++) {
    const to = account(number + 1 + (number % 7))
    yield { kind: 'transfer', from: account(number), to, amount: cents((number % 97) + 1), memo: `Payment ${number}` }
  }
}
