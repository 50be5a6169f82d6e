import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import { createPersistQueue, idlePatience, mergePersists, type PersistQueueOptions } from '../../src/peer/disk.ts'
import type { Store, StoreBatch } from '../../src/peer/ports.ts'
import { type Block, headOf } from '../../src/ring/block.ts'
import { decodeEvidence, type Evidence } from '../../src/ring/faults.ts'
import type { Persist } from '../../src/ring/types.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { genesisBy, opsAfter } from './log-of-blocks.ts'

const ana = peerNamed('A')
const crypto = createKeyedCrypto(ana)

/** What a run of the ring may write: how many blocks it takes back, and how many it appends then. */
const changes = fc.array(fc.record({ back: fc.nat(4), more: fc.nat(3) }), { minLength: 1, maxLength: 8 })

/** Batches as the ring makes them: `cutFrom` only where something is dropped, blocks without a gap after it. */
function persistsOf(runs: readonly { readonly back: number; readonly more: number }[]): Persist[] {
  const log = [genesisBy(ana)]
  let mark = 0
  return runs.map(({ back, more }, at) => {
    const cut = Math.max(1, log.length - back)
    const cutFrom = cut < log.length ? cut : undefined
    log.length = cut
    const blocks: Block[] = []
    for (let i = 0; i < more; i++) {
      const block = opsAfter(log.at(-1) as Block, ana, mark++)
      log.push(block)
      blocks.push(block)
    }
    return { kind: 'persist', id: at + 1, cutFrom, blocks, evidence: evidenceAt(log, at), meta: metaAt(log, at + 1) }
  })
}

/** With every second batch proof that its head's author signed another block in that place. */
function evidenceAt(log: readonly Block[], at: number): readonly Evidence[] {
  const [first, previous] = [log.at(-1), log.at(-2)]
  if (first === undefined || previous === undefined || at % 2 === 1) return []
  return [{ kind: 'two-blocks', first, second: opsAfter(previous, ana, 200 + at) }]
}

const metaAt = (log: readonly Block[], incarnation: number): Persist['meta'] => {
  const head = log.at(-1) as Block
  const commit = { index: 0, hash: (log[0] as Block).hash }
  return { head: headOf(head), promised: head.epoch, incarnation, commit, loss: undefined }
}

type Rows = readonly (string | undefined)[]

/** A disk that knows no more than the contract: cut first, then put rows where they belong. */
function write(rows: Rows, batch: Pick<Persist, 'cutFrom' | 'blocks'>): Rows {
  const next = batch.cutFrom === undefined ? [...rows] : rows.slice(0, batch.cutFrom)
  for (const block of batch.blocks) next[block.index] = block.hash
  return next
}

const start: Rows = [genesisBy(ana).hash]

describe('waiting batches', () => {
  it('merged into one leave the same rows as written one by one, wherever the fsyncs fall', () => {
    fc.assert(
      fc.property(changes, fc.array(fc.boolean()), (runs, syncs) => {
        const persists = persistsOf(runs)
        let merged: Rows = start
        const kept: Evidence[] = []
        let waiting: Persist | undefined
        for (const [at, persist] of persists.entries()) {
          waiting = { kind: 'persist', ...mergePersists(waiting, persist) }
          if (syncs[at] !== true && at < persists.length - 1) continue
          // What the store demands of a batch: its rows follow, without a gap, what stays.
          const stays = waiting.cutFrom ?? merged.length
          expect(waiting.blocks.map(({ index }) => index)).toEqual(waiting.blocks.map((_, offset) => stays + offset))
          merged = write(merged, waiting)
          expect(waiting.meta).toBe(persist.meta)
          expect(waiting.id).toBe(persist.id)
          kept.push(...waiting.evidence)
          waiting = undefined
        }
        expect(merged).toEqual(persists.reduce(write, start))
        expect(kept).toEqual(persists.flatMap(({ evidence }) => evidence))
      }),
    )
  })
})

