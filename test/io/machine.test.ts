import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { RoomId } from '../../src/core/ids.ts'
import { createClock } from '../../src/io/clock.ts'
import { createEntropy } from '../../src/io/entropy.ts'
import { createLogger, type LogLevel } from '../../src/io/logger.ts'
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
    const [first, second] = ['1', '2'].map((digit) => ({ id: digit.repeat(64) as RoomId, name: `room ${digit}` }))
    const profile = await openProfile(folder)
    expect(await profile.readRooms()).toEqual([])
    for (const room of [first, second, first]) if (room !== undefined) await profile.rememberRoom(room)
    expect(await (await openProfile(folder)).readRooms()).toEqual([first, second])
  })

  it.each(['', 'nonsense', '{}', '[1, null, {"id": "x", "name": "y"}]'])(
    'forgets its rooms where their list is damaged: %s',
    async (text) => {
      const profile = await openProfile(join(root, 'damaged'))
      await writeFile(join(root, 'damaged', 'rooms.json'), text)
      expect(await profile.readRooms()).toEqual([])
    },
  )

  it('says that it cannot be written where it would be inside a file', async () => {
    await expect(openProfile(join(import.meta.filename, 'profile'))).rejects.toMatchObject({ code: 'profile-unwritable' })
  })

  it.runIf(process.platform === 'linux')(
    'cannot be made where the system lets nobody make folders, and says so at once',
    async () => {
      await expect(openProfile('/proc/nope')).rejects.toMatchObject({ code: 'profile-unwritable' })
    },
  )
})

describe('the logger', () => {
  const linesOf = (format: 'json' | 'text', level: LogLevel): readonly string[] => {
    const lines: string[] = []
    const logger = createLogger({ format, level, write: (line) => lines.push(line) })
    logger.error('it broke', { cause: new Error('why', { cause: 'deep down' }) })
    logger.warn('it may break')
    logger.info('token passed', { epoch: '7.k3XbQz', to: 'a name\nwith a line', turn: 12, none: undefined })
    logger.debug('detail', { big: 12n, list: [1, 2] })
    return lines
  }

  it('writes one object a line', () => {
    const objects = linesOf('json', 'debug').map((line) => JSON.parse(line))
    expect(objects.map(({ level, message }) => [level, message])).toEqual([
      ['error', 'it broke'],
      ['warn', 'it may break'],
      ['info', 'token passed'],
      ['debug', 'detail'],
    ])
    expect(objects[2]).toMatchObject({ epoch: '7.k3XbQz', to: 'a name\nwith a line', turn: 12 })
    expect(objects[0].cause).toBe('why (deep down)')
    expect(objects[3]).toMatchObject({ big: '12', list: [1, 2] })
  })

  it('writes one readable line each', () => {
    const lines = linesOf('text', 'debug')
    expect(lines.map((line) => line.split('\n').length)).toEqual([2, 2, 2, 2])
    expect(lines[2]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} info {2}token passed epoch=7\.k3XbQz to="a name\\nwith a line" turn=12\n$/)
  })

  it('leaves out what is less important than its level', () => {
    expect(linesOf('text', 'warn')).toHaveLength(2)
    expect(linesOf('text', 'error')).toHaveLength(1)
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
