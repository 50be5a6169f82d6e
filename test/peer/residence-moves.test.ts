import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import type { RoomId } from '../../src/core/ids.ts'
import type { PeerOptions } from '../../src/peer/context.ts'
import { decodeMeta } from '../../src/peer/disk.ts'
import { encodeHello } from '../../src/peer/network.ts'
import type { Store } from '../../src/peer/ports.ts'
import type { Residence } from '../../src/peer/residence.ts'
import { roomIdOf } from '../../src/peer/room.ts'
import type { Session } from '../../src/peer/session.ts'
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts'
import { peerNamed } from './keyed-crypto.ts'
import { genesisBy } from './log-of-blocks.ts'

import { bob, bobs, createRig, diskOfAna, genesis, hello, watched } from './residence-rig.ts'

describe('a peer that is to join', () => {
  const target = { name: undefined, code: undefined, room: bobs.id as string, addresses: ['/ip4/10.0.0.2/tcp/4001'] }
  async function createFounder() {
    const rig = createRig({ entry: { kind: 'create' } })
    await rig.residence.open()
    const join = (
      changes: Partial<{ [Key in keyof typeof target]: string | undefined }> = {},
      deadlineMillis = 1_000,
      signal?: AbortSignal,
    ) =>
      rig.residence.join({ ...target, ...changes } as typeof target, { force: true, deadlineMillis, ...(signal && { signal }) })
    return { ...rig, join }
  }

  it('a room of another name, or with another code, refuses', async () => {
    const { join, residence } = await createFounder()
    await expect(join({ name: 'evening' })).rejects.toMatchObject({ code: 'other-room', facts: { name: 'evening' } })
    await expect(join({ code: 'other' })).rejects.toMatchObject({ code: 'other-code' })
    await residence.close()
  })

  it('the room that it is in is there already', async () => {
    const { join, residence } = await createFounder()
    const { room } = residence.session
    expect(await join({ room: room.slice(0, 8), name: 'test', code: 'code' })).toEqual({ room, archive: undefined })
    await residence.close()
  })

  it('looks for it at the addresses until its time is over, and says what it heard', async () => {
    const { join, residence, calls, pass } = await createFounder()
    const joining = join({}, 2_000)
    const state = watched(joining)
    await pass(1_900)
    expect(state()).toBe('under way')
    await pass(300)
    await expect(joining).rejects.toMatchObject({ code: 'room-not-found', message: expect.stringContaining('in 2 s') })
    expect(calls).toContain(target.addresses[0])
    await residence.close()
  })

  it('ends its search when that is called off, or when it stops', async () => {
    const { join, residence, pass } = await createFounder()
    const calling = new AbortController()
    const state = watched(join({}, 60_000, calling.signal))
    await pass(300)
    expect(state()).toBe('under way')
    calling.abort()
    await pass(300)
    expect(state()).toBe('called-off')
    const other = watched(join({}, 60_000))
    await pass(300)
    residence.settleDown()
    await pass(300)
    expect(other()).toBe('stopping')
    await expect(join()).rejects.toMatchObject({ code: 'stopping' })
    await residence.close()
  })

  it('goes into no other one', async () => {
    const { join, residence, events, pass, asked } = await createFounder()
    const { room } = residence.session
    residence.session.holdFast()
    await pass(100)
    events().onConnected(peerNamed('C'), hello({ id: roomIdOf(genesisBy(peerNamed('C'))) }))
    const state = watched(join({}, 1_000))
    await pass(1_500)
    expect([state(), asked, residence.session.room]).toEqual(['room-not-found', [], room])
    await residence.close()
  })

  it('ends its search when its peer is closed', async () => {
    const { join, residence, pass } = await createFounder()
    const state = watched(join({}, 60_000))
    await pass(300)
    await residence.close()
    await pass(300)
    expect(state()).toBe('stopping')
  })

  /** Bob's room comes in sight, and is asked for; he gives its first block to all that wait for it. */
  const joinBob = async ({ join, residence, events, answer, pass, asked }: Awaited<ReturnType<typeof createFounder>>) => {
    await pass(100)
    events().onConnected(bob, hello({ holdsFast: false }))
    const before = asked.length
    const joining = join()
    await pass(300)
    expect(asked.length).toBeGreaterThan(before)
    answer()
    await pass(5_000)
    const joined = await joining
    expect([residence.session.room, residence.entered, residence.moving]).toEqual([bobs.id, 'joined', undefined])
    await residence.close()
    return joined
  }

  it('moves there once it has the first block', async () => {
    const founder = await createFounder()
    founder.residence.session.holdFast()
    expect(await joinBob(founder)).toMatchObject({ room: bobs.id })
    expect(founder.news.filter(({ kind }) => kind === 'stopped')).toEqual([{ kind: 'stopped', reason: { kind: 'left' } }])
  })

  it('is in it, too, where it has given way to that room while it waited', async () => {
    expect(await joinBob(await createFounder())).toEqual({ room: bobs.id, archive: undefined })
  })
})

