import { describe, expect, it } from 'vitest'
import { type Block, headOf } from '../../src/ring/block.ts'
import type { MessageOf } from '../../src/ring/message.ts'
import { DrivenReplica, epochOf, follower, genesis, id, opsAfter, placeOf, statusOf, view2, view3, viewAfter } from './harness.ts'

const hello = (changes: Partial<MessageOf<'status'>> = {}) =>
  statusOf({ epoch: view3.epoch, promised: view3.epoch, commit: placeOf(view3), active: true, ...changes })

/** Both neighbours are heard, and a turn is seen: nothing is amiss. */
function healthy(peer: DrivenReplica, turn: number): DrivenReplica {
  return peer.receive('A', hello({ turn })).receive('C', hello({ turn }))
}

/** `B` has asked around and a quorum agreed: it has started an epoch of its own. */
function initiator(): DrivenReplica {
  const peer = healthy(follower(), 1)
  peer.step({ kind: 'link', peer: id('A'), state: 'refused' })
  const [asked] = peer.sent('pre-vote')
  return peer.receive('C', { kind: 'agree', attempt: asked?.attempt ?? 0, promised: view3.epoch })
}

const epoch4 = epochOf(4, 'B')
const promise = (head: Block = view3, commit: Block = view3): MessageOf<'promise'> => ({
  kind: 'promise',
  epoch: epoch4,
  head: headOf(head),
  commit: placeOf(commit),
})

describe('a healthy ring', () => {
  it('is not disturbed', () => {
    const peer = follower()
    for (let turn = 1; turn < 40; turn++) {
      healthy(peer, turn).after(250)
      expect(peer.notes('pre-vote')).toEqual([])
    }
  })
})

