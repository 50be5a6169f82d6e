import { afterEach, describe, expect, it } from 'vitest'
import type { Failure } from '../../src/core/failure.ts'
import type { PeerId } from '../../src/core/ids.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { until } from '../support/wait.ts'
import { accept, account, agree, cents, createRig, openWith, type Rig } from './rig.ts'
import { founding, joining, roomOfThree } from './room-of-three.ts'

let rig: Rig = createRig()
afterEach(async () => {
  await rig.end()
  rig = createRig()
})

describe('a room that goes on without its quorum', () => {
  it('is a new one with every account as it was, and takes in those who fetch it anew', async () => {
    const { machines, ana, bob } = await roomOfThree(rig)
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
          room = made.room
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
    const { room } = await first.refound({ force: true })
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
