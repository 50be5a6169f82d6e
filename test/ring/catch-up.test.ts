import { describe, expect, it } from 'vitest'
import { type Block, type Head, headOf } from '../../src/ring/block.ts'
import { DrivenReplica, epochOf, follower, genesis, id, opsAfter, placeOf, statusOf, view2, view3, viewAfter } from './harness.ts'
import { answer, at, behind, last, newcomer, offer, past } from './past.ts'

describe('a peer that is behind', () => {
  it('asks whoever offers more for committed blocks from right after its own commit', () => {
    const peer = behind().receive('A', offer())
    expect(peer.sent('fetch')).toMatchObject([{ to: 'A', what: 'committed', from: 2 }])
  })

  it('asks nobody who offers what it has', () => {
    expect(behind().receive('A', statusOf()).sent('fetch')).toEqual([])
    expect(
      behind()
        .receive('A', statusOf({ commit: placeOf(genesis) }))
        .sent('fetch'),
    ).toEqual([])
  })

  it('asks nobody who offers less, even where that is not what it has', () => {
    const other = { index: 0, hash: 'ee'.repeat(32) }
    expect(
      behind()
        .receive('A', statusOf({ commit: other }))
        .sent('fetch'),
    ).toEqual([])
  })

  it('asks again only after a while, whoever offers', () => {
    const peer = behind().receive('A', offer()).after(199).receive('C', offer())
    expect(peer.sent('fetch')).toEqual([])
    peer.after(1).receive('C', offer())
    expect(peer.sent('fetch')).toMatchObject([{ to: 'C' }])
  })

  it('takes committed blocks over, puts them on its disk and applies them, in order', () => {
    const peer = behind().receive('A', offer()).receive('A', answer(past))
    expect(peer.view.commit).toEqual(placeOf(last))
    expect(peer.applied).toEqual([2, 3, 4, 5, 6, 7])
    expect(peer.batches).toMatchObject([{ cutFrom: undefined, blocks: past, meta: { commit: placeOf(last) } }])
    expect(peer.notes('caught-up')).toEqual([{ index: 7, from: 'A' }])
  })

  it('promises the epoch of the commit in the very step in which it takes the first blocks over', () => {
    const peer = behind().receive('A', offer())
    peer.receive('A', answer(past.slice(0, 2)))
    expect(peer.view.promised).toEqual(last.epoch)
    expect(peer.batches).toMatchObject([{ meta: { promised: last.epoch, commit: placeOf(at(3)) } }])
    expect(peer.view.commit.index).toBe(3)
  })

  it('promises that epoch once only, whatever more of it comes', () => {
    const peer = behind().receive('A', offer())
    expect(peer.receive('A', answer(past.slice(0, 2))).notes('promised')).toEqual([{ number: 5, initiator: 'C' }])
    expect(peer.receive('A', answer(past.slice(2, 4))).notes('promised')).toEqual([])
    expect(peer.view.commit.index).toBe(5)
  })

  it('asks for the rest at once, a frame at a time, until it has the commit that was named', () => {
    const peer = behind().receive('A', offer())
    peer.receive('A', answer(past.slice(0, 2)))
    expect(peer.sent('fetch')).toMatchObject([{ to: 'A', what: 'committed', from: 4 }])
    peer.receive('A', answer(past.slice(2, 5)))
    expect(peer.sent('fetch')).toMatchObject([{ from: 7 }])
    peer.receive('A', answer(past.slice(5)))
    expect(peer.sent('fetch')).toEqual([])
    expect(peer.view.commit.index).toBe(7)
  })

  it('asks for the next parts while one is looked at, four at most, and not again when that one was taken', () => {
    const peer = behind().after(5_000).receive('A', offer())
    for (const last of [2, 3, 4, 5])
      expect(peer.step({ kind: 'arriving', from: id('A'), last }).sent('fetch')).toMatchObject([{ to: 'A', from: last + 1 }])
    expect(peer.step({ kind: 'arriving', from: id('A'), last: 6 }).sent('fetch')).toEqual([])
    // What was too much then is asked for now: or nothing would be on its way while what has come is looked at.
    expect(peer.receive('A', answer(past.slice(0, 1))).sent('fetch')).toMatchObject([{ to: 'A', from: 7 }])
    for (const place of [1, 2, 3, 4]) expect(peer.receive('A', answer(past.slice(place, place + 1))).sent('fetch')).toEqual([])
    peer.receive('A', answer(past.slice(5)))
    expect([peer.view.commit.index, peer.sent('fetch')]).toEqual([7, []])
  })

  it('asks anew where what it asked for ahead is not what comes next, or does not come', () => {
    const cut = behind()
      .receive('A', offer())
      .step({ kind: 'arriving', from: id('A'), last: 4 })
    expect(cut.receive('A', answer(past.slice(0, 2))).sent('fetch')).toMatchObject([{ from: 4 }])
    const lost = behind()
      .receive('A', offer())
      .step({ kind: 'arriving', from: id('A'), last: 3 })
    expect(
      lost
        .after(1_001)
        .receive('A', answer(past.slice(0, 2)))
        .sent('fetch'),
    ).toMatchObject([{ from: 4 }])
  })

  it('asks nobody ahead whom it did not ask, and for nothing that it has', () => {
    expect(
      behind()
        .step({ kind: 'arriving', from: id('A'), last: 3 })
        .sent('fetch'),
    ).toEqual([])
    const peer = behind().receive('A', offer())
    expect(peer.step({ kind: 'arriving', from: id('A'), last: 0 }).sent('fetch')).toEqual([])
    expect(
      follower()
        .step({ kind: 'arriving', from: id('A'), last: 3 })
        .sent('fetch'),
    ).toEqual([])
  })

  it('passes over what it has, and takes the rest', () => {
    const peer = behind()
      .receive('A', offer())
      .receive('A', answer([genesis, view2, ...past]))
    expect(peer.view.commit.index).toBe(7)
  })

  it('takes nothing beyond the commit that is named', () => {
    const peer = behind()
      .receive('A', offer())
      .receive('A', answer(past, headOf(at(4)), headOf(last)))
    expect(peer.view.commit.index).toBe(4)
    expect(peer.view.head.index).toBe(4)
  })

  it('takes the valid part of a chain that breaks, and names who sent it', () => {
    const bad: Block = { ...opsAfter(at(4), ['forged']), signature: new Uint8Array(64) }
    const peer = behind()
      .receive('A', offer())
      .receive('A', answer([...past.slice(0, 3), bad]))
    expect(peer.view.commit.index).toBe(4)
    expect(peer.view.refused.get(id('A'))?.reason).toContain('signature')
  })

  it('takes nothing that follows another block than its commit, and holds that against nobody', () => {
    const elsewhere = viewAfter(viewAfter(genesis, epochOf(2, 'A'), 'AB'), epochOf(3, 'A'), 'ABC')
    const peer = behind()
      .receive('A', offer())
      .receive('A', answer([elsewhere]))
    expect(peer.view.commit.index).toBe(1)
    expect([...peer.view.refused]).toEqual([])
  })

  it('takes nothing where there is a gap, and holds that against nobody', () => {
    const peer = behind()
      .receive('A', offer())
      .receive('A', answer(past.slice(2)))
    expect(peer.view.commit.index).toBe(1)
    expect(peer.view.promised).toEqual(view2.epoch)
    expect([...peer.view.refused]).toEqual([])
  })

  it('takes no chain whose last block is not the commit that is named', () => {
    const other = opsAfter(at(6), ['other'], { author: 'C' })
    const peer = behind()
      .receive('A', offer())
      .receive('A', answer([...past.slice(0, 5), other]))
    expect(peer.view.commit.index).toBe(1)
  })

  it('takes no chain that holds a later epoch than the commit that is named, and names who sent it', () => {
    const commit = { ...headOf(last), epoch: epochOf(4, 'C') }
    const peer = behind().receive('A', offer()).receive('A', answer(past, commit))
    expect(peer.view.commit.index).toBe(1)
    expect(peer.view.refused.get(id('A'))?.reason).toContain('later epoch')
  })

  it('does not follow a commit whose epoch leaps beyond all that the chain shows', () => {
    const beyond = (number: number) => ({ epoch: epochOf(number, 'C'), index: last.index + 9, hash: 'ab'.repeat(32) })
    const peer = behind()
      .receive('A', offer())
      .receive('A', answer(past, beyond(2 ** 20 + 6)))
    expect(peer.view.commit.index).toBe(1)
    expect(peer.view.promised.number).toBeLessThan(2 ** 20)
    peer
      .after(300)
      .receive('A', offer())
      .receive('A', answer(past, beyond(2 ** 20 + 5)))
    expect(peer.view.commit.index).toBe(7)
  })

  it('measures that leap from the highest epoch of which it has heard, or that the chain shows', () => {
    const beyond = (number: number) => ({ epoch: epochOf(number, 'C'), index: 99, hash: 'ab'.repeat(32) })
    const heard = behind().receive('A', { ...offer(), promised: epochOf(9, 'A') })
    expect(heard.receive('A', answer(past, beyond(2 ** 20 + 9))).view.commit.index).toBe(7)
    const view9 = viewAfter(past[4] as Block, epochOf(9, 'C'), 'ABC')
    const shown = behind().receive('A', statusOf({ commit: placeOf(last) }))
    expect(shown.receive('A', answer([...past.slice(0, 5), view9], beyond(2 ** 20 + 9))).view.commit.index).toBe(7)
  })

  it('refuses a commit that is not of its block’s own epoch', () => {
    const peer = behind()
      .receive('A', offer())
      .receive('A', answer(past, { ...headOf(last), epoch: epochOf(6, 'C') }))
    expect(peer.view.commit.index).toBe(1)
    expect(peer.view.refused.get(id('A'))?.reason).toContain('of another epoch')
  })

  it('gives up an uncommitted tail that conflicts, whatever its epoch, and what was written in it waits again', () => {
    const own = opsAfter(view2, ['mine'], { author: 'B', incarnation: 0 })
    const peer = new DrivenReplica({ blocks: [genesis, view2, own], commit: 1 }).step({ kind: 'tick' })
    peer.receive('A', offer()).receive('A', answer(past))
    expect(peer.view.commit.index).toBe(7)
    expect(peer.batches).toMatchObject([{ cutFrom: 2, blocks: past }])
    expect(peer.notes('tail-dropped')).toEqual([{ from: 2 }])
  })

  it('keeps the part of its tail that the chain holds too', () => {
    const peer = new DrivenReplica({ blocks: [genesis, view2, view3, at(3)], commit: 1 }).step({ kind: 'tick' })
    peer.receive('A', offer()).receive('A', answer(past))
    expect(peer.batches).toMatchObject([{ cutFrom: undefined, blocks: past.slice(2) }])
    expect(peer.applied).toEqual([2, 3, 4, 5, 6, 7])
  })

  it('learns from an empty answer that what it has is committed', () => {
    const peer = new DrivenReplica({ blocks: [genesis, view2, ...past], commit: 1 }).step({ kind: 'tick' })
    peer.receive('A', { kind: 'fetch', what: 'committed', from: 1 })
    peer.receive('C', offer(opsAfter(last, ['more'], { author: 'C' })))
    peer.receive('C', answer([]))
    expect(peer.view.commit.index).toBe(7)
  })
})

