import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readApiAddress } from '../../src/api/api-files.ts'
import { connectApi } from '../../src/api/client.ts'
import { parseRoomTarget } from '../../src/api/rooms.ts'
import type { EventView } from '../../src/api/views.ts'
import { readPeerConfig } from '../../src/app/config.ts'
import type { Environment, Flags } from '../../src/app/flags.ts'
import { roomFolder } from '../../src/app/room-folder.ts'
import { type RunningSeat, startSeat } from '../../src/app/start.ts'
import type { RoomId } from '../../src/core/ids.ts'
import { openProfile } from '../../src/io/profile.ts'
import { collect as collectAll } from '../support/collect.ts'
import { writeLongLog } from '../support/long-log.ts'
import { until } from '../support/wait.ts'

// Real seats on loopback, which find each other by link and address.

function makeProfile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-seat-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

const profiles = new WeakMap<RunningSeat, string>()
const profileOf = (running: RunningSeat): string => profiles.get(running) ?? ''

async function start(profile: string, flags: Flags, env: Environment = {}): Promise<RunningSeat> {
  const config = readPeerConfig({ profile, 'no-mdns': true, listen: ['127.0.0.1:0'], http: 'off', ...flags }, env)
  if (!config.ok) throw new Error(config.error.message)
  const running = await startSeat(config.value, { onProgress: () => {}, write: () => {} })
  onTestFinished(() => running.stop(5_000))
  profiles.set(running, profile)
  return running
}

/** In no room at first. */
const visitor = (name = 'Bob', profile = makeProfile()): Promise<RunningSeat> => start(profile, { name, last: true })

async function host(name: string, room: string, code = ''): Promise<RunningSeat & { link: string }> {
  const running = await start(makeProfile(), { name, room, create: true, code })
  const peer = await running.entered
  return { ...running, link: peer?.link() ?? '' }
}

function joining({ seat }: RunningSeat, to: string, code?: string, options: { force?: boolean; deadlineMillis?: number } = {}) {
  const target = parseRoomTarget(to)
  if (!target.ok) throw new Error(target.error.message)
  return seat.join({ ...target.value, code: target.value.code ?? code }, { force: false, deadlineMillis: 20_000, ...options })
}

const codeOf = (task: Promise<unknown>): Promise<string> =>
  task.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  )
const roomOf = ({ seat }: RunningSeat): string | undefined => seat.rooms().room?.name
const isMember = ({ seat }: RunningSeat): boolean => seat.peer?.status().role === 'member'

describe('a log that is to be fetched anew', () => {
  test('by a variable of a service is so once, until a start without it; by the command line at each start', async () => {
    const ana = await host('Ana', 'evening')
    const profile = makeProfile()
    const putAside = async (flags: Flags, env: Environment = {}): Promise<number> => {
      const bob = await start(profile, { name: 'Bob', room: 'evening', bootstrap: [ana.link], ...flags }, env)
      await bob.entered
      await bob.stop(5_000)
      return readdirSync(join(profile, 'rooms')).filter((name) => /\.old(-\d+)?$/.test(name)).length
    }
    const service = { GAVELRING_REFETCH: 'true' }
    const counts = [await putAside({}), await putAside({}, service), await putAside({}, service), await putAside({}, service)]
    counts.push(await putAside({ refetch: true }), await putAside({ refetch: true }))
    counts.push(await putAside({}), await putAside({}, service), await putAside({}, service))
    expect(counts).toEqual([0, 1, 1, 1, 2, 3, 3, 4, 4])
  }, 60_000)
})