it('a room that is not found is not kept away by the members of the one that is here', async () => {
  const rig = createRig({ entry: { kind: 'create' } })
  await rig.residence.open()
  await rig.pass(100)
  const { session } = rig.residence
  rig.events().onConnected(bob, hello({ id: session.room }))
  const target = { name: undefined, code: undefined, room: bobs.id as string, addresses: [] }
  const joining = rig.residence.join(target, { force: true, deadlineMillis: 500 }).catch((error: Failure) => error)
  await rig.pass(1_000)
  const failure = await joining
  const named = failure instanceof Failure ? JSON.stringify(failure.facts.obstacles) : undefined
  expect(named).not.toContain(session.room.slice(0, 8))
  await rig.residence.close()
})

describe('what a peer may have forgotten of the room that it comes into', () => {
  const lossOn = async ({ store }: { readonly store: MemoryStore }, incarnation: number): Promise<boolean> => {
    const decoded = decodeMeta((await store.open()).meta as Uint8Array)
    expect(decoded).toMatchObject({ value: { meta: { incarnation } } })
    return 'value' in decoded && decoded.value.meta.loss !== undefined
  }

  it.each([
    [true, false],
    [false, true],
  ])('is nothing only where its key was made at this start (%s): something: %s', async (isNew, loss) => {
    const rig = createRig({ entry: { kind: 'join', room: undefined } }, {}, createMemoryStore(), isNew)
    const opening = rig.residence.open()
    await rig.pass(100)
    rig.events().onConnected(bob, hello())
    await rig.pass(100)
    rig.answer()
    await opening
    await rig.residence.close()
    expect(await lossOn(rig, 1)).toBe(loss)
  })

  it('is something where it was there before', async () => {
    const rig = createRig({ entry: { kind: 'create' } })
    await rig.residence.open()
    const { room, genesisBlock } = rig.residence.session
    const target = { name: undefined, code: undefined, addresses: [] }
    for (const [id, block] of [
      [bobs.id, genesis],
      [room, genesisBlock],
    ] as const) {
      rig.events().onConnected(bob, hello({ id, holdsFast: false }))
      const joining = rig.residence.join({ ...target, room: id }, { force: true, deadlineMillis: 5_000 })
      await rig.pass(500)
      rig.answer(block)
      await rig.pass(5_000)
      expect((await joining).room).toBe(id)
    }
    await rig.residence.close()
    expect(await lossOn(rig, 3)).toBe(true)
  })
})

