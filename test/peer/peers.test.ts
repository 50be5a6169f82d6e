import { afterEach, describe, expect, it } from 'vitest'
import type { Failure } from '../../src/core/failure.ts'
import { type PeerId, parseOperationId } from '../../src/core/ids.ts'
import { decodeSubmission } from '../../src/market/codec.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { until } from '../support/wait.ts'
import { accept, account, agree, cents, createRig, lotOf, openWith, type Rig, submit } from './rig.ts'
import { auctionOf, listen, roomOfThree } from './room-of-three.ts'

let rig: Rig = createRig()
afterEach(async () => {
  await rig.end()
  rig = createRig()
})

describe('three peers', () => {
  it('open accounts, pay each other, and agree', async () => {
    const { ana, bob, cleo, peers } = await roomOfThree(rig)
    await Promise.all([openWith(ana, 'ana', 1_000), openWith(bob, 'bob', 1_000), openWith(cleo, 'cleo', 1_000)])
    await Promise.all([
      accept(ana, { kind: 'transfer', from: account('ana'), to: account('bob'), amount: cents(300), memo: 'rent' }),
      accept(bob, { kind: 'transfer', from: account('bob'), to: account('cleo'), amount: cents(200), memo: '' }),
    ])
    await agree(peers)
    for (const peer of peers) {
      expect(['ana', 'bob', 'cleo'].map((id) => peer.account(account(id))?.available)).toEqual([700, 1_100, 1_200])
    }
    expect(
      ana
        .peers()
        .map(({ name, member }) => `${name} ${member}`)
        .sort(),
    ).toEqual(['Ana true', 'Bob true', 'Cleo true'])
  })

  it('hold an auction with automatic bidders that ends by itself with the highest bid', async () => {
    const { ana, bob, cleo, peers } = await roomOfThree(rig)
    await Promise.all([openWith(ana, 'ana', 1), openWith(bob, 'bob', 10_000), openWith(cleo, 'cleo', 10_000)])
    const started = await accept(ana, { kind: 'start-auction', ...lotOf('ana') })
    const id = auctionOf(started)
    await until('all know the auction', () => peers.every((peer) => peer.auction(id) !== undefined))
    const bidder = { auction: id, raise: { least: 1, most: 100 }, paceMillis: 100, maximum: 5_000 }
    bob.startBidder({ ...bidder, account: account('bob') })
    cleo.startBidder({ ...bidder, account: account('cleo') })
    await until('it has ended', () => peers.every((peer) => peer.auction(id)?.ended !== undefined))
    await agree(peers)
    const ended = ana.auction(id)
    expect(ended?.ended?.why).toBe('sold')
    expect(ended?.bids).toBeGreaterThan(2)
    expect(ana.account(account('ana'))?.available).toBe(1 + (ended?.leader?.amount ?? 0))
    expect([bob.account(account('bob'))?.held, bob.account(account('cleo'))?.held]).toEqual([0, 0])
  })

  it('hear the same events of the market in the same order', async () => {
    const { ana, bob, cleo, peers } = await roomOfThree(rig)
    const heard = peers.map((peer) => listen(peer))
    await Promise.all([openWith(ana, 'ana', 500), openWith(bob, 'bob', 500)])
    await submit(cleo, { kind: 'withdraw', account: account('ana'), amount: cents(1) })
    await agree(peers)
    const told = heard.map((events) =>
      events.flatMap((event) => ('operation' in event && 'block' in event ? [`${event.operation} ${event.kind}`] : [])),
    )
    expect(told[0]).toHaveLength(5)
    expect(told[1]).toEqual(told[0])
    expect(told[2]).toEqual(told[0])
    for (const events of heard)
      expect(events.map(({ number }) => number)).toEqual(events.map((_, at) => (events[0]?.number ?? 0) + at))
  })

  it('go on when one of them dies, and take it in again with all it missed', async () => {
    const { machines, ana, bob, peers } = await roomOfThree(rig)
    await openWith(ana, 'ana', 1_000)
    await machines[2]?.crash()
    await accept(ana, { kind: 'withdraw', account: account('ana'), amount: cents(1) })
    await until('the dead one is out', () => bob.status().members.length === 2)
    const back = (await machines[2]?.start()) as Peer
    await until('it is in again', () => back.status().role === 'member' && ana.status().members.length === 3)
    await accept(ana, { kind: 'withdraw', account: account('ana'), amount: cents(1) })
    await agree([...peers.slice(0, 2), back])
    expect(back.account(account('ana'))?.available).toBe(998)
  })

  it('survive a broken connection between two of them', async () => {
    const { machines, ana, bob, peers } = await roomOfThree(rig)
    await openWith(ana, 'ana', 1_000)
    rig.hub.cut(machines[0]?.identity.self as PeerId, machines[1]?.identity.self as PeerId)
    for (let i = 0; i < 5; i++) await accept(ana, { kind: 'withdraw', account: account('ana'), amount: cents(1) })
    await openWith(bob, 'bob', 5)
    rig.hub.heal(machines[0]?.identity.self as PeerId, machines[1]?.identity.self as PeerId)
    await agree(peers)
    expect(bob.account(account('ana'))?.available).toBe(995)
  })

  it('lose nobody when one leaves in good order', async () => {
    const { ana, bob, cleo } = await roomOfThree(rig)
    await openWith(cleo, 'cleo', 10)
    await cleo.stop(5_000)
    // It goes only when the others have gone on without it.
    expect([ana, bob].map((peer) => peer.status().members.length)).toEqual([2, 2])
    expect(await cleo.stopped).toBe('left the room')
    await until('two are left', () => ana.status().members.length === 2)
    await openWith(bob, 'bob', 10)
    await expect(cleo.submit({ request: undefined, operation: { kind: 'void' } }, 100)).rejects.toMatchObject({
      code: 'stopping',
    })
    await expect(cleo.refound({ force: true })).rejects.toMatchObject({ code: 'stopping' })
    await expect(cleo.log(0, 1)).rejects.toMatchObject({ code: 'stopping' })
    expect(cleo.status().role).toBe('stopped')
  })

  it('are read-only without a quorum, say for whom they wait, and let an operation be withdrawn', async () => {
    const { machines, ana } = await roomOfThree(rig, { idleHop: 250 })
    await openWith(ana, 'ana', 1_000)
    // What the holder of the token writes at once cannot be withdrawn: the others are to die with the token.
    await until('ana has the token', () => ana.status().holdsToken)
    await until('ana has passed it on', () => !ana.status().holdsToken)
    await Promise.all([machines[1]?.crash(), machines[2]?.crash()])
    await until('the quorum is lost', () => !ana.status().quorum)
    const trouble = ana.status().trouble ?? ''
    expect(trouble).toMatch(/^no quorum: 1 of [23] members reachable, waiting for /)
    expect(ana.status().role).toBe('read-only')
    const stuck = ana.submit(
      { request: undefined, operation: { kind: 'withdraw', account: account('ana'), amount: cents(7) } },
      60_000,
    )
    const late = ana.submit(
      { request: undefined, operation: { kind: 'withdraw', account: account('ana'), amount: cents(8) } },
      3_500,
    )
    await expect(late).rejects.toMatchObject({ code: 'no-quorum' })
    const pending = ana.pending().find(({ operation }) => operation.kind === 'withdraw' && operation.amount === 7)
    expect(pending?.written).toBe(false)
    if (pending !== undefined) ana.voidPending(pending.id)
    const back = [await machines[1]?.start(), await machines[2]?.start()] as [Peer, Peer]
    const receipt = await stuck
    expect(receipt.outcome).toEqual({ accepted: false, voided: true })
    await agree([ana, ...back])
    // The other one was never withdrawn: unsettled means that it may still happen.
    expect(back[0].account(account('ana'))?.available).toBe(992)
  })

  it('keep the length of an auction when the clock of one of them jumps by an hour', async () => {
    const { machines, ana, bob, cleo, peers } = await roomOfThree(rig)
    await openWith(ana, 'ana', 1)
    await openWith(bob, 'bob', 1_000)
    const started = await accept(ana, { kind: 'start-auction', ...lotOf('ana', { durationMillis: 2_000 }) })
    const begun = performance.now()
    const id = auctionOf(started)
    for (const machine of machines.slice(1)) machine.clock.wallOffset = 3_600_000
    await until('bob knows the auction', () => bob.auction(id) !== undefined)
    await accept(bob, { kind: 'bid', auction: id, account: account('bob'), amount: cents(100) })
    await accept(cleo, { kind: 'open-account', account: account('cleo'), holder: 'Cleo' })
    await until('it has ended', () => peers.every((peer) => peer.auction(id)?.ended !== undefined))
    expect(performance.now() - begun).toBeGreaterThan(1_900)
    const auction = ana.auction(id)
    expect(auction?.ended?.why).toBe('sold')
    expect((auction?.ended?.at ?? 0) - (auction?.startedAt ?? 0)).toBeLessThan(20_000)
  })

  const closingsIn = async (peer: Peer): Promise<number> => {
    const blocks = await peer.log(0, 10_000)
    const ops = blocks.flatMap(({ body }) => (body.kind === 'ops' ? body.ops : []))
    return ops.filter((bytes) => {
      const decoded = decodeSubmission(bytes)
      return 'value' in decoded && decoded.value.operation.kind === 'close-auction'
    }).length
  }

  it('close each auction with one operation, also while all of them write', async () => {
    const { peers, ana } = await roomOfThree(rig)
    for (const [at, peer] of peers.entries()) await openWith(peer, `a${at}`, 1_000)
    const writing = { on: true }
    const write = async (peer: Peer, at: number): Promise<void> => {
      while (writing.on) await accept(peer, { kind: 'deposit', account: account(`a${at}`), amount: cents(1) })
    }
    const writers = peers.map(write)
    const lots = peers.flatMap((peer, at) => [300, 600, 900].map((durationMillis) => ({ peer, at, durationMillis })))
    const started = await Promise.all(
      lots.map(({ peer, at, durationMillis }) => accept(peer, { kind: 'start-auction', ...lotOf(`a${at}`, { durationMillis }) })),
    )
    const ids = started.map(auctionOf)
    await until('all have ended', () => ids.every((id) => ana.auction(id)?.ended !== undefined))
    writing.on = false
    await Promise.all(writers)
    await agree(peers)
    expect(await closingsIn(ana)).toBe(ids.length)
    for (const id of ids) expect((ana.auction(id)?.ended?.at ?? 0) - (ana.auction(id)?.endsAt ?? 0)).toBeLessThan(1_000)
  })

  it('close the auction of a seller that is gone, once, and not long after its end', async () => {
    const { machines, ana, bob, cleo } = await roomOfThree(rig)
    await openWith(cleo, 'cleo', 1_000)
    const id = auctionOf(await accept(cleo, { kind: 'start-auction', ...lotOf('cleo', { durationMillis: 3_000 }) }))
    await until('all know it', () => ana.auction(id) !== undefined && bob.auction(id) !== undefined)
    await machines[2]?.crash()
    await until('it has ended', () => bob.auction(id)?.ended !== undefined)
    await agree([ana, bob])
    const { endsAt, ended } = bob.auction(id) as NonNullable<ReturnType<Peer['auction']>>
    expect((ended?.at ?? 0) - endsAt).toBeLessThan(1_500)
    expect(await closingsIn(bob)).toBe(1)
  })

  it('refuse nobody in their midst, whatever happens among them', async () => {
    const { machines, ana, bob, peers } = await roomOfThree(rig)
    await openWith(ana, 'ana', 1_000)
    await machines[2]?.crash()
    await until('the dead one is out', () => bob.status().members.length === 2)
    const back = (await machines[2]?.start()) as Peer
    await until('it is in again', () => back.status().role === 'member' && ana.status().members.length === 3)
    await openWith(back, 'cleo', 1_000)
    await agree([...peers.slice(0, 2), back])
    for (const peer of [ana, bob, back]) {
      expect(peer.peers().map(({ refused, faulty }) => refused?.reason ?? faulty)).toEqual([undefined, undefined, undefined])
    }
  })

  it('find out one that runs on an older copy of its disk: it stops, and never answers with what it wrote before', async () => {
    const { machines, ana, bob } = await roomOfThree(rig)
    await openWith(bob, 'bob', 100)
    const cleo = machines[2] as NonNullable<(typeof machines)[2]>
    const older = cleo.store.copy()
    await cleo.crash()
    const second = await cleo.start()
    await until('it is in again', () => second.status().role === 'member')
    const first = await openWith(second, 'cleo', 900)
    await accept(second, { kind: 'transfer', from: first, to: account('bob'), amount: cents(500), memo: 'rent' })
    await agree([ana, bob, second])
    await cleo.crash()
    await until('the dead one is out', () => ana.status().members.length === 2)
    const restored = await rig.machineWithKeyOf(cleo, older).start()
    const answers: unknown[] = []
    for (let at = 0; at < 4; at++) {
      const pay = { kind: 'transfer', from: first, to: account('bob'), amount: cents(at + 1), memo: 'again' } as const
      restored.submit({ request: undefined, operation: pay }, 30_000).then(
        (receipt) => answers.push(receipt),
        (error: Failure) => answers.push(error.code),
      )
    }
    expect(await restored.stopped).toMatch(/copy.*--refetch/)
    expect(restored.status().role).toBe('stopped')
    expect(answers).toEqual(['stopping', 'stopping', 'stopping', 'stopping'])
    expect(ana.account(account('bob'))?.available).toBe(600)
  })

  it('take in a peer that lost its disk only after they have gone on without it', async () => {
    const { machines, ana, bob } = await roomOfThree(rig)
    await openWith(ana, 'ana', 1_000)
    const cleo = machines[2] as NonNullable<(typeof machines)[2]>
    await cleo.crash()
    await until('the dead one is out', () => ana.status().members.length === 2)
    const fresh = await rig.machineWithKeyOf(cleo).start()
    const roles = new Set<string>()
    await until('the room has written down that it lost its log', () => {
      const { role, trouble } = fresh.status()
      roles.add(role)
      if (role === 'forgotten') expect(trouble).toMatch(/^its log was lost: catching up until the room has written that down/)
      return role !== 'forgotten'
    })
    expect([...roles][0]).toBe('forgotten')
    expect(fresh.status().role).not.toBe('member')
    await until('it is in again', () => fresh.status().role === 'member' && bob.status().members.length === 3)
    const receipt = await accept(fresh, { kind: 'open-account', account: account('cleo'), holder: 'Cleo' })
    expect(parseOperationId(receipt.id).ok).toBe(true)
  })
})
