import { afterEach, describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import { encodeSubmission } from '../../src/market/codec.ts'
import type { PeerOptions } from '../../src/peer/context.ts'
import { encodeMeta, noEvidence, toStored } from '../../src/peer/disk.ts'
import type { Peer, Refounded } from '../../src/peer/peer.ts'
import { foundRoom } from '../../src/peer/room.ts'
import { type Body, headOf, signBlock } from '../../src/ring/block.ts'
import { until } from '../support/wait.ts'
import { accept, account, agree, cents, createRig, lotOf, type Machine, openWith, type Rig, submit } from './rig.ts'
import { auctionOf, founding, joining, roomOfThree } from './room-of-three.ts'
import { verifyLog } from './verify-log.ts'

let rig: Rig = createRig()
afterEach(async () => {
  await rig.end()
  rig = createRig()
})

/** The header of a GIF, and as much behind it as a lot may have. */
function pictureOf(byte: number): Uint8Array {
  const picture = new Uint8Array(90 * 1024).fill(byte)
  picture.set(new TextEncoder().encode('GIF89a'))
  picture.set([16, 0, 16, 0], 6)
  return picture
}

/** Once the quorum has been missing for long enough. */
async function goOnAlone(peer: Peer): Promise<Refounded> {
  const tried = await peer.refound({ force: false }).catch((failure: Failure) => failure.code)
  if (typeof tried === 'object') return tried
  expect(tried).toBe('quorum-held')
  await new Promise((resolve) => setTimeout(resolve, 50))
  return goOnAlone(peer)
}

const moneyOf = (peer: Peer) =>
  peer.accounts().map(({ id, owner, available, held, closed }) => [id, owner, available, held, closed])
const lotsOf = (peer: Peer) =>
  peer.auctions().map(({ id, lot, leader, endsAt, ended }) => [id, lot.item, lot.picture.length, leader, endsAt, ended])

describe('a room of any size', () => {
  it('goes on from a lone survivor: 40 pictures, 2,000 accounts, holds, running auctions and request ids, for whoever joins, too', async () => {
    const { machines, ana, bob } = await roomOfThree(rig)
    await openWith(ana, 'shop', 1_000)
    await openWith(bob, 'bob', 5_000)
    const ids = Array.from({ length: 2_000 }, (_, number) => account(`pupil-${number}`))
    await Promise.all(ids.map((id) => accept(ana, { kind: 'open-account', account: id, holder: `Pupil ${id}` })))
    const lots = Array.from({ length: 40 }, (_, at) =>
      lotOf('shop', { item: `lamp ${at}`, picture: pictureOf(at), durationMillis: 3_600_000 }),
    )
    const auctions = await Promise.all(lots.map((lot) => accept(ana, { kind: 'start-auction', ...lot })))
    const first = auctionOf(auctions[0] as (typeof auctions)[0])
    await accept(bob, { kind: 'bid', auction: first, account: account('bob'), amount: cents(700) })
    const rent = { kind: 'transfer', from: account('shop'), to: account('pupil-0'), amount: cents(1), memo: '' } as const
    await submit(ana, rent, 'rent')
    await agree([ana, bob])
    const before = { room: ana.status().room.id, money: moneyOf(ana), lots: lotsOf(ana) }
    await Promise.all([machines[1]?.crash(), machines[2]?.crash()])
    const { room } = await goOnAlone(ana)
    expect(room).not.toBe(before.room)
    expect({ money: moneyOf(ana), lots: lotsOf(ana) }).toEqual({ money: before.money, lots: before.lots })

    const dora = await rig.machine('Dora').start(joining)
    await until('dora is a member', () => dora.status().role === 'member' && ana.status().members.length === 2)
    await agree([ana, dora])
    for (const peer of [ana, dora]) {
      expect(peer.status().room.id).toBe(room)
      expect({ money: moneyOf(peer), lots: lotsOf(peer) }).toEqual({ money: before.money, lots: before.lots })
    }
    await submit(ana, rent, 'rent')
    expect(ana.account(account('pupil-0'))?.available).toBe(1)
    await openWith(dora, 'dora', 5_000)
    await accept(dora, { kind: 'bid', auction: first, account: account('dora'), amount: cents(800) })
    await agree([ana, dora])
    expect(['bob', 'dora'].map((id) => ana.account(account(id))?.held)).toEqual([0, 800])
    const blocks = await dora.log(0, 1_000)
    const verified = verifyLog(
      blocks.map(({ bytes }) => bytes),
      (machines[0] as (typeof machines)[0]).identity.crypto,
    )
    expect(verified).toMatchObject({ ok: true, room, stateHash: dora.status().stateHash })
    expect(Math.max(...blocks.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(256 * 1024)
  }, 120_000)

  it('comes back from the disk, with and without a snapshot, and can be refounded again', async () => {
    const machine = rig.machine('Ana')
    const peer = await machine.start(founding)
    await openWith(peer, 'shop', 1_000)
    for (const at of [0, 1, 2, 3]) {
      await accept(peer, { kind: 'start-auction', ...lotOf('shop', { picture: pictureOf(at), durationMillis: 3_600_000 }) })
    }
    const { room } = await peer.refound({ force: true })
    const before = lotsOf(peer)
    await machine.crash()
    await peer.stop(0)
    const second = await machine.start()
    expect([second.status().room.id, lotsOf(second)]).toEqual([room, before])
    await second.stop(5_000)
    const third = await machine.start()
    expect([third.status().room.id, lotsOf(third)]).toEqual([room, before])
    const again = await third.refound({ force: true })
    expect([again.room === room, lotsOf(third)]).toEqual([false, before])
    await accept(third, { kind: 'withdraw', account: account('shop'), amount: cents(1) })
  }, 60_000)
})

describe('what waits to be written', () => {
  it('is submitted again in the new room, each once, and whoever waits is told what became of it', async () => {
    const { machines, ana } = await roomOfThree(rig)
    await openWith(ana, 'ana', 1_000)
    await accept(ana, { kind: 'open-account', account: account('box'), holder: 'box' })
    await Promise.all([machines[1]?.crash(), machines[2]?.crash()])
    await until('the quorum is lost', () => !ana.status().quorum)
    const move = (amount: number) =>
      ({ kind: 'transfer', from: account('ana'), to: account('box'), amount: cents(amount), memo: '' }) as const
    const waiting = [
      submit(ana, move(1), 'one'),
      submit(ana, move(10)),
      submit(ana, move(100)),
      submit(ana, move(1), 'one'),
      submit(ana, move(5_000)),
    ]
    await until('all of it waits', () => ana.pending().length === 5)
    const withdrawn = ana.pending().find(({ operation }) => operation.kind === 'transfer' && operation.amount === 100)
    // One that is in a block already can no longer be withdrawn: then it happens.
    const isLate = withdrawn?.written === true
    if (withdrawn !== undefined && !isLate) ana.voidPending(withdrawn.id)
    waiting[2]?.catch(() => {})
    const made = await goOnAlone(ana)
    const [one, ten, , repeat, tooMuch] = waiting
    expect((await one)?.outcome.accepted).toBe(true)
    expect((await ten)?.outcome.accepted).toBe(true)
    expect(await repeat).toMatchObject({ outcome: { accepted: true } })
    expect(await tooMuch).toMatchObject({ outcome: { accepted: false, rejection: { code: 'funds-short' } } })
    const moved = isLate ? 111 : 11
    expect([ana.account(account('ana'))?.available, ana.account(account('box'))?.available]).toEqual([1_000 - moved, moved])
    expect([made.resubmitted, ana.pending()]).toEqual([isLate ? 5 : 4, []])
    await submit(ana, move(1), 'one')
    expect(ana.account(account('box'))?.available).toBe(moved)
  }, 60_000)

  it('of an earlier life of this peer, in a block that nobody is known to have committed, too', async () => {
    const machine = rig.machine('Ana')
    const { self, crypto } = machine.identity
    const bob = rig.machine('Bob').identity.self
    const time = 1_700_000_000_000
    const genesis = foundRoom({ name: 'test', currency: 'EUR', deposits: 'open' }, self, new Uint8Array(16), time, crypto)
    const epoch = { number: 2, initiator: bob }
    const follow = (previous: typeof genesis, turn: number, body: Body, isBobs = false) =>
      signBlock(
        {
          ...{ epoch, turn, body, author: isBobs ? bob : self, time: genesis.time, checkpoint: undefined },
          ...{ index: previous.index + 1, lamport: previous.lamport + 1, prevHash: previous.hash },
        },
        crypto,
      )
    const view = follow(genesis, 0, { kind: 'view', members: [bob, self], lost: [] }, true)
    const open = encodeSubmission({
      request: undefined,
      operation: { kind: 'open-account', account: account('ana'), holder: 'Ana' },
    })
    const uncommitted = follow(view, 1, { kind: 'ops', incarnation: 1, firstSequence: 1, ops: [open] })
    await machine.store.open()
    await machine.store.write({
      cutFrom: 0,
      blocks: [genesis, view, uncommitted].map(toStored),
      values: noEvidence,
      meta: encodeMeta({
        head: headOf(uncommitted),
        promised: epoch,
        incarnation: 1,
        commit: { index: 1, hash: view.hash },
        loss: undefined,
      }),
    })
    await machine.store.close()
    const peer = await machine.start()
    expect(peer.accounts()).toEqual([])
    expect(await goOnAlone(peer)).toMatchObject({ resubmitted: 1 })
    await until('it is done', () => peer.account(account('ana')) !== undefined)
    const [id] = (await peer.log(0, 100)).flatMap(({ body }) => (body.kind === 'ops' ? [body.incarnation] : []))
    expect(id).toBeGreaterThan(1)
  }, 30_000)
})

describe('the log of the old room', () => {
  it('is kept whole before anything takes its place', async () => {
    const kept: { room: string; blocks: number; stateHash: string }[] = []
    const machine = rig.machine('Ana')
    const peer = await machine.start({
      ...founding,
      async archive(room, chunks) {
        const bytes: Uint8Array[] = []
        for await (const chunk of chunks) bytes.push(...chunk.map((block) => block.bytes))
        const verified = verifyLog(bytes, machine.identity.crypto)
        expect(verified.ok).toBe(true)
        kept.push({ room, blocks: bytes.length, stateHash: verified.ok ? verified.stateHash : '' })
        return '/archive'
      },
    })
    await openWith(peer, 'ana', 10)
    const { room, commit, stateHash } = peer.status()
    expect(await peer.refound({ force: true })).toMatchObject({ archive: '/archive', resubmitted: 0 })
    expect(kept).toEqual([{ room: room.id, blocks: commit.index + 1, stateHash }])
  })

  it('is gone on with where the others come back while it is kept', async () => {
    const [anas, ...others] = ['Ana', 'Bob', 'Cleo'].map((name) => rig.machine(name)) as [Machine, Machine, Machine]
    let isKept = false
    const archive: PeerOptions['archive'] = async (_room, chunks) => {
      for await (const _ of chunks) {
        if (isKept) continue
        isKept = true
        await Promise.all(others.map((machine) => machine.start(joining)))
        await until('the others are back', () => ana.status().quorum)
      }
      return '/archive'
    }
    const ana = await anas.start({ ...founding, archive })
    await Promise.all(others.map((machine) => machine.start(joining)))
    await until('three are members', () => ana.status().members.length === 3)
    await openWith(ana, 'ana', 10)
    const { room } = ana.status()
    await Promise.all(others.map((machine) => machine.crash()))
    while (!isKept) {
      await expect(ana.refound({ force: false })).rejects.toMatchObject({ code: 'quorum-held' })
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await accept(ana, { kind: 'withdraw', account: account('ana'), amount: cents(1) })
    expect(ana.status().room.id).toBe(room.id)
  }, 60_000)

  it('is gone on with on a disk that takes nothing more at all: nothing is written on the way back', async () => {
    const machine = rig.machine('Ana')
    const full = new Failure('disk-full', 'No space left.')
    const peer = await machine.start({
      ...founding,
      async archive(_room, chunks) {
        // As the draft of an archive: a part of it finds its place.
        for await (const [block] of chunks) if (block !== undefined) throw full
        return '/archive'
      },
    })
    await openWith(peer, 'ana', 10)
    const { room } = peer.status()
    machine.store.failWrites(full)
    await expect(peer.refound({ force: true })).rejects.toMatchObject({ code: 'disk-full' })
    machine.store.failWrites(undefined)
    await accept(peer, { kind: 'withdraw', account: account('ana'), amount: cents(1) })
    expect([peer.status().room.id, peer.status().role, peer.account(account('ana'))?.available]).toEqual([room.id, 'member', 9])
  })

  it('is gone on with where it cannot be kept: whoever asked is told, and nothing that waits is lost', async () => {
    let isFull = true
    const { machines, ana } = await roomOfThree(rig)
    await openWith(ana, 'ana', 10)
    await ana.stop(0)
    await Promise.all(machines.slice(1).map((machine) => machine.crash()))
    const machine = machines[0] as (typeof machines)[0]
    const peer = await machine.start({
      archive: async () => {
        if (isFull) throw new Failure('disk-full', 'No space left.')
        return '/archive'
      },
    })
    const room = peer.status().room.id
    const waiting = submit(peer, { kind: 'withdraw', account: account('ana'), amount: cents(1) })
    await until('it waits', () => peer.pending().length === 1)
    await expect(peer.refound({ force: true })).rejects.toMatchObject({ code: 'disk-full' })
    expect([peer.status().room.id, peer.status().role === 'stopped']).toEqual([room, false])
    await until('it still waits', () => peer.pending().length === 1)
    isFull = false
    // Besides what waits, what Ana's earlier life wrote last: whether that was committed is not on her disk.
    expect(await goOnAlone(peer)).toMatchObject({ archive: '/archive' })
    expect(await waiting).toMatchObject({ outcome: { accepted: true } })
    expect(peer.account(account('ana'))?.available).toBe(9)
  }, 60_000)

  it('is gone on with where it cannot be kept: what is in a block already may happen there, and happens nowhere a second time', async () => {
    let isFull = true
    const archive: PeerOptions['archive'] = async (_room, chunks) => {
      // Full at the very end, when the room is closed already.
      for await (const _ of chunks);
      if (isFull) throw new Failure('disk-full', 'No space left.')
      return '/archive'
    }
    const pace = { idleHop: 1_000 }
    const machines = ['Ana', 'Bob', 'Cleo'].map((name) => rig.machine(name))
    const peers: Peer[] = []
    for (const machine of machines) peers.push(await machine.start({ pace, archive, ...(peers.length === 0 && founding) }))
    await until('three are members', () => peers.every((peer) => peer.status().members.length === 3))
    const [ana] = peers as [Peer, Peer, Peer]
    await openWith(ana, 'ana', 10)
    const { self } = ana.status()
    await until('it is her turn', () => ana.ring().holder === self)
    for (const { identity } of machines.slice(1)) rig.hub.cut(self, identity.self)
    const written = submit(ana, { kind: 'withdraw', account: account('ana'), amount: cents(1) })
    await until('it is in a block', () => ana.pending()[0]?.written === true)
    const rejected = expect(written).rejects.toMatchObject({ code: 'unsettled' })
    await expect(ana.refound({ force: true })).rejects.toMatchObject({ code: 'disk-full' })
    await rejected
    isFull = false
    await goOnAlone(ana)
    // Comes after all that was submitted again.
    await accept(ana, { kind: 'open-account', account: account('box'), holder: 'box' })
    expect(ana.account(account('ana'))?.available).toBe(9)
  }, 60_000)
})
