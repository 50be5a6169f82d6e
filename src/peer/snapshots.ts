import { decodeWith, Writer } from '../core/codec.ts'
import { type Crypto, toHex } from '../core/crypto.ts'
import { hash } from '../core/fields.ts'
import type { PeerId } from '../core/ids.ts'
import { restoreImage } from '../market/market.ts'
import type { Market, RoomRules } from '../market/types.ts'
import type { Commit } from '../ring/block.ts'
import type { DiskMeta } from '../ring/types.ts'
import type { Clock, Logger, Store } from './ports.ts'

/** Keeps a snapshot of the market on disk, so that the next start need not replay the whole log. */
export interface SnapshotKeeper {
  /** The market has applied the block. `isBehind`: others are known that come after it, so that there are better moments to come. */
  onApplied(block: Commit, isBehind: boolean): void
  /** A snapshot is written only once the commit that it stands on is on disk: it never runs ahead of the log. */
  onPersisted(meta: Pick<DiskMeta, 'commit'>): void
  /** Writes what there is, at the end. */
  finish(): Promise<void>
}

export interface SnapshotOptions {
  readonly store: Store
  readonly market: Market
  readonly clock: Pick<Clock, 'soon'>
  readonly logger: Logger
  /** Committed blocks from one to the next; more makes the next start longer, fewer writes more. */
  readonly every: number
  /** Whose it is: other peers take theirs elsewhere in the log, so that a room never stumbles as a whole. */
  readonly self: PeerId
}

/** Usual number of committed blocks from one snapshot to the next. */
export const snapshotEvery = 1_000
/** While a long log comes in, it is written so many times more rarely. */
const behindTimes = 16

/** Taking one costs a moment, and it is written in pieces, between which everything else goes on. */
export function createSnapshotKeeper({ store, market, clock, logger, every, self }: SnapshotOptions): SnapshotKeeper {
  const offset = snapshotOffset(self, every)
  let taken = market.index
  let last: Commit | undefined
  let waiting: { readonly block: Commit; readonly image: ReturnType<Market['image']> } | undefined
  let persisted = market.index
  let writing: Promise<void> | undefined

  const take = (block: Commit): void => {
    taken = block.index
    waiting = { block, image: market.image() }
  }

  const write = (): void => {
    if (waiting === undefined || writing !== undefined || persisted < waiting.block.index) return
    const { block, image } = waiting
    waiting = undefined
    writing = store
      .writeSnapshot(block.index, paced(block, image.pieces()))
      // It can be made again from the log.
      .catch((error: unknown) => logger.warn('snapshot-unwritten', { index: block.index, error }))
      .finally(() => {
        writing = undefined
      })
  }

  /** A snapshot names the block that it was taken after. */
  async function* paced(block: Commit, pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const writer = new Writer(64)
    hash.write(writer, block.hash)
    yield writer.finish()
    let isFirst = true
    for (const piece of pieces) {
      if (!isFirst) await new Promise<void>((resolve) => clock.soon(resolve))
      isFirst = false
      yield piece
    }
  }

  return {
    onApplied(block, isBehind) {
      last = block
      if (waiting !== undefined || writing !== undefined) return
      const passed = Math.floor((block.index - offset) / every) > Math.floor((taken - offset) / every)
      if (passed && (!isBehind || block.index - taken >= behindTimes * every)) take(block)
    },
    onPersisted({ commit }) {
      persisted = commit.index
      write()
    },
    async finish() {
      // Of a market that broke in the middle of a block nothing is to be kept.
      if (last !== undefined && last.index === market.index && last.index > taken) take(last)
      await writing
      write()
      await writing
    },
  }
}

/** The same for one peer in all its lives: from 0 to `every` - 1. */
export function snapshotOffset(self: PeerId, every: number): number {
  let sum = 0
  for (let i = 0; i < self.length; i++) sum = (Math.imul(sum, 31) + self.charCodeAt(i)) >>> 0
  return sum % every
}

/** `undefined` where there is none for this very log: a store may have held another room's before. */
export async function readSnapshot(
  store: Store,
  crypto: Crypto,
  rules: RoomRules,
  indexMax: number,
): Promise<Market | undefined> {
  const snapshot = await store.readSnapshot()
  if (snapshot === undefined || snapshot.index > indexMax) return undefined
  const decoded = decodeWith(snapshot.bytes, (reader) => ({ block: hash.read(reader), content: reader.raw(reader.left) }))
  const [row] = await store.read(snapshot.index, snapshot.index, 1)
  if ('malformed' in decoded || row === undefined || toHex(row.hash) !== decoded.value.block) return undefined
  const restored = restoreImage(decoded.value.content, rules, crypto.hash)
  return 'value' in restored && restored.value.index === snapshot.index ? restored.value : undefined
}
