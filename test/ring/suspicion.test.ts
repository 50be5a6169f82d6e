import { describe, expect, it } from 'vitest'
import { headOf } from '../../src/ring/block.ts'
import type { MessageOf } from '../../src/ring/message.ts'
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
  statusOf,
  view2,
  view3,
  viewAfter,
} from './harness.ts'

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
      .receive('C', activeStatus({ turn: 2 }))
      .after(500)
    expect(peer.notes('pre-vote')).toEqual([])
    peer.receive('C', activeStatus({ turn: 3 })).after(250)
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

  it('whatever turns are seen of an epoch below the one that it has promised', () => {
    const peer = follower()
      .receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view3] })
      .persisted()
    const asked: string[] = []
    for (let turn = 1; turn < 20; turn++) {
      healthy(peer, turn)
      asked.push(
        ...peer
          .during(250)
          .sent('pre-vote')
          .map(({ to }) => to),
      )
    }
    expect(asked).toContain('AC')
  })

  it('later where it leaves: others have twice its time', () => {
    const firstAskedAt = (peer: DrivenReplica): number => {
      for (let step = 0; step < 200 && peer.notes('pre-vote').length === 0; step++) healthy(peer, 1).after(50)
      return peer.now
    }
    const start = healthy(follower(), 1).now
    expect(firstAskedAt(healthy(follower(), 1)) - start).toBe(3_300)
    expect(firstAskedAt(healthy(follower(), 1).step({ kind: 'leave' })) - start).toBe(6_300)
  })

  it('not while it makes an epoch itself, nor after a write that failed', () => {
    const failed = healthy(follower(), 1).step({ kind: 'persist-failed' })
    expect(failed.during(5_000).notes('pre-vote')).toEqual([])
    const making = healthy(follower(), 1).step({ kind: 'link', peer: id('A'), state: 'refused' })
    making.receive('C', { kind: 'agree', attempt: making.sent('pre-vote')[0]?.attempt ?? 0, promised: view3.epoch }).persisted()
    expect(making.sent('prepare').length).toBe(1)
    const sent = making.during(6_000)
    const givenUpAt = sent.outputs.findIndex((output) => output.kind === 'note' && output.note.event === 'attempt-given-up')
    const askedAt = sent.outputs.findIndex((output) => output.kind === 'note' && output.note.event === 'pre-vote')
    expect(givenUpAt).toBeGreaterThan(0)
    expect(askedAt).toBeGreaterThan(givenUpAt)
  })

  it('when blocks come and none is committed for so long', () => {
    const peer = follower()
    const asked: string[] = []
    let last = view3
    for (let turn = 1; turn < 30 && asked.length === 0; turn++) {
      last = opsAfter(last, [`${turn}`])
      healthy(peer.push('A', [last]), turn).after(100)
      asked.push(...peer.notes('pre-vote').map(({ why }) => String(why)))
    }
    expect(asked).toEqual(['stalled'])
  })

  it('not at once for a token that went to a member which it has not heard yet', () => {
    const wide = viewAfter(view2, epochOf(3, 'A'), 'ABCDE')
    const peer = new DrivenReplica().step({ kind: 'tick' }).receive('C', { kind: 'ping', nonce: 0 }).follow(wide, [view2])
    const token = { kind: 'token', epoch: wide.epoch, turn: 2, head: headOf(wide), commit: placeOf(wide), blocks: [] } as const
    peer.receive('A', { ...token, served: [0, 0, 0, 0, 0], wants: [false, false, false, true, false] })
    expect(peer.sent('token')).toMatchObject([{ to: 'D' }])
    expect(peer.after(250).notes('pre-vote')).toEqual([])
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
      peer.after(100).receive('C', activeStatus({ turn: 2 + waited }))
      expect(peer.notes('pre-vote')).toEqual([])
    }
    const asked: unknown[] = []
    for (let waited = 0; waited < 1_300; waited += 100) {
      asked.push(...peer.after(100).notes('pre-vote'))
      peer.receive('C', activeStatus({ turn: 1_000 + waited }))
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
