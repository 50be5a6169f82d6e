import { afterEach, describe, expect, it } from 'vitest'
import type { Failure } from '../../src/core/failure.ts'
import type { PeerOptions } from '../../src/peer/context.ts'
import type { JoinTarget, Peer } from '../../src/peer/peer.ts'
import type { Waiting } from '../../src/peer/search.ts'
import type { Block } from '../../src/ring/block.ts'
import { until } from '../support/wait.ts'
import { accept, account, agree, cents, createRig, type Machine, openWith, type Rig } from './rig.ts'
import { verifyLog } from './verify-log.ts'

let rig: Rig = createRig()
afterEach(async () => {
  await rig.end()
  rig = createRig()
})

const founding = { entry: { kind: 'create' } } as const
const joining = { entry: { kind: 'join', room: undefined }, lookMillis: 50 } as const
const anywhere: JoinTarget = { name: undefined, code: undefined, room: undefined, addresses: [] }
const patient = { force: false, deadlineMillis: 20_000 }

/** What a peer says while it waits for its room. */
function listen(): { readonly said: Waiting[]; readonly options: Pick<PeerOptions, 'onWaiting'> } {
  const said: Waiting[] = []
  return { said, options: { onWaiting: (waiting) => said.push(waiting) } }
}

const codeOf = (task: Promise<unknown>): Promise<string> =>
  task.then(
    () => 'done',
    (failure: Failure) => failure.code,
  )

/** Two rooms of one name that do not know of each other, each with history. */
async function twoRooms(): Promise<{
  readonly ana: Peer
  readonly bob: Peer
  readonly machines: readonly [Machine, Machine]
  readonly archived: Block[]
}> {
  const machines = [rig.machine('Ana'), rig.machine('Bob')] as const
  const [a, b] = machines
  rig.hub.cut(a.identity.self, b.identity.self)
  const archived: Block[] = []
  const archive: PeerOptions['archive'] = async (_room, chunks) => {
    for await (const chunk of chunks) archived.push(...chunk)
    return '/archive'
  }
  const [ana, bob] = [await a.start(founding), await b.start({ ...founding, archive })]
  await openWith(ana, 'ana', 10)
  await openWith(bob, 'bob', 20)
  return { ana, bob, machines, archived }
}

describe('a peer whose room code is mistyped', () => {
  it('waits, says whose room is here, and founds nothing', async () => {
    await rig.machine('Ana').start(founding)
    const { said, options } = listen()
    const bob = rig.machine('Bob').start({ code: 'lamb', lookMillis: 50, waitMillis: 500, ...options })
    const failure = await bob.catch((error: Failure) => error)
    expect(failure).toMatchObject({
      code: 'room-not-found',
      message: expect.stringMatching(/the room “test” of Ana is here but has another code/),
    })
    expect(said.at(-1)?.obstacles).toMatchObject([{ kind: 'another-code', founder: 'Ana', size: 1 }])
  })

  it('founds a room beside the other where it is told to, and both say that the other is there', async () => {
    const ana = await rig.machine('Ana').start(founding)
    const bob = await rig.machine('Bob').start({ ...founding, code: 'lamb' })
    for (const [peer, other] of [
      [ana, bob],
      [bob, ana],
    ] as const) {
      const isTold = (): boolean => peer.recentEvents().some((event) => event.kind === 'other-room')
      await until('the other room is news', isTold)
      const { room, name } = other.status()
      expect(peer.status().otherRooms).toMatchObject([
        { id: room.id.slice(0, 16), name: 'test', founder: name, size: 1, founded: room.founded, reason: 'another-code' },
      ])
    }
  })

  it('cannot move to the room of the right code without a start of its own', async () => {
    await rig.machine('Ana').start(founding)
    const bob = await rig.machine('Bob').start({ ...founding, code: 'lamb' })
    expect(await codeOf(bob.join({ ...anywhere, code: 'code' }, patient))).toBe('other-code')
    expect(await codeOf(bob.join({ ...anywhere, name: 'evening' }, patient))).toBe('other-room')
  })
})

