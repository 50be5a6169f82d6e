import { describe, expect, it } from 'vitest'
import { type Block, headOf } from '../../src/ring/block.ts'
import {
  activeStatus,
  DrivenReplica,
  epochOf,
  follower,
  genesis,
  id,
  opsAfter,
  placeOf,
  statusOf,
  view2,
  view3,
  viewAfter,
} from './harness.ts'

const epoch4 = epochOf(4, 'C')
const x = opsAfter(view3, ['x'])

/** `B` has promised epoch 4 of an initiator, and that is on its disk. */
const promisedTo = (initiator: string): DrivenReplica =>
  follower()
    .receive(initiator, { kind: 'prepare', epoch: epochOf(4, initiator), views: [view3] })
    .persisted()

/** `A` gives it committed blocks. */
function catchUp(peer: DrivenReplica, blocks: readonly Block[]): void {
  const last = blocks.at(-1) as Block
  peer.receive('A', activeStatus({ commit: placeOf(last) }))
  peer.receive('A', { kind: 'fetched', what: 'committed', blocks, commit: headOf(last), head: headOf(last) })
}

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

  it('whose past turns out to contradict what is committed is not taken over, however much of it came', () => {
    const epoch = epochOf(4, 'C')
    const x = opsAfter(view3, ['x'])
    const y = opsAfter(x, ['y'])
    const z = opsAfter(y, ['z'])
    const other = opsAfter(view3, ['other'])
    const peer = follower()
      .receive('C', { kind: 'prepare', epoch, views: [view3] })
      .persisted()
    const tail = { kind: 'fetched', what: 'tail', commit: headOf(view3), head: headOf(z) } as const
    peer.receive('C', { kind: 'install', epoch, viewBlock: viewAfter(z, epoch, 'BC') })
    peer.receive('C', { ...tail, blocks: [x, y] })
    peer.receive('A', statusOf({ epoch: view3.epoch, promised: view3.epoch, commit: placeOf(other) }))
    peer.receive('A', { kind: 'fetched', what: 'committed', blocks: [other], commit: headOf(other), head: headOf(other) })
    expect(peer.after(150).sent('fetch')).toMatchObject([{ to: 'C', what: 'tail', from: 4 }])
    peer.receive('C', { ...tail, blocks: [z] })
    expect(peer.view.stopped).toBeUndefined()
    expect(peer.view.head).toEqual(headOf(other))
  })

  it('that is told to be active is asked at once for what this peer lacks of it', () => {
    const epoch = epochOf(4, 'C')
    const view4 = viewAfter(opsAfter(view3, ['x']), epoch, 'ABC')
    const peer = follower()
      .receive('C', { kind: 'prepare', epoch, views: [view3] })
      .persisted()
    peer.receive('A', activeStatus({ epoch, commit: placeOf(opsAfter(view3, ['x'])) }))
    expect(peer.sent('fetch')).toMatchObject([{ to: 'A', what: 'committed' }])
    peer.receive('C', { kind: 'activated', epoch, commit: placeOf(view4) })
    expect(peer.sent('fetch')).toMatchObject([{ to: 'C', what: 'committed', from: 3 }])
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

  it('that was outbid before its promise was on disk gets none', () => {
    const peer = follower()
      .receive('A', { kind: 'prepare', epoch: epochOf(4, 'A'), views: [view3] })
      .receive('C', { kind: 'prepare', epoch: epochOf(5, 'C'), views: [view3] })
      .persisted()
    expect(peer.sent('promise')).toMatchObject([{ to: 'C', epoch: epochOf(5, 'C') }])
  })

  it('whose past was on its way is fetched no more once another is promised', () => {
    const peer = promisedTo('C').receive('C', { kind: 'install', epoch: epoch4, viewBlock: viewAfter(x, epoch4, 'BC') })
    expect(peer.sent('fetch').length).toBe(1)
    peer.receive('A', { kind: 'prepare', epoch: epochOf(5, 'A'), views: [view3] })
    expect(peer.during(1_000).sent('fetch')).toEqual([])
  })

  it('whose view is committed already is answered again where it is repeated', () => {
    const peer = follower().receive('A', { kind: 'install', epoch: view3.epoch, viewBlock: view3 })
    expect(peer.sent('installed')).toMatchObject([{ to: 'A', epoch: view3.epoch }])
    expect(peer.view.refused.size).toBe(0)
  })

  it('whose view came by another way while its past was fetched is answered, once that is on disk', () => {
    const view4 = viewAfter(x, epoch4, 'BC')
    const peer = promisedTo('C').receive('C', { kind: 'install', epoch: epoch4, viewBlock: view4 })
    catchUp(peer, [x, view4])
    expect(peer.view.commit).toEqual(placeOf(view4))
    expect(peer.persisted().sent('installed')).toMatchObject([{ to: 'C', epoch: epoch4 }])
  })

  it('whose view would replace what is committed is not installed', () => {
    const peer = promisedTo('C').receive('C', { kind: 'install', epoch: epoch4, viewBlock: viewAfter(x, epoch4, 'BC') })
    const y = opsAfter(x, ['y'])
    catchUp(peer, [x, y])
    expect(peer.view.stopped).toBeUndefined()
    expect(peer.view.head).toEqual(headOf(y))
    expect(peer.persisted().sent('installed')).toEqual([])
  })

  it('whose view was dropped again before it was on disk is not answered', () => {
    const peer = promisedTo('C').receive('C', { kind: 'install', epoch: epoch4, viewBlock: viewAfter(view3, epoch4, 'BC') })
    expect(peer.view.head.index).toBe(3)
    catchUp(peer, [x, opsAfter(x, ['y'])])
    expect(peer.persisted().view.durable).toBe(4)
    expect(peer.sent('installed')).toEqual([])
  })

  it('whose view breaks a rule is refused, and its initiator named', () => {
    const peer = promisedTo('C').receive('C', { kind: 'install', epoch: epoch4, viewBlock: viewAfter(view3, epoch4, 'AB') })
    expect(peer.view.head).toEqual(headOf(view3))
    expect(peer.view.refused.get(id('C'))?.reason).toBe('install: its view lacks its initiator')
  })

  it('is neither installed nor answered after a write that failed', () => {
    const peer = promisedTo('C').step({ kind: 'persist-failed' })
    peer.receive('C', { kind: 'install', epoch: epoch4, viewBlock: viewAfter(view3, epoch4, 'BC') })
    expect(peer.view.head).toEqual(headOf(view3))
  })
})

