import { describe, expect, it } from 'vitest'
import { DrivenReplica, epochOf, follower, opsAfter, placeOf, statusOf, view2, view3, viewAfter } from './harness.ts'

describe('what depends on the disk', () => {
  it('is a promise: it is told once the batch that holds it is on disk', () => {
    const epoch = epochOf(3, 'A')
    const peer = new DrivenReplica().step({ kind: 'tick' })
    peer.receive('A', { kind: 'prepare', epoch, views: [view2] })
    expect(peer.batches.map(({ meta }) => meta.promised)).toEqual([epoch])
    expect(peer.sent('promise')).toEqual([])
    const id = peer.issued
    peer.persisted(id - 1)
    expect(peer.sent('promise')).toEqual([])
    peer.persisted(id)
    expect(peer.sent('promise')).toMatchObject([{ to: 'A', epoch, head: { index: 1 }, commit: { index: 1 } }])
    peer.persisted(id)
    expect(peer.sent('promise')).toEqual([])
  })

  it('is told at once where it is there already', () => {
    const epoch = epochOf(3, 'A')
    const peer = new DrivenReplica().step({ kind: 'tick' })
    peer.receive('A', { kind: 'prepare', epoch, views: [view2] }).persisted()
    peer.receive('A', { kind: 'prepare', epoch, views: [view2] })
    expect(peer.batches).toEqual([])
    expect(peer.sent('promise').length).toBe(1)
  })

  it('is a view: installed is answered once its block is on disk, and not after a later promise', () => {
    const peer = new DrivenReplica().step({ kind: 'tick' })
    const { epoch } = view3
    peer.receive('A', { kind: 'prepare', epoch, views: [view2] }).persisted()
    peer.receive('A', { kind: 'install', epoch, viewBlock: view3 })
    expect(peer.batches).toMatchObject([{ cutFrom: undefined, blocks: [view3], meta: { head: { index: 2 } } }])
    expect(peer.sent('installed')).toEqual([])
    expect(peer.view.active).toBe(false)
    const first = peer.issued
    peer.receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view2] })
    peer.persisted(first)
    expect(peer.sent('installed')).toEqual([])
    peer.persisted()
    expect(peer.sent('promise')).toMatchObject([{ to: 'C', head: { index: 2 } }])
  })

  it('is a report of blocks: up to the batch that is on disk, and no further', () => {
    const peer = follower()
    const one = opsAfter(view3, ['x'])
    const two = opsAfter(one, ['y'])
    peer.push('A', [one])
    const first = peer.issued
    expect(peer.batches).toMatchObject([{ cutFrom: undefined, blocks: [one] }])
    peer.push('A', [two])
    expect(peer.batches).toMatchObject([{ blocks: [two] }])
    expect(peer.view.durable).toBe(2)
    peer.persisted(first)
    expect(peer.view.durable).toBe(3)
    expect(peer.sent('durable')).toMatchObject([{ to: 'A', durable: placeOf(one) }])
    peer.persisted()
    expect(peer.sent('durable')).toMatchObject([{ to: 'A', durable: placeOf(two) }])
  })
})

describe('batches', () => {
  it('are numbered without a gap, and there is none where nothing changed', () => {
    const peer = follower()
    const before = peer.issued
    peer.after(1)
    expect(peer.batches).toEqual([])
    peer.push('A', [opsAfter(view3, ['x'])])
    expect(peer.issued).toBe(before + 1)
  })

  it('cut the log where another one takes its place, and hold it from there on', () => {
    const peer = follower()
    const dropped = opsAfter(view3, ['x'])
    peer.push('A', [dropped]).persisted()
    const epoch = epochOf(4, 'C')
    peer.receive('C', { kind: 'prepare', epoch, views: [view3] }).persisted()
    const viewBlock = viewAfter(view3, epoch, 'CB')
    peer.receive('C', { kind: 'install', epoch, viewBlock })
    expect(peer.batches).toMatchObject([{ cutFrom: 3, blocks: [viewBlock], meta: { head: { index: 3, hash: viewBlock.hash } } }])
    expect(peer.notes('tail-dropped')).toEqual([{ from: 3 }])
    peer.persisted()
    expect(peer.sent('installed')).toMatchObject([{ to: 'C', epoch }])
    expect(peer.view.installed).toEqual(epoch)
  })

  it('that were under way when the log was cut vouch for nothing beyond the cut', () => {
    const peer = follower()
    const one = opsAfter(view3, ['x'])
    const two = opsAfter(one, ['y'])
    peer.push('A', [one, two])
    const old = peer.issued
    const epoch = epochOf(4, 'C')
    peer.receive('C', { kind: 'prepare', epoch, views: [view3] })
    // As long as this one, so that nothing but the batch tells them apart.
    const past = opsAfter(view3, ['z'])
    const viewBlock = viewAfter(past, epoch, 'CB')
    peer.receive('C', { kind: 'install', epoch, viewBlock })
    const [ask] = peer.sent('fetch')
    expect(ask).toMatchObject({ to: 'C', what: 'tail', from: 3 })
    const head = { epoch, index: 4, hash: viewBlock.hash }
    const commit = { ...placeOf(view3), epoch: view3.epoch }
    peer.receive('C', { kind: 'fetched', what: 'tail', blocks: [past], commit, head })
    expect(peer.view.head.hash).toBe(viewBlock.hash)
    peer.persisted(old)
    expect(peer.view.durable).toBe(2)
    expect(peer.view.installed).toEqual(view3.epoch)
    expect(peer.sent('installed')).toEqual([])
    peer.persisted()
    expect(peer.view.durable).toBe(4)
    expect(peer.sent('installed')).toMatchObject([{ to: 'C', epoch }])
  })

  it('carry the commit: of its own only once nothing else has brought one for a while', () => {
    const peer = follower()
    const one = opsAfter(view3, ['x'])
    peer.push('A', [one]).persisted()
    peer.reports('A', placeOf(one))
    expect(peer.view.commit.index).toBe(3)
    expect(peer.batches).toEqual([])
    peer.after(99)
    expect(peer.batches).toEqual([])
    peer.after(2)
    expect(peer.batches).toMatchObject([{ cutFrom: undefined, blocks: [], meta: { commit: placeOf(one) } }])
    peer.persisted()
    peer.after(300)
    expect(peer.batches).toEqual([])
  })

  it('wait no longer for a second commit', () => {
    const one = opsAfter(view3, ['x'])
    const two = opsAfter(one, ['y'])
    const peer = follower().push('A', [one, two]).persisted()
    peer.reports('A', placeOf(one)).after(60).reports('A', placeOf(two))
    expect(peer.after(41).batches).toMatchObject([{ meta: { commit: placeOf(two) } }])
  })

  it('of blocks carry it along', () => {
    const peer = follower()
    const one = opsAfter(view3, ['x'])
    peer.push('A', [one]).persisted()
    peer.reports('A', placeOf(one))
    peer.push('A', [opsAfter(one, ['y'])])
    expect(peer.batches).toMatchObject([{ meta: { commit: placeOf(one) } }])
    peer.persisted()
    peer.after(150)
    expect(peer.batches).toEqual([])
  })
})

