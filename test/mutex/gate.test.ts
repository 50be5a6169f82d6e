import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/core/ids.ts'
import { compareHeld, Gate } from '../../src/mutex/gate.ts'
import type { MutexFrame } from '../../src/mutex/participant.ts'

const [ana, bob, cleo] = ['ana', 'bob', 'cleo'] as [PeerId, PeerId, PeerId]
const frameOf = (number: number, event: number, kind = 'request', epoch = 1): MutexFrame => ({
  epoch,
  part: { kind: 'data', number, payload: { message: { kind, time: 1 }, lamport: event, vector: { [ana]: event } } },
})

describe('the gate of step mode', () => {
  it('keeps a message of the algorithm, once, however often the channel sends it again', () => {
    const gate = new Gate(ana)
    expect([gate.passes(bob, frameOf(2, 5)), gate.passes(bob, frameOf(2, 5)), gate.passes(cleo, frameOf(2, 6))]).toEqual([
      false,
      false,
      false,
    ])
    expect(gate.held.map(({ event, to, attempt }) => [event, to, attempt])).toEqual([
      [5, bob, 1],
      [6, cleo, 1],
    ])
  })

  it('lets pass what is no message of the algorithm', () => {
    const gate = new Gate(ana)
    expect(gate.passes(bob, { epoch: 1, part: { kind: 'ack', through: 1, beyond: [] } })).toBe(true)
    expect(gate.passes(bob, frameOf(1, 1, 'begin'))).toBe(true)
    expect(gate.held).toEqual([])
  })

  it('lets go what the host releases, and what the channel repeats of it', () => {
    const gate = new Gate(ana)
    gate.passes(bob, frameOf(2, 5))
    expect(gate.act(5, 'release', 1)).toEqual({ to: bob, frame: frameOf(2, 5) })
    expect(gate.held).toEqual([])
    expect(gate.act(5, 'release', 2)).toBeUndefined()
    expect(gate.passes(bob, frameOf(2, 5))).toBe(true)
  })

  it('drops one transmission: the channel’s next one waits again, and counts', () => {
    const gate = new Gate(ana)
    gate.passes(bob, frameOf(2, 5))
    for (const attempt of [2, 3]) {
      expect(gate.act(5, 'drop', attempt)).toBeUndefined()
      expect(gate.held).toEqual([])
      expect(gate.passes(bob, frameOf(2, 5))).toBe(false)
      expect(gate.held.map((held) => held.attempt)).toEqual([attempt])
    }
    expect(gate.act(5, 'release', 4)).toBeDefined()
  })

  it('does each step once, however often the host says it, in whatever order', () => {
    const gate = new Gate(ana)
    gate.passes(bob, frameOf(2, 5))
    gate.act(5, 'drop', 3)
    gate.passes(bob, frameOf(2, 5))
    gate.act(5, 'drop', 3)
    expect(gate.held.map(({ attempt }) => attempt)).toEqual([2])
    // The host did that before, and it comes later. One that meets nothing is still to be done.
    gate.passes(cleo, frameOf(2, 6))
    gate.act(7, 'drop', 2)
    gate.act(6, 'drop', 2)
    expect(gate.held.map(({ event }) => event)).toEqual([5])
  })

  it('puts what is delayed behind everything else', () => {
    const gate = new Gate(ana)
    for (const [number, event] of [
      [2, 5],
      [3, 6],
      [4, 7],
    ] as const)
      gate.passes(bob, frameOf(number, event))
    gate.act(5, 'delay', 1)
    gate.act(6, 'delay', 2)
    const order = gate.held.map((held) => ({ ...held, from: ana })).sort(compareHeld)
    expect(order.map(({ event }) => event)).toEqual([7, 5, 6])
  })

  it('what was put last stays last, however often the channel sends it again', () => {
    const gate = new Gate(ana)
    gate.passes(bob, frameOf(2, 5))
    gate.act(5, 'delay', 3)
    expect(gate.passes(bob, frameOf(2, 5))).toBe(false)
    expect(gate.held.map(({ rank, attempt }) => [rank, attempt])).toEqual([[3, 1]])
  })

  it('goes by Lamport time among all peers, and by the peer where that is the same', () => {
    const heldOf = (from: PeerId, lamport: number, event: number) => ({
      ...{ from, event, to: cleo, message: { kind: 'x' }, lamport, attempt: 1, rank: 0 },
    })
    const order = [heldOf(bob, 2, 1), heldOf(ana, 3, 1), heldOf(ana, 2, 9), heldOf(bob, 1, 2)].sort(compareHeld)
    expect(order.map(({ from, lamport }) => `${from}${lamport}`)).toEqual(['bob1', 'ana2', 'bob2', 'ana3'])
  })

  it('keeps nothing of an epoch that is over', () => {
    const gate = new Gate(ana)
    gate.passes(bob, frameOf(2, 5))
    gate.act(5, 'release', 1)
    gate.passes(bob, frameOf(3, 6))
    gate.passes(bob, frameOf(4, 7))
    gate.act(7, 'drop', 2)
    gate.clear()
    expect(gate.held).toEqual([])
    // It is said anew, and was neither let go nor dropped before.
    for (const number of [2, 3, 4]) expect(gate.passes(bob, frameOf(number, number + 7))).toBe(false)
    expect(gate.held.map(({ attempt }) => attempt)).toEqual([1, 1, 1])
  })
})
