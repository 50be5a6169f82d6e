import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { RoomId } from '../../src/core/ids.ts'
import { type LogLevel, logEvents } from '../../src/core/log-events.ts'
import { createClock } from '../../src/io/clock.ts'
import { createEntropy } from '../../src/io/entropy.ts'
import { openLog } from '../../src/io/logger.ts'
import { openProfile } from '../../src/io/profile.ts'
import { until } from '../support/wait.ts'

const root = await mkdtemp(join(tmpdir(), 'gavelring-machine-'))
afterAll(() => rm(root, { recursive: true, force: true }))

describe('the profile folder', () => {
  it.skipIf(process.platform === 'win32')('is made for its owner only', async () => {
    const { folder } = await openProfile(join(root, 'private', 'profile'))
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
  })

  it('remembers the rooms, the latest first', async () => {
    const folder = join(root, 'rooms')
    const [first, second] = ['1', '2'].map((digit) => ({ id: digit.repeat(64) as RoomId, name: `room ${digit}`, code: '' }))
    const profile = await openProfile(folder)
    expect(await profile.readRooms()).toEqual([])
    for (const room of [first, second, first]) if (room !== undefined) await profile.rememberRoom(room)
    expect(await (await openProfile(folder)).readRooms()).toEqual([first, second])
  })

  it('remembers their codes, and so many rooms', async () => {
    const folder = join(root, 'codes')
    const profile = await openProfile(folder)
    const many = Array.from({ length: 40 }, (_, i) => ({
      id: String(i + 10).repeat(32) as RoomId,
      name: 'evening',
      code: `code ${i}`,
    }))
    for (const room of many) await profile.rememberRoom(room)
    expect(await profile.readRooms()).toEqual(many.reverse().slice(0, 32))
    expect((await stat(join(folder, 'rooms.json'))).mode & 0o077).toBe(0)
  })

  it('keeps rooms that an older version remembered, without a code', async () => {
    const profile = await openProfile(join(root, 'older'))
    const room = { id: 'a'.repeat(64), name: 'evening' }
    await writeFile(join(root, 'older', 'rooms.json'), JSON.stringify([room, { ...room, id: 'b'.repeat(64), code: 7 }]))
    expect((await profile.readRooms()).map(({ code }) => code)).toEqual(['', ''])
  })

  it('keeps what the person chose, each for itself', async () => {
    const folder = join(root, 'settings')
    const profile = await openProfile(folder)
    expect(await profile.readSettings()).toEqual({})
    await profile.changeSettings({ name: 'Ana' })
    await profile.changeSettings({ isOut: true })
    expect(await (await openProfile(folder)).readSettings()).toEqual({ name: 'Ana', isOut: true })
    await profile.changeSettings({ isOut: false })
    expect(await profile.readSettings()).toEqual({ name: 'Ana' })
  })

  it.each(['', '[]', 'null', '{"name": 7, "isOut": "yes"}', '{"name": "\u202e"}'])(
    'chose nothing where it cannot be read: %s',
    async (text) => {
      const profile = await openProfile(join(root, 'unread'))
      await writeFile(join(root, 'unread', 'seat.json'), text)
      expect(await profile.readSettings()).toEqual({})
    },
  )

  it.each(['', 'nonsense', '{}', '[1, null, {"id": "x", "name": "y"}]'])(
    'forgets its rooms where their list is damaged: %s',
    async (text) => {
      const profile = await openProfile(join(root, 'damaged'))
      await writeFile(join(root, 'damaged', 'rooms.json'), text)
      expect(await profile.readRooms()).toEqual([])
    },
  )

  it('reads no more of what it keeps than belongs there', async () => {
    const folder = join(root, 'huge')
    const profile = await openProfile(folder)
    const room = { id: 'a'.repeat(64) as RoomId, name: 'evening', code: '' }
    await profile.rememberRoom(room)
    for (const name of ['seat.json', 'rooms.json']) {
      await writeFile(join(folder, name), '', { flag: 'a' })
      await truncate(join(folder, name), 5 * 2 ** 30)
    }
    const before = process.memoryUsage().rss
    expect(await profile.readSettings()).toEqual({})
    expect(await profile.readRooms()).toEqual([room])
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20)
    expect(await profile.mendRooms()).toBe(join(folder, 'rooms.json.unread'))
    await profile.changeSettings({ name: 'Ana' })
    expect([await profile.readRooms(), await profile.readSettings()]).toEqual([[room], { name: 'Ana' }])
  })

  describe('whose list of rooms is damaged', () => {
    const rooms = ['1', '2', '3'].map((digit) => ({
      id: digit.repeat(64) as RoomId,
      name: `room {${digit}}`,
      code: `"c${digit}`,
    }))
    const [first, second, third] = rooms
    const sound = Buffer.from(`${JSON.stringify(rooms, undefined, 1)}\n`)
    const changed = (from: string, to: string | Buffer): Buffer => {
      const at = sound.indexOf(from)
      return Buffer.concat([sound.subarray(0, at), Buffer.from(to), sound.subarray(at + from.length)])
    }
    it.each([
      ['emptied', Buffer.alloc(0), []],
      ['zeroes', Buffer.alloc(200), []],
      ['of another form', Buffer.from('{}'), []],
      ['with a quote lost', changed('"name": "room {2}"', '"name": room {2}"'), [first, third]],
      ['with a brace lost', changed(' },\n {', ' },\n  '), [first, third]],
      ['cut off', sound.subarray(0, -80), [first, second]],
      ['with an id that is none', changed('2222', '22x2'), [first, third]],
      ['with a byte that is no text in a name', changed('room {2}', Buffer.from([0x72, 0xff, 0x6d])), [first, third]],
      ['with a byte that is no text in a code', changed('c2', Buffer.from([0xff])), [first, { ...second, code: '' }, third]],
      ['with a code that is none', changed('"\\"c2"', '7'), [first, { ...second, code: '' }, third]],
    ])(
      '%s: it is kept beside, with what can be read of it in its place, and never written over',
      async (_what, bytes, readable) => {
        for (const isMended of [true, false]) {
          const folder = await mkdtemp(join(root, 'list-'))
          const [list, aside] = [join(folder, 'rooms.json'), join(folder, 'rooms.json.unread')]
          await writeFile(list, bytes)
          const profile = await openProfile(folder)
          expect(await profile.readRooms()).toEqual(readable)
          const room = { id: 'a'.repeat(64) as RoomId, name: 'evening', code: '' }
          if (isMended) expect(await profile.mendRooms()).toBe(aside)
          expect(await profile.rememberRoom(room)).toBe(isMended ? undefined : aside)
          expect(await readFile(aside)).toEqual(bytes)
          expect(await profile.readRooms()).toEqual([room, ...readable])
          expect(await profile.mendRooms()).toBeUndefined()
          // A second one takes nothing's place.
          await writeFile(list, '')
          expect(await profile.mendRooms()).toBe(`${aside}-2`)
          expect((await readdir(folder)).sort()).toEqual(['rooms', 'rooms.json.unread', 'rooms.json.unread-2'])
        }
      },
    )
  })

  describe.skipIf(process.platform === 'win32')('that others can enter', () => {
    it.each([[], ['key', 'rooms.json']])('is closed where nothing but a profile is in it: %j', async (...names) => {
      const folder = await mkdtemp(join(root, 'open-'))
      for (const name of names) await writeFile(join(folder, name), '')
      for (const mode of [0o755, 0o710, 0o777]) {
        await chmod(folder, mode)
        expect((await openProfile(folder)).wasOpenToOthers).toBe(true)
        expect((await stat(folder)).mode & 0o777).toBe(0o700)
        if (names.length === 0) await rm(join(folder, 'rooms'), { recursive: true })
      }
      if (names.length > 0) expect((await openProfile(folder)).wasOpenToOthers).toBe(false)
    })

    it('is refused, and left as it is, where anything else is in it', async () => {
      const folder = await mkdtemp(join(root, 'shared-'))
      await mkdir(join(folder, 'holiday pictures'))
      await chmod(folder, 0o755)
      await expect(openProfile(folder)).rejects.toMatchObject({
        code: 'profile-exposed',
        message: expect.stringContaining(`chmod 700 ${folder}`),
      })
      expect((await stat(folder)).mode & 0o777).toBe(0o755)
    })

    it.skipIf(process.getuid?.() !== 0)('is refused where it is somebody else’s', async () => {
      const folder = await mkdtemp(join(root, 'foreign-'))
      await chown(folder, 12_345, 12_345)
      await expect(openProfile(folder)).rejects.toMatchObject({ code: 'profile-exposed' })
    })
  })

  it('says that something stands in its place where it would be inside a file', async () => {
    await expect(openProfile(join(import.meta.filename, 'profile'))).rejects.toMatchObject({ code: 'path-taken' })
  })

  it.runIf(process.platform === 'linux')(
    'cannot be made where the system lets nobody make folders, and says so at once',
    async () => {
      await expect(openProfile('/proc/nope')).rejects.toMatchObject({ code: 'path-missing' })
    },
  )
})

