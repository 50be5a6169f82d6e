import { afterEach, describe, expect, it } from 'vitest'
import { Failure } from '../../src/core/failure.ts'
import type { Clock } from '../../src/peer/ports.ts'
import { until } from '../support/wait.ts'
import { account, createRig, openWith, type Rig } from './rig.ts'

let rig: Rig = createRig()
afterEach(async () => {
  await rig.end()
  rig = createRig()
})

const founding = { entry: { kind: 'create' } } as const

/** How many timers of this clock are still to go off. */
function countTimers(clock: { at: Clock['at'] }): () => number {
  const waiting = new Set<object>()
  const { at } = clock
  clock.at = (time, task) => {
    const one = {}
    waiting.add(one)
    const cancel = at(time, () => {
      waiting.delete(one)
      task()
    })
    return () => {
      waiting.delete(one)
      cancel()
    }
  }
  return () => waiting.size
}

describe('a peer that is told to stop', () => {
  it('leaves no timer behind, however long it might have taken: its process can end', async () => {
    const [a, b] = [rig.machine('Ana'), rig.machine('Bob')]
    const timers = [a, b].map(({ clock }) => countTimers(clock))
    const peers = [await a.start(founding), await b.start()]
    await until('both are members', () => peers.every((peer) => peer.status().members.length === 2 && peer.status().quorum))
    for (const [at, peer] of peers.entries()) {
      const stopping = peer.stop(600_000)
      expect(peer.status().role).toBe('leaving')
      await expect(peer.refound({ force: true })).rejects.toMatchObject({ code: 'stopping' })
      await stopping
      expect([await peer.stopped, timers[at]?.()]).toEqual(['left the room', 0])
    }
  })

  it('leaves none behind either while somebody looks at its ring', async () => {
    const machine = rig.machine('Ana')
    const timers = countTimers(machine.clock)
    const peer = await machine.start(founding)
    const before = timers()
    peer.watchRing(() => {})
    expect(timers()).toBeGreaterThan(before)
    await peer.stop(600_000)
    expect(timers()).toBe(0)
  })

  it.each([
    ['what is left but for a second', 100_000, 99_000],
    ['half its time, where that is more', 777, 388.5],
  ])('gives the others %s to let it go', async (_what, deadline, most) => {
    const machine = rig.machine('Ana')
    const peer = await machine.start(founding)
    const begin = machine.clock.monotonic()
    const ends: number[] = []
    const { at } = machine.clock
    machine.clock.at = (time, task) => {
      ends.push(time)
      return at(time, task)
    }
    await peer.stop(deadline)
    const end = machine.clock.monotonic()
    // When it set that timer is not known to the millisecond: some time between these two.
    expect(ends.some((time) => time >= begin + most && time <= end + most)).toBe(true)
  })

  it('is gone only when the others have gone on without it, so that they keep their quorum', async () => {
    const ana = await rig.machine('Ana').start(founding)
    const bob = await rig.machine('Bob').start()
    await until('both are members', () => [ana, bob].every((peer) => peer.status().members.length === 2 && peer.status().quorum))
    await ana.stop(600_000)
    expect(bob.status()).toMatchObject({ members: [bob.status().self], quorum: true })
  })

  it('in the midst of a move to another room comes there first, and leaves that', async () => {
    const machine = rig.machine('Ana')
    const timers = countTimers(machine.clock)
    const peer = await machine.start(founding)
    const before = peer.status().room.id
    const moving = peer.refound({ force: true })
    await Promise.resolve()
    await peer.stop(600_000)
    expect([await peer.stopped, timers()]).toEqual(['left the room', 0])
    const { room: after } = await moving
    expect(after).not.toBe(before)
    expect((await machine.start()).status().room.id).toBe(after)
  })

  it('does so once, however often it is told', async () => {
    const peer = await rig.machine('Ana').start(founding)
    await Promise.all([peer.stop(600_000), peer.stop(600_000)])
    await peer.stop(600_000)
    expect(await peer.stopped).toBe('left the room')
  })

  it('once more waits for nobody that is to let it go', async () => {
    const machine = rig.machine('Ana')
    const ana = await machine.start(founding)
    const bob = await rig.machine('Bob').start()
    await until('both are members', () => [ana, bob].every((peer) => peer.status().members.length === 2 && peer.status().quorum))
    // Nobody is left to answer, and that is not known yet.
    await machine.crash()
    const first = bob.stop(600_000)
    expect(bob.status()).toMatchObject({ role: 'leaving', quorum: true })
    await Promise.all([first, bob.stop(600_000)])
    expect(bob.status().role).toBe('stopped')
  })

  it('is gone once its disk is closed, and with a disk that hangs once its time is over', async () => {
    const machine = rig.machine('Ana')
    const peer = await machine.start(founding)
    const { store } = machine
    const close = store.close.bind(store)
    const done: string[] = []
    store.close = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      await close()
      done.push('closed')
    }
    await peer.stop(600_000)
    expect(done).toEqual(['closed'])
    const hanging = rig.machine('Bob')
    const stuck = await hanging.start(founding)
    hanging.store.close = () => new Promise(() => undefined)
    await stuck.stop(300)
    expect(stuck.status().role).toBe('stopped')
  })

  it('takes part no more, and says so', async () => {
    const peer = await rig.machine('Ana').start(founding)
    await openWith(peer, 'ana', 10)
    expect(await peer.log(0, 1)).toHaveLength(1)
    await peer.stop(600_000)
    expect(peer.status()).toMatchObject({ role: 'stopped', trouble: 'left the room' })
    const stopping = { code: 'stopping' }
    await expect(peer.log(0, 1)).rejects.toMatchObject(stopping)
    await expect(peer.refound({ force: true })).rejects.toMatchObject(stopping)
    const target = { name: undefined, code: undefined, room: undefined, addresses: [] }
    await expect(peer.join(target, { force: true, deadlineMillis: 600_000 })).rejects.toMatchObject(stopping)
    const deposit = { kind: 'deposit', account: account('ana'), amount: 1 as never } as const
    await expect(peer.submit({ request: undefined, operation: deposit }, 600_000)).rejects.toMatchObject(stopping)
  })
})