describe('an answer', () => {
  it('that was not asked for is taken from nobody, and a stranger is named for it by those who know the members', () => {
    const peer = behind().receive('A', answer(past))
    expect(peer.view.commit.index).toBe(1)
    expect(peer.view.refused.get(id('A'))).toBeUndefined()
    // It may have been asked by this peer's earlier life, and be a member since.
    peer.receive('X', answer(past))
    expect(peer.view.refused.get(id('X'))).toBeUndefined()
    const member = follower().receive('X', answer(past))
    expect(member.view.active).toBe(true)
    expect(member.view.refused.get(id('X'))?.reason).toContain('not asked for')
  })

  it('that comes too late is as one that was not asked for', () => {
    const peer = behind().receive('A', offer()).after(10_001).receive('A', answer(past))
    expect(peer.view.commit.index).toBe(1)
    const inTime = behind().receive('A', offer()).after(10_000).receive('A', answer(past))
    expect(inTime.view.commit.index).toBe(7)
  })

  it('of what is committed already by then says nothing new', () => {
    const peer = behind().receive('A', offer()).receive('A', answer(past)).receive('A', answer(past))
    expect(peer.notes('caught-up')).toEqual([])
    expect(peer.sent('fetch')).toEqual([])
  })

  it('that was overtaken is one whatever it holds of what is here, also of what is in memory no more', () => {
    const here = [view2, ...past.slice(0, 3)]
    for (const blocks of [[at(4)], [at(3), at(4)], [genesis, view2, view3]]) {
      const peer = new DrivenReplica({ blocks: here }).step({ kind: 'tick' }).receive('A', offer())
      expect(peer.receive('A', answer(blocks)).sent('fetch')).toEqual([])
      peer.after(200).receive('A', answer(blocks))
      expect(peer.sent('fetch')).toMatchObject([{ to: 'A', what: 'committed', from: 5 }])
    }
    const gap = new DrivenReplica({ blocks: here }).step({ kind: 'tick' }).receive('A', offer())
    gap.after(200).receive('A', answer([at(4), at(6)]))
    expect(gap.sent('fetch')).toEqual([])
    expect(gap.after(500).receive('A', offer()).sent('fetch')).toEqual([])
  })

  it('that another one overtook is nobody’s fault, and what is lacking is asked for no faster for it', () => {
    const blocks = [genesis, view2, ...past.slice(0, 3)]
    const peer = new DrivenReplica({ blocks }).step({ kind: 'tick' }).receive('A', offer())
    peer.receive('A', answer(past.slice(0, 2)))
    expect(peer.sent('fetch')).toEqual([])
    peer.after(200).receive('A', offer())
    expect(peer.sent('fetch')).toMatchObject([{ to: 'A', from: 5 }])
  })

  it('that holds only what is here, again and again, makes others come first: a liar that names a far commit is not asked for ever', () => {
    const far: Head = { epoch: last.epoch, index: 9_999, hash: 'ab'.repeat(32) }
    const here = [view2, ...past.slice(0, 3)]
    const peer = new DrivenReplica({ blocks: [genesis, ...here] }).step({ kind: 'tick' }).receive('A', offer())
    let asked = 0
    for (let times = 0; times < 100; times++) {
      peer.after(200).receive('A', answer(here, far))
      asked += peer.sent('fetch').length
    }
    expect(asked).toBe(4)
    // Others are asked meanwhile; and it, too, after a while.
    expect(peer.receive('C', offer()).sent('fetch')).toMatchObject([{ to: 'C' }])
  })

  it('that come late, however many, make their sender wait no longer than one of no use does', () => {
    const here = [view2, ...past.slice(0, 3)]
    const peer = new DrivenReplica({ blocks: [genesis, ...here] }).step({ kind: 'tick' }).receive('A', offer())
    for (let times = 0; times < 20; times++) peer.receive('A', answer(here))
    peer.after(990)
    for (let times = 0; times < 20; times++) peer.receive('A', answer([]))
    expect(peer.receive('A', offer()).sent('fetch')).toEqual([])
    expect(peer.after(10).receive('A', offer()).sent('fetch')).toMatchObject([{ to: 'A', from: 5 }])
    // Those to the next question do so again, and for longer.
    peer.receive('A', answer([])).after(1_990)
    expect(peer.receive('A', offer()).sent('fetch')).toEqual([])
    expect(peer.after(10).receive('A', offer()).sent('fetch')).toMatchObject([{ to: 'A', from: 5 }])
  })

  it('of somebody unknown that adds nothing to what is kept of it is not followed up at once, nor for ever', () => {
    const stranger: Head = { epoch: last.epoch, index: 9_999, hash: 'ab'.repeat(32) }
    const peer = newcomer().receive('D', offer())
    peer.receive('D', answer([view2], stranger))
    expect(peer.sent('fetch')).toMatchObject([{ to: 'D', from: 2 }])
    let asked = 0
    for (let times = 0; times < 100; times++) {
      peer.receive('D', answer([view2], stranger))
      asked += peer.sent('fetch').length
    }
    expect(asked).toBe(0)
    for (let times = 0; times < 100; times++) {
      peer.after(50).receive('D', answer([], stranger))
      asked += peer.sent('fetch').length
    }
    expect(asked).toBeLessThanOrEqual(4)
  })

  it('of somebody unknown is followed as long as its chain gets on: another one’s begins only where it does not', () => {
    const stranger: Head = { epoch: last.epoch, index: 9_999, hash: 'ab'.repeat(32) }
    const peer = newcomer()
      .receive('D', offer())
      .receive('D', answer([view2], stranger))
    peer.after(900).receive('D', answer([view3], stranger))
    expect(peer.sent('fetch')).toMatchObject([{ to: 'D', from: 3 }])
    expect(peer.after(1_000).receive('E', offer()).sent('fetch')).toEqual([])
    expect(peer.receive('D', offer()).sent('fetch')).toMatchObject([{ to: 'D', from: 3 }])
    expect(peer.after(200).receive('E', offer()).sent('fetch')).toMatchObject([{ to: 'E', from: 1 }])
  })

  it('of somebody unknown that comes late takes nothing from the chain that is followed', () => {
    const stranger: Head = { epoch: last.epoch, index: 9_999, hash: 'ab'.repeat(32) }
    const peer = newcomer().receive('E', offer()).after(500).receive('D', offer())
    peer.receive('D', answer([view2, view3], stranger)).receive('E', answer([view2], stranger))
    expect(peer.sent('fetch')).toEqual([])
    expect(peer.after(200).receive('D', offer()).sent('fetch')).toMatchObject([{ to: 'D', from: 3 }])
  })

  it('of somebody unknown that is asked for just now is not asked for again, whatever its sender offers', () => {
    const stranger: Head = { epoch: last.epoch, index: 9_999, hash: 'ab'.repeat(32) }
    const peer = newcomer().after(5_000).receive('D', offer())
    expect(peer.receive('D', answer([view2], stranger)).sent('fetch')).toMatchObject([{ to: 'D', from: 2 }])
    expect(peer.after(199).receive('D', offer()).sent('fetch')).toEqual([])
    expect(peer.after(1).receive('D', offer()).sent('fetch')).toMatchObject([{ to: 'D', from: 2 }])
  })

  it('of somebody unknown is kept beside the next one’s where it got on no more, and goes on when more of it comes', () => {
    const stranger: Head = { epoch: last.epoch, index: 9_999, hash: 'ab'.repeat(32) }
    const peer = newcomer()
      .receive('D', offer())
      .receive('D', answer([view2, view3], stranger))
    peer
      .after(1_001)
      .receive('E', offer())
      .receive('E', answer([view2], stranger))
    expect(peer.receive('D', answer([at(3)], stranger)).sent('fetch')).toMatchObject([{ to: 'D', from: 4 }])
  })

  it('of somebody unknown that gets on is kept beside the next one’s, and not a longer one that does not', () => {
    const stranger: Head = { epoch: last.epoch, index: 9_999, hash: 'ab'.repeat(32) }
    const peer = newcomer()
      .receive('D', offer())
      .receive('D', answer([view2, ...past.slice(0, 5)], stranger))
    peer
      .after(1_001)
      .receive('E', offer())
      .receive('E', answer([view2], stranger))
    for (const block of past.slice(0, 4)) peer.after(800).receive('E', answer([block], stranger))
    peer.receive('F', offer()).receive('F', answer([view2], stranger))
    expect(peer.sent('fetch')).toMatchObject([{ to: 'F', from: 2 }])
    expect(peer.receive('E', answer([at(6)], stranger)).sent('fetch')).toMatchObject([{ to: 'E', from: 7 }])
  })

  it('that is overtaken once more after the commit has moved is nobody’s fault', () => {
    const far: Head = { epoch: last.epoch, index: 9_999, hash: 'ab'.repeat(32) }
    const peer = behind().receive('A', offer())
    for (let count = 1; count <= 5; count++) {
      for (let times = 0; times < 4; times++) peer.after(200).receive('A', answer([view2, ...past.slice(0, count)], far))
      expect(peer.view.commit.index).toBe(count + 1)
      expect(peer.sent('fetch').length).toBe(1)
    }
  })

  it('of nothing makes others come first, for longer each time', () => {
    const peer = behind().receive('A', offer()).receive('A', answer([]))
    peer.after(999).receive('A', offer())
    expect(peer.sent('fetch')).toEqual([])
    peer.after(1).receive('A', offer())
    expect(peer.sent('fetch').length).toBe(1)
    peer.receive('A', answer([])).after(1_999).receive('A', offer())
    expect(peer.sent('fetch')).toEqual([])
    peer.after(1).receive('A', offer())
    expect(peer.sent('fetch').length).toBe(1)
  })

  it('of use makes good for those of nothing before', () => {
    const peer = behind().receive('A', offer()).receive('A', answer([])).after(1_000).receive('A', offer())
    peer.receive('A', answer(past.slice(0, 2))).receive('A', answer([]))
    peer.after(999).receive('A', offer())
    expect(peer.sent('fetch')).toEqual([])
    peer.after(1).receive('A', offer())
    expect(peer.sent('fetch').length).toBe(1)
  })

  it('that does not come makes others come first, too', () => {
    const peer = behind().receive('A', offer()).after(1_001).receive('C', offer())
    expect(peer.sent('fetch')).toMatchObject([{ to: 'C' }])
    peer.after(300).receive('A', offer())
    expect(peer.sent('fetch')).toEqual([])
    peer.after(800).receive('A', offer())
    expect(peer.sent('fetch')).toMatchObject([{ to: 'A' }])
    const patient = behind().receive('A', offer()).after(1_000).receive('C', offer())
    expect(patient.after(300).receive('A', offer()).sent('fetch').length).toBe(1)
  })

  it('is waited for from the first question on, and by its own sender’s alone', () => {
    const isAskedAgain = (peer: DrivenReplica): boolean => {
      expect(peer.receive('C', offer()).sent('fetch')).toMatchObject([{ to: 'C' }])
      return peer.after(250).receive('A', offer()).sent('fetch').length > 0
    }
    const often = behind()
    for (let times = 0; times < 4; times++) often.receive('A', offer()).after(300)
    expect(isAskedAgain(often)).toBe(false)
    expect(isAskedAgain(behind().after(600).receive('A', offer()).after(300))).toBe(true)
    const overtaken = behind().receive('C', offer()).after(200).receive('A', offer())
    overtaken.receive('C', answer(past.slice(0, 2), headOf(at(3))))
    expect(isAskedAgain(overtaken.after(1_001))).toBe(false)
    const answered = behind()
      .receive('A', offer(at(4)))
      .receive('A', answer(past.slice(0, 3), headOf(at(4))))
    expect(isAskedAgain(answered.after(1_001))).toBe(true)
  })

  it('that nobody asked for is forgiven to whoever turns out to be a member', () => {
    const peer = follower().receive('X', answer([]))
    expect(peer.view.refused.has(id('X'))).toBe(true)
    peer.follow(viewAfter(view3, epochOf(4, 'C'), 'ABCX'), [view3])
    expect(peer.view.refused.has(id('X'))).toBe(false)
  })

  it('that shows a later life of this very peer ends it there', () => {
    const own = opsAfter(view3, ['x'], { author: 'B', incarnation: 2 })
    const peer = behind()
      .receive('A', offer())
      .receive('A', answer([view3, own]))
    expect(peer.stopReason).toMatchObject({ kind: 'own-later-block' })
    expect(peer.notes('caught-up')).toEqual([])
    expect(peer.sent('fetch')).toEqual([])
  })
})

