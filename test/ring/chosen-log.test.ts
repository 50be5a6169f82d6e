import { describe, expect, it } from 'vitest'
import { type Block, headOf } from '../../src/ring/block.ts'
import { initiator, promise } from './attempts.ts'
import {
  activeStatus,
  DrivenReplica,
  epochOf,
  follower,
  genesis,
  healthy,
  id,
  opsAfter,
  placeOf,
  view2,
  view3,
  viewAfter,
} from './harness.ts'
import { preparedWith } from './requests.ts'

/** Time passes until `time`, and on to the next epoch of its own that it starts, with the agreement of `C`. */
function startAgain(peer: DrivenReplica, time: number): void {
  peer.during(time - peer.now).after(10)
  preparedWith(peer, ['C'])
}

describe('the log that an epoch goes on from', () => {
  it('takes over the highest log that a member promised, and its commit', () => {
    const x = opsAfter(view3, ['x'])
    const y = opsAfter(x, ['y'])
    const peer = initiator().persisted().receive('C', promise(y, x))
    expect(peer.sent('fetch')).toMatchObject([{ to: 'C', what: 'tail', from: 3 }])
    peer.receive('C', { kind: 'fetched', what: 'tail', blocks: [x, y], commit: headOf(view3), head: headOf(y) })
    expect(peer.sent('fetch')).toEqual([])
    expect(peer.sent('install')[0]?.viewBlock).toMatchObject({ index: 5, prevHash: y.hash })
    expect(peer.view.commit).toEqual(placeOf(x))
    expect(peer.applied).toEqual([3])
    expect(peer.during(1_000).sent('fetch')).toEqual([])
  })

  it('goes on with a member that gives the log that it promised piece by piece', () => {
    const x = opsAfter(view3, ['x'])
    const z = opsAfter(opsAfter(x, ['y']), ['z'])
    const peer = initiator()
      .receive('A', activeStatus({ turn: 2 }))
      .persisted()
    peer.receive('C', promise(z)).receive('A', promise())
    peer.after(900).receive('C', { kind: 'fetched', what: 'tail', blocks: [x], commit: headOf(view3), head: headOf(z) })
    expect(peer.sent('fetch')).toMatchObject([{ to: 'C', from: 4 }])
    peer.after(900)
    expect(peer.notes('promise-left-out')).toEqual([])
    expect(peer.after(200).notes('promise-left-out')).toEqual([{ from: 'C', index: 5 }])
  })

  it('fetches a higher log of somebody who votes only in another one that it fetched before', () => {
    const peer = healthy(follower(), 1).step({ kind: 'link', peer: id('A'), state: 'refused' })
    const attempt = peer.sent('pre-vote')[0]?.attempt ?? 0
    peer
      .receive('C', { kind: 'agree', attempt, promised: epochOf(8, 'C') })
      .persisted()
      .after(600)
    const view5 = viewAfter(view3, epochOf(5, 'A'), 'ADE')
    const view6 = viewAfter(view5, epochOf(6, 'D'), 'ADE')
    const gives = (from: string, blocks: readonly Block[]) => {
      const head = headOf(blocks.at(-1) as Block)
      peer.receive(from, { kind: 'promise', epoch: epochOf(9, 'B'), head, commit: placeOf(view3) })
      expect(peer.sent('fetch')).toMatchObject([{ to: from, what: 'tail', from: 3 }])
      peer.receive(from, { kind: 'fetched', what: 'tail', blocks, commit: headOf(view3), head })
    }
    gives('A', [view5])
    expect(peer.sent('prepare')).toMatchObject([{ to: 'DE' }])
    gives('D', [view5, view6])
    expect(peer.sent('install')[0]?.viewBlock).toMatchObject({ index: 5, prevHash: view6.hash })
  })

  it('names whoever gives a log with an invalid block', () => {
    const bad = { ...opsAfter(view3, ['x']), signature: new Uint8Array(64) }
    const peer = initiator().persisted().receive('C', promise(bad))
    peer.receive('C', { kind: 'fetched', what: 'tail', blocks: [bad], commit: headOf(view3), head: headOf(bad) })
    expect(peer.view.refused.get(id('C'))?.reason).toBe('a block: its signature is not its author’s')
    expect(peer.sent('install')).toEqual([])
    expect(peer.during(900).sent('fetch')).toEqual([])
  })

  it('leaves out, and does not name, whoever does not give the log that it promised: it may have crashed since', () => {
    const y = opsAfter(opsAfter(view3, ['x']), ['y'])
    const peer = initiator()
      .receive('A', activeStatus({ turn: 2 }))
      .persisted()
    peer
      .after(900)
      .receive('A', activeStatus({ turn: 3 }))
      .receive('C', promise(y))
      .receive('A', promise())
    expect(peer.sent('install')).toEqual([])
    expect(peer.after(1_000).sent('install')).toEqual([])
    peer.after(1).receive('C', { kind: 'ping', nonce: 1 })
    expect(peer.view.refused.get(id('C'))).toBeUndefined()
  })

  it('goes on at once with another owner of that log where the first one has gone', () => {
    const x = opsAfter(view3, ['x'])
    const peer = initiator()
      .receive('A', activeStatus({ turn: 2 }))
      .persisted()
    const answer = { kind: 'fetched', what: 'tail', blocks: [x], commit: headOf(view3), head: headOf(x) } as const
    peer.receive('C', promise(x)).step({ kind: 'link', peer: id('C'), state: 'refused' })
    expect(peer.receive('A', promise(x)).sent('fetch')).toMatchObject([{ to: 'A', what: 'tail', from: 3 }])
    expect(peer.receive('A', answer).sent('install')[0]?.viewBlock).toMatchObject({ index: 4, prevHash: x.hash })
  })

  it('fetches a log from one of its owners, as long as that one can be reached', () => {
    const x = opsAfter(view3, ['x'])
    const z = opsAfter(opsAfter(x, ['y']), ['z'])
    const peer = initiator()
      .receive('A', activeStatus({ turn: 2 }))
      .persisted()
    peer.receive('C', promise(z)).receive('A', promise(z))
    expect(peer.sent('fetch')).toMatchObject([{ to: 'C', from: 3 }])
    peer.receive('C', { kind: 'fetched', what: 'tail', blocks: [x], commit: headOf(view3), head: headOf(z) })
    expect(peer.sent('fetch')).toMatchObject([{ to: 'C', from: 4 }])
    peer.step({ kind: 'link', peer: id('C'), state: 'down' })
    expect(peer.sent('fetch')).toMatchObject([{ to: 'A', from: 3 }])
    expect(peer.step({ kind: 'link', peer: id('C'), state: 'up' }).sent('fetch')).toEqual([])
    expect(peer.during(150).sent('fetch')).toMatchObject([{ to: 'A', from: 3 }])
  })

  it('leaves out a member for no longer than at first once that has given a log', () => {
    const x = opsAfter(view3, ['x'])
    const z = opsAfter(opsAfter(x, ['y']), ['z'])
    const peer = initiator().persisted()
    const isAskedFor = (head: Block): boolean =>
      peer.receive('C', { ...promise(head), epoch: peer.view.promised }).sent('fetch').length > 0
    const leftOutAt = (): number => {
      for (let woken = 0; woken < 200; woken++) if (peer.after(10).notes('promise-left-out').length > 0) return peer.now
      throw new Error('its promise is not left out')
    }
    expect(isAskedFor(z)).toBe(true)
    startAgain(peer, leftOutAt() + 5_100)
    expect(isAskedFor(x)).toBe(true)
    peer.receive('C', { kind: 'fetched', what: 'tail', blocks: [x], commit: headOf(view3), head: headOf(x) })
    expect(peer.sent('install').length).toBe(1)
    startAgain(peer, peer.now + 3_000)
    const later = viewAfter(x, epochOf(60, 'C'), 'ABC')
    expect(isAskedFor(later)).toBe(true)
    startAgain(peer, leftOutAt() + 5_100)
    expect(isAskedFor(later)).toBe(true)
  })

  it('goes on without whoever does not give the log that it promised', () => {
    const y = opsAfter(opsAfter(view3, ['x']), ['y'])
    const peer = initiator()
      .receive('A', activeStatus({ turn: 2 }))
      .persisted()
    peer
      .after(900)
      .receive('A', activeStatus({ turn: 3 }))
      .receive('C', promise(y))
      .receive('A', promise())
    peer.after(1_001)
    expect(peer.sent('install')[0]?.viewBlock.body).toMatchObject({ members: ['A', 'B'] })
  })

  it('fetches no more from whoever did not give its log, in this attempt and for longer each time', () => {
    const y = opsAfter(opsAfter(view3, ['x']), ['y'])
    const peer = initiator().persisted()
    const isAskedForLog = (): boolean => peer.receive('C', { ...promise(y), epoch: peer.view.promised }).sent('fetch').length > 0
    const isAskedForLogAt = (time: number): boolean => {
      startAgain(peer, time)
      return isAskedForLog()
    }
    const endOfFetch = (): number => {
      expect(peer.during(990).sent('fetch').length).toBeGreaterThan(3)
      expect(peer.during(500).sent('fetch').length).toBeLessThan(2)
      return peer.now - 490
    }
    expect(isAskedForLog()).toBe(true)
    const first = endOfFetch()
    expect(isAskedForLogAt(first + 5_100)).toBe(true)
    const second = endOfFetch()
    expect(isAskedForLogAt(second + 5_000)).toBe(false)
    expect(isAskedForLogAt(second + 10_100)).toBe(true)
  })

  it('wants no quorum of a view that a later one has replaced for good', () => {
    const five = viewAfter(genesis, epochOf(2, 'A'), 'ABCDE')
    const next = viewAfter(five, epochOf(3, 'A'), 'ABCDE')
    const peer = new DrivenReplica({ blocks: [genesis, five] }).step({ kind: 'tick' }).receive('C', { kind: 'ping', nonce: 0 })
    const [asked] = peer
      .follow(next, [five])
      .step({ kind: 'link', peer: id('A'), state: 'refused' })
      .sent('pre-vote')
    for (const from of ['C', 'D']) peer.receive(from, { kind: 'agree', attempt: asked?.attempt ?? 0, promised: next.epoch })
    peer.persisted().after(600)
    const later = viewAfter(next, epochOf(4, 'A'), 'AB')
    peer.receive('A', promise(later, later))
    peer.receive('A', { kind: 'fetched', what: 'tail', blocks: [later], commit: headOf(next), head: headOf(later) })
    expect(peer.view.commit).toEqual(placeOf(later))
    expect(peer.sent('install')[0]?.viewBlock.body).toMatchObject({ members: ['A', 'B'] })
  })

  it('gives up its own tail for a higher log, and keeps what both have', () => {
    const mine = opsAfter(view3, ['mine'])
    const start = (): DrivenReplica => {
      const peer = healthy(follower().push('A', [mine]).persisted(), 2)
      peer.step({ kind: 'link', peer: id('A'), state: 'refused' })
      const attempt = peer.sent('pre-vote')[0]?.attempt ?? 0
      return peer.receive('C', { kind: 'agree', attempt, promised: epochOf(4, 'A') }).persisted()
    }
    const answerOf = (peer: DrivenReplica, blocks: readonly Block[]): DrivenReplica => {
      const head = headOf(blocks.at(-1) as Block)
      peer.receive('C', { kind: 'promise', epoch: peer.view.promised, head, commit: placeOf(view3) })
      expect(peer.sent('fetch')).toMatchObject([{ to: 'C', what: 'tail', from: 3 }])
      return peer.receive('C', { kind: 'fetched', what: 'tail', blocks, commit: headOf(view3), head })
    }
    const view4 = viewAfter(view3, epochOf(4, 'A'), 'ABC')
    const dropped = answerOf(start(), [view4])
    expect(dropped.notes('tail-dropped')).toEqual([{ from: 3 }])
    expect(dropped.sent('install')[0]?.viewBlock).toMatchObject({ index: 4, prevHash: view4.hash })
    expect(dropped.batches).toMatchObject([{ cutFrom: 3 }])
    const written = opsAfter(view4, ['x'])
    expect(answerOf(start(), [view4, written]).sent('install')[0]?.viewBlock).toMatchObject({ index: 5, prevHash: written.hash })
    const more = opsAfter(mine, ['more'])
    const kept = answerOf(start(), [mine, more])
    expect(kept.notes('tail-dropped')).toEqual([])
    expect(kept.sent('install')[0]?.viewBlock).toMatchObject({ index: 5, prevHash: more.hash })
    expect(kept.batches).toMatchObject([{ cutFrom: undefined, blocks: [more, { index: 5 }] }])
  })

  it('asks nothing of a view of its own that the chosen log does not hold', () => {
    const blocks = [genesis, view2, viewAfter(view2, epochOf(3, 'B'), 'BDE')]
    const peer = new DrivenReplica({ blocks, commit: 1 }).step({ kind: 'tick' }).after(3_251)
    const attempt = peer.sent('pre-vote')[0]?.attempt ?? 0
    for (const from of ['A', 'D']) peer.receive(from, { kind: 'agree', attempt, promised: epochOf(4, 'A') })
    peer.persisted()
    const higher = viewAfter(view2, epochOf(4, 'A'), 'ABC')
    const { promised } = peer.view
    expect(promised).toEqual(epochOf(5, 'B'))
    peer.receive('A', { kind: 'promise', epoch: promised, head: headOf(higher), commit: placeOf(view2) }).after(600)
    peer.receive('A', { kind: 'fetched', what: 'tail', blocks: [higher], commit: headOf(view2), head: headOf(higher) })
    expect(peer.sent('install')[0]?.viewBlock).toMatchObject({ index: 3, prevHash: higher.hash })
  })

  it('is made by nobody who finds in the chosen log what it wrote itself and does not know of', () => {
    const own = opsAfter(view3, ['x'], { author: 'B', incarnation: 2 })
    const peer = initiator().persisted().receive('C', promise(own, own))
    peer.receive('C', { kind: 'fetched', what: 'tail', blocks: [own], commit: headOf(view3), head: headOf(own) })
    expect(peer.stopReason).toMatchObject({ kind: 'own-later-block', which: 'older-copy' })
    expect(peer.sent('install')).toEqual([])
    expect(peer.view.head).toEqual(headOf(own))
  })

  it('takes over no commit that is another block than the chosen log holds', () => {
    const x = opsAfter(view3, ['x'])
    const other = opsAfter(view3, ['other'])
    const y = opsAfter(x, ['y'])
    const peer = initiator().persisted().receive('C', promise(y, other))
    peer.receive('C', { kind: 'fetched', what: 'tail', blocks: [x, y], commit: headOf(view3), head: headOf(y) })
    expect(peer.sent('install').length).toBe(1)
    expect(peer.view.commit).toEqual(placeOf(view3))
  })

  it('takes over a commit that a member names and its own log holds', () => {
    const x = opsAfter(view3, ['x'])
    const peer = healthy(follower().push('A', [x]).persisted(), 2)
    peer.step({ kind: 'link', peer: id('A'), state: 'refused' })
    const attempt = peer.sent('pre-vote')[0]?.attempt ?? 0
    peer.receive('C', { kind: 'agree', attempt, promised: view3.epoch }).persisted().receive('C', promise(x, x))
    expect(peer.view.commit).toEqual(placeOf(x))
    expect(peer.sent('install').length).toBe(1)
  })

  it('counts no promise of a life that a view of the chosen log names as lost, among others', () => {
    const lost = ['X', 'C'].map((peer) => ({ peer: id(peer), loss: 7 }))
    const view4 = viewAfter(view3, epochOf(4, 'A'), 'AB', lost)
    const peer = initiator().persisted().receive('A', promise(view4)).receive('C', promise())
    peer.receive('A', { kind: 'fetched', what: 'tail', blocks: [view4], commit: headOf(view3), head: headOf(view4) })
    const [install] = peer.sent('install').length > 0 ? peer.sent('install') : peer.after(600).sent('install')
    expect(install?.viewBlock.body).toMatchObject({ members: ['A', 'B'] })
  })

  it('wants other promises in place of those of a life that a view of the chosen log names as lost', () => {
    const five = viewAfter(genesis, epochOf(2, 'A'), 'ABCDE')
    const next = viewAfter(five, epochOf(3, 'A'), 'ABCDE')
    const peer = new DrivenReplica({ blocks: [genesis, five] }).step({ kind: 'tick' }).receive('C', { kind: 'ping', nonce: 0 })
    const [asked] = peer
      .follow(next, [five])
      .step({ kind: 'link', peer: id('A'), state: 'refused' })
      .sent('pre-vote')
    for (const from of ['C', 'D']) peer.receive(from, { kind: 'agree', attempt: asked?.attempt ?? 0, promised: next.epoch })
    peer.persisted()
    const lost = ['X', 'C'].map((name) => ({ peer: id(name), loss: 7 }))
    const later = viewAfter(next, epochOf(4, 'A'), 'ABDE', lost)
    peer.receive('A', promise(later, next)).receive('C', promise(next, next)).after(600)
    peer.receive('A', { kind: 'fetched', what: 'tail', blocks: [later], commit: headOf(next), head: headOf(later) })
    expect(peer.sent('install')).toEqual([])
    peer.receive('D', promise(next, next))
    expect(peer.sent('install')[0]?.viewBlock.body).toMatchObject({ members: ['A', 'B', 'D'] })
  })

  it('goes on above a log that a member promised for it although that is of a later epoch', () => {
    const later = viewAfter(view3, epochOf(5, 'C'), 'ABC')
    const peer = initiator().persisted().receive('C', promise(later))
    peer.receive('C', { kind: 'fetched', what: 'tail', blocks: [later], commit: headOf(view3), head: headOf(later) })
    expect(peer.sent('install')).toEqual([])
    peer.receive('C', promise())
    expect(peer.sent('install')).toEqual([])
    for (let woken = 0; woken < 500 && peer.sent('pre-vote').length === 0; woken++) peer.after(10)
    const [again] = peer.sent('pre-vote')
    peer.receive('C', { kind: 'agree', attempt: again?.attempt ?? 0, promised: view3.epoch })
    expect(peer.notes('attempt-started')).toEqual([{ epoch: '6.B', why: 'failure' }])
  })

  it('waits for others where the highest log lacks what is known to be committed', () => {
    const short: Block = { ...viewAfter(genesis, epochOf(3, 'C'), 'ABC') }
    const peer = initiator().persisted().receive('C', promise(short, genesis))
    expect(peer.sent('fetch')).toEqual([])
    expect(peer.sent('install')).toEqual([])
    const beside = viewAfter(view2, epochOf(3, 'C'), 'ABC')
    const asked = initiator().persisted().receive('C', promise(beside, genesis))
    expect(asked.sent('fetch')).toMatchObject([{ to: 'C', what: 'tail', from: 3 }])
  })

  it('keeps its own log where that is the highest', () => {
    const peer = follower()
      .push('A', [opsAfter(view3, ['x'])])
      .persisted()
    healthy(peer, 2).step({ kind: 'link', peer: id('A'), state: 'refused' })
    const attempt = peer.sent('pre-vote')[0]?.attempt ?? 0
    peer.receive('C', { kind: 'agree', attempt, promised: view3.epoch }).persisted().receive('C', promise())
    expect(peer.sent('install')[0]?.viewBlock.index).toBe(4)
    expect(peer.notes('tail-dropped')).toEqual([])
  })

  it('fetches no log any more once it is given up', () => {
    const peer = initiator()
      .persisted()
      .receive('C', promise(opsAfter(view3, ['x'])))
    expect(peer.sent('fetch').length).toBe(1)
    peer.step({ kind: 'persist-failed' })
    expect(peer.during(1_000).sent('fetch')).toEqual([])
  })
})
