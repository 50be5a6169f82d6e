import { afterEach, describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import { until } from '../support/wait.ts'
import { accept, account, cents, createRig, lotOf, openWith, type Rig, submit } from './rig.ts'
import { auctionOf, founding } from './room-of-three.ts'

let rig: Rig = createRig()
afterEach(async () => {
  await rig.end()
  rig = createRig()
})

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