describe('the queue of writes', () => {
  it('has one write under way, and merges what comes meanwhile into the next', async () => {
    const disk = createSlowDisk()
    const persisted: number[] = []
    const queue = queueOver(disk, { onPersisted: (id) => persisted.push(id) })
    for (const persist of persistsOf([1, 1, 1, 1].map((more) => ({ back: 0, more })))) queue.add(persist)
    expect(disk.batches.map((batch) => batch.blocks.length)).toEqual([1])
    disk.finish()
    await disk.began(2)
    expect(disk.batches.map((batch) => batch.blocks.length)).toEqual([1, 3])
    expect(persisted).toEqual([1])
    disk.finish()
    await queue.idle()
    expect(persisted).toEqual([1, 4])
  })

  it('writes evidence in the same batch, each in a slot of its own, as long as one is free', async () => {
    const disk = createSlowDisk()
    const queue = queueOver(disk, { freeSlots: [3, 7], onPersisted: () => {} })
    const persists = persistsOf([1, 1, 1, 1, 1].map((more) => ({ back: 0, more })))
    for (const persist of persists) queue.add(persist)
    disk.finish()
    await disk.began(2)
    disk.finish()
    await queue.idle()
    expect(disk.batches.map(({ values }) => values.map(({ name }) => name))).toEqual([['evidence/3'], ['evidence/7']])
    const written = disk.batches.flatMap(({ values }) => values.map(({ bytes }) => decodeEvidence(bytes as Uint8Array, crypto)))
    const evidence = persists.flatMap((persist) => persist.evidence)
    expect(evidence).toHaveLength(3)
    expect(written).toEqual(evidence.slice(0, 2).map((value) => ({ value })))
  })

  it('merges what comes of one write into the next', async () => {
    const disk = createSlowDisk()
    const [first, second, third] = persistsOf([1, 1, 1].map((more) => ({ back: 0, more }))) as [Persist, Persist, Persist]
    const queue = queueOver(disk, {
      onPersisted(id) {
        if (id === 1) for (const persist of [second, third]) queue.add(persist)
      },
    })
    queue.add(first)
    disk.finish()
    await disk.began(2)
    disk.finish()
    await queue.idle()
    expect(disk.batches.map((batch) => batch.blocks.length)).toEqual([1, 2])
  })

  it('writes nothing more after a failed write, and says so once', async () => {
    const disk = createSlowDisk()
    const failures: Failure[] = []
    const queue = queueOver(disk, { onFailed: (failure) => failures.push(failure) })
    const [first, second, third] = persistsOf([1, 1, 1].map((more) => ({ back: 0, more }))) as [Persist, Persist, Persist]
    queue.add(first)
    queue.add(second)
    disk.fail(new Failure('disk-full', 'No space left.'))
    await queue.idle()
    queue.add(third)
    await queue.idle()
    expect(failures.map(({ code }) => code)).toEqual(['disk-full'])
    expect(disk.batches).toHaveLength(1)
    expect(queue.failed?.code).toBe('disk-full')
  })

  it('takes what cannot be encoded for a failed write, and is idle after it', async () => {
    const disk = createSlowDisk()
    const failures: Failure[] = []
    const persisted: number[] = []
    const queue = queueOver(disk, { onFailed: (failure) => failures.push(failure), onPersisted: (id) => persisted.push(id) })
    const [first, second] = persistsOf([1, 1].map((more) => ({ back: 0, more }))) as [Persist, Persist]
    queue.add(first)
    queue.add({ ...second, meta: { ...second.meta, incarnation: -1 } })
    disk.finish()
    await queue.idle()
    expect([persisted, failures.map(({ code }) => code)]).toEqual([[1], ['disk-failed']])
    expect(failures[0]?.cause).toBeInstanceOf(Error)
    queue.add(second)
    await queue.idle()
    expect(disk.batches).toHaveLength(1)
  })

  it('takes a store that throws at once for a failed write, and what throws at what is persisted, too', async () => {
    const failures: Failure[] = []
    const [persist] = persistsOf([{ back: 0, more: 1 }]) as [Persist]
    const thrown = new Error('no disk')
    const store = {
      write(): never {
        throw thrown
      },
    }
    const queue = queueOver(createSlowDisk(), { store, onFailed: (failure) => failures.push(failure) })
    queue.add(persist)
    await queue.idle()
    const done = queueOver(createSlowDisk(), {
      store: { write: () => Promise.resolve() },
      onFailed: (failure) => failures.push(failure),
      onPersisted() {
        throw thrown
      },
    })
    done.add(persist)
    await done.idle()
    expect(failures.map(({ code, cause }) => [code, cause])).toEqual([
      ['disk-failed', thrown],
      ['disk-failed', thrown],
    ])
  })

  it('does not wait for ever for a disk that does not answer, says so, and tells nobody later that it is there', async () => {
    const disk = createSlowDisk()
    const failures: Failure[] = []
    const alarms: { readonly at: number; readonly ring: () => void }[] = []
    const clock = {
      monotonic: () => 5,
      at(at: number, ring: () => void) {
        alarms.push({ at, ring })
        return () => {}
      },
    }
    const persisted: number[] = []
    const onFailed = (failure: Failure): unknown => failures.push(failure)
    const queue = queueOver(disk, { clock, onFailed, onPersisted: (id) => persisted.push(id) })
    const [first, second] = persistsOf([1, 1].map((more) => ({ back: 0, more }))) as [Persist, Persist]
    queue.add(first)
    queue.add(second)
    const idle = queue.idle()
    expect(alarms.map(({ at }) => at)).toEqual([5 + idlePatience])
    alarms[0]?.ring()
    await idle
    expect(failures.map(({ message }) => message)).toEqual([
      'The disk has not answered for 10 s: what was on its way to it may be lost.',
    ])
    disk.finish()
    await queue.idle()
    await new Promise((resolve) => setImmediate(resolve))
    expect([persisted, disk.batches.length]).toEqual([[], 1])
  })
})