describe('a peer in whose room something was done', () => {
  const target = { name: undefined, code: undefined, room: bobs.id as string, addresses: [] }
  const archive = async () => 'somewhere'

  it.each<readonly [string, boolean, Partial<PeerOptions>]>([
    ['it was not told to', false, { archive }],
    ['it cannot keep its log', true, {}],
  ])('leaves it for no other where %s', async (_why, force, options) => {
    const { store, room } = await diskOfAna(true)
    const rig = createRig({ entry: { kind: 'look' }, ...options }, {}, store)
    await rig.residence.open()
    rig.events().onConnected(bob, hello())
    const joining = rig.residence.join(target, { force, deadlineMillis: 5_000 })
    await expect(joining).rejects.toMatchObject({ code: 'room-has-history', facts: { room } })
    expect([rig.asked, rig.residence.session.room]).toEqual([[], room])
    await rig.residence.close()
  })

  it('meanwhile stays there, and so does one that stops meanwhile', async () => {
    for (const [change, code] of [
      [(residence: Residence) => void residence.settleDown(), 'stopping'],
      [
        (residence: Residence) =>
          residence.session.proposals.submit({ request: undefined, operation: { kind: 'void' } }, 60_000).catch(() => {}),
        'room-has-history',
      ],
    ] as const) {
      const rig = createRig({ entry: { kind: 'create' }, archive })
      await rig.residence.open()
      const { session } = rig.residence
      rig.events().onConnected(bob, hello())
      const state = watched(rig.residence.join(target, { force: false, deadlineMillis: 60_000 }))
      await rig.pass(300)
      void change(rig.residence)
      await rig.pass(300)
      rig.answer()
      await rig.pass(1_000)
      expect([state(), rig.residence.session]).toEqual([code, session])
      await rig.residence.close()
    }
  })
})

it('a peer keeps the whole log of the room that it leaves for another, once nothing more is written there', async () => {
  const kept: { readonly room: RoomId; readonly blocks: readonly number[]; readonly isOver: boolean }[] = []
  let own: Session | undefined
  const archive: NonNullable<PeerOptions['archive']> = async (room, blocks) => {
    const indexes: number[] = []
    for await (const some of blocks) indexes.push(...some.map(({ index }) => index))
    const submitted = own?.proposals.submit({ request: undefined, operation: { kind: 'void' } }, 1_000)
    const isOver = await Promise.resolve(submitted).then(
      () => false,
      (error: Failure) => error.code === 'stopping',
    )
    kept.push({ room, blocks: indexes, isOver })
    return 'somewhere'
  }
  const { store, room } = await diskOfAna(true)
  const rig = createRig({ entry: { kind: 'look' }, archive }, {}, store)
  await rig.residence.open()
  own = rig.residence.session
  rig.events().onConnected(bob, hello())
  const target = { name: undefined, code: undefined, room: bobs.id as string, addresses: [] }
  const joining = rig.residence.join(target, { force: true, deadlineMillis: 5_000 })
  await rig.pass(300)
  rig.answer()
  await rig.pass(5_000)
  expect(await joining).toEqual({ room: bobs.id, archive: 'somewhere' })
  expect(kept).toEqual([{ room, blocks: Array.from({ length: own.view.durable + 1 }, (_, at) => at), isOver: true }])
  await rig.residence.close()
})

it('a peer stays in its room where the disk has no place for the log of it', async () => {
  const { store, room } = await diskOfAna(true)
  const archive = async (): Promise<string> => {
    throw new Failure('disk-full', 'No space left.')
  }
  const rig = createRig({ entry: { kind: 'look' }, archive }, {}, store)
  await rig.residence.open()
  rig.events().onConnected(bob, hello())
  const target = { name: undefined, code: undefined, room: bobs.id as string, addresses: [] }
  const state = watched(rig.residence.join(target, { force: true, deadlineMillis: 5_000 }))
  await rig.pass(300)
  rig.answer()
  await rig.pass(5_000)
  const { session, moving } = rig.residence
  expect([state(), session.room, moving, rig.news.filter(({ kind }) => kind === 'stopped' || kind === 'stranded')]).toEqual([
    ...['disk-full', room, undefined, []],
  ])
  const done = session.proposals.submit({ request: undefined, operation: { kind: 'void' } }, 60_000)
  await rig.pass(5_000)
  await done
  await rig.residence.close()
})

it('a room that goes on from another holds fast, and is named in the log', async () => {
  const { store } = await diskOfAna()
  const rig = createRig({ entry: { kind: 'look' } }, {}, store)
  await rig.residence.open()
  expect(rig.residence.entered).toBe('kept')
  const refounding = rig.residence.refound(true)
  await rig.pass(1_000)
  expect((await refounding).room).toBe(rig.residence.session.room)
  expect([rig.residence.session.holdsFast, rig.residence.entered]).toEqual([true, 'founded'])
  expect(rig.logged).toContain('room-refounded')
  await rig.residence.close()
})

