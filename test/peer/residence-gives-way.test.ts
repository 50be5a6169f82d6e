import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import type { News } from '../../src/peer/context.ts'
import type { Store } from '../../src/peer/ports.ts'
import { createMemoryStore } from '../support/memory-store.ts'
import { genesisBy } from './log-of-blocks.ts'

import { bob, bobs, createRig, diskOfAna, hello } from './residence-rig.ts'

it('a peer that has settled down gives way to nobody', async () => {
  const rig = createRig({ entry: { kind: 'create' } })
  await rig.residence.open()
  const { room } = rig.residence.session
  await rig.pass(100)
  rig.residence.settleDown()
  rig.events().onConnected(bob, hello())
  await rig.pass(2_000)
  expect([rig.asked, rig.residence.session.room]).toEqual([[], room])
  await rig.residence.close()
})

it('a peer in a room where nothing was done gives way to one that holds fast', async () => {
  const rig = createRig({ entry: { kind: 'create' } })
  await rig.residence.open()
  await rig.pass(100)
  rig.events().onConnected(bob, hello())
  // It meets that room again with each look around, and asks once.
  await rig.pass(2_500)
  expect(rig.asked).toHaveLength(1)
  rig.answer()
  await rig.pass(4_000)
  expect([rig.residence.session.room, rig.residence.entered]).toEqual([bobs.id, 'joined'])
  expect(rig.logged).toContain('room-given-up')
  await rig.residence.close()
})

it('a peer that was given a wrong first block asks again when it meets that room again', async () => {
  const rig = createRig({ entry: { kind: 'create' } })
  await rig.residence.open()
  const { room } = rig.residence.session
  await rig.pass(100)
  rig.events().onConnected(bob, hello())
  await rig.pass(100)
  rig.answer(genesisBy(bob, 9))
  await rig.pass(2_000)
  expect([rig.asked.length, rig.residence.session.room]).toEqual([2, room])
  rig.answer()
  await rig.pass(4_000)
  expect(rig.residence.session.room).toBe(bobs.id)
  await rig.residence.close()
})

it('a peer that is given wrong first blocks as often as it asks is asked later and later, and named once', async () => {
  const rig = createRig({ entry: { kind: 'create' } })
  await rig.residence.open()
  await rig.pass(100)
  const forged = { ...genesisBy(bob), signature: new Uint8Array(64) }
  const bytes = new Uint8Array(Buffer.concat([forged.bytes.subarray(0, -64), forged.signature]))
  rig.events().onConnected(bob, hello())
  for (let times = 0; times < 100; times++) {
    await rig.pass(100)
    rig.answer({ ...forged, bytes })
    rig.events().onFrame(bob, hello())
  }
  expect(rig.asked.length).toBeLessThan(10)
  expect(rig.logged.filter((event) => event === 'room-unjoined')).toHaveLength(1)
  const reason = 'first blocks of a room: its genesis block is not its founder’s'
  expect([...rig.context.refused]).toEqual([[bob, { reason, count: rig.asked.length }]])
  await rig.residence.close()
})

describe('a peer that is about to give way', () => {
  /** It has asked for the first block of a room that holds fast, and does not have it yet. */
  async function asking(changes: Partial<Store> = {}, store = createMemoryStore()) {
    const rig = createRig({ entry: { kind: 'create' } }, changes, store)
    await rig.residence.open()
    await rig.pass(100)
    rig.events().onConnected(bob, hello())
    await rig.pass(100)
    expect(rig.asked).toHaveLength(1)
    return { ...rig, own: rig.residence.session }
  }

  it('stays where it stops meanwhile, or something is done in its room', async () => {
    for (const change of [
      ({ residence }: Awaited<ReturnType<typeof asking>>) => residence.settleDown(),
      ({ own }: Awaited<ReturnType<typeof asking>>) => own.holdFast(),
    ]) {
      const rig = await asking()
      change(rig)
      rig.answer()
      await rig.pass(4_000)
      expect([rig.residence.session, rig.residence.entered]).toEqual([rig.own, 'founded'])
      await rig.residence.close()
    }
  })

  it('does nothing more in the room that it leaves, and is in the other one as in its own', async () => {
    const { residence, own, answer, pass } = await asking()
    expect([own.view.incarnation, own.holdsFast]).toEqual([1, false])
    answer()
    await pass(4_000)
    const submitted = own.proposals.submit({ request: undefined, operation: { kind: 'void' } }, 1_000)
    await expect(submitted).rejects.toMatchObject({ code: 'stopping' })
    expect([residence.session.room, residence.session.holdsFast, residence.session.view.membership]).toEqual([
      ...[bobs.id, true, 'learner'],
    ])
    await residence.close()
  })

  const unmoved = 'the room could not be changed'
  const full = new Failure('disk-full', 'No space left.')
  const ends: readonly [string, Error, News][] = [
    ['the disk', full, { kind: 'stranded', failure: full }],
    ['a fault of the program', new Error('it cannot be'), { kind: 'stopped', reason: { kind: 'bug', message: unmoved } }],
  ]
  it.each(ends)('stops where %s fails it, and says so', async (_, error, told) => {
    const store = createMemoryStore()
    let isFailing = false
    const write: Store['write'] = (batch) => (isFailing ? Promise.reject(error) : store.write(batch))
    const { residence, answer, pass, news, logged } = await asking({ write }, store)
    isFailing = true
    answer()
    await pass(4_000)
    expect(news.filter(({ kind }) => kind === 'stopped' || kind === 'stranded')).toEqual([told])
    expect([logged.includes('room-change-failed'), residence.moving]).toEqual([true, undefined])
    await residence.close()
  })
})

it('a room that nobody did anything in gives way at the next start, too', async () => {
  const { store } = await diskOfAna()
  const rig = createRig({ entry: { kind: 'look' } }, {}, store)
  await rig.residence.open()
  expect(rig.residence.session.holdsFast).toBe(false)
  await rig.residence.close()
})