describe('what is told as on disk is on disk', () => {
  it('the commit in a status is the one of the last batch that is there', () => {
    const peer = follower()
    peer.after(150).persisted()
    const one = opsAfter(view3, ['x'])
    peer.push('A', [one]).persisted()
    peer.reports('A', placeOf(one))
    peer.during(500)
    const [status] = peer.gossiped('status')
    expect(status).toMatchObject({ commit: placeOf(one), persistedCommit: { epoch: view3.epoch, index: 2 } })
    peer.persisted().during(500)
    expect(peer.gossiped('status')[0]).toMatchObject({ persistedCommit: { epoch: view3.epoch, index: 3 } })
  })

  it('a status names a durable index only while its sender is active', () => {
    const peer = follower().during(500)
    expect(peer.gossiped('status')[0]).toMatchObject({ durable: placeOf(view3), active: true, epoch: view3.epoch })
    peer.receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view3] })
    peer.during(500)
    expect(peer.gossiped('status')[0]).toMatchObject({ durable: undefined, active: false, promised: epochOf(4, 'C') })
  })
})

describe('a disk that failed', () => {
  it('ends the part that its peer takes: no promise, no block, no report, and what waited is dropped', () => {
    const peer = follower()
    const one = opsAfter(view3, ['x'])
    peer.push('A', [one])
    const id = peer.issued
    peer.step({ kind: 'persist-failed' })
    expect(peer.view.failed).toBe(true)
    expect(peer.view.active).toBe(false)
    peer.persisted(id)
    expect(peer.sent('durable')).toEqual([])
    expect(peer.view.durable).toBe(2)
    peer.receive('C', { kind: 'prepare', epoch: epochOf(4, 'C'), views: [view3] })
    expect(peer.view.promised).toEqual(view3.epoch)
    expect(peer.outputs.filter(({ kind }) => kind === 'persist' || kind === 'send')).toEqual([])
    peer.push('A', [opsAfter(one, ['y'])])
    expect(peer.view.head.index).toBe(3)
    expect(peer.batches).toEqual([])
  })

  it('while a promise is on its way drops that promise', () => {
    const peer = new DrivenReplica().step({ kind: 'tick' })
    peer.receive('A', { kind: 'prepare', epoch: epochOf(3, 'A'), views: [view2] })
    const id = peer.issued
    peer.step({ kind: 'persist-failed' }).persisted(id)
    expect(peer.sent('promise')).toEqual([])
    peer.during(5_000)
    expect(peer.batches).toEqual([])
    expect(peer.gossiped('request')).toEqual([])
  })

  it('takes nothing over from others', () => {
    const peer = new DrivenReplica().step({ kind: 'tick' })
    peer.step({ kind: 'persist-failed' })
    peer.receive('A', statusOf({ commit: { index: 9, hash: 'no' }, epoch: epochOf(5, 'A') }))
    const [ask] = peer.sent('fetch')
    expect(ask).toMatchObject({ what: 'committed' })
    const commit = { ...placeOf(view3), epoch: view3.epoch }
    peer.receive('A', { kind: 'fetched', what: 'committed', blocks: [view3], commit, head: commit })
    expect(peer.view.commit.index).toBe(1)
  })
})

describe('a batch that is under way', () => {
  it('vouches for all of it that still stands when a tail is dropped meanwhile', () => {
    const x = opsAfter(view3, ['x'])
    const epoch = epochOf(4, 'A')
    const peer = follower().push('A', [x, opsAfter(x, ['y'])])
    const first = peer.issued
    peer.receive('A', { kind: 'prepare', epoch, views: [view3] })
    peer.receive('A', { kind: 'install', epoch, viewBlock: viewAfter(x, epoch, 'ABC') })
    expect(peer.notes('tail-dropped')).toEqual([{ from: 4 }])
    expect(peer.persisted(first).view.durable).toBe(3)
    expect(peer.persisted().view.durable).toBe(4)
  })

  it('is waited for by all that depends on it, also by what changed nothing itself', () => {
    const epoch = epochOf(4, 'C')
    const prepare = { kind: 'prepare', epoch, views: [view3] } as const
    const peer = follower().receive('C', prepare).receive('C', prepare)
    expect(peer.persisted().sent('promise')).toMatchObject([{ to: 'C' }, { to: 'C' }])
  })
})
