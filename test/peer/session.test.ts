import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import { blockBytesMax, numberMax } from '../../src/core/limits.ts'
import type { Operation } from '../../src/market/operation.ts'
import { decodeMeta, evidenceName, toStored } from '../../src/peer/disk.ts'
import type { Clock } from '../../src/peer/ports.ts'
import { firstBatch, foundRoom, refoundBlocks, refuseRefound, roomIdOf } from '../../src/peer/room.ts'
import { openSession } from '../../src/peer/session.ts'
import type { Block } from '../../src/ring/block.ts'
import { encodeEvidence } from '../../src/ring/faults.ts'
import { encodeFrame } from '../../src/ring/message.ts'
import { createReplica } from '../../src/ring/replica.ts'
import { ringLimits } from '../../src/ring/timing.ts'
import { plainSetting } from '../support/lab-setting.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { until } from '../support/wait.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { genesisBy, opsAfter } from './log-of-blocks.ts'
import { account, lotOf } from './rig.ts'
import { createTestClock } from './test-clock.ts'
import { createListeningLogger, createTestContext } from './test-context.ts'

const [ana, bob] = [peerNamed('A'), peerNamed('B')]
const crypto = createKeyedCrypto(ana)
const stopping = new Failure('stopping', '')

const openAccount = {
  request: undefined,
  operation: { kind: 'open-account', account: account('ana'), holder: 'Ana' },
} as const