describe('the logger', () => {
  const linesOf = async (format: 'json' | 'text', level: LogLevel): Promise<readonly string[]> => {
    const lines: string[] = []
    const logger = await openLog({ format, level, write: (line) => lines.push(line) })
    logger.error('ring-broken', { cause: new Error('why', { cause: 'deep down' }) })
    logger.warn('write-failed')
    logger.info('epoch-begun', { epoch: '7.k3XbQz', to: 'a name\nwith a line', turn: 12, none: undefined }, 'epoch 7 has begun')
    logger.debug('ring-step', () => ({ big: 12n, list: [1, 2] }))
    return lines
  }

  it('writes one object a line, with a name that stays', async () => {
    const objects = (await linesOf('json', 'debug')).map((line) => JSON.parse(line))
    expect(objects.map(({ level, event, message }) => [level, event, message])).toEqual([
      ['error', 'ring-broken', 'the ring stopped: a bug'],
      ['warn', 'write-failed', 'a write failed: this peer is read-only now'],
      ['info', 'epoch-begun', 'epoch 7 has begun'],
      ['debug', 'ring-step', 'the ring took a step'],
    ])
    for (const object of objects) {
      expect(Object.keys(object).slice(0, 4)).toEqual(['level', 'time', 'event', 'message'])
      expect(new Date(object.time).toISOString()).toBe(object.time)
    }
    expect(objects[2]).toMatchObject({ epoch: '7.k3XbQz', to: 'a name\nwith a line', turn: 12 })
    expect(objects[0].cause).toBe('why (deep down)')
    expect(objects[3]).toMatchObject({ big: '12', list: [1, 2] })
  })

  it('writes one readable line each', async () => {
    const lines = await linesOf('text', 'debug')
    expect(lines.map((line) => line.split('\n').length)).toEqual([2, 2, 2, 2])
    expect(lines[2]).toMatch(
      /^\d\d:\d\d:\d\d[+-]\d\d:\d\d info {2}epoch 7 has begun epoch=7\.k3XbQz to="a name\\nwith a line" turn=12\n$/,
    )
  })

  it('tells people the time as everywhere else, and the date once a new day has begun', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => {
      vi.useRealTimers()
    })
    const heads = async (format: 'text' | 'json'): Promise<string[]> => {
      const written: string[] = []
      const logger = await openLog({ format, level: 'info', write: (line) => written.push(line.split(' info ')[0] ?? '') })
      for (const [day, minute] of [
        [30, 58],
        [30, 59],
        [31, 0],
        [31, 1],
      ] as const) {
        vi.setSystemTime(new Date(2026, 11, day, day === 30 ? 23 : 0, minute, 5, 678))
        logger.info('ring-step')
      }
      return written.map((line) => (format === 'json' ? JSON.parse(line).time : line.replace(/[+-]\d\d:\d\d$/, '')))
    }
    expect(await heads('text')).toEqual(['23:58:05', '23:59:05', '2026-12-31 00:00:05', '00:01:05'])
    expect((await heads('json'))[2]).toBe(new Date(2026, 11, 31, 0, 0, 5, 678).toISOString())
  })

  it('leaves out what is less important than its level, which can change', async () => {
    expect(await linesOf('text', 'warn')).toHaveLength(2)
    expect(await linesOf('text', 'error')).toHaveLength(1)
    const lines: string[] = []
    const logger = await openLog({ format: 'json', level: 'info', write: (line) => lines.push(line) })
    const writeAll = (): void => {
      for (const level of ['error', 'warn', 'info', 'debug'] as const) logger[level]('ring-step')
    }
    const written = (['info', 'debug', 'error'] as const).map((level) => {
      lines.length = 0
      logger.setLevel(level)
      writeAll()
      return lines.length
    })
    // The change itself is told, whatever the level.
    expect(written).toEqual([3, 5, 2])
  })

  it('makes the facts of a debug line only where it writes them', async () => {
    const logger = await openLog({ format: 'json', level: 'info', write: () => {} })
    let made = 0
    const facts = () => ({ made: ++made })
    logger.debug('ring-step', facts)
    expect(made).toBe(0)
    logger.setLevel('debug')
    logger.debug('ring-step', facts)
    expect(made).toBe(1)
  })

  it.each(['text', 'json'] as const)(
    'lets nothing through that could move a cursor, turn the writing or hide, as %s',
    async (format) => {
      const lines: string[] = []
      const logger = await openLog({ format, level: 'info', write: (line) => lines.push(line) })
      const nasty = '\x1b[2J\x9b31m\x07\r\n\x7f\u202e\u2066\u200b\u200d\ufeff\u2028\u{e0041}\ud800 Zoë'
      logger.info('peer-here', { [nasty]: nasty, list: [nasty], error: new Error(nasty), plain: 'Zoë' }, `${nasty} is in reach`)
      logger.info('peer-here', { level: 'fatal', time: 'never', event: 'forged', message: 'forged' })
      const text = lines.join('')
      expect(text.match(/\n/g)).toHaveLength(2)
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u)
      if (format === 'text') return
      const [first, second] = lines.map((line) => JSON.parse(line))
      expect([first[nasty], first.list, first.message]).toEqual([nasty, [nasty], `${nasty} is in reach`])
      expect(second).toMatchObject({ level: 'info', event: 'peer-here', message: 'a peer is in reach' })
    },
  )

  it('does not fail over a fact that cannot be written', async () => {
    const lines: string[] = []
    const round: Record<string, unknown> = {}
    round.round = round
    for (const format of ['text', 'json'] as const) {
      const log = await openLog({ format, level: 'info', write: (line) => lines.push(line) })
      log.info('peer-here', { round, name: 'Bob', bytes: new Uint8Array(1_000) })
    }
    expect(lines).toEqual([
      expect.stringMatching(/a peer is in reach round=\{.*"unreadable".* name=Bob bytes=unreadable\n$/),
      expect.stringMatching(/^\{"level":.*"event":"peer-here",.*"unreadable".*"name":"Bob","bytes":"unreadable"\}\n$/),
    ])
  })
})