describe('the past of an epoch', () => {
  const y = opsAfter(x, ['y'])
  const z = opsAfter(y, ['z'])
  const view4 = viewAfter(z, epoch4, 'BC')
  const installing = (): DrivenReplica => promisedTo('C').receive('C', { kind: 'install', epoch: epoch4, viewBlock: view4 })
  const give = (peer: DrivenReplica, ...blocks: readonly Block[]): DrivenReplica =>
    peer.receive('C', { kind: 'fetched', what: 'tail', blocks, commit: headOf(view3), head: headOf(z) })

  it('comes in several frames, each of which is asked for at once', () => {
    const peer = give(installing(), x, y)
    expect(peer.sent('fetch')).toMatchObject([{ to: 'C', what: 'tail', from: 5 }])
    expect(give(peer, z).view.head).toEqual(headOf(view4))
  })

  it('may come twice, or with more than was asked for', () => {
    expect(give(give(installing(), x, y), y, z).view.head).toEqual(headOf(view4))
    expect(give(installing(), view3, x, y, z, opsAfter(z, ['more'])).view.head).toEqual(headOf(view4))
  })

  it('that is not given is not asked for any faster', () => {
    const peer = give(installing())
    expect(peer.sent('fetch')).toEqual([])
    expect(peer.after(150).sent('fetch')).toMatchObject([{ to: 'C', from: 3 }])
  })

  it('that is another one than before is fetched anew, and nobody is named for it', () => {
    const peer = give(give(installing(), x, y), { ...opsAfter(opsAfter(x, ['other']), ['z']) })
    expect(peer.view.refused.size).toBe(0)
    expect(peer.after(150).sent('fetch')).toMatchObject([{ to: 'C', from: 3 }])
    expect(give(peer, x, y, z).view.head).toEqual(headOf(view4))
  })

  it('of which some is committed meanwhile goes on from where it was', () => {
    const peer = give(installing(), x, y)
    catchUp(peer, [x])
    expect(peer.view.commit).toEqual(placeOf(x))
    expect(peer.after(150).sent('fetch')).toMatchObject([{ to: 'C', from: 5 }])
    expect(give(peer, z).view.head).toEqual(headOf(view4))
  })
})

describe('an epoch that begins', () => {
  const view4 = viewAfter(view3, epoch4, 'ABC')
  const token = { kind: 'token', epoch: epoch4, turn: 2, head: headOf(view4), commit: placeOf(view4), blocks: [] } as const

  it('knows of no request of the one before', () => {
    const peer = follower().receive('C', { kind: 'want', epoch: view3.epoch, request: 3 }).follow(view4, [view3])
    peer.receive('A', { ...token, served: [0, 0, 0], wants: [false, false, false] })
    expect(peer.view.holding).toBe(2)
  })

  it('has stood still for no time', () => {
    const isAgreed = (millis: number): boolean => {
      const peer = follower().push('A', [x]).persisted().after(1_400)
      peer.receive('C', { kind: 'prepare', epoch: epoch4, views: [view3] }).persisted()
      peer.receive('C', { kind: 'install', epoch: epoch4, viewBlock: viewAfter(x, epoch4, 'ABC') }).persisted()
      expect(peer.view.active).toBe(true)
      return peer.after(millis).receive('C', { kind: 'pre-vote', attempt: 1, suspect: undefined }).sent('agree').length > 0
    }
    expect(isAgreed(1_500)).toBe(false)
    expect(isAgreed(1_501)).toBe(true)
  })
})

describe('the number of an epoch', () => {
  it('does not go beyond what a block can hold', () => {
    const started = (number: number) =>
      new DrivenReplica({ self: 'A', blocks: [genesis], meta: { promised: epochOf(number, 'A') } })
        .step({ kind: 'tick' })
        .notes('attempt-started')
    expect(started(2 ** 48 - 1)).toEqual([{ epoch: `${2 ** 48}.A`, why: 'alone' }])
    expect(started(2 ** 48)).toEqual([])
  })

  it('that leaps is measured from the highest that was promised, also to a room that was found to have made it', () => {
    const reasonOf = (number: number): string | undefined => {
      const peer = new DrivenReplica().step({ kind: 'tick' })
      const view5 = viewAfter(view2, epochOf(5, 'A'), 'ABC')
      peer.receive('A', statusOf({ commit: placeOf(view5) }))
      peer.receive('A', { kind: 'fetched', what: 'committed', blocks: [view5], commit: headOf(view5), head: headOf(view5) })
      expect(peer.view.promised).toEqual(view5.epoch)
      return peer.receive('C', { kind: 'agree', attempt: 1, promised: epochOf(number, 'C') }).view.refused.get(id('C'))?.reason
    }
    expect(reasonOf(5 + 2 ** 20)).toBeUndefined()
    expect(reasonOf(6 + 2 ** 20)).toBe('agree: its epoch leaps')
  })
})
