import { describe, expect, it } from 'vitest'
import { type Block, type Head, headOf } from '../../src/ring/block.ts'
import { DrivenReplica, epochOf, genesis, opsAfter, statusOf, viewAfter } from './harness.ts'

/** A room whose founder is gone: whoever knows only the genesis block knows nobody of those that are left. */
const log: readonly Block[] = (() => {
  const blocks = [genesis]
  const head = (): Block => blocks.at(-1) as Block
  for (let turn = 1; turn <= 200; turn++) blocks.push(opsAfter(head(), [`${turn}`], { turn, firstSequence: turn }))
  blocks.push(viewAfter(head(), epochOf(2, 'A'), 'AB'))
  blocks.push(viewAfter(head(), epochOf(3, 'B'), 'BC'))
  for (let turn = 1; turn <= 20; turn++) blocks.push(opsAfter(head(), [`${turn}`], { author: 'B', turn }))
  return blocks
})()
const last = log.at(-1) as Block
const far: Head = { epoch: last.epoch, index: last.index + 1_000, hash: 'ee'.repeat(32) }

const offer = (commit: Head) =>
  statusOf({
    epoch: last.epoch,
    promised: last.epoch,
    commit: { index: commit.index, hash: commit.hash },
    persistedCommit: commit,
    active: true,
  })

interface Stranger {
  readonly name: string
  /** Milliseconds between two of its offers, and until it answers: one real block each time. */
  readonly offersEvery: number
  readonly answersAfter: number
}

/** When a newcomer has all of the room, where strangers answer with a real block now and then, and B at once with forty. */
function caughtUpAt(strangers: readonly Stranger[], millis: number): number {
  const newcomer = new DrivenReplica({ self: 'N', blocks: [genesis] }).step({ kind: 'tick' })
  const owed = new Map<string, { readonly first: number; readonly at: number }>()
  const look = (): void => {
    for (;;) {
      const fetches = newcomer.sent('fetch')
      const ofB = fetches.find(({ to }) => to === 'B')
      for (const { to, from } of fetches) if (to !== 'B' && !owed.has(to)) owed.set(to, { first: from, at: newcomer.now })
      if (ofB === undefined) return
      const blocks = log.slice(ofB.from, ofB.from + 40)
      newcomer.receive('B', { kind: 'fetched', what: 'committed', blocks, commit: headOf(last), head: headOf(last) })
    }
  }
  while (newcomer.now < millis && newcomer.view.commit.index < last.index) {
    newcomer.after(10)
    look()
    for (const { name, offersEvery, answersAfter } of strangers) {
      if (newcomer.now % offersEvery === 0) newcomer.receive(name, offer(far))
      look()
      const due = owed.get(name)
      if (due === undefined || newcomer.now < due.at + answersAfter) continue
      owed.delete(name)
      const blocks = log.slice(due.first, due.first + 1)
      newcomer.receive(name, { kind: 'fetched', what: 'committed', blocks, commit: far, head: far })
      look()
    }
    if (newcomer.now > 1_000 && newcomer.now % 500 === 20) newcomer.receive('B', offer(headOf(last)))
    look()
  }
  return newcomer.now
}

describe('a newcomer that knows nobody any more catches up', () => {
  it('at once where nobody holds it up', () => {
    expect(caughtUpAt([], 20_000)).toBeLessThan(1_100)
  })

  it('in a few seconds where a stranger gives it one real block after the other', () => {
    expect(caughtUpAt([{ name: 'X', offersEvery: 500, answersAfter: 800 }], 20_000)).toBeLessThan(5_000)
  })

  it('also where the stranger offers more all the time, and answers soon', () => {
    expect(caughtUpAt([{ name: 'X', offersEvery: 100, answersAfter: 150 }], 20_000)).toBeLessThan(5_000)
  })

  it('also where there are three of them, one of which comes first each time', () => {
    const strangers = ['X', 'Y', 'Z'].map((name) => ({ name, offersEvery: 500, answersAfter: 800 }))
    expect(caughtUpAt(strangers, 120_000)).toBeLessThan(60_000)
  })
})
