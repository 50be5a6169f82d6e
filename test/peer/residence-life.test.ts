import { describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import { readRememberedAddresses } from '../../src/peer/hearsay.ts'
import type { Store } from '../../src/peer/ports.ts'
import { createMemoryStore, type MemoryStore } from '../support/memory-store.ts'

import { bob, createRig, hello, watched } from './residence-rig.ts'

it('a peer looks around once a second', async () => {
  const rig = createRig({ entry: { kind: 'create' } })
  await rig.residence.open()
  const before = rig.hellos.length
  await rig.pass(10_500)
  expect(rig.hellos.length - before).toBe(10)
  await rig.residence.close()
})

describe('where others are', () => {
  const withPeers = (changes: Partial<Store>, store: MemoryStore) => {
    const rig = createRig({ entry: { kind: 'create' } }, changes, store)
    rig.peers.push({ peer: bob, addresses: ['/ip4/10.0.0.2/tcp/4001'] })
    return rig
  }

  it('is kept while the peer runs', async () => {
    const store = createMemoryStore()
    const rig = withPeers({}, store)
    await rig.residence.open()
    await rig.pass(1_500)
    expect(await readRememberedAddresses(store)).toEqual(['/ip4/10.0.0.2/tcp/4001'])
    await rig.residence.close()
  })

  it('is kept as it stops; nothing is left of it then', async () => {
    const store = createMemoryStore()
    const rig = createRig({ entry: { kind: 'create' } }, {}, store)
    await rig.residence.open()
    const { proposals } = rig.residence.session
    rig.peers.push({ peer: bob, addresses: ['/ip4/10.0.0.2/tcp/4001'] })
    await rig.residence.close()
    await store.open()
    expect(await readRememberedAddresses(store)).toEqual(['/ip4/10.0.0.2/tcp/4001'])
    expect(rig.timers()).toBe(0)
    const submitted = proposals.submit({ request: undefined, operation: { kind: 'void' } }, 1_000)
    await expect(submitted).rejects.toMatchObject({ code: 'stopping' })
  })

  it('is forgotten by a disk that fails, and nothing else', async () => {
    const store = createMemoryStore()
    const rig = withPeers({ writeValue: () => Promise.reject(new Failure('disk-full', 'No space left.')) }, store)
    await rig.residence.open()
    await rig.pass(1_500)
    expect(rig.logged).toContain('addresses-unkept')
    await rig.residence.close()
    expect(rig.calls.at(-1)).toBe('stop')
  })
})

it('a peer that has settled down neither joins nor goes on from its room', async () => {
  const rig = createRig({ entry: { kind: 'create' } })
  await rig.residence.open()
  const { session } = rig.residence
  rig.residence.settleDown()
  const target = { name: undefined, code: undefined, room: session.room as string, addresses: [] }
  const stopping = { code: 'stopping' }
  await expect(rig.residence.join(target, { force: true, deadlineMillis: 1_000 })).rejects.toMatchObject(stopping)
  await expect(rig.residence.refound(true)).rejects.toMatchObject(stopping)
  expect(rig.residence.session).toBe(session)
  await rig.residence.close()
})

it('a copy that stops waits a second for its word to leave before its network closes', async () => {
  const rig = createRig({ entry: { kind: 'create' } })
  await rig.residence.open()
  await rig.pass(100)
  const { room, view } = rig.residence.session
  rig.events().onConnected(bob, hello({ id: room }))
  rig.hang()
  const { incarnation } = view
  rig.context.tell({ kind: 'stopped', reason: { kind: 'own-later-block', which: 'twin', index: 7, incarnation } })
  const state = watched(rig.residence.close())
  await rig.pass(900)
  expect([state(), rig.calls.includes('stop')]).toEqual(['under way', false])
  await rig.pass(200)
  expect([state(), rig.calls.at(-1)]).toEqual(['done', 'stop'])
})