describe('a peer asks around', () => {
  it('when a neighbour is silent for so long', () => {
    const peer = healthy(follower(), 1)
    peer
      .after(1_000)
      .receive('C', hello({ turn: 2 }))
      .after(500)
    expect(peer.notes('pre-vote')).toEqual([])
    peer.receive('C', hello({ turn: 3 })).after(250)
    expect(peer.notes('pre-vote')).toEqual([{ why: 'silent', suspect: 'A' }])
    expect(peer.sent('pre-vote')).toMatchObject([{ to: 'AC', suspect: 'A' }])
  })

  it('at once when its process is gone', () => {
    const peer = healthy(follower(), 1).step({ kind: 'link', peer: id('C'), state: 'refused' })
    expect(peer.notes('pre-vote')).toEqual([{ why: 'silent', suspect: 'C' }])
  })

  it('not for a link that is down, while its peer may still be heard by others', () => {
    const peer = healthy(follower(), 1).step({ kind: 'link', peer: id('C'), state: 'down' })
    expect(peer.notes('pre-vote')).toEqual([])
  })

  it('when no sign of the token comes for so long', () => {
    const peer = follower()
    for (let waited = 0; waited < 3_250; waited += 250) {
      healthy(peer, 1).after(250)
      expect(peer.notes('pre-vote')).toEqual([])
    }
    healthy(peer, 1).after(250)
    expect(peer.notes('pre-vote')).toEqual([{ why: 'token-lost', suspect: undefined }])
  })

  it('but not so soon after a new epoch began, in which no turn was seen yet', () => {
    const peer = follower()
    for (let waited = 0; waited < 3_000; waited += 250) healthy(peer, 1).after(250)
    peer.follow(viewAfter(view3, epochOf(4, 'C'), 'ABC'), [view3])
    for (let waited = 0; waited < 1_000; waited += 250) {
      healthy(peer, 0).after(250)
      expect(peer.notes('pre-vote')).toEqual([])
    }
  })

  it('when a block is committed by nobody for so long', () => {
    const peer = follower()
      .push('A', [opsAfter(view3, ['x'])])
      .persisted()
    for (let turn = 2; turn <= 11; turn++) {
      healthy(peer, turn).after(250)
      expect(peer.notes('pre-vote')).toEqual([])
    }
    healthy(peer, 12).after(250)
    expect(peer.notes('pre-vote')).toEqual([{ why: 'stalled', suspect: undefined }])
  })

  it('when the token that it passed is not acknowledged', () => {
    const peer = healthy(follower(), 1).receive('A', {
      kind: 'token',
      epoch: view3.epoch,
      turn: 2,
      head: headOf(view3),
      commit: placeOf(view3),
      served: [0, 0, 0],
      wants: [false, false, true],
      blocks: [],
    })
    for (let waited = 0; waited < 1_500; waited += 250) {
      healthy(peer, 1).after(250)
      expect(peer.notes('pre-vote')).toEqual([])
    }
    healthy(peer, 1).after(250)
    expect(peer.notes('pre-vote')).toEqual([{ why: 'unacknowledged', suspect: 'C' }])
  })

  it('when the whole room was restarted: its first member, once it hears all the others stand still', () => {
    const restarted = new DrivenReplica({ self: 'A' }).step({ kind: 'tick' })
    restarted.receive('B', statusOf({ active: false })).after(250)
    expect(restarted.notes('pre-vote')).toEqual([])
    restarted.receive('C', statusOf({ active: false }))
    expect(restarted.notes('pre-vote')).toEqual([{ why: 'stood-still', suspect: undefined }])
    const second = new DrivenReplica({ self: 'B' }).step({ kind: 'tick' })
    second
      .receive('A', statusOf({ active: false }))
      .receive('C', statusOf({ active: false }))
      .after(250)
    expect(second.notes('pre-vote')).toEqual([])
  })

  it('but not before it hears those of an uncommitted view, too', () => {
    const blocks = [genesis, view2, viewAfter(view2, epochOf(3, 'A'), 'ABD')]
    const peer = new DrivenReplica({ self: 'A', blocks, commit: 1 }).step({ kind: 'tick' })
    peer.receive('B', statusOf({ active: false })).receive('C', statusOf({ active: false }))
    expect(peer.notes('pre-vote')).toEqual([])
    peer.receive('D', statusOf({ active: false }))
    expect(peer.notes('pre-vote').length).toBe(1)
  })

  it('but not where one of them takes part, is not connected, or said so long ago', () => {
    const first = () => new DrivenReplica({ self: 'A' }).step({ kind: 'tick' })
    const active = first()
      .receive('B', statusOf({ active: false }))
      .receive('C', statusOf({ active: true }))
    expect(active.after(10).notes('pre-vote')).toEqual([])
    const gone = first().receive('B', statusOf({ active: false }))
    gone.step({ kind: 'link', peer: id('B'), state: 'down' }).receive('C', statusOf({ active: false }))
    expect(gone.notes('pre-vote')).toEqual([])
    const old = first()
      .receive('B', statusOf({ active: false }))
      .after(701)
      .receive('C', statusOf({ active: false }))
    expect(old.notes('pre-vote')).toEqual([])
    const recent = first()
      .receive('B', statusOf({ active: false }))
      .after(700)
      .receive('C', statusOf({ active: false }))
    expect(recent.notes('pre-vote').length).toBe(1)
  })
})

describe('a peer whose question is not answered', () => {
  it('asks again, a while after it has given up', () => {
    const peer = healthy(follower(), 1).step({ kind: 'link', peer: id('A'), state: 'refused' })
    expect(peer.notes('pre-vote').length).toBe(1)
    for (let waited = 0; waited < 600; waited += 100) {
      peer.after(100).receive('C', hello({ turn: 2 + waited }))
      expect(peer.notes('pre-vote')).toEqual([])
    }
    const asked: unknown[] = []
    for (let waited = 0; waited < 1_300; waited += 100) {
      asked.push(...peer.after(100).notes('pre-vote'))
      peer.receive('C', hello({ turn: 1_000 + waited }))
    }
    expect(asked.length).toBeGreaterThan(0)
  })
})