describe('the table of log lines', () => {
  it('has names for programs and words for people, none of them twice', () => {
    const names = Object.keys(logEvents)
    for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/)
    const words: readonly string[] = Object.values(logEvents)
    expect(new Set(words).size).toBe(words.length)
  })
})

describe('the clock', () => {
  it('runs a task once, not before its time', async () => {
    const clock = createClock()
    const due = clock.monotonic() + 20
    const ran: number[] = []
    clock.at(due, () => ran.push(clock.monotonic()))
    await until('it has run', () => ran.length > 0)
    expect(ran).toHaveLength(1)
    expect(ran[0]).toBeGreaterThanOrEqual(due)
  })

  it('does not run a task that was called off, and runs one whose time has passed', async () => {
    const clock = createClock()
    const ran: string[] = []
    const callOff = clock.at(clock.monotonic() + 5, () => ran.push('called off'))
    clock.at(clock.monotonic() - 1_000, () => ran.push('late'))
    clock.at(clock.monotonic() + 30, () => ran.push('last'))
    callOff()
    await until('the last has run', () => ran.includes('last'))
    expect(ran).toEqual(['late', 'last'])
  })

  it('does soon what is asked, once, after what is going on just now and all that follows from it', async () => {
    const clock = createClock()
    const ran: string[] = []
    clock.soon(() => ran.push('soon'))
    await Promise.resolve().then(() => ran.push('now'))
    ran.push('and then')
    await until('it has run', () => ran.includes('soon'))
    expect(ran).toEqual(['now', 'and then', 'soon'])
  })
})

describe('entropy', () => {
  it('gives as many bytes as are asked for, others each time', () => {
    const entropy = createEntropy()
    const drawn = Array.from({ length: 20 }, () => entropy.bytes(16))
    expect(drawn.map(({ length }) => length)).toEqual(drawn.map(() => 16))
    expect(new Set(drawn.map(String)).size).toBe(20)
  })
})
