import { afterEach, describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { Peer, PeerInfo } from '../../src/peer/peer.ts'
import { until } from '../support/wait.ts'
import { accept, agree, createRig, openWith, type Rig } from './rig.ts'
import { founding, joining, roomOfThree } from './room-of-three.ts'

let rig: Rig = createRig()
afterEach(async () => {
  await rig.end()
  rig = createRig()
})

const infoOf = (peer: Peer, about: Peer): PeerInfo | undefined => peer.peers().find(({ peer: id }) => id === about.status().self)

describe('what a peer knows of the others', () => {
  it('is how they are reached, how far away they are, and what they have on disk', async () => {
    const { ana, bob, cleo, peers } = await roomOfThree(rig)
    await openWith(ana, 'ana', 1_000)
    await agree(peers)
    await until('all is measured, and as far as here', () =>
      [bob, cleo].every((other) => {
        const info = infoOf(ana, other)
        const { commit } = other.status()
        return info?.roundTripMillis !== undefined && info.head?.hash === commit.hash && info.durable === other.status().durable
      }),
    )
    for (const info of ana.peers()) {
      expect(info.role).toBe('member')
      if (info.self) {
        expect([info.path, info.head, info.roundTripMillis]).toEqual([{ kind: 'self' }, ana.status().commit, undefined])
      } else {
        expect(info.path).toEqual({ kind: 'direct', address: `/memory/${info.peer}` })
        expect(info.roundTripMillis).toBeGreaterThan(0)
        expect(info.suspected).toBe(false)
      }
    }
  })

  it('goes over the mesh where there is no link, and nobody is missed for that', async () => {
    const { ana, bob, cleo } = await roomOfThree(rig)
    rig.hub.cut(ana.status().self, bob.status().self)
    await until('they hear each other through Cleo', () => infoOf(ana, bob)?.path.kind === 'mesh')
    expect(infoOf(ana, bob)).toMatchObject({ connected: false, role: 'member' })
    expect(infoOf(ana, cleo)).toMatchObject({ connected: true, path: { kind: 'direct' } })
  })

  it('is nothing of those in another room of the same name and code, though they are connected', async () => {
    const machines = [rig.machine('Ana'), rig.machine('Dora')] as const
    const [one, other] = machines.map(({ identity }) => identity.self) as [PeerId, PeerId]
    rig.hub.cut(one, other)
    const [ana, dora] = [await machines[0].start(founding), await machines[1].start(founding)]
    // Neither gives way.
    for (const peer of [ana, dora]) await openWith(peer, 'own', 1)
    rig.hub.heal(one, other)
    await until('they have met', () => [ana, dora].every((peer) => peer.status().otherRooms.length === 1))
    expect([infoOf(ana, dora), infoOf(dora, ana)]).toEqual([undefined, undefined])
  })

  it('says who is gone: unreachable, suspected, and then no member any more', async () => {
    const { machines, ana, bob, cleo } = await roomOfThree(rig)
    const seen = new Set<string>()
    const looking = setInterval(() => {
      for (const peer of [ana, bob]) {
        const info = infoOf(peer, cleo)
        if (info?.member === true) seen.add(`${info.role}${info.suspected ? ', suspected' : ''}`)
        if (peer.ring().suspected.includes(cleo.status().self)) seen.add('suspected in the ring')
      }
    }, 5)
    rig.hub.cut(ana.status().self, cleo.status().self)
    rig.hub.cut(bob.status().self, cleo.status().self)
    await until('it is voted out', () => [ana, bob].every((peer) => peer.status().members.length === 2))
    clearInterval(looking)
    expect([...seen].sort()).toEqual(expect.arrayContaining(['suspected in the ring', 'unreachable, suspected']))
    expect(ana.ring().suspected).toEqual([])
    await until('it is not heard', () => (infoOf(ana, cleo) ?? { role: 'gone', path: { kind: 'none' } }).path.kind === 'none')
    await machines[2]?.crash()
  })
})

describe('the ring as a peer shows it', () => {
  it('is the token’s way: turns in order, each with a member that had it, and what was written in them', async () => {
    const { ana, bob, peers } = await roomOfThree(rig)
    await openWith(ana, 'ana', 1_000)
    await openWith(bob, 'bob', 1_000)
    await agree(peers)
    for (const peer of peers) {
      await until('every member is seen with the token', () => new Set(peer.ring().turns.map(({ holder }) => holder)).size === 3)
      const { turns, turn, members, epoch, holder, view } = peer.ring()
      const ofNow = turns.filter((one) => one.epoch === epoch)
      const numbers = ofNow.map((one) => one.turn)
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
      expect(turns.length).toBeLessThanOrEqual(50)
      // One more than was seen: it is passed on, and not yet taken.
      expect(numbers.at(-1)).toBeLessThanOrEqual(turn + 1)
      expect(members).toContain(holder)
      const [block] = await peer.log(view, 1)
      expect(block?.body.kind).toBe('view')
    }
    const receipt = await accept(bob, { kind: 'void' })
    await until('all show the block that Bob wrote', () =>
      peers.every((peer) =>
        peer
          .ring()
          .turns.some(
            ({ turn, holder, block }) =>
              turn === receipt.block.turn && holder === bob.status().self && block === receipt.block.index,
          ),
      ),
    )
  })

  it('says who waits while nobody can write, and no longer once it is written', async () => {
    const { ana, bob, cleo, peers } = await roomOfThree(rig, { idleHop: 3_000 })
    const waiting = new Set<string>()
    const looking = setInterval(() => {
      for (const peer of peers) for (const one of peer.ring().requests) waiting.add(one)
    }, 0)
    await Promise.all([bob, cleo].map((peer) => accept(peer, { kind: 'void' })))
    clearInterval(looking)
    expect(waiting.size).toBeGreaterThan(0)
    await until('nobody waits', () => peers.every((peer) => peer.ring().requests.length === 0))
    expect(ana.ring().quorum).toBe(true)
  })
})

describe('the pace that the host sets', () => {
  it('is every peer’s, also of those that come later', async () => {
    const { ana, peers } = await roomOfThree(rig)
    expect(peers.map((peer) => peer.ring().paceMillis)).toEqual([50, 50, 50])
    await accept(ana, { kind: 'set-pace', millis: 400 })
    await until('all follow', () => peers.every((peer) => peer.ring().paceMillis === 400))
    const dora = await rig.machine('Dora').start(joining)
    await until('so does the new one', () => dora.ring().paceMillis === 400)
  })

  it('is that of the next start too', async () => {
    const machine = rig.machine('Ana')
    const ana = await machine.start(founding)
    await accept(ana, { kind: 'set-pace', millis: 1_234 })
    await ana.stop(1_000)
    const again = await machine.start()
    await until('it goes at that pace', () => again.ring().paceMillis === 1_234)
  })

  it('goes on in a room that goes on from this one, and ends with it in another', async () => {
    const ana = await rig.machine('Ana').start(founding)
    await accept(ana, { kind: 'set-pace', millis: 77 })
    const { room } = await ana.refound({ force: true })
    expect([ana.status().room.id, ana.ring().paceMillis]).toEqual([room, 77])
    await accept(ana, { kind: 'set-pace', millis: 78 })
    expect(ana.ring().paceMillis).toBe(78)
  })
})

it('each start of a peer is told apart from the one before', async () => {
  const machine = rig.machine('Ana')
  const ana = await machine.start(founding)
  await ana.stop(1_000)
  const again = await machine.start()
  expect(again.start).not.toBe(ana.start)
  expect(again.start).toMatch(/^[0-9a-f]{16}$/)
})

it('a log is checked on the peer while it goes on, and that ends with the peer', async () => {
  const ana = await rig.machine('Ana').start(founding)
  await openWith(ana, 'ana', 1_000)
  const steps = []
  for await (const step of ana.verify()) steps.push(step)
  const { commit, stateHash } = ana.status()
  expect(steps.at(-1)).toMatchObject({
    kind: 'result',
    result: { ok: true, head: commit.hash, blocks: commit.index + 1, stateHash },
  })
  const checking = ana.verify()
  await checking.next()
  await ana.stop(1_000)
  await expect(ana.verify().next()).rejects.toMatchObject({ code: 'stopping' })
  await checking.return(undefined)
})
