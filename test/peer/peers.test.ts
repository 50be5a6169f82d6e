import { afterEach, describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import { auctionId, type PeerId, parseOperationId } from '../../src/core/ids.ts'
import { decodeSubmission } from '../../src/market/codec.ts'
import type { Peer, PeerEvent, Receipt } from '../../src/peer/peer.ts'
import type { Pace } from '../../src/ring/types.ts'
import { until } from '../support/wait.ts'
import { accept, account, agree, cents, createRig, lotOf, openWith, type Rig, submit } from './rig.ts'

let rig: Rig = createRig()
afterEach(async () => {
  await rig.end()
  rig = createRig()
})

const founding = { entry: { kind: 'create' } } as const
/** Never founds. */
const joining = { entry: { kind: 'join', room: undefined } } as const

async function roomOfThree(pace: Pace = { idleHop: 50 }) {
  const machines = ['Ana', 'Bob', 'Cleo'].map((name) => rig.machine(name))
  const peers: Peer[] = []
  for (const machine of machines) peers.push(await machine.start({ pace, ...(peers.length === 0 && founding) }))
  await until('three are members', () =>
    peers.every((peer) => peer.status().members.length === 3 && peer.status().role === 'member'),
  )
  const [ana, bob, cleo] = peers as [Peer, Peer, Peer]
  return { machines, peers, ana, bob, cleo }
}

describe('one peer', () => {
  it('founds a room, and is a room by itself', async () => {
    const peer = await rig.machine('Ana').start(founding)
    await openWith(peer, 'ana', 1_000)
    expect(peer.account(account('ana'))?.available).toBe(1_000)
    expect(peer.status()).toMatchObject({ role: 'member', quorum: true, trouble: undefined, pending: 0 })
  })

  it('settles each of many submissions once, in order, in far fewer blocks', async () => {
    const peer = await rig.machine('Ana').start(founding)
    await openWith(peer, 'ana', 1_000)
    await openWith(peer, 'bob', 1)
    const order: number[] = []
    const transfers = Array.from({ length: 500 }, (_, at) =>
      submit(peer, { kind: 'transfer', from: account('ana'), to: account('bob'), amount: cents(1), memo: `${at}` }).then(
        (receipt) => {
          order.push(at)
          return receipt
        },
      ),
    )
    const receipts = await Promise.all(transfers)
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    expect(new Set(receipts.map(({ id }) => id)).size).toBe(500)
    expect(new Set(receipts.map(({ block }) => block.index)).size).toBeLessThan(20)
    expect(peer.account(account('bob'))?.available).toBe(501)
  })

  it('tells a refusal of the rules from an operation that is not settled', async () => {
    const peer = await rig.machine('Ana').start(founding)
    await openWith(peer, 'ana', 10)
    const refused = await submit(peer, { kind: 'withdraw', account: account('ana'), amount: cents(11) })
    expect(refused.outcome).toEqual({ accepted: false, rejection: { code: 'funds-short', available: 10 } })
    const late = peer.submit({ request: undefined, operation: { kind: 'deposit', account: account('ana'), amount: cents(1) } }, 0)
    await expect(
      late.then(
        () => 'settled',
        (error: Failure) => error.code,
      ),
    ).resolves.toMatch(/^(unsettled|settled)$/)
  })

  it('comes back from its disk with everything that it acknowledged', async () => {
    const machine = rig.machine('Ana')
    const first = await machine.start(founding)
    await openWith(first, 'ana', 1_000)
    const before = first.status()
    await first.stop(5_000)
    expect(await first.stopped).toBe('left the room')
    const second = await machine.start()
    expect(second.status().room.id).toBe(before.room.id)
    await until('its state is as it was', () => second.status().stateHash === before.stateHash)
    await accept(second, { kind: 'withdraw', account: account('ana'), amount: cents(400) })
    expect(second.account(account('ana'))?.available).toBe(600)
  })

  it('comes back from a crash with everything that it acknowledged', async () => {
    const machine = rig.machine('Ana')
    const first = await machine.start(founding)
    await openWith(first, 'ana', 1_000)
    await machine.crash()
    const second = await machine.start()
    await until('it is active again', () => second.status().role === 'member')
    await accept(second, { kind: 'withdraw', account: account('ana'), amount: cents(1_000) })
    expect(second.account(account('ana'))?.available).toBe(0)
  })

  it('gives the first result again to the same request, after a restart too', async () => {
    const machine = rig.machine('Ana')
    const first = await machine.start(founding)
    await openWith(first, 'ana', 1_000)
    const pay = { kind: 'withdraw', account: account('ana'), amount: cents(10) } as const
    await submit(first, pay, 'r-1')
    await first.stop(5_000)
    const second = await machine.start()
    const again = await submit(second, pay, 'r-1')
    expect(again.outcome.accepted).toBe(true)
    expect(second.account(account('ana'))?.available).toBe(990)
  })

  it('whose disk is full is read-only, says so, and keeps what it acknowledged', async () => {
    const machine = rig.machine('Ana')
    const peer = await machine.start(founding)
    await openWith(peer, 'ana', 1_000)
    machine.store.failWrites(new Failure('disk-full', 'No space left.'))
    const lost = peer.submit(
      { request: undefined, operation: { kind: 'withdraw', account: account('ana'), amount: cents(1) } },
      500,
    )
    await expect(lost).rejects.toBeInstanceOf(Failure)
    expect(peer.status()).toMatchObject({ role: 'read-only', trouble: 'disk full: read-only until the peer is started again' })
    await peer.stop(500)
    machine.store.failWrites(undefined)
    const again = await machine.start()
    await until('the money is there again', () => again.account(account('ana'))?.available === 1_000)
    await accept(again, { kind: 'withdraw', account: account('ana'), amount: cents(1_000) })
  })
})

describe('automatic bidders', () => {
  /** Ana sells a lamp, and can bid with `purse`. */
  async function atAuction() {
    const machine = rig.machine('Ana')
    const peer = await machine.start(founding)
    await openWith(peer, 'ana', 1)
    await openWith(peer, 'purse', 10_000)
    const id = auctionOf(await accept(peer, { kind: 'start-auction', ...lotOf('ana', { durationMillis: 600_000 }) }))
    const bidder = { auction: id, account: account('purse'), raise: { least: 0, most: 0 }, paceMillis: 50, maximum: 5_000 }
    return { machine, peer, id, bidder }
  }

  it('are kept over a crash, and then bid the least that leads', async () => {
    const { machine, peer, id, bidder } = await atAuction()
    const patient = { ...bidder, paceMillis: 3_000_000 }
    expect(peer.startBidder(patient)).toBeUndefined()
    expect(peer.startBidder(bidder)).toBeUndefined()
    await until('it leads', () => peer.auction(id)?.leader?.account === account('purse'))
    expect(peer.auction(id)?.leader?.amount).toBe(peer.auction(id)?.lot.startingPrice)
    await machine.crash()
    const again = await machine.start()
    expect(again.bidders()).toEqual([bidder])
    expect(again.stopBidder(id, account('purse'))).toBe(true)
    expect(again.stopBidder(id, account('purse'))).toBe(false)
    await again.stop(5_000)
    expect((await machine.start()).bidders()).toEqual([])
  })

  it('start only where they could bid, and are gone when the auction is over', async () => {
    const { peer, id, bidder } = await atAuction()
    expect(peer.startBidder({ ...bidder, account: account('ana') })).toEqual({ code: 'own-lot' })
    expect(peer.startBidder({ ...bidder, maximum: 1 })).toMatchObject({ code: 'bid-too-low' })
    expect(peer.bidders()).toEqual([])
    peer.startBidder(bidder)
    await accept(peer, { kind: 'cancel-auction', auction: id, reason: 'rain' })
    await until('the bidder is gone', () => peer.bidders().length === 0)
    expect(peer.startBidder(bidder)).toMatchObject({ code: 'auction-closed' })
  })
})

describe('three peers', () => {
  it('open accounts, pay each other, and agree', async () => {
    const { ana, bob, cleo, peers } = await roomOfThree()
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
    const { ana, bob, cleo, peers } = await roomOfThree()
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
    const { ana, bob, cleo, peers } = await roomOfThree()
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
    const { machines, ana, bob, peers } = await roomOfThree()
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
    const { machines, ana, bob, peers } = await roomOfThree()
    await openWith(ana, 'ana', 1_000)
    rig.hub.cut(machines[0]?.identity.self as PeerId, machines[1]?.identity.self as PeerId)
    for (let i = 0; i < 5; i++) await accept(ana, { kind: 'withdraw', account: account('ana'), amount: cents(1) })
    await openWith(bob, 'bob', 5)
    rig.hub.heal(machines[0]?.identity.self as PeerId, machines[1]?.identity.self as PeerId)
    await agree(peers)
    expect(bob.account(account('ana'))?.available).toBe(995)
  })

  it('lose nobody when one leaves in good order', async () => {
    const { ana, bob, cleo } = await roomOfThree()
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
    const { machines, ana } = await roomOfThree({ idleHop: 250 })
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
    const { machines, ana, bob, cleo, peers } = await roomOfThree()
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
    const { peers, ana } = await roomOfThree()
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
    const { machines, ana, bob, cleo } = await roomOfThree()
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
    const { machines, ana, bob, peers } = await roomOfThree()
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
    const { machines, ana, bob } = await roomOfThree()
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
    const { machines, ana, bob } = await roomOfThree()
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

describe('a room that goes on without its quorum', () => {
  it('is a new one with every account as it was, and takes in those who fetch it anew', async () => {
    const { machines, ana, bob } = await roomOfThree()
    await openWith(ana, 'ana', 1_000)
    await openWith(bob, 'bob', 500)
    await agree([ana, bob])
    const before = ana.status()
    await Promise.all([machines[1]?.crash(), machines[2]?.crash()])
    await until('the quorum is lost', () => !ana.status().quorum)
    let room = before.room.id
    await until('it has been lost for a while', () => {
      ana.refound({ force: false }).then(
        (made) => {
          room = made
        },
        (error: Failure) => expect(error.code).toBe('quorum-held'),
      )
      return room !== before.room.id
    })
    expect(room).not.toBe(before.room.id)
    await accept(ana, { kind: 'withdraw', account: account('ana'), amount: cents(1) })
    expect(ana.status()).toMatchObject({ room: { id: room }, members: [before.self], role: 'member', trouble: undefined })

    const stranger = await machines[2]?.start()
    expect(stranger?.status().room.id).toBe(before.room.id)
    const fresh = await rig.machineWithKeyOf(machines[1] as NonNullable<(typeof machines)[1]>).start(joining)
    await until('bob is a member', () => fresh.status().role === 'member' && ana.status().members.length === 2)
    expect(fresh.status().room.id).toBe(room)
    await accept(fresh, { kind: 'withdraw', account: account('bob'), amount: cents(1) })
    await agree([ana, fresh])
    expect(['ana', 'bob'].map((id) => ana.account(account(id))?.available)).toEqual([999, 499])
    await until('the old room is told of', () =>
      ana.recentEvents().some((event) => event.kind === 'other-room' && before.room.id.startsWith(event.room.id)),
    )
  })

  it('comes back from the disk of its founder', async () => {
    const machine = rig.machine('Ana')
    const first = await machine.start(founding)
    await openWith(first, 'ana', 1_000)
    const room = await first.refound({ force: true })
    await accept(first, { kind: 'withdraw', account: account('ana'), amount: cents(1) })
    await first.stop(5_000)
    const second = await machine.start()
    expect(second.status().room.id).toBe(room)
    await until('the money is there', () => second.account(account('ana'))?.available === 999)
    await accept(second, { kind: 'withdraw', account: account('ana'), amount: cents(999) })
  })
})

describe('a room that is not there', () => {
  it('is not founded by a peer that must join it', async () => {
    const start = rig.machine('Ana').start({ ...joining, waitMillis: 50 })
    await expect(start).rejects.toMatchObject({ code: 'room-not-found' })
  })

  it('is not looked for in the store of another', async () => {
    const machine = rig.machine('Ana')
    await (await machine.start(founding)).stop(5_000)
    const other = machine.start({ room: { name: 'other', currency: 'EUR', deposits: 'open' } })
    await expect(other).rejects.toMatchObject({ code: 'other-room' })
    await (await machine.start()).stop(5_000)
  })
})

describe('two rooms of one name', () => {
  it('that are blank become one', async () => {
    const machines = [rig.machine('Ana'), rig.machine('Bob')]
    const [a, b] = machines.map((machine) => machine.identity.self) as [PeerId, PeerId]
    rig.hub.cut(a, b)
    const peers = await Promise.all(machines.map((machine) => machine.start(founding)))
    const [ana, bob] = peers as [Peer, Peer]
    const ids = [ana.status().room.id, bob.status().room.id]
    expect(ids[0]).not.toBe(ids[1])
    rig.hub.heal(a, b)
    await until('they are one room', () => peers.every((peer) => peer.status().members.length === 2))
    expect([ana.status().room.id, bob.status().room.id]).toEqual(Array.from({ length: 2 }, () => ids.toSorted()[0]))
    await openWith(ana, 'ana', 10)
    await openWith(bob, 'bob', 10)
    await agree(peers)
  })

  it('with history on both sides do not mix, and say so', async () => {
    const machines = [rig.machine('Ana'), rig.machine('Bob')]
    const [a, b] = machines.map((machine) => machine.identity.self) as [PeerId, PeerId]
    rig.hub.cut(a, b)
    const peers = await Promise.all(machines.map((machine) => machine.start(founding)))
    const [ana, bob] = peers as [Peer, Peer]
    await openWith(ana, 'ana', 10)
    await openWith(bob, 'bob', 20)
    rig.hub.heal(a, b)
    const says = (peer: Peer): boolean =>
      peer.recentEvents().some((event) => event.kind === 'other-room' && event.room.reason === 'another-room')
    await until('both say so', () => says(ana) && says(bob))
    await accept(ana, { kind: 'withdraw', account: account('ana'), amount: cents(1) })
    expect([ana.account(account('bob')), bob.account(account('ana'))]).toEqual([undefined, undefined])
    expect(ana.status().members).toEqual([a])
  })

  it('one of them blank: the blank one gives way', async () => {
    const machines = [rig.machine('Ana'), rig.machine('Bob')]
    const [a, b] = machines.map((machine) => machine.identity.self) as [PeerId, PeerId]
    rig.hub.cut(a, b)
    const peers = await Promise.all(machines.map((machine) => machine.start(founding)))
    const [ana, bob] = peers as [Peer, Peer]
    await openWith(ana, 'ana', 10)
    rig.hub.heal(a, b)
    await until('bob sees the account', () => bob.account(account('ana'))?.available === 10)
    expect(bob.status().room.id).toBe(ana.status().room.id)
    // A key that was made at this very start has nothing to forget.
    expect(bob.status().role).not.toBe('forgotten')
  })

  it('one of them blank, of a peer with an earlier life: it may have promised something in the other', async () => {
    const ana = rig.machine('Ana')
    const bob = rig.machineWithKeyOf(rig.machine('Bob'))
    rig.hub.cut(ana.identity.self, bob.identity.self)
    const [first, second] = await Promise.all([ana.start(founding), bob.start(founding)])
    await openWith(first, 'ana', 10)
    rig.hub.heal(ana.identity.self, bob.identity.self)
    const roles = new Set<string>()
    await until('bob is a member', () => {
      if (second.status().room.id !== first.status().room.id) return false
      roles.add(second.status().role)
      return second.status().role === 'member'
    })
    expect([...roles][0]).toBe('forgotten')
    await openWith(second, 'bob', 10)
    await agree([first, second])
  })
})

function auctionOf({ id }: Receipt) {
  const [author, incarnation, sequence] = id.split('/') as [PeerId, string, string]
  return auctionId(author, Number(incarnation), Number(sequence))
}

function listen(peer: Peer): PeerEvent[] {
  const events: PeerEvent[] = []
  peer.subscribe((event) => events.push(event))
  return events
}