describe('a seat', () => {
  test('is in no room at first, and answers all the same; then it founds one, whose code was made for it', async () => {
    const bob = await visitor()
    expect(await bob.entered).toBeUndefined()
    expect(bob.seat.rooms()).toEqual({
      ...{ self: expect.stringMatching(/^12D3/), name: 'Bob', state: 'none', inSight: [], looking: [], known: [] },
    })
    const made = await bob.seat.create({ name: 'evening', code: 'new', currency: 'BRL', deposits: 'host' })
    expect(made.code.length).toBeGreaterThan(8)
    expect(parseRoomTarget(made.link)).toMatchObject({ value: { name: 'evening', code: made.code, room: made.room } })
    expect(bob.seat.peer?.status()).toMatchObject({ room: { name: 'evening', rules: { currency: 'BRL', deposits: 'host' } } })
    expect(bob.seat.rooms()).toMatchObject({
      ...{ state: 'in', room: { name: 'evening', id: made.room }, known: [{ name: 'evening', id: made.room }] },
      inSight: [
        { name: 'evening', id: made.room.slice(0, 16), isHere: true, founder: 'Bob', size: 1, hasCode: true, people: ['Bob'] },
      ],
    })
    expect(await codeOf(bob.seat.create({ name: 'evening', code: '', currency: 'EUR', deposits: 'open' }))).toBe('room-known')
    expect(roomOf(bob), 'it stays where it is').toBe('evening')
  })

  test('goes from room to room by link, leaves each in good order, and its listeners stay', async () => {
    const [ana, cleo] = [await host('Ana', 'evening', 'lamp'), await host('Cleo', 'noon')]
    const bob = await start(makeProfile(), { name: 'Bob', last: true, http: '127.0.0.1:0' })
    const client = await connectApi(readApiAddress(profileOf(bob)) ?? { url: '', token: '' })
    onTestFinished(() => client.close())
    const places: string[] = []
    bob.seat.onChange(() => places.push(bob.seat.rooms().state))
    await joining(bob, ana.link)
    await until('Bob is a member', () => isMember(bob))
    const heard: EventView[] = []
    void collect(await client.api.events({}), heard)
    await client.api.accounts.open({ account: 'bob', holder: 'Bob' })
    expect(await joining(bob, ana.link), 'it is there already').toMatchObject({ room: ana.seat.peer?.status().room.id })

    await joining(bob, cleo.link)
    await until('Bob is a member', () => isMember(bob))
    await until('he has left', () => ana.seat.peer?.status().members.length === 1)
    await client.api.accounts.open({ account: 'robert', holder: 'Bob' })
    const opened = (account: string) =>
      heard.findIndex((one) => one.kind === 'market' && 'account' in one.event && one.event.account === account)
    await until('the stream goes on in the other room', () => opened('robert') >= 0)
    expect(
      heard.slice(opened('bob'), opened('robert')).some(({ kind }) => kind === 'gap'),
      'behind a gap',
    ).toBe(true)
    expect(places.filter((state, i) => state !== places[i - 1])).toEqual(['entering', 'in', 'entering', 'in'])

    expect(await bob.seat.leave({ stay: true })).toBe(cleo.seat.peer?.status().room.id)
    expect([bob.seat.rooms().state, await codeOf(client.api.status())]).toEqual(['none', 'no-room'])
    await until('he has left', () => cleo.seat.peer?.status().members.length === 1)
    await joining(bob, 'evening')
    await until('the code is known from before', () => isMember(bob))
    expect(bob.seat.peer?.accounts().map(({ id }) => id)).toEqual(['bob'])
  })

  test('with a wrong code it does not leave the room that it is in, and says by name which code it is', async () => {
    const [ana, cleo] = [await host('Ana', 'evening', 'lamp'), await host('Cleo', 'noon')]
    const bob = await visitor()
    const wrong = ana.link.replace('code=lamp', 'code=lamb')
    expect(await codeOf(joining(bob, wrong))).toBe('other-code')
    expect(bob.seat.rooms()).toMatchObject({
      state: 'none',
      failed: { code: 'other-code', text: 'The room “evening” has another code.' },
    })
    await joining(bob, cleo.link)
    expect(bob.seat.rooms().failed).toBeUndefined()
    const { peer } = bob.seat
    expect(await codeOf(joining(bob, wrong))).toBe('other-code')
    expect(await codeOf(joining(bob, 'gavelring://join?room=nowhere&at=127.0.0.1:1', undefined))).toBe('room-not-found')
    expect(bob.seat.peer).toBe(peer)
  })

  test('that does not come into the other room comes back to the one that it has left', async () => {
    const [ana, cleo] = [await host('Ana', 'evening'), await host('Cleo', 'noon')]
    const bob = await visitor()
    await joining(bob, cleo.link)
    // Somebody answers there, but is in no such room.
    const gone = ana.link.replace(/id=[0-9a-f]{64}/, `id=${'0'.repeat(64)}`)
    expect(await codeOf(joining(bob, gone, undefined, { deadlineMillis: 3_000 }))).toBe('room-not-found')
    await until('he is back', () => roomOf(bob) === 'noon' && bob.seat.rooms().state === 'in')
    const told = { code: 'room-not-found', text: expect.stringContaining('“evening”'), room: 'evening' }
    expect(bob.seat.rooms().failed).toMatchObject(told)

    const waiting = codeOf(joining(bob, gone, undefined, { deadlineMillis: 600_000 }))
    await until('he is on his way', () => bob.seat.rooms().state === 'entering')
    await bob.seat.cancel()
    expect(await waiting).toBe('called-off')
    await until('he is back', () => roomOf(bob) === 'noon' && bob.seat.rooms().state === 'in')
    expect(bob.seat.rooms().failed).toBeUndefined()
  })

  test('says for whom it waits, and is called off', async () => {
    const bob = await visitor()
    const waiting = codeOf(joining(bob, 'evening', undefined, { deadlineMillis: 600_000 }))
    await until('it says why', () => (bob.seat.rooms().waiting?.why.length ?? 0) > 0)
    expect(bob.seat.rooms()).toMatchObject({ state: 'entering', room: { name: 'evening' } })
    await bob.seat.cancel()
    expect([await waiting, bob.seat.rooms().state, bob.seat.rooms().failed]).toEqual(['called-off', 'none', undefined])
    await bob.seat.create({ name: 'evening', code: '', currency: 'EUR', deposits: 'open' })
    expect(roomOf(bob), 'what only was looked for is no room that is kept').toBe('evening')
    const { room: known } = await bob.seat.refound({ force: true })
    expect(bob.seat.rooms().known[0]).toEqual({ id: known, name: 'evening' })
  })

  test('the newest wish counts: each calls off the one before', async () => {
    const ana = await host('Ana', 'evening')
    const bob = await visitor()
    const wishes = ['one', 'two', 'three'].map((name) => codeOf(joining(bob, name)))
    const last = joining(bob, ana.link)
    expect(await Promise.all(wishes)).toEqual(['called-off', 'called-off', 'called-off'])
    await last
    expect(roomOf(bob)).toBe('evening')
  })

  test('goes back to its last room, under the name that it took; left for none it stays in none', async () => {
    const ana = await host('Ana', 'evening', 'lamp')
    const profile = makeProfile()
    const bob = await visitor('Bob', profile)
    await joining(bob, ana.link)
    await bob.seat.rename('Bobby')
    await until('Ana knows', () => ana.seat.peer?.peers().some(({ name }) => name === 'Bobby') === true)
    expect(bob.seat.peer?.status().name).toBe('Bobby')
    await bob.stop(5_000)

    const again = await start(profile, { last: true })
    expect((await again.entered)?.status()).toMatchObject({ name: 'Bobby', room: { name: 'evening', hasCode: true } })
    await again.seat.leave({ stay: true })
    await again.stop(5_000)
    const out = await start(profile, { last: true })
    expect([await out.entered, out.seat.rooms().state]).toEqual([undefined, 'none'])
    expect(out.seat.rooms().known).toMatchObject([{ name: 'evening' }])
  })

  test('keeps the log of a room whose name another one takes, where it is told to', async () => {
    const [ana, cleo] = [await host('Ana', 'evening', 'lamp'), await host('Cleo', 'evening', 'other')]
    const bob = await visitor()
    await joining(bob, ana.link)
    await until('Bob is a member', () => isMember(bob))
    await bob.seat.peer?.submit(
      { request: undefined, operation: { kind: 'open-account', account: 'bob' as never, holder: 'Bob' } },
      10_000,
    )
    expect(await codeOf(joining(bob, cleo.link))).toBe('room-has-history')
    expect(roomOf(bob)).toBe('evening')
    const { archive } = await joining(bob, cleo.link, undefined, { force: true })
    expect(archive !== undefined && existsSync(archive)).toBe(true)
    expect(bob.seat.peer?.status().room.id).toBe(cleo.seat.peer?.status().room.id)
  })

  test('goes from one room to another of its name where nothing was done, however it came into it', async () => {
    // Blank rooms of one code would become one by themselves.
    const codes = ['lamp', 'lamb', 'lime'] as const
    const [ana, cleo, dora] = [
      await host('Ana', 'evening', codes[0]),
      await host('Cleo', 'evening', codes[1]),
      await host('Dora', 'evening', codes[2]),
    ]
    const profile = makeProfile()
    const bob = await visitor('Bob', profile)
    const goesTo = async (seat: RunningSeat, { seat: there, link }: typeof ana) => {
      const room = there.peer?.status().room.id
      expect(await joining(seat, link)).toEqual({ room, archive: undefined })
      await until('he is a member', () => isMember(seat))
      expect([seat.seat.peer?.status().room.id, seat.seat.peer?.hasHistory()]).toEqual([room, false])
    }
    await bob.seat.create({ name: 'evening', code: '', currency: 'EUR', deposits: 'open' })
    await goesTo(bob, ana)
    await goesTo(bob, cleo)
    await goesTo(bob, dora)
    await goesTo(bob, ana)
    await bob.stop(5_000)
    const again = await start(profile, { last: true })
    await again.entered
    await goesTo(again, cleo)
    const { room: refounded } = await again.seat.refound({ force: true })
    expect(again.seat.peer?.status().room.id).toBe(refounded)
    await goesTo(again, dora)
  })

  test('kept out by a damaged log it names its room, and reads what is whole there, changing nothing; in a room there is no such log', async () => {
    const profile = makeProfile()
    await writeLongLog(profile, 'noon', 2_500)
    const folder = roomFolder(profile, 'noon')
    // In the last of the batches in which it was written.
    for (const name of readdirSync(folder).filter((one) => one.endsWith('.log'))) {
      const bytes = readFileSync(join(folder, name))
      const at = Math.floor(bytes.length * 0.9)
      bytes[at] = (bytes[at] ?? 0) ^ 4
      writeFileSync(join(folder, name), bytes)
    }
    await (await openProfile(profile)).rememberRoom({ id: 'a'.repeat(64) as RoomId, name: 'noon', code: '' })
    const bob = await start(profile, { name: 'Bob', room: 'evening', create: true })
    await bob.entered
    const readAll = async (signal?: AbortSignal) => {
      const steps = await collectAll(bob.seat.verifyDamaged(signal))
      return { checked: steps.filter(({ kind }) => kind === 'checked').length, last: steps.at(-1) }
    }
    expect(() => bob.seat.verifyDamaged(undefined)).toThrow(expect.objectContaining({ code: 'not-damaged' }))
    await bob.seat.leave({ stay: true })
    expect(() => bob.seat.verifyDamaged(undefined)).toThrow(expect.objectContaining({ code: 'not-damaged' }))

    const before = readdirSync(join(profile, 'rooms'))
    expect(await codeOf(joining(bob, 'noon', undefined, { deadlineMillis: 2_000 }))).toBe('store-damaged')
    const { failed } = bob.seat.rooms()
    const whole = Number(failed?.facts?.index)
    expect(failed).toMatchObject({ code: 'store-damaged', room: 'noon' })
    expect(whole).toBeGreaterThan(10)
    const result = { ok: false, bad: { index: whole, code: 'missing' } }
    expect(await readAll()).toMatchObject({ checked: whole, last: { kind: 'result', result } })
    // Called off before it begins.
    expect(await codeOf(readAll(AbortSignal.abort()))).toBe('called-off')

    // What is under way is read to its end, although the log goes elsewhere meanwhile.
    const steps = bob.seat.verifyDamaged(undefined)
    await steps.next()
    const again = codeOf(joining(bob, 'noon', undefined, { deadlineMillis: 2_000 }))
    await until('he is on his way', () => bob.seat.rooms().state === 'entering')
    expect(() => bob.seat.verifyDamaged(undefined)).toThrow(expect.objectContaining({ code: 'not-damaged' }))
    expect((await collectAll(steps)).filter(({ kind }) => kind === 'checked')).toHaveLength(whole - 1)
    expect(await again).toBe('store-damaged')
    expect(readdirSync(join(profile, 'rooms'))).toEqual(before)

    // Whatever else comes to nothing meanwhile, the log is still what keeps it out, and can be read.
    const calledOff = codeOf(joining(bob, 'noon', undefined, { deadlineMillis: 600_000 }))
    await until('he is on his way', () => bob.seat.rooms().state === 'entering')
    await bob.seat.cancel()
    expect(await calledOff).toBe('called-off')
    expect(await codeOf(joining(bob, 'nowhere', undefined, { deadlineMillis: 1_000 }))).toBe('room-not-found')
    expect(bob.seat.rooms().failed).toEqual(failed)
    expect(await readAll()).toMatchObject({ checked: whole })
  })

  test('puts a list of rooms that cannot be read aside at its start, with a word, and keeps what can be read', async () => {
    const profile = makeProfile()
    const { rememberRoom, readRooms } = await openProfile(profile)
    const [noon, evening] = ['noon', 'evening'].map((name, at) => ({ id: `${at}`.repeat(64) as RoomId, name, code: 'old lamp' }))
    for (const room of [noon, evening]) if (room !== undefined) await rememberRoom(room)
    const list = join(profile, 'rooms.json')
    const damaged = readFileSync(list, 'utf8').replace('"evening"', 'evening')
    writeFileSync(list, damaged)
    const lines: string[] = []
    const config = readPeerConfig(
      { profile, 'no-mdns': true, listen: ['127.0.0.1:0'], http: 'off', room: 'dawn', create: true },
      {},
    )
    if (!config.ok) throw new Error(config.error.message)
    const running = await startSeat(config.value, { onProgress: () => {}, write: (line) => lines.push(line) })
    onTestFinished(() => running.stop(5_000))
    await running.entered
    expect(lines.join('')).toContain(`${list}.unread`)
    expect(readFileSync(`${list}.unread`, 'utf8')).toBe(damaged)
    expect((await readRooms()).map(({ name, code }) => [name, code])).toEqual([
      ['dawn', ''],
      ['noon', 'old lamp'],
    ])
  })

  test('stops when it is left over a door, after the answer, in no room too', async () => {
    const bob = await start(makeProfile(), { last: true, http: '127.0.0.1:0' })
    const client = await connectApi(readApiAddress(profileOf(bob)) ?? { url: '', token: '' })
    expect(await client.api.rooms.leave()).toEqual({})
    expect(await bob.stopped).toMatchObject({ hasLeft: true })
  })
})

async function collect(stream: AsyncIterable<EventView>, into: EventView[]): Promise<void> {
  try {
    for await (const event of stream) into.push(event)
  } catch {
    // The seat has stopped.
  }
}
