import { randomBytes } from 'node:crypto'
import { roomFolder } from '../../src/app/room-folder.ts'
import type { AccountId, Instant } from '../../src/core/ids.ts'
import type { Cents } from '../../src/core/money.ts'
import { openIdentity } from '../../src/io/identity.ts'
import { openProfile } from '../../src/io/profile.ts'
import { createStore } from '../../src/io/store/store.ts'
import { encodeSubmission } from '../../src/market/codec.ts'
import type { Operation } from '../../src/market/operation.ts'
import { encodeMeta, toStored } from '../../src/peer/disk.ts'
import { firstBatch, foundRoom } from '../../src/peer/room.ts'
import { type Block, headOf, signBlock } from '../../src/ring/block.ts'

const account = (id: string) => id as AccountId
const cents = (amount: number) => amount as Cents
/** Blocks in one write. */
const batchMax = 2_000

/**
 * A profile whose peer founded this room and wrote so many blocks of one operation each, without waiting for a commit in between:
 * the log is signed, chained and kept as a running peer's own, only faster. A peer that is started there checks and replays it.
 */
export async function writeLongLog(folder: string, room: string, blocks: number): Promise<void> {
  const { keyFile } = await openProfile(folder)
  const { self, crypto } = await openIdentity(keyFile)
  const store = createStore(roomFolder(folder, room))
  await store.open()
  try {
    const begin = Date.now() - blocks * 1_000
    const genesis = foundRoom({ name: room, currency: 'EUR', deposits: 'open' }, self, randomBytes(16), begin, crypto)
    await store.write(firstBatch([genesis], { incarnation: 0, loss: undefined }))
    const incarnation = 1
    let last = genesis
    let batch: Block[] = []
    const write = async (): Promise<void> => {
      const commit = { index: last.index, hash: last.hash }
      const meta = encodeMeta({ head: headOf(last), promised: last.epoch, incarnation, commit, loss: undefined })
      await store.write({ cutFrom: undefined, blocks: batch.map(toStored), values: [], meta })
      batch = []
    }
    for (let index = 1; index < blocks; index++) {
      const { epoch } = genesis
      const ops = [encodeSubmission({ request: undefined, operation: operationAt(index) })]
      last = signBlock(
        {
          index,
          epoch,
          turn: index,
          author: self,
          lamport: last.lamport + 1,
          time: (last.time + 900) as Instant,
          prevHash: last.hash,
          checkpoint: undefined,
          body: { kind: 'ops', incarnation, firstSequence: index, ops },
        },
        crypto,
      )
      batch.push(last)
      if (batch.length >= batchMax) await write()
    }
    if (batch.length > 0) await write()
  } finally {
    await store.close()
  }
}

/** The rules refuse every 50th. */
function operationAt(index: number): Operation {
  if (index === 1) return { kind: 'open-account', account: account('ana'), holder: 'Ana Costa' }
  if (index === 2) return { kind: 'open-account', account: account('bob'), holder: 'Bob' }
  if (index === 3) return { kind: 'deposit', account: account('ana'), amount: cents(5_000_000) }
  if (index % 50 === 0) return { kind: 'withdraw', account: account('bob'), amount: cents(900_000_000) }
  const [from, to] = index % 2 === 0 ? ['ana', 'bob'] : ['bob', 'ana']
  const amount = cents((index % 97) + 1)
  if (index < 1_000) return { kind: 'transfer', from: account('ana'), to: account('bob'), amount, memo: `Payment ${index}` }
  return { kind: 'transfer', from: account(from ?? ''), to: account(to ?? ''), amount, memo: '' }
}