describe('a peer that is to join', () => {
  it('waits without founding until its room is there', async () => {
    const { said, options } = listen()
    const starting = rig.machine('Bob').start({ ...joining, ...options })
    await until('it says that nobody is here', () => said.length > 0)
    expect(said[0]?.obstacles).toEqual([{ kind: 'nobody' }])
    const ana = await rig.machine('Ana').start(founding)
    const bob = await starting
    expect(bob.status()).toMatchObject({ entered: 'joined', room: { id: ana.status().room.id } })
    expect(ana.status().entered).toBe('founded')
  })

  it('and another one that is to join tell each other apart from a room', async () => {
    const [first, second] = [listen(), listen()]
    const waits = { ...joining, waitMillis: 1_000 }
    const starts = [
      rig.machine('Ana').start({ ...waits, ...first.options }),
      rig.machine('Bob').start({ ...waits, ...second.options }),
    ]
    expect(await Promise.all(starts.map(codeOf))).toEqual(['room-not-found', 'room-not-found'])
    expect(first.said.at(-1)?.obstacles).toEqual([{ kind: 'waits-too', who: 'Bob' }])
    expect(second.said.at(-1)?.why).toEqual([expect.stringMatching(/^Ana waits for it, too/)])
  })

  it('stops waiting when it is told to, and leaves nothing behind', async () => {
    const search = new AbortController()
    const { said, options } = listen()
    const machine = rig.machine('Bob')
    const starting = codeOf(machine.start({ ...joining, ...options, signal: search.signal }))
    await until('it waits', () => said.length > 0)
    search.abort()
    expect(await starting).toBe('stopping')
    expect(await codeOf(machine.start({ ...joining, waitMillis: 1 }))).toBe('room-not-found')
  })

  it('enters the room whose id it was told, and no other of that name', async () => {
    const { ana, bob } = await twoRooms()
    const room = bob.status().room.id
    const cleo = await rig.machine('Cleo').start({ entry: { kind: 'join', room: room.slice(0, 8) } })
    expect(cleo.status().room.id).toBe(room)
    const { said, options } = listen()
    const dora = rig
      .machine('Dora')
      .start({ ...joining, entry: { kind: 'join', room: '0'.repeat(64) }, waitMillis: 400, ...options })
    expect(await codeOf(dora)).toBe('room-not-found')
    const rooms = said.at(-1)?.obstacles.map((one) => (one.kind === 'another-room' ? one.room : one.kind))
    expect(new Set(rooms)).toEqual(new Set([ana, bob].map((peer) => peer.status().room.id.slice(0, 16))))
  })

  it('leaves the blank room on its disk for the one that it was told, but none with history', async () => {
    const [a, b] = [rig.machine('Ana'), rig.machine('Bob')]
    for (const machine of [a, b]) await (await machine.start(founding)).stop(2_000)
    const ana = await a.start()
    await openWith(ana, 'ana', 1)
    const asked = { entry: { kind: 'join', room: ana.status().room.id } } as const
    const bob = await b.start(asked)
    expect(bob.status()).toMatchObject({ entered: 'joined', room: { id: ana.status().room.id } })
    const cleo = rig.machine('Cleo')
    rig.hub.cut(cleo.identity.self, a.identity.self)
    rig.hub.cut(cleo.identity.self, b.identity.self)
    const alone = await cleo.start(founding)
    await openWith(alone, 'cleo', 1)
    await alone.stop(2_000)
    expect(await codeOf(cleo.start(asked))).toBe('room-has-history')
  })
})

