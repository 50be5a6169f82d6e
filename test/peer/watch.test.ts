import { expect, it } from 'vitest'
import { createWatch } from '../../src/peer/status.ts'
import type { Refusal, ReplicaView } from '../../src/ring/types.ts'
import { peerNamed } from './keyed-crypto.ts'
import { createTestContext } from './test-context.ts'

const [ana, bob] = [peerNamed('A'), peerNamed('B')]

function createRig() {
  const { context, news } = createTestContext(ana)
  const refused = new Map<typeof bob, Refusal>()
  const ring = { quorum: true, installed: { number: 1, initiator: ana }, members: [ana, bob] }
  const view = {
    get members() {
      return ring.members
    },
    membership: 'member',
    active: true,
    behind: 0,
    refused,
    evidence: [],
    get installed() {
      return ring.installed
    },
    hasQuorum: () => ring.quorum,
    reachable: () => (ring.quorum ? [ana, bob] : [ana]),
  } as unknown as ReplicaView
  const watch = createWatch(context, view)
  const look = (now: number) => watch.look(now, { view, failed: undefined })
  const told = () => news.map((one) => (one.kind === 'quorum' ? one.text : one.kind))
  const held = () => news.flatMap((one) => (one.kind === 'quorum' ? [one.held] : []))
  return { ring, refused, watch, look, told, held }
}

it('a quorum that is back at the next look was none lost, and is missing for no time', () => {
  const { ring, watch, look, told } = createRig()
  look(0)
  ring.quorum = false
  look(5_000)
  expect(watch.quorumMissing(5_000)).toBe(0)
  look(5_900)
  expect(watch.quorumMissing(5_950)).toBe(950)
  ring.quorum = true
  look(5_950)
  expect([watch.quorumMissing(6_000), told()]).toEqual([0, []])
})

it('a quorum that stays away for a second is told as lost, once, and as found when it is back', () => {
  const { ring, watch, look, told, held } = createRig()
  look(0)
  ring.quorum = false
  for (let now = 100; now < 1_100; now += 100) look(now)
  expect(told()).toEqual([])
  look(1_100)
  expect(told()).toHaveLength(1)
  for (let now = 1_200; now <= 9_100; now += 100) look(now)
  expect([watch.quorumMissing(9_100), told()]).toEqual([9_000, ['no quorum: 1 of 2 members reachable, waiting for BBBBBB']])
  ring.quorum = true
  look(9_200)
  look(9_300)
  expect(told().slice(1)).toEqual(['quorum: 2 of 2 members reachable'])
  expect(held()).toEqual([false, true])
})

it('a quorum that was never there is missed like one that was lost: by a member that comes back to nobody', () => {
  const { ring, look, told } = createRig()
  ring.quorum = false
  for (let now = 0; now <= 3_000; now += 100) look(now)
  expect(told()).toEqual(['no quorum: 1 of 2 members reachable, waiting for BBBBBB'])
})

it('who is no member neither loses the quorum nor has it back', () => {
  const { ring, look, told } = createRig()
  ring.members = [bob]
  ring.quorum = false
  for (let now = 0; now <= 3_000; now += 100) look(now)
  ring.members = [ana, bob]
  ring.quorum = true
  look(3_100)
  expect(told()).toEqual([])
  ring.quorum = false
  for (let now = 3_200; now <= 5_000; now += 100) look(now)
  ring.members = [bob]
  ring.quorum = true
  look(5_100)
  expect(told()).toHaveLength(1)
  ring.members = [ana, bob]
  look(5_200)
  expect(told().slice(1)).toEqual(['quorum: 2 of 2 members reachable'])
})

it('who is refused is told once, unless it is pardoned soon', () => {
  const { refused, look, told } = createRig()
  refused.set(bob, { reason: 'token: no member', count: 1 })
  for (let now = 0; now < 2_000; now += 100) look(now)
  refused.delete(bob)
  look(2_000)
  refused.set(bob, { reason: 'token: no member', count: 1 })
  for (let now = 2_100; now < 4_100; now += 100) look(now)
  expect(told()).toEqual([])
  look(4_100)
  expect(told()).toEqual(['refused'])
  for (let now = 4_200; now < 9_000; now += 100) look(now)
  expect(told()).toEqual(['refused'])
})

it('a new ring is told', () => {
  const { ring, look, told } = createRig()
  look(0)
  ring.installed = { number: 2, initiator: bob }
  look(100)
  look(200)
  expect(told()).toEqual(['members'])
})

it('while the end of the log is replaced nothing is told of an older ring, nor of the same one again', () => {
  const { ring, look, told } = createRig()
  look(0)
  for (const number of [2, 0, 2, 1, 3]) {
    ring.installed = { number, initiator: number === 0 ? ('' as typeof bob) : bob }
    look(number)
  }
  expect(told()).toEqual(['members', 'members'])
})