describe('a peer that moves', () => {
  async function moving() {
    const rig = createRig({ entry: { kind: 'create' } })
    await rig.residence.open()
    const { room } = rig.residence.session
    const first = rig.residence.refound(true)
    while (rig.residence.moving === undefined) await Promise.resolve()
    return { ...rig, room, first }
  }

  it('goes on from the room that it is in by then, where it is asked to once more', async () => {
    const { residence, first, pass, room } = await moving()
    const second = residence.refound(true)
    await pass(1_000)
    const rooms = [room, (await first).room, (await second).room]
    expect(new Set(rooms).size).toBe(3)
    expect(residence.session.room).toBe(rooms[2])
    await residence.close()
  })

  it('has moved before it moves to the room that it was to join', async () => {
    const rig = createRig({ entry: { kind: 'create' } })
    await rig.residence.open()
    rig.events().onConnected(bob, hello({ holdsFast: false }))
    const target = { name: undefined, code: undefined, room: bobs.id as string, addresses: [] }
    const joining = rig.residence.join(target, { force: true, deadlineMillis: 60_000 })
    await rig.pass(300)
    const refounding = rig.residence.refound(true)
    while (rig.residence.moving === undefined) await Promise.resolve()
    rig.answer()
    await rig.pass(5_000)
    expect((await refounding).room).not.toBe(bobs.id)
    expect([(await joining).room, rig.residence.session.room]).toEqual([bobs.id, bobs.id])
    await rig.residence.close()
  })

  it('by itself to the room that it is to join, too, moves there once', async () => {
    const rig = createRig({ entry: { kind: 'create' } })
    await rig.residence.open()
    const cleo = peerNamed('C')
    rig.events().onConnected(bob, encodeHello({ name: 'Bob', roomName: 'test', room: undefined }))
    rig.events().onConnected(cleo, hello())
    await rig.pass(100)
    // It is about to give way, and has asked one of them: a person’s wish goes to the other.
    rig.events().onFrame(bob, hello())
    const target = { name: undefined, code: undefined, room: bobs.id as string, addresses: [] }
    const joining = rig.residence.join(target, { force: true, deadlineMillis: 60_000 })
    await rig.pass(300)
    expect(rig.askedOf).toEqual([cleo, bob])
    rig.answer(genesis, cleo)
    while (rig.residence.moving === undefined) await Promise.resolve()
    rig.answer()
    await rig.pass(5_000)
    expect(await joining).toEqual({ room: bobs.id, archive: undefined })
    expect(rig.calls.filter((call) => call === `enter ${bobs.id}`)).toHaveLength(1)
    await rig.residence.close()
  })

  it('says nothing of where it is until it is there', async () => {
    const store = createMemoryStore()
    const gate = Promise.withResolvers<void>()
    let isHeld = false
    const write: Store['write'] = async (batch) => {
      if (isHeld) await gate.promise
      return store.write(batch)
    }
    const rig = createRig({ entry: { kind: 'create' } }, { write }, store)
    await rig.residence.open()
    await rig.pass(1_000)
    isHeld = true
    const refounding = rig.residence.refound(true)
    await rig.pass(100)
    const before = rig.hellos.length
    await rig.pass(5_000)
    expect(rig.hellos).toHaveLength(before)
    gate.resolve()
    await rig.pass(100)
    expect(rig.hellos.slice(before)).toEqual([(await refounding).room])
    await rig.residence.close()
  })

  it('is not in the room that it was in, where it is asked to join that one', async () => {
    const { residence, first, pass, room } = await moving()
    const target = { name: undefined, code: undefined, room: room as string, addresses: [] }
    const state = watched(residence.join(target, { force: true, deadlineMillis: 500 }))
    await pass(1_000)
    expect([state(), residence.session.room]).toEqual(['room-not-found', (await first).room])
    await residence.close()
  })
})