it('a peer whose person takes another name has that one', async () => {
  const peer = await rig.machine('Ana').start(founding)
  expect(peer.status().name).toBe('Ana')
  peer.rename('Anna')
  expect([peer.status().name, peer.peers()[0]?.name]).toEqual(['Anna', 'Anna'])
})

describe('the log of a peer', () => {
  it('is given up to a number of bytes, and one block at least', async () => {
    const peer = await rig.machine('Ana').start(founding)
    for (const id of ['ana', 'bob', 'cleo']) await openWith(peer, id, 10)
    const all = await peer.log(0, 100)
    const sizes = all.map(({ bytes }) => bytes.length)
    const indexes = async (from: number, count: number, bytesMax?: number): Promise<readonly number[]> =>
      (await peer.log(from, count, bytesMax)).map(({ index }) => index)
    const three = (sizes[1] ?? 0) + (sizes[2] ?? 0) + (sizes[3] ?? 0)
    expect(await indexes(1, 100, three)).toEqual([1, 2, 3])
    expect(await indexes(1, 100, three - 1)).toEqual([1, 2])
    expect(await indexes(1, 100, 1)).toEqual([1])
    expect(await indexes(1, 2)).toEqual([1, 2])
    expect(await indexes(all.length - 1, 9)).toEqual([all.length - 1])
    expect(await indexes(all.length, 9)).toEqual([])
  })

  it('is known by what became of its operations, and is good from its first block on', async () => {
    const peer = await rig.machine('Ana').start(founding)
    await openWith(peer, 'ana', 10)
    const withdraw = { kind: 'withdraw', account: account('ana'), amount: 11 as never } as const
    const { block: place } = await peer.submit({ request: undefined, operation: withdraw }, 600_000)
    const [block] = await peer.log(place.index, 1)
    expect([...((block && peer.verdicts(block)) ?? [])].map(([, verdict]) => verdict.kind)).toEqual(['refused'])
    const steps: unknown[] = []
    for await (const step of peer.verify()) steps.push(step)
    expect(steps.at(-1)).toMatchObject({ kind: 'result', result: { ok: true } })
  })

  it.each([
    [2, 3],
    [5, 1],
  ])('is checked in pieces between which all else goes on: where a block takes %i ms, of %i', async (millis, blocks) => {
    const machine = rig.machine('Ana')
    const peer = await machine.start(founding)
    for (const id of ['ana', 'bob', 'cleo', 'dan', 'eve']) await openWith(peer, id, 10)
    const { monotonic, soon } = machine.clock
    // Whole, so that sums and differences are exact.
    let now = Math.ceil(monotonic())
    let pauses = 0
    machine.clock.monotonic = () => now
    machine.clock.soon = (task) => {
      pauses++
      soon(task)
    }
    let steps = 0
    for await (const _ of peer.verify()) {
      steps++
      now += millis
    }
    Object.assign(machine.clock, { monotonic, soon })
    expect(steps).toBeGreaterThan(10)
    expect(pauses).toBe(Math.floor(steps / blocks))
  })

  it('is not held against the one of another room, into which the peer moves meanwhile', async () => {
    const machine = rig.machine('Ana')
    const peer = await machine.start(founding)
    await openWith(peer, 'ana', 10)
    const { store } = machine
    const reads = Promise.withResolvers<void>()
    const goesOn = Promise.withResolvers<void>()
    const { read } = store
    store.read = async (...range) => {
      store.read = read
      const rows = await read.apply(store, range)
      reads.resolve()
      await goesOn.promise
      return rows
    }
    const verified = (async () => {
      for await (const step of peer.verify()) if (step.kind === 'result') return step.result
      return undefined
    })()
    await reads.promise
    await peer.refound({ force: true })
    goesOn.resolve()
    await expect(verified).rejects.toMatchObject({ code: 'stopping' })
  })
})

describe('a peer that a full disk has stopped between two rooms', () => {
  it('says so, and waits for nobody when it is told to stop', async () => {
    const machine = rig.machine('Ana')
    const peer = await machine.start(founding)
    machine.store.failWrites(new Failure('disk-full', 'No space left.'))
    await expect(peer.refound({ force: true })).rejects.toMatchObject({ code: 'disk-full' })
    const why = 'stopped: the room could not be changed: No space left'
    expect(await peer.stopped).toBe(why)
    await peer.stop(600_000)
    expect(peer.status()).toMatchObject({ role: 'stopped', trouble: why, troubleCode: 'disk-full' })
  })
})
