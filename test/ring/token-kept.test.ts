import { describe, expect, it } from 'vitest'
import type { Block } from '../../src/ring/block.ts'
import { type DrivenReplica, epochOf, follower, statusOf, token, view3, viewAfter } from './harness.ts'
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