describe('an active peer', () => {
  it('takes no committed blocks of its own epoch or one before: those come by the ring itself', () => {
    const peer = follower()
    peer.receive('A', offer(at(5)))
    expect(peer.sent('fetch')).toEqual([])
    peer.receive('C', { kind: 'blocks', epoch: view3.epoch, blocks: [at(4)], commit: placeOf(view3) })
    expect(peer.sent('fetch')).toMatchObject([{ to: 'C', what: 'tail', from: 3 }])
    peer.receive('C', answer([at(3), at(4), at(5)], headOf(at(5))))
    expect(peer.view.commit.index).toBe(2)
  })

  it('nor those that it asked for while it was behind', () => {
    const peer = behind().receive('C', offer(at(4)))
    expect(peer.sent('fetch')).toMatchObject([{ to: 'C', what: 'committed' }])
    peer.follow(view3, [view2]).receive('C', answer([view3, at(3)], headOf(at(3))))
    expect(peer.view.active).toBe(true)
    expect(peer.view.commit).toEqual(placeOf(view3))
  })

  it('that lags behind its room, which made another epoch, follows it and is active no more', () => {
    const peer = follower()
    peer.receive('A', offer())
    expect(peer.sent('fetch')).toMatchObject([{ to: 'A', what: 'committed', from: 3 }])
    peer.receive('A', answer([at(3)]))
    expect(peer.view.active).toBe(false)
    expect(peer.view.promised).toEqual(last.epoch)
    expect(peer.view.commit.index).toBe(3)
  })
})