describe('a room that is opened', () => {
  const plan = { name: 'test', currency: 'EUR', deposits: 'open' } as const
  const found = async (loss: number | undefined = undefined, logger = createListeningLogger()) => {
    const store = createMemoryStore()
    await store.open()
    const genesis = foundRoom(plan, ana, new Uint8Array(16), 1_700_000_000_000, crypto)
    const batch = firstBatch([genesis], { incarnation: 6, loss })
    await store.write(batch)
    const { context, news } = createTestContext(ana, { store, logger })
    return { store, context, news, batch, logger }
  }

  it('is refused where it has another name, before anything is written', async () => {
    const { store, batch } = await found()
    const { context } = createTestContext(ana, { store }, { room: { ...plan, name: 'other' } })
    await expect(openSession(context, batch.meta)).rejects.toMatchObject({ code: 'other-room' })
    await store.close()
    expect((await store.open()).meta).toEqual(batch.meta)
    expect(context.room).toBeUndefined()
  })

  it('is refused where its log begins with another block, or has none', async () => {
    for (const blocks of [[], [toStored({ ...opsAfter(genesisBy(ana), ana, 1), index: 0 })]]) {
      const { store, context, batch } = await found()
      await store.write({ ...batch, cutFrom: 0, blocks })
      await expect(openSession(context, batch.meta)).rejects.toMatchObject({ code: 'store-damaged', facts: { index: 0 } })
    }
  })

  it('raises the incarnation on disk, and is where the peer is', async () => {
    const { store, context, batch } = await found()
    const session = await openSession(context, batch.meta)
    expect([context.room, session.view.incarnation]).toEqual([session, 7])
    store.crash()
    expect(decodeMeta((await store.open()).meta as Uint8Array)).toMatchObject({ value: { meta: { incarnation: 7 } } })
  })

  it('knows how far the clocks of others are from its own, however long this peer’s machine and process have run', async () => {
    const { store, batch } = await found()
    const { clock, moveTo } = createTestClock()
    moveTo(5_000)
    const { context } = createTestContext(ana, { store, clock: { ...clock, wall: () => clock.monotonic() + 1_700_000_000_000 } })
    const session = await openSession(context, batch.meta)
    moveTo(7_000)
    const { hash, epoch } = genesisBy(ana)
    const status = { epoch, durable: undefined, commit: { index: 0, hash }, persistedCommit: { epoch, index: 0 }, turn: 0 }
    const wallClock = 1_700_000_007_300
    session.frame(bob, encodeFrame(1, { kind: 'status', ...status, promised: epoch, active: false, wallClock }))
    expect([...session.clockOffsets]).toEqual([[bob, 300]])
  })

  it('of a peer that lost its log waits until the room has written that down', async () => {
    const { context, batch } = await found(77)
    expect(decodeMeta(batch.meta)).toMatchObject({ value: { meta: { loss: 77, incarnation: 6 } } })
    const session = await openSession(context, batch.meta)
    expect(session.view.membership).toBe('forgotten')
  })

  it('keeps to the limits and the pace of snapshots that it is given', async () => {
    const { store, batch } = await found()
    const limits = { ...ringLimits, blockOps: 2 }
    const { context } = createTestContext(ana, { store }, { limits, snapshotEvery: 3 })
    const session = await openSession(context, batch.meta)
    session.start()
    const open = (at: number) => ({ kind: 'open-account', account: account(`a${at}`), holder: 'A' }) as const
    const submit = (at: number) => session.proposals.submit({ request: undefined, operation: open(at) }, 20_000)
    const receipts = await Promise.all(Array.from({ length: 12 }, (_, at) => submit(at)))
    expect(new Set(receipts.map(({ block }) => block.index)).size).toBe(6)
    let kept: number | undefined
    await until('a snapshot is kept', () => {
      void store.readSnapshot().then((snapshot) => {
        kept = snapshot?.index
      })
      return kept !== undefined
    })
    expect(kept).toBeLessThanOrEqual(session.view.commit.index)
    await session.close(stopping)
  })

  it('tells the ring each pace that the host sets, once', async () => {
    const { context, batch } = await found()
    const paces: number[] = []
    const session = await openSession(context, batch.meta, (options) => {
      const replica = createReplica(options)
      return {
        view: replica.view,
        step(now, input) {
          if (input.kind === 'pace') paces.push(input.idleHop)
          return replica.step(now, input)
        },
      }
    })
    session.start()
    for (const millis of [400, 400, 700]) {
      await session.proposals.submit({ request: undefined, operation: { kind: 'set-pace', millis } }, 20_000)
      await session.proposals.submit({ request: undefined, operation: { kind: 'void' } }, 20_000)
    }
    expect([paces, session.paceMillis]).toEqual([[400, 700], 700])
    await session.close(stopping)
  })

  it('has history as soon as something was done in it, or waits to be', async () => {
    const { context, batch, store } = await found()
    const session = await openSession(context, batch.meta)
    session.start()
    expect(session.history).toBe(false)
    const opened = session.proposals.submit(openAccount, 20_000)
    await until('it waits', () => session.view.pending.length > 0 || session.history)
    expect(session.history).toBe(true)
    await opened
    expect([session.view.pending, session.history]).toEqual([[], true])
    await session.close(stopping)
    await store.close()
    const again = createTestContext(ana, { store }).context
    expect((await openSession(again, (await store.open()).meta as Uint8Array)).history).toBe(true)
  })

  it('has history while an operation waits that cannot be written yet', async () => {
    const { context, batch } = await found(77)
    const session = await openSession(context, batch.meta)
    session.start()
    const waiting = session.proposals.submit(openAccount, 60_000)
    await until('it waits', () => session.view.pending.length === 1)
    expect([session.view.pending[0]?.written, session.history]).toEqual([false, true])
    const rejected = expect(waiting).rejects.toBe(stopping)
    await session.close(stopping)
    await rejected
  })

  it('that was chosen holds fast, and has no history for it', async () => {
    const { context, batch } = await found()
    const session = await openSession(context, batch.meta)
    session.start()
    expect([session.history, session.holdsFast]).toEqual([false, false])
    session.holdFast()
    expect([session.history, session.holdsFast]).toEqual([false, true])
    await session.close(stopping)
    const other = await found()
    const busy = await openSession(other.context, other.batch.meta)
    busy.start()
    await busy.proposals.submit(openAccount, 20_000)
    expect([busy.history, busy.holdsFast]).toEqual([true, true])
    await busy.close(stopping)
  })

  it('that goes on from another has its history', async () => {
    const { context, batch, store } = await found()
    const before = await openSession(context, batch.meta)
    before.start()
    await before.proposals.submit(openAccount, 20_000)
    const blocks = refoundBlocks(context, before)
    await before.close(stopping)
    const next = firstBatch(blocks, { incarnation: before.view.incarnation, loss: undefined })
    await store.write(next)
    const after = await openSession(context, next.meta)
    expect([after.view.head.index, after.market.index, after.history]).toEqual([1, 1, true])
    expect(after.market.accounts.has(account('ana'))).toBe(true)
  })

  it('is closed in good order: what is open is told so, the ring hears nothing more, a snapshot is kept', async () => {
    const { context, batch, store, news } = await found()
    const session = await openSession(context, batch.meta)
    session.start()
    await session.proposals.submit(openAccount, 20_000)
    const { index } = session.view.commit
    await until('that is known on disk', () => news.some((one) => one.kind === 'persisted' && one.meta.commit.index === index))
    const open = session.proposals.submit({ ...openAccount, operation: { kind: 'void' } }, 20_000)
    const closed = session.close(stopping)
    await expect(open).rejects.toBe(stopping)
    await closed
    expect((await store.readSnapshot())?.index).toBe(session.market.index)
    const told = news.length
    const { lamport } = session.view
    session.input({ kind: 'leave' })
    session.frame(bob, encodeFrame(numberMax / 2, { kind: 'ping', nonce: 1 }))
    expect([news.length, session.view.lamport, session.view.membership]).toEqual([told, lamport, 'member'])
    await expect(session.proposals.submit(openAccount, 20_000)).rejects.toBe(stopping)
  })

  it('is closed only when all is on disk', async () => {
    const { context, batch, store } = await found()
    const { write } = store
    const gate = Promise.withResolvers<void>()
    let isHeld = false
    let held = 0
    store.write = async (next) => {
      if (isHeld) {
        held++
        await gate.promise
      }
      return write(next)
    }
    const session = await openSession(context, batch.meta)
    session.start()
    await until('the room has its ring', () => session.view.active)
    isHeld = true
    const submitted = session.proposals.submit(openAccount, 20_000).catch((error: unknown) => error)
    await until('it is to be written', () => held > 0)
    let isClosed = false
    const closing = session.close(stopping).then(() => {
      isClosed = true
    })
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(isClosed).toBe(false)
    gate.resolve()
    await closing
    expect(await submitted).toBe(stopping)
  })

  it('takes its experiments with it when it is closed', async () => {
    const { context, batch } = await found()
    const session = await openSession(context, batch.meta)
    session.start()
    await session.proposals.submit({ request: undefined, operation: session.lab.setupOf(plainSetting) }, 20_000)
    expect(session.lab.runs.map(({ isClosed }) => isClosed)).toEqual([false])
    await session.close(stopping)
    expect(session.lab.runs.map(({ isClosed }) => isClosed)).toEqual([true])
  })

  /** Its clock is the test's, and moves on with each look at a condition. */
  const foundByClock = async () => {
    const { clock: still, moveTo } = createTestClock()
    const clock: Clock = { ...still, soon: (task) => void setImmediate(task), wall: () => still.monotonic() + 1_700_000_000_000 }
    const { store, batch } = await found()
    const { context, news } = createTestContext(ana, { store, clock })
    const session = await openSession(context, batch.meta)
    session.start()
    const pass = (what: string, isTrue: () => boolean) =>
      until(what, () => {
        moveTo(clock.monotonic() + 50)
        return isTrue()
      })
    const submit = async (operation: Operation) => {
      let isDone = false
      const submitted = session.proposals.submit({ request: undefined, operation }, 600_000).then(() => {
        isDone = true
      })
      await pass('it is done', () => isDone)
      await submitted
    }
    const failWrite = async () => {
      store.failWrites(new Failure('disk-full', 'No space left.'))
      session.proposals.submit({ request: undefined, operation: { kind: 'void' } }, 600_000).catch(() => {})
      await pass('the write has failed', () => session.failed !== undefined)
    }
    return { session, news, clock, moveTo, pass, submit, failWrite }
  }
  const start: Operation = { kind: 'start-auction', ...lotOf('ana') }

  it('closes its auctions once they have ended', async () => {
    const { session, pass, submit } = await foundByClock()
    await submit(openAccount.operation)
    await submit(start)
    await pass('it is closed', () => session.market.openAuctions.size === 0)
    await session.close(stopping)
  })

  it('closes no auction once a write failed: it could not write that', async () => {
    const { session, clock, moveTo, submit, failWrite } = await foundByClock()
    await submit(openAccount.operation)
    await submit(start)
    await failWrite()
    const waiting = session.view.pending.length
    moveTo(clock.monotonic() + 10_000)
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect([session.market.openAuctions.size, session.view.pending.length]).toEqual([1, waiting])
    await session.close(stopping)
  })

  it('waits for nobody to let it go once a write failed', async () => {
    const { session, clock, moveTo, failWrite } = await foundByClock()
    await failWrite()
    const leaving = session.leave(60_000).then(() => 'gone')
    moveTo(clock.monotonic())
    expect(await Promise.race([leaving, new Promise((resolve) => setImmediate(() => resolve('waits')))])).toBe('gone')
    await session.close(stopping)
  })

  it('keeps no snapshot where a write failed: what it stands on is not on disk', async () => {
    const { context, batch, store, news } = await found()
    const session = await openSession(context, batch.meta)
    session.start()
    await session.proposals.submit(openAccount, 20_000)
    const { index } = session.view.commit
    await until('that is known on disk', () => news.some((one) => one.kind === 'persisted' && one.meta.commit.index === index))
    store.failWrites(new Failure('disk-full', 'No space left.'))
    const lost = session.proposals.submit(openAccount, 20_000)
    await until('the write has failed', () => news.some(({ kind }) => kind === 'failed'))
    const rejected = expect(lost).rejects.toBe(stopping)
    store.failWrites(undefined)
    expect(session.view.commit.index).toBe(session.market.index)
    await session.close(stopping)
    await rejected
    expect(await store.readSnapshot()).toBeUndefined()
  })

  it('has the evidence of its disk, and names whom it proves faulty, once', async () => {
    const { store, context, batch, logger } = await found()
    const genesis = genesisBy(ana)
    const evidence = { kind: 'two-blocks', first: opsAfter(genesis, bob, 1), second: opsAfter(genesis, bob, 2) } as const
    await store.writeValue(evidenceName(63), encodeEvidence(evidence, crypto))
    await store.writeValue(evidenceName(0), Uint8Array.of(9))
    const session = await openSession(context, batch.meta)
    expect(session.view.evidence).toEqual([evidence])
    session.start()
    await until('it is named', () => logger.warnings.length > 1)
    session.frame(bob, Uint8Array.of(99))
    await until('the bad frame is named, too', () => logger.warnings.length > 2)
    for (let i = 0; i < 5; i++) session.frame(bob, Uint8Array.of(2, 200))
    expect(logger.warnings).toMatchObject([
      { message: 'proof of a fault could not be read: it is kept as it is', facts: { slots: [0] } },
      { message: 'a peer is proven to be faulty', facts: { peer: bob, what: 'signed two different blocks 1', index: 1 } },
      { message: 'a peer speaks another version of the protocol', facts: { peer: bob, version: 99 } },
      { message: 'what a peer says is refused', facts: { peer: bob } },
    ])
    expect(context.refused.get(bob)?.count).toBe(5)
    await session.close(stopping)
  })

  it('names whom the ring refuses, once, with the reason', async () => {
    const { context, batch, logger } = await found()
    const session = await openSession(context, batch.meta)
    session.start()
    const epoch = { number: 1, initiator: ana }
    const frame = encodeFrame(7, { kind: 'durable', epoch, durable: { index: 1, hash: 'ab'.repeat(32) } })
    await until('the room has its ring', () => session.view.active)
    const installed = session.view.installed
    const forged = encodeFrame(7, { kind: 'want', epoch: installed, request: 1 })
    for (let times = 0; times < 20; times++) for (const one of [frame, forged]) session.frame(bob, one)
    await until('it is named', () => logger.warnings.length > 0)
    expect(logger.warnings).toMatchObject([{ message: 'what a peer says is refused', facts: { peer: bob } }])
    expect(session.view.refused.get(bob)?.count).toBeGreaterThan(1)
    await session.close(stopping)
  })

  it('keeps the evidence of another room from a new one', async () => {
    const { store, context, batch } = await found()
    const genesis = genesisBy(ana)
    const evidence = { kind: 'two-blocks', first: opsAfter(genesis, bob, 1), second: opsAfter(genesis, bob, 2) } as const
    await store.writeValue(evidenceName(3), encodeEvidence(evidence, crypto))
    const before = await openSession(context, batch.meta)
    const blocks = refoundBlocks(context, before)
    await before.close(stopping)
    const next = firstBatch(blocks, { incarnation: before.view.incarnation, loss: undefined })
    await store.write(next)
    const after = await openSession(context, next.meta)
    expect(after.room).toBe(roomIdOf(blocks[0] as Block))
    expect([before.view.evidence.length, after.view.evidence.length]).toEqual([1, 0])
  })
})

