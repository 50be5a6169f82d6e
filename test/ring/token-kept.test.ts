import { describe, expect, it } from 'vitest'
import type { Block } from '../../src/ring/block.ts'
import { activeStatus, type DrivenReplica, epochOf, follower, placeOf, statusOf, token, view3, viewAfter } from './harness.ts'
import { membersIn, request, viewProposedBy } from './requests.ts'

describe('a member that takes the token, says so, and keeps it', () => {
  const epochAfter = (peer: DrivenReplica, initiator: string) => epochOf(peer.view.promised.number + 1, initiator)
  /** B, which has the token, hands it to C, and nothing more is seen of it until it is missed; A and C go on talking. */
  const stall = (peer: DrivenReplica, { isPassedOn = false, talks = 4_000, isLater = false } = {}): DrivenReplica => {
    const { epoch } = peer.view.head
    peer.after(300)
    const turn = peer.sent('token')[0]?.turn ?? 0
    peer.receive('C', { kind: 'token-ack', epoch, turn })
    const said = (turnSaid: number) => statusOf({ epoch, promised: epoch, active: true, turn: turnSaid })
    for (let waited = 0; waited <= 3_500; waited += 250) {
      const later = epochAfter(peer, 'A')
      peer.after(250).receive('A', isLater ? statusOf({ epoch: later, promised: later, active: true }) : said(0))
      if (waited < talks) peer.receive('C', said(isPassedOn ? turn + 1 : turn))
    }
    return peer
  }
  /** Another epoch is made, in which B has the token. */
  const goOn = (peer: DrivenReplica, last: Block, initiator = 'A'): Block => {
    const view = viewAfter(last, epochAfter(peer, initiator), 'ABC')
    peer.follow(view, [last]).receive(initiator, token(2, view))
    expect(peer.view.holding).toBe(2)
    return view
  }
  const nextViewOf = (peer: DrivenReplica) =>
    membersIn(viewProposedBy(peer.receive('D', request('join')).after(300), ['A', 'C', 'D']))

  it('twice in a row has no place for a while', () => {
    const peer = stall(follower().receive('A', token(2)))
    const view = goOn(peer, view3)
    goOn(stall(peer), view)
    expect(nextViewOf(peer)).toBe('ABD')
  })

  it('once is unlucky', () => {
    const peer = stall(follower().receive('A', token(2)))
    goOn(peer, view3)
    expect(nextViewOf(peer)).toBe('ABCD')
  })

  it('once is unlucky, however many epochs are tried then', () => {
    const peer = stall(follower().receive('A', token(2)))
    peer.receive('A', { kind: 'prepare', epoch: epochAfter(peer, 'A'), views: [view3] }).persisted()
    goOn(peer, view3)
    expect(nextViewOf(peer)).toBe('ABCD')
  })

  it.each([
    ['that has passed it on', { isPassedOn: true }, 'A'],
    ['that has fallen silent', { talks: 2_750 }, 'A'],
    ['without which the room has gone on in another epoch', { isLater: true }, 'A'],
    ['that makes the next epoch itself', {}, 'C'],
  ])('is told from one %s', (_what, how, initiator) => {
    const peer = stall(follower().receive('A', token(2)), how)
    const view = goOn(peer, view3, initiator)
    goOn(stall(peer, how), view, initiator)
    expect(nextViewOf(peer)).toBe('ABCD')
  })

  it('and passes one on in between begins anew', () => {
    const peer = stall(follower().receive('A', token(2)))
    const view = goOn(peer, view3)
    peer.after(300).receive('C', token(4, view))
    expect(peer.view.holding).toBe(4)
    goOn(stall(peer), view)
    expect(nextViewOf(peer)).toBe('ABCD')
  })
})

describe('a member that says nothing to the token that it was sent, and goes on talking', () => {
  /** B makes the next epoch because of it; the view that it proposes then. */
  const nextView = (peer: DrivenReplica, last: Block, members: string): string | undefined => {
    peer.receive(
      'A',
      token(2, last, { commit: placeOf(last), served: [...members].map(() => 0), wants: [...members].map(() => false) }),
    )
    expect(peer.view.holding).toBe(2)
    const said = activeStatus({ epoch: last.epoch, promised: last.epoch, commit: placeOf(last), turn: 2 })
    const others = [...members].filter((name) => name !== 'B')
    for (let waited = 0; waited < 6_000 && peer.sent('prepare').length === 0; waited += 10) {
      peer.after(10)
      const [asked] = peer.sent('pre-vote')
      if (waited % 250 === 0) for (const name of others) peer.receive(name, said)
      if (asked === undefined) continue
      for (const name of others) peer.receive(name, { kind: 'agree', attempt: asked.attempt, promised: last.epoch })
      peer.persisted()
    }
    const [prepare] = peer.sent('prepare')
    if (prepare === undefined) return undefined
    const promise = { kind: 'promise', epoch: prepare.epoch, head: peer.view.head, commit: peer.view.commit } as const
    for (const name of others) peer.receive(name, promise)
    return membersIn(peer.sent('install')[0]?.viewBlock)
  }

  it('has no place for a while if it has just come in', () => {
    const view = viewAfter(view3, epochOf(4, 'A'), 'ABDC')
    expect(nextView(follower().follow(view, [view3]), view, 'ABDC')).toBe('ABC')
  })

  it('is only late if it was there before', () => {
    expect(nextView(follower(), view3, 'ABC')).toBe('ABC')
  })
})