describe('a peer that moves to another room of its name', () => {
  it('does not, where something was done here', async () => {
    const { ana, bob, machines } = await twoRooms()
    rig.hub.heal(machines[0].identity.self, machines[1].identity.self)
    const target = { ...anywhere, room: ana.status().room.id.slice(0, 8) }
    expect(await codeOf(bob.join(target, patient))).toBe('room-has-history')
    await accept(bob, { kind: 'withdraw', account: account('bob'), amount: cents(1) })
    expect(bob.status()).toMatchObject({ role: 'member', entered: 'founded' })
  })

  it('does where it is forced: it leaves the old room in good order, and keeps its log', async () => {
    const { ana, bob, machines, archived } = await twoRooms()
    const old = bob.status().room.id
    const dora = await rig.machine('Dora').start({ entry: { kind: 'join', room: old } })
    await until('two are in it', () => dora.status().role === 'member' && bob.status().members.length === 2)
    rig.hub.heal(machines[0].identity.self, machines[1].identity.self)
    const waiting = bob.submit(
      { request: undefined, operation: { kind: 'withdraw', account: account('bob'), amount: cents(1) } },
      20_000,
    )
    await waiting
    const joined = await bob.join({ ...anywhere, room: ana.status().room.id.slice(0, 8) }, { ...patient, force: true })
    expect(joined).toEqual({ room: ana.status().room.id, archive: '/archive' })
    await until('it is a member there', () => bob.status().role === 'member' && ana.status().members.length === 2)
    await accept(bob, { kind: 'open-account', account: account('bob'), holder: 'Bob' })
    await agree([ana, bob])

    const verified = verifyLog(
      archived.map(({ bytes }) => bytes),
      machines[1].identity.crypto,
    )
    expect(verified).toMatchObject({ ok: true, room: old })
    expect(bob.status()).toMatchObject({ entered: 'joined', trouble: undefined })
    await until('the other goes on alone', () => dora.status().members.length === 1 && dora.status().quorum)
    expect(dora.account(account('bob'))?.available).toBe(19)
  })

  it('does from one that it chose, where nothing was done in it, and leaves no log', async () => {
    const [a, b, c] = [rig.machine('Ana'), rig.machine('Bob'), rig.machine('Cleo')]
    for (const { identity } of [a, b]) rig.hub.cut(identity.self, c.identity.self)
    const [ana, cleo] = [await a.start(founding), await c.start(founding)]
    await openWith(cleo, 'cleo', 1)
    const bob = await b.start({ entry: { kind: 'join', room: ana.status().room.id } })
    await until('two are in it', () => bob.status().role === 'member' && ana.status().members.length === 2)
    expect([ana.hasHistory(), bob.hasHistory()]).toEqual([false, false])
    rig.hub.heal(b.identity.self, c.identity.self)
    const room = cleo.status().room.id
    expect(await bob.join({ ...anywhere, room }, patient)).toEqual({ room, archive: undefined })
    await until('he is a member there', () => bob.status().role === 'member' && cleo.status().members.length === 2)
  })

  it('at its start, keeps the log of the one on its disk, or is refused where it is not told to leave that, or cannot keep it', async () => {
    const { ana, bob, machines } = await twoRooms()
    const old = bob.status().room.id
    await bob.stop(600_000)
    const [a, b] = machines
    rig.hub.heal(a.identity.self, b.identity.self)
    const { id } = ana.status().room
    const archived: Block[] = []
    const archive: PeerOptions['archive'] = async (_room, chunks) => {
      for await (const chunk of chunks) archived.push(...chunk)
      return '/archive'
    }
    const entry = { kind: 'join', room: id } as const
    for (const options of [{}, { archive }, { leavesHistory: true }])
      expect(await codeOf(b.start({ entry, ...options }))).toBe('room-has-history')
    expect(archived).toEqual([])
    const again = await b.start({ entry, leavesHistory: true, archive })
    expect(again.status()).toMatchObject({ room: { id }, entered: 'joined' })
    const verified = verifyLog(
      archived.map(({ bytes }) => bytes),
      b.identity.crypto,
    )
    expect(verified).toMatchObject({ ok: true, room: old })
  })

  it('while it moves already looks only then: the room that it leaves is not where it is', async () => {
    const bob = await rig.machine('Bob').start(founding)
    const old = bob.status().room.id
    const moving = bob.refound({ force: true })
    await Promise.resolve()
    const target = { ...anywhere, room: old }
    expect(await codeOf(bob.join(target, { force: true, deadlineMillis: 50 }))).toBe('room-not-found')
    expect((await moving).room).toBe(bob.status().room.id)
  })

  it('finds nobody there, and stays', async () => {
    const bob = await rig.machine('Bob').start(founding)
    await openWith(bob, 'bob', 20)
    const search = bob.join({ ...anywhere, room: '0'.repeat(8) }, { force: true, deadlineMillis: 50 })
    await expect(search).rejects.toMatchObject({ code: 'room-not-found', message: expect.stringMatching(/nobody was heard/) })
    await accept(bob, { kind: 'withdraw', account: account('bob'), amount: cents(1) })
  })

  it('is there already', async () => {
    const bob = await rig.machine('Bob').start(founding)
    const { id } = bob.status().room
    expect(await bob.join({ ...anywhere, room: id.slice(0, 8) }, patient)).toEqual({ room: id, archive: undefined })
  })
})

describe('a join link', () => {
  it('names room and id, and the code only where it is asked for', async () => {
    const bob = await rig.machine('Bob').start({ ...founding, code: 'old lamp' })
    const { link, room } = bob.status()
    expect(link).toMatch(new RegExp(`^gavelring://join\\?room=test&id=${room.id}`))
    expect(bob.link()).toContain('&code=old%20lamp&')
  })
})