describe('a peer that is asked', () => {
  const preVote = (suspect: string | undefined): MessageOf<'pre-vote'> => ({
    kind: 'pre-vote',
    attempt: 9,
    suspect: suspect === undefined ? undefined : id(suspect),
  })

  it('agrees where it cannot reach the suspect either', () => {
    const peer = healthy(follower(), 1).receive('C', preVote('A'))
    expect(peer.sent('agree')).toEqual([])
    peer.after(1_501).receive('C', preVote('A'))
    expect(peer.sent('agree')).toMatchObject([{ to: 'C', attempt: 9, promised: view3.epoch }])
  })

  it('does not find itself suspect', () => {
    expect(healthy(follower(), 1).receive('C', preVote('B')).sent('agree')).toEqual([])
  })

  it('agrees where a commit has stalled a while, sooner than it would ask itself', () => {
    const peer = follower()
      .push('A', [opsAfter(view3, ['x'])])
      .persisted()
    healthy(peer.after(1_500), 2).receive('C', preVote(undefined))
    expect(peer.sent('agree')).toEqual([])
    healthy(peer.after(1), 3).receive('C', preVote(undefined))
    expect(peer.sent('agree').length).toBe(1)
  })

  it('agrees where it takes no part itself, but not right after a promise', () => {
    const peer = follower().receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view3] })
    peer.after(999).receive('A', preVote(undefined))
    expect(peer.sent('agree')).toEqual([])
    peer.after(1).receive('A', preVote(undefined))
    expect(peer.sent('agree').length).toBe(1)
  })

  it('answers members only', () => {
    const peer = healthy(follower(), 1).after(2_000).receive('X', preVote('A'))
    expect(peer.sent('agree')).toEqual([])
  })
})

