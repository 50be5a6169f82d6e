import { describe, expect, it } from 'vitest'
import { restoreMarket } from '../../src/market/market.ts'
import type { Operation } from '../../src/market/operation.ts'
import { faultInVersion } from '../../src/market/versions.ts'
import { ana, bob, createRoom, encode, experiment, rejectionOf, rules, setPace, sha256 } from './room.ts'

const runningIn = ({ market }: ReturnType<typeof createRoom>) =>
  [...market.experiments.running].map(([section, { number }]) => [section, number])

describe('experiments of the lab', () => {
  it('are numbered, run one in each section, and end by their numbers', () => {
    const room = createRoom()
    room.accept(ana, experiment('setup', 'main'), experiment('setup', 'other'))
    expect(runningIn(room)).toEqual([
      ['main', 1],
      ['other', 2],
    ])
    expect(rejectionOf(room.submit(ana, experiment('setup', 'main')).outcome)).toEqual({
      code: 'experiment-running',
      section: 'main',
      experiment: 1,
    })
    room.accept(ana, experiment('result', 'main', 1), experiment('setup', 'main'))
    expect(runningIn(room)).toEqual([
      ['other', 2],
      ['main', 3],
    ])
    for (const [section, number] of [
      ['main', 1],
      ['other', 3],
      ['none', 1],
      ['main', 4],
    ] as const) {
      expect(rejectionOf(room.submit(ana, experiment('stop', section, number)).outcome)).toEqual({
        code: 'experiment-unknown',
        experiment: number,
      })
    }
    room.accept(ana, experiment('stop', 'other', 2))
    expect(runningIn(room)).toEqual([['main', 3]])
  })

  it('are the host’s to begin and to end', () => {
    const room = createRoom()
    expect(rejectionOf(room.submit(bob, experiment('setup', 'main')).outcome)).toEqual({ code: 'not-host' })
    room.accept(ana, experiment('setup', 'main'))
    for (const what of ['result', 'stop'] as const)
      expect(rejectionOf(room.submit(bob, experiment(what, 'main', 1)).outcome)).toEqual({ code: 'not-host' })
    expect(runningIn(room)).toEqual([['main', 1]])
  })

  it('are eight at once', () => {
    const room = createRoom()
    for (let at = 1; at <= 8; at++) room.accept(ana, experiment('setup', `s${at}`))
    expect(rejectionOf(room.submit(ana, experiment('setup', 's9')).outcome)).toEqual({
      code: 'experiment-running',
      section: 's1',
      experiment: 1,
    })
  })

  it('tell where they stand as events', () => {
    const room = createRoom()
    expect(room.submit(ana, experiment('setup', 'main')).outcome).toEqual({
      accepted: true,
      events: [{ kind: 'experiment-started', experiment: 1, section: 'main' }],
    })
    expect(room.submit(ana, experiment('result', 'main', 1)).outcome).toEqual({
      accepted: true,
      events: [{ kind: 'experiment-ended', experiment: 1, section: 'main', what: 'result' }],
    })
  })

  it('are none in rooms of earlier rules', () => {
    expect([1, 2, 3].map((version) => faultInVersion(experiment('setup', 'main'), version))).toEqual(
      [1, 2, 3].map((version) => `the rules of this room, version ${version}, know no such operation`),
    )
  })

  const of = (changes: Partial<Extract<Operation, { kind: 'record-experiment' }>>): Operation =>
    ({ ...experiment('setup', 'main'), ...changes }) as Operation
  it.each([
    ['a section without a name', of({ section: '' })],
    ['one with a space', of({ section: 'a b' })],
    ['one that is too long', of({ section: 'x'.repeat(33) })],
    ['a set-up with a number', of({ experiment: 1 })],
    ['a result without one', of({ what: 'result' })],
    ['more than there may be', of({ content: new Uint8Array(16 * 1024 + 1) })],
  ])('have no place in the log: %s', (_what, operation) => {
    expect(rejectionOf(createRoom().submitBytes(ana, encode(operation)).outcome)?.code).toBe('malformed')
  })

  it('carry 16 KiB', () => {
    createRoom().accept(ana, of({ content: new Uint8Array(16 * 1024) }))
  })

  it.each([[[]], [[setPace(500)]]])('are in a snapshot, beside the pace where there is one', (first) => {
    const room = createRoom()
    for (const operation of first) room.accept(ana, operation)
    room.accept(ana, experiment('setup', 'a'), experiment('setup', 'b'), experiment('stop', 'a', 1))
    const restored = restoreMarket(room.market.snapshot(), rules, sha256)
    if ('malformed' in restored) throw new Error(restored.malformed)
    expect(restored.value.experiments).toEqual(room.market.experiments)
    expect(restored.value.paceMillis).toBe(room.market.paceMillis)
    expect(restored.value.snapshot()).toEqual(room.market.snapshot())
  })
})
