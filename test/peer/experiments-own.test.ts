import { afterEach, describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import type { AlgorithmKind } from '../../src/mutex/algorithm.ts'
import { algorithms } from '../../src/mutex/algorithms.ts'
import type { OwnKind } from '../../src/peer/experiments.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { until } from '../support/wait.ts'
import { begin, ended, idOf, runOf, settingOf, startRoom } from './experiment-room.ts'
import { createRig, type Rig } from './rig.ts'

let rig: Rig
afterEach(() => rig.end())

describe('an algorithm of somebody’s own', () => {
  const closed = (kind: object): AlgorithmKind => kind as AlgorithmKind
  const tokenRing = algorithms.find(({ name }) => name === 'token-ring') as AlgorithmKind
  const ownOf = (kind: AlgorithmKind, letter = 'a'): OwnKind => ({ kind, sha256: letter.repeat(64) })
  const mine = closed({ ...tokenRing, name: 'mine' })

  it('runs on those that have the very same file; the others are named, and look on', async () => {
    rig = createRig()
    const given = [[ownOf(mine)], [ownOf(mine)], [ownOf(mine, 'b')], []]
    const names = ['Ana', 'Bob', 'Cleo', 'Dora']
    const peers: Peer[] = []
    for (const [at, name] of names.entries())
      peers.push(
        await rig
          .machine(name)
          .start({ ownAlgorithms: async () => given[at] ?? [], ...(at === 0 && { entry: { kind: 'create' } }) }),
      )
    await until('all are members', () => peers.every((peer) => peer.status().members.length === 4))
    const [ana, bob, cleo, dora] = peers as [Peer, Peer, Peer, Peer]
    expect(
      (await bob.lab().algorithms()).filter(({ kind }) => kind === 'own').map(({ name, peers: who }) => [name, who?.length]),
    ).toEqual(
      expect.arrayContaining([
        ['mine', 2],
        ['mine', 1],
      ]),
    )
    expect(await ana.lab().prepare(settingOf('none'))).toBeUndefined()
    const prepared = await ana.lab().prepare(settingOf('mine'))
    if (prepared === undefined) throw new Error('it is not there')
    const sorted = [...prepared.absent].sort((a, b) => (a.why < b.why ? -1 : 1))
    expect(sorted).toEqual([
      { peer: idOf(dora), why: 'lacks' },
      { peer: idOf(cleo), why: 'other-hash' },
    ])
    const number = await begin(ana, prepared.setting)
    await ended(peers, number)
    for (const peer of peers) {
      expect(runOf(peer, number).record.figures.entries).toBe(10)
      expect(
        runOf(peer, number)
          .record.members.filter(({ part }) => part === 'absent')
          .map(({ peer: id }) => id)
          .sort(),
      ).toEqual([idOf(cleo), idOf(dora)].sort())
    }
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('not yet')
      },
      'not yet',
    ],
    [
      'says what cannot travel',
      (send: (to: PeerId, message: object) => void, others: readonly PeerId[]) => send(others[0] as PeerId, { kind: 'x', a: {} }),
      'a message has a kind',
    ],
    [
      'speaks to nobody',
      (send: (to: PeerId, message: object) => void) => send('nobody' as PeerId, { kind: 'x' }),
      'a message goes to another member',
    ],
  ])('that %s fails, and the peer goes on', async (_what, act, why) => {
    const broken = closed({
      ...{ name: 'mine', needsFifo: false, accepts: () => true },
      create: (
        { self, members }: { self: PeerId; members: PeerId[] },
        { send }: { send: (to: PeerId, message: object) => void },
      ) => ({
        request: () =>
          act(
            send,
            members.filter((one) => one !== self),
          ),
        release() {},
        receive() {},
      }),
    })
    rig = createRig()
    const { peers, host } = await startRoom(rig, 2, { ownAlgorithms: async () => [ownOf(broken)] })
    const prepared = await host.lab().prepare(settingOf('mine'))
    if (prepared === undefined) throw new Error('it is not there')
    const number = await begin(host, prepared.setting)
    await until('both have failed', () =>
      peers.every((peer) => runOf(peer, number).record.members.every(({ part }) => part === 'failed')),
    )
    expect(runOf(host, number).record.members[0]?.why).toContain(why)
    expect(host.status()).toMatchObject({ role: 'member', trouble: undefined })
  })

  it('that lets two in at once is found out by everybody, with both events', async () => {
    const rude = closed({
      ...{ name: 'mine', needsFifo: false, accepts: () => true },
      create: (_: unknown, { enter }: { enter: () => void }) => ({ request: () => enter(), release() {}, receive() {} }),
    })
    rig = createRig()
    const { peers, host } = await startRoom(rig, 2, { ownAlgorithms: async () => [ownOf(rude)] })
    const prepared = await host.lab().prepare(settingOf('mine'))
    if (prepared === undefined) throw new Error('it is not there')
    const number = await begin(host, prepared.setting)
    await ended(peers, number)
    for (const peer of peers) {
      const [violation] = runOf(peer, number).record.violations
      expect([violation?.first.peer, violation?.second.peer].sort()).toEqual(peers.map(idOf).sort())
      expect(runOf(peer, number).record.figures.violations).toBeGreaterThan(0)
    }
  })
})