describe('an epoch for a failure', () => {
  it('is started once a quorum of the last view agrees', () => {
    const peer = initiator()
    expect(peer.notes('attempt-started')).toEqual([{ epoch: '4.B', why: 'failure' }])
    expect(peer.view.promised).toEqual(epoch4)
    expect(peer.view.active).toBe(false)
  })

  it('is not started for answers to another question, or by too few, or too late', () => {
    const asking = () => healthy(follower(), 1).step({ kind: 'link', peer: id('A'), state: 'refused' })
    const peer = asking()
    const [asked] = peer.sent('pre-vote')
    const attempt = asked?.attempt ?? 0
    peer.receive('C', { kind: 'agree', attempt: attempt + 1, promised: view3.epoch })
    expect(peer.notes('attempt-started')).toEqual([])
    peer.receive('X', { kind: 'agree', attempt, promised: view3.epoch })
    expect(peer.notes('attempt-started')).toEqual([])
    peer.after(501).receive('C', { kind: 'agree', attempt, promised: view3.epoch })
    expect(peer.notes('attempt-started')).toEqual([])
  })

  it('asks for promises once its own is on disk', () => {
    const peer = initiator()
    expect(peer.sent('prepare')).toEqual([])
    peer.persisted()
    expect(peer.sent('prepare')).toMatchObject([{ to: 'AC', epoch: epoch4 }])
    expect(peer.sent('prepare')[0]?.views).toEqual([view3])
    peer.after(150)
    expect(peer.sent('prepare')).toMatchObject([{ to: 'AC' }])
  })

  it('proposes a view of those that promised, once nobody is worth waiting for', () => {
    const peer = initiator().persisted().receive('C', promise())
    const [install] = peer.sent('install')
    expect(install).toMatchObject({ to: 'C', epoch: epoch4, viewBlock: { index: 3, author: 'B', turn: 0, prevHash: view3.hash } })
    expect(install?.viewBlock.body).toMatchObject({ kind: 'view', members: ['B', 'C'], lost: [] })
    expect(peer.notes('epoch-activated')).toEqual([])
  })

  it('waits a moment for a member that was heard lately', () => {
    const peer = initiator()
      .receive('A', hello({ turn: 2 }))
      .persisted()
      .receive('C', promise())
    expect(peer.sent('install')).toEqual([])
    peer.after(599)
    expect(peer.sent('install')).toEqual([])
    peer.after(1)
    expect(peer.sent('install').length).toBe(1)
  })

  it('is active once its view is on enough disks, its own among them; then it has the token', () => {
    const peer = initiator().persisted().receive('C', promise())
    peer.receive('C', { kind: 'installed', epoch: epoch4 })
    expect(peer.notes('epoch-activated')).toEqual([])
    expect(peer.view.commit.index).toBe(2)
    peer.persisted()
    expect(peer.notes('epoch-activated')).toEqual([{ epoch: '4.B', members: 2, index: 3 }])
    expect(peer.view.active).toBe(true)
    expect(peer.view.holding).toBe(1)
    expect(peer.view.commit.index).toBe(3)
    expect(peer.sent('activated')).toMatchObject([{ to: 'AC', epoch: epoch4, commit: { index: 3 } }])
  })

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
  })

  it('goes on with a member that gives the log that it promised piece by piece', () => {
    const x = opsAfter(view3, ['x'])
    const z = opsAfter(opsAfter(x, ['y']), ['z'])
    const peer = initiator()
      .receive('A', hello({ turn: 2 }))
      .persisted()
    peer.receive('C', promise(z)).receive('A', promise())
    peer.after(900).receive('C', { kind: 'fetched', what: 'tail', blocks: [x], commit: headOf(view3), head: headOf(z) })
    expect(peer.sent('fetch')).toMatchObject([{ to: 'C', from: 4 }])
    peer.after(900)
    expect(peer.view.refused.get(id('C'))).toBeUndefined()
    peer.after(200)
    expect(peer.view.refused.get(id('C'))?.reason).toContain('does not give the log')
  })

  it('names whoever gives a log with an invalid block', () => {
    const bad = { ...opsAfter(view3, ['x']), signature: new Uint8Array(64) }
    const peer = initiator().persisted().receive('C', promise(bad))
    peer.receive('C', { kind: 'fetched', what: 'tail', blocks: [bad], commit: headOf(view3), head: headOf(bad) })
    expect(peer.view.refused.get(id('C'))?.reason).toBe('a block: its signature is not its author’s')
    expect(peer.sent('install')).toEqual([])
  })

  it('leaves out, and names, whoever does not give the log that it promised', () => {
    const y = opsAfter(opsAfter(view3, ['x']), ['y'])
    const peer = initiator()
      .receive('A', hello({ turn: 2 }))
      .persisted()
    peer
      .after(900)
      .receive('A', hello({ turn: 3 }))
      .receive('C', promise(y))
      .receive('A', promise())
    expect(peer.sent('install')).toEqual([])
    peer.after(1_000)
    expect(peer.view.refused.get(id('C'))).toBeUndefined()
    peer.after(1)
    expect(peer.view.refused.get(id('C'))?.reason).toContain('does not give the log')
    expect(peer.sent('install')[0]?.viewBlock.body).toMatchObject({ members: ['A', 'B'] })
  })

  it('is above all that members say they have promised or installed', () => {
    const startedAfter = (changes: Partial<MessageOf<'status'>>): number => {
      const peer = healthy(follower(), 1).receive('C', hello({ turn: 2, ...changes }))
      peer.step({ kind: 'link', peer: id('A'), state: 'refused' })
      const attempt = peer.sent('pre-vote')[0]?.attempt ?? 0
      return peer.receive('C', { kind: 'agree', attempt, promised: view3.epoch }).view.promised.number
    }
    expect(startedAfter({})).toBe(4)
    expect(startedAfter({ promised: epochOf(9, 'C') })).toBe(10)
    expect(startedAfter({ epoch: epochOf(9, 'C') })).toBe(10)
    expect(startedAfter({ promised: epochOf(3 + 2 ** 20, 'C') })).toBe(4 + 2 ** 20)
    expect(startedAfter({ promised: epochOf(4 + 2 ** 20, 'C') })).toBe(4)
  })

  it('wants a quorum of every view of its log that is not settled, for its past and for its view', () => {
    const blocks = [genesis, view2, viewAfter(view2, epochOf(3, 'B'), 'BDE')]
    const peer = new DrivenReplica({ blocks, commit: 1 }).step({ kind: 'tick' }).after(3_251)
    const [asked] = peer.sent('pre-vote')
    expect(asked?.to).toBe('ACDE')
    for (const from of ['D', 'E']) peer.receive(from, { kind: 'agree', attempt: asked?.attempt ?? 0, promised: view3.epoch })
    expect(peer.notes('attempt-started')).toEqual([])
    peer.receive('A', { kind: 'agree', attempt: asked?.attempt ?? 0, promised: view3.epoch }).persisted()
    for (const from of ['D', 'E']) peer.receive(from, promise(blocks[2], view2))
    peer.after(600)
    expect(peer.sent('install')).toEqual([])
    peer.receive('A', promise(view2, view2))
    expect(peer.sent('install')[0]?.viewBlock.body).toMatchObject({ members: ['B', 'D'] })
    peer.persisted()
    for (const from of ['D', 'E']) peer.receive(from, { kind: 'installed', epoch: epoch4 })
    expect(peer.notes('epoch-activated')).toEqual([])
    peer.receive('A', { kind: 'installed', epoch: epoch4 })
    expect(peer.notes('epoch-activated').length).toBe(1)
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

  it('does not count the promise of a stranger', () => {
    const peer = initiator().persisted()
    peer.receive('X', promise()).after(700)
    expect(peer.sent('install')).toEqual([])
  })

  it('starts over above a member’s refusal, after a while, without asking around again', () => {
    const peer = initiator().persisted()
    peer.receive('C', { kind: 'refuse', epoch: epoch4, promised: epochOf(8, 'C') })
    peer.during(600)
    expect(peer.notes('attempt-started')).toEqual([{ epoch: '9.B', why: 'refused' }])
    expect(peer.notes('pre-vote')).toEqual([])
  })

  it('does not mind a refusal for an epoch that is not above its own', () => {
    const peer = initiator().persisted()
    peer.receive('C', { kind: 'refuse', epoch: epoch4, promised: epochOf(3, 'C') }).receive('C', promise())
    expect(peer.sent('install').length).toBe(1)
  })

  it('is given up after a while', () => {
    const peer = initiator().persisted()
    expect(peer.during(2_490).notes('attempt-given-up')).toEqual([])
    expect(peer.during(20).notes('attempt-given-up')).toEqual([{ epoch: '4.B', phase: 'preparing' }])
    const installing = initiator().persisted().receive('C', promise())
    expect(installing.during(3_000).notes('attempt-given-up')).toEqual([{ epoch: '4.B', phase: 'installing' }])
  })

  it('ends with a promise to another', () => {
    const peer = initiator().persisted()
    peer.receive('C', { kind: 'prepare', epoch: epochOf(5, 'C'), views: [view3] }).receive('C', promise())
    expect(peer.sent('install')).toEqual([])
    expect(peer.view.promised).toEqual(epochOf(5, 'C'))
  })

  it('proposes its view again to those that do not answer', () => {
    const peer = initiator()
      .receive('A', hello({ turn: 2 }))
      .persisted()
      .receive('C', promise())
      .receive('A', promise())
    expect(peer.sent('install').map(({ to }) => to)).toEqual(['CA'])
    peer.receive('C', { kind: 'installed', epoch: epoch4 }).after(150)
    expect(peer.sent('install').map(({ to }) => to)).toEqual(['A'])
  })

  it('tells members that did not answer again and again, for as long as it lasts', () => {
    const peer = initiator()
      .receive('A', hello({ turn: 2 }))
      .persisted()
      .receive('C', promise())
      .receive('A', promise())
    peer.receive('C', { kind: 'installed', epoch: epoch4 }).persisted()
    expect(peer.notes('epoch-activated').length).toBe(1)
    peer.after(199)
    expect(peer.sent('activated')).toEqual([])
    peer.after(1)
    expect(peer.sent('install')).toMatchObject([{ to: 'A' }])
    expect(peer.sent('activated')).toMatchObject([{ to: 'A', commit: { index: 3 } }])
    peer.receive('A', { kind: 'installed', epoch: epoch4 }).after(250)
    expect(peer.sent('activated')).toEqual([])
  })
})

