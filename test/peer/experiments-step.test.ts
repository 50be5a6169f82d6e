import { afterEach, describe, expect, it } from 'vitest'
import type { Peer } from '../../src/peer/peer.ts'
import { until } from '../support/wait.ts'
import { begin, ended, entriesAt, idOf, runOf, settingOf, startRoom } from './experiment-room.ts'
import { createRig, type Rig } from './rig.ts'

let rig: Rig
afterEach(() => rig.end())

describe('step mode', () => {
  const held = (peer: Peer, number: number) => runOf(peer, number).record.held

  it('lets nothing go but what the host releases, in one order for everybody, to the end', async () => {
    rig = createRig()
    const { peers, host } = await startRoom(rig, 3)
    const number = await begin(host, settingOf('ricart-agrawala', { step: true, entries: 1, think: { least: 0, most: 0 } }))
    await until('all wishes wait everywhere', () => peers.every((peer) => held(peer, number).length === 6))
    const orders = peers.map((peer) => held(peer, number).map(({ from, event, to }) => `${from} ${event} ${to}`))
    expect(orders[1]).toEqual(orders[0])
    expect(orders[2]).toEqual(orders[0])
    expect(runOf(host, number).record.figures.messages.entry).toBe(6)
    let steps = 0
    while (runOf(host, number).ended === undefined) {
      const stepped = runOf(host, number).step('release', undefined)
      if (stepped !== undefined) steps++
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await ended(peers, number)
    expect(steps).toBe(2 * 2 * 3)
    for (const peer of peers) expect([entriesAt(peer, number), runOf(peer, number).record.violations]).toEqual([[1, 1, 1], []])
  })

  it('drops a message, which comes again, and delays one behind all others', async () => {
    rig = createRig()
    const { peers, host } = await startRoom(rig, 3)
    const number = await begin(host, settingOf('ricart-agrawala', { step: true, entries: 1, think: { least: 0, most: 0 } }))
    await until('all wishes wait', () => held(host, number).length === 6)
    // Of others: the host says to them what is to be done until it hears that it is.
    const [first, second] = held(host, number).filter(({ from }) => from !== idOf(host))
    if (first === undefined || second === undefined) throw new Error('nothing waits')
    for (const attempt of [2, 3]) {
      expect(runOf(host, number).step('drop', first)?.round).toBe(attempt - 1)
      await until('it comes again, once for each time', () =>
        held(host, number).some((one) => one.from === first.from && one.event === first.event && one.attempt === attempt),
      )
    }
    expect(runOf(host, number).step('delay', second)?.round).toBe(3)
    await until('it is the last one', () => {
      const last = held(host, number).at(-1)
      return last?.from === second.from && last.event === second.event
    })
    await until('everybody sees that', () => peers.every((peer) => held(peer, number).at(-1)?.event === second.event))
  })

  it('counts who predicts what until the next step, shows that, and then who entered', async () => {
    rig = createRig()
    const { peers, host } = await startRoom(rig, 3)
    const [ana, bob, cleo] = peers as [Peer, Peer, Peer]
    const number = await begin(host, settingOf('ricart-agrawala', { step: true, entries: 1, think: { least: 0, most: 0 } }))
    await until('all wishes wait', () => held(host, number).length === 6)
    expect(runOf(bob, number).vote(1, idOf(ana))).toBe(true)
    expect(runOf(cleo, number).vote(1, idOf(ana))).toBe(true)
    expect(runOf(ana, number).vote(1, idOf(cleo))).toBe(true)
    await until('the votes are with the host', () => runOf(ana, number).predictions.votes.size === 3)
    runOf(host, number).step('release', undefined)
    await until('everybody knows', () => peers.every((peer) => runOf(peer, number).predictions.round === 2))
    expect(runOf(bob, number).vote(1, idOf(bob))).toBe(false)
    while (runOf(host, number).record.figures.entries === 0) {
      runOf(host, number).step('release', undefined)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await until('the truth is known to all', () =>
      peers.every((peer) => runOf(peer, number).predictions.closed[0]?.entered !== undefined),
    )
    const [entered] = runOf(host, number).record.kept.flatMap((one) =>
      one.kind === 'event' && one.event.what === 'entered' ? [one.peer] : [],
    )
    for (const peer of peers)
      expect(runOf(peer, number).predictions.closed[0]).toEqual({
        round: 1,
        tally: [
          { peer: idOf(ana), votes: 2 },
          { peer: idOf(cleo), votes: 1 },
        ],
        entered,
      })
  })
})
