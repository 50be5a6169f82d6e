import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import { numberMax } from '../../src/core/limits.ts'
import { decodeMeta } from '../../src/peer/disk.ts'
import { openSession } from '../../src/peer/session.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { createKeyedCrypto, peerNamed } from './keyed-crypto.ts'
import { account } from './rig.ts'
import { createTestClock } from './test-clock.ts'
import { createTestContext } from './test-context.ts'
import { verifyLog } from './verify-log.ts'
import { logOfVersion1 } from './version-1.ts'

const [ana, bob] = [peerNamed('A'), peerNamed('B')]
const crypto = createKeyedCrypto(ana)
const stopping = new Failure('stopping', '')

describe('a log that wire version 1 wrote', () => {
  const { blocks, record } = logOfVersion1(ana, bob)
  const storeWith = async (meta: Uint8Array) => {
    const store = createMemoryStore()
    await store.open()
    const rows = blocks.map(({ bytes, hash }, index) => ({ index, bytes, hash }))
    await store.write({ cutFrom: undefined, blocks: rows, values: [], meta })
    return store
  }

  it('is good', () => {
    const bytes = blocks.map((block) => block.bytes)
    expect(verifyLog(bytes, crypto)).toMatchObject({ ok: true, blocks: 3 })
  })

  it('opens and is replayed; its views lost nobody, and its peer has forgotten nothing', async () => {
    const store = await storeWith(record(undefined))
    const { context } = createTestContext(ana, { store })
    const session = await openSession(context, record(undefined))
    expect(session.market.accounts.get(account('ana'))?.available).toBe(70_000)
    expect(session.view).toMatchObject({ incarnation: 5, members: [bob, ana], membership: 'member' })
    expect(session.view.head.index).toBe(2)
    await store.close()
    expect(decodeMeta((await store.open()).meta as Uint8Array)).toMatchObject({
      value: { meta: { incarnation: 5, loss: undefined }, lacksLoss: false },
    })
  })

  it('keeps waiting for the other member: what is submitted is unsettled at its deadline, and without quorum after a while', async () => {
    const store = await storeWith(record(undefined))
    const session = await openSession(createTestContext(ana, { store }).context, record(undefined))
    session.start()
    const submit = (deadline: number) => session.proposals.submit({ request: undefined, operation: { kind: 'void' } }, deadline)
    await expect(submit(20)).rejects.toMatchObject({ code: 'unsettled' })
    await expect(submit(1_300)).rejects.toMatchObject({ code: 'no-quorum' })
    await session.close(stopping)
  })

  it('is left at once: without a quorum nobody could let its peer go', async () => {
    const store = await storeWith(record(undefined))
    const { clock, moveTo } = createTestClock()
    const session = await openSession(createTestContext(ana, { store, clock }).context, record(undefined))
    session.start()
    const leaving = session.leave(60_000).then(() => 'gone')
    moveTo(0)
    expect(await Promise.race([leaving, new Promise((resolve) => setImmediate(() => resolve('waits')))])).toBe('gone')
    await session.close(stopping)
  })

  it('that was lost there is still lost: a number is drawn for it, once, and on disk before anything else', async () => {
    const store = await storeWith(record(1))
    const written: unknown[] = []
    const { write } = store
    store.write = (batch) => {
      written.push(batch)
      return write(batch)
    }
    const { context } = createTestContext(ana, { store })
    const first = await openSession(context, record(1))
    expect(first.view.membership).toBe('forgotten')
    expect(written).toHaveLength(1)
    store.crash()
    const { meta } = await store.open()
    const kept = decodeMeta(meta as Uint8Array)
    const loss = 'value' in kept ? kept.value.meta.loss : undefined
    expect([loss !== undefined && loss >= 1 && loss <= numberMax, 'value' in kept && kept.value.lacksLoss]).toEqual([true, false])
    const second = await openSession(createTestContext(ana, { store }).context, meta as Uint8Array)
    expect(second.view.membership).toBe('forgotten')
    const again = decodeMeta(await metaOf(store))
    expect('value' in again && again.value.meta.loss).toBe(loss)
  })

  const metaOf = async (store: ReturnType<typeof createMemoryStore>): Promise<Uint8Array> => {
    await store.close()
    return (await store.open()).meta as Uint8Array
  }
})