describe('whoever takes in a long log', () => {
  /** A block that says to be so long. */
  const longBlock = (block: Block, length: number): Block => ({ ...block, bytes: { ...block.bytes, length } as Uint8Array })
  const isDone = async (promise: Promise<void>): Promise<boolean> => {
    let done = false
    void promise.then(() => {
      done = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    return done
  }
  const persists = (lengths: readonly number[]): Persist[] =>
    persistsOf(lengths.map(() => ({ back: 0, more: 1 }))).map((persist, at) => ({
      ...persist,
      evidence: [],
      blocks: persist.blocks.map((block) => longBlock(block, lengths[at] ?? 0)),
    }))
  const mebibytes = 2 ** 20

  it('waits while much waits for the disk, until the batch before it is written', async () => {
    const disk = createSlowDisk()
    const queue = queueOver(disk, { onPersisted: () => {} })
    const [first, second, third] = persists([9 * mebibytes, 8 * mebibytes - 1, 1]) as [Persist, Persist, Persist]
    expect(await isDone(queue.hasRoom())).toBe(true)
    // What is under way waits for nothing.
    queue.add(first)
    expect(await isDone(queue.hasRoom())).toBe(true)
    queue.add(second)
    expect(await isDone(queue.hasRoom())).toBe(true)
    queue.add(third)
    const room = queue.hasRoom()
    expect(await isDone(room)).toBe(false)
    disk.finish()
    await room
    expect(disk.batches.length).toBe(2)
    expect(await isDone(queue.hasRoom())).toBe(true)
  })

  it('waits for no disk that has failed', async () => {
    const disk = createSlowDisk()
    const queue = queueOver(disk, { onPersisted: () => {}, onFailed: () => {} })
    for (const persist of persists([1, 9 * mebibytes])) queue.add(persist)
    const room = queue.hasRoom()
    expect(await isDone(room)).toBe(false)
    disk.fail(new Failure('disk-full', 'The disk is full.'))
    await room
    expect(await isDone(queue.hasRoom())).toBe(true)
  })
})

function queueOver(disk: ReturnType<typeof createSlowDisk>, changes: Partial<PersistQueueOptions>) {
  const { store } = disk
  const clock = { monotonic: () => 0, at: () => () => {} }
  return createPersistQueue({
    store,
    crypto,
    clock,
    freeSlots: [0, 1],
    onPersisted: unexpected,
    onFailed: unexpected,
    ...changes,
  })
}

const unexpected = (): never => {
  throw new Error('was not to be called')
}

function createSlowDisk() {
  const batches: StoreBatch[] = []
  let underWay = Promise.withResolvers<void>()
  let begun = Promise.withResolvers<void>()
  const store = {
    write(batch: StoreBatch) {
      batches.push(batch)
      underWay = Promise.withResolvers<void>()
      begun.resolve()
      return underWay.promise
    },
  } as unknown as Store
  return {
    store,
    batches,
    finish: () => underWay.resolve(),
    fail: (failure: Failure) => underWay.reject(failure),
    async began(count: number) {
      while (batches.length < count) {
        await begun.promise
        begun = Promise.withResolvers<void>()
      }
    },
  }
}