describe('going on without the others', () => {
  it('is refused while the room has its quorum, or had it a moment ago, unless it is forced', () => {
    for (const missing of [0, 50, 999]) {
      const session = { quorumMissing: () => missing }
      expect(() => refuseRefound(session, false)).toThrow(expect.objectContaining({ code: 'quorum-held' }))
      expect(() => refuseRefound(session, true)).not.toThrow()
    }
    expect(() => refuseRefound({ quorumMissing: () => 1_000 }, false)).not.toThrow()
  })

  it('takes as many blocks as the state needs, none larger than any other, and is refused only beyond what a room can hold', async () => {
    const { context } = createTestContext(ana)
    const { genesis } = await openedAlone()
    const of = (bytes: number) => {
      const market = { snapshot: () => new Uint8Array(bytes) }
      return { market, genesis, view: { time: () => 1_700_000_000_000 } } as never
    }
    for (const [bytes, parts] of [
      [1, 1],
      [248 * 1024, 1],
      [248 * 1024 + 1, 2],
      [5_000_000, 20],
    ] as const) {
      const blocks = refoundBlocks(context, of(bytes))
      expect([blocks.length, Math.max(...blocks.map((block) => block.bytes.length)) <= blockBytesMax]).toEqual([parts + 1, true])
    }
    const whole = { byteLength: 0, length: 248 * 1024 * 4_096 + 1 }
    const session = { market: { snapshot: () => whole }, genesis, view: { time: () => 1_700_000_000_000 } } as never
    expect(() => refoundBlocks(context, session)).toThrow(expect.objectContaining({ code: 'room-too-large' }))
  })

  const openedAlone = async () => {
    const store = createMemoryStore()
    await store.open()
    const batch = firstBatch([genesisBy(ana)], { incarnation: 0, loss: undefined })
    await store.write(batch)
    return openSession(createTestContext(ana, { store }).context, batch.meta)
  }
})