describe('a peer alone', () => {
  it('founds its ring at once, and waits for nobody', () => {
    const peer = new DrivenReplica({ self: 'A', blocks: [genesis] }).step({ kind: 'tick' })
    expect(peer.notes('attempt-started')).toEqual([{ epoch: '2.A', why: 'alone' }])
    peer.persisted()
    peer.persisted()
    expect(peer.view.active).toBe(true)
    expect(peer.view.holding).toBe(1)
    peer.submit('x').persisted()
    expect(peer.view.commit.index).toBe(2)
  })

  it('of a view of two goes on alone only as its first member', () => {
    const two = viewAfter(genesis, epochOf(2, 'A'), 'AB')
    const first = new DrivenReplica({ self: 'A', blocks: [genesis, two] }).step({ kind: 'tick' })
    expect(first.notes('attempt-started').length).toBe(1)
    const second = new DrivenReplica({ self: 'B', blocks: [genesis, two] }).step({ kind: 'tick' })
    expect(second.notes('attempt-started')).toEqual([])
  })
})

describe('an epoch that another makes', () => {
  it('is refused where a higher one is promised', () => {
    const peer = follower()
      .receive('C', { kind: 'prepare', epoch: epochOf(5, 'C'), views: [view3] })
      .persisted()
    peer.receive('A', { kind: 'prepare', epoch: epochOf(5, 'A'), views: [view3] })
    expect(peer.sent('refuse')).toMatchObject([{ to: 'A', epoch: epochOf(5, 'A'), promised: epochOf(5, 'C') }])
    expect(peer.view.promised).toEqual(epochOf(5, 'C'))
  })

  it('is its initiator’s alone to ask for, and a member’s', () => {
    const peer = follower().receive('A', { kind: 'prepare', epoch: epochOf(5, 'C'), views: [view3] })
    expect(peer.view.promised).toEqual(view3.epoch)
    peer.receive('X', { kind: 'prepare', epoch: epochOf(5, 'X'), views: [view3] })
    expect(peer.view.promised).toEqual(view3.epoch)
  })

  it('may be made by somebody whom a known one let in', () => {
    const view4 = viewAfter(view3, epochOf(4, 'C'), 'ACD')
    const epoch = epochOf(5, 'D')
    expect(follower().receive('D', { kind: 'prepare', epoch, views: [view3, view4] }).view.promised).toEqual(epoch)
    const forged = { ...view4, signature: new Uint8Array(64) }
    expect(follower().receive('D', { kind: 'prepare', epoch, views: [view3, forged] }).view.promised).toEqual(view3.epoch)
    const settled = viewAfter(view2, view3.epoch, 'ABCD')
    expect(follower().receive('D', { kind: 'prepare', epoch, views: [settled] }).view.promised).toEqual(view3.epoch)
    const own = viewAfter(view3, epochOf(4, 'D'), 'D')
    expect(follower().receive('D', { kind: 'prepare', epoch, views: [view3, own] }).view.promised).toEqual(view3.epoch)
  })

  it('is installed only as it was promised, by its initiator, signed', () => {
    const epoch = epochOf(4, 'C')
    const promised = () =>
      follower()
        .receive('C', { kind: 'prepare', epoch, views: [view3] })
        .persisted()
    const install = (viewBlock: Block, from = 'C') =>
      promised().receive(from, { kind: 'install', epoch, viewBlock }).view.head.index
    const good = viewAfter(view3, epoch, 'BC')
    expect(install(good)).toBe(3)
    expect(install(good, 'A')).toBe(2)
    expect(install({ ...good, signature: new Uint8Array(64) })).toBe(2)
    expect(install(viewAfter(view3, epochOf(5, 'C'), 'BC'))).toBe(2)
    expect(install(viewAfter(view3, epoch, 'BC', [], { author: 'A' }))).toBe(2)
    expect(install(opsAfter(view3, ['x'], { epoch, author: 'C' }))).toBe(2)
    expect(install(viewAfter(view2, epoch, 'BC'))).toBe(2)
    const before = promised().receive('C', { kind: 'install', epoch, viewBlock: viewAfter(view2, epoch, 'BC') })
    expect(before.view.refused.get(id('C'))?.reason).toContain('before what is committed')
    const twice = promised().receive('C', { kind: 'install', epoch, viewBlock: good }).persisted()
    twice.receive('C', { kind: 'install', epoch, viewBlock: good })
    expect(twice.sent('installed').length).toBe(1)
    expect(twice.batches).toEqual([])
  })

  it('whose past does not come is given up after a while', () => {
    const epoch = epochOf(4, 'C')
    const x = opsAfter(view3, ['x'])
    const peer = follower()
      .receive('C', { kind: 'prepare', epoch, views: [view3] })
      .persisted()
    peer.receive('C', { kind: 'install', epoch, viewBlock: viewAfter(x, epoch, 'BC') })
    expect(peer.sent('fetch').length).toBe(1)
    expect(peer.after(150).sent('fetch')).toMatchObject([{ to: 'C', from: 3 }])
    expect(peer.during(4_800).sent('fetch').length).toBeGreaterThan(25)
    peer.during(300)
    expect(peer.during(1_000).sent('fetch')).toEqual([])
  })

  it('whose past can never come any more, as the room has gone on, is fetched no more', () => {
    const epoch = epochOf(4, 'C')
    const x = opsAfter(view3, ['x'])
    const other = opsAfter(view3, ['other'])
    const peer = follower()
      .receive('C', { kind: 'prepare', epoch, views: [view3] })
      .persisted()
    peer.receive('C', { kind: 'install', epoch, viewBlock: viewAfter(x, epoch, 'BC') })
    peer.receive('A', statusOf({ epoch: view3.epoch, promised: view3.epoch, commit: placeOf(other) }))
    peer.receive('A', { kind: 'fetched', what: 'committed', blocks: [other], commit: headOf(other), head: headOf(other) })
    expect(peer.view.commit).toEqual(placeOf(other))
    expect(peer.during(1_000).sent('fetch')).toEqual([])
  })

  it('whose past comes by another way is installed then, and nothing is fetched any more', () => {
    const epoch = epochOf(4, 'C')
    const x = opsAfter(view3, ['x'])
    const peer = follower()
      .receive('C', { kind: 'prepare', epoch, views: [view3] })
      .persisted()
    peer.receive('C', { kind: 'install', epoch, viewBlock: viewAfter(x, epoch, 'BC') })
    peer.receive('A', statusOf({ epoch: view3.epoch, promised: view3.epoch, commit: placeOf(x) }))
    peer.receive('A', { kind: 'fetched', what: 'committed', blocks: [x], commit: headOf(x), head: headOf(x) })
    expect(peer.view.head.index).toBe(4)
    expect(peer.during(1_000).sent('fetch')).toEqual([])
  })
})
