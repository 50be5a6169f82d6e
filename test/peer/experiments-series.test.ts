import { afterEach, describe, expect, it } from 'vitest'
import type { Operation } from '../../src/market/operation.ts'
import type { Outcome } from '../../src/market/outcome.ts'
import { until } from '../support/wait.ts'
import { settingOf } from './experiment-room.ts'
import { endRoom, roomOfAna } from './lab-alone.ts'

afterEach(endRoom)

const isSetup = (operation: Operation): boolean => operation.kind === 'record-experiment' && operation.what === 'setup'
const settings = ['centralized', 'ricart-agrawala', 'token-ring'].map((name) => settingOf(name, { entries: 1 }))

describe('a series', () => {
  it('goes on where the result of one is in the log before anybody was told that it has begun', async () => {
    const room = await roomOfAna(async (operation, { number }) => {
      if (isSetup(operation) && number > 0)
        await until('it has its result', () => room.lab.runs.some((run) => run.setup.number === number && run.ended === 'result'))
    })
    await room.lab.startSeries(settings, 10_000)
    await until('all three have run', () => room.lab.runs.filter(({ ended }) => ended === 'result').length === 3)
    await until('the series is over', () => room.lab.series === undefined)
    expect(room.lab.runs.map(({ setup }) => setup.setting.algorithm)).toEqual(settings.map(({ algorithm }) => algorithm))
  })

  it('says where it got stuck, when the next one cannot be written; the log has a line of it', async () => {
    let setups = 0
    const { lab, logger } = await roomOfAna(async (operation, { number }) => {
      if (isSetup(operation) && number < 0 && ++setups === 2) throw new Error('no quorum')
    })
    await lab.startSeries(settings, 10_000)
    await until('it got stuck', () => lab.series?.stuck !== undefined)
    expect(lab.series).toEqual({
      algorithms: settings.map(({ algorithm }) => algorithm),
      at: 1,
      experiments: [1],
      stuck: 'unwritten',
    })
    expect(logger.warnings.map(({ message }) => message)).toEqual(['the next experiment of a series could not begin'])
    await lab.startSeries(settings.slice(0, 1), 10_000)
    await until('another one has run', () => lab.series === undefined)
  })

  it('says that the room refused the next one', async () => {
    let setups = 0
    const refusal = (operation: Operation): Outcome | undefined =>
      isSetup(operation) && ++setups === 2 ? { accepted: false, rejection: { code: 'not-host' } } : undefined
    const { lab } = await roomOfAna(undefined, { refusal })
    await lab.startSeries(settings, 10_000)
    await until('it got stuck', () => lab.series?.stuck !== undefined)
    expect(lab.series).toMatchObject({ at: 1, experiments: [1], stuck: 'refused' })
  })

  it('that cannot go on since its peer stops is nothing to write down', async () => {
    let setups = 0
    const failed = Promise.withResolvers<void>()
    const { lab, logger } = await roomOfAna(async (operation, { number }) => {
      if (isSetup(operation) && number < 0 && ++setups === 2) await failed.promise
    })
    await lab.startSeries(settings, 10_000)
    await until('the second one is to begin', () => setups === 2)
    endRoom()
    failed.reject(new Error('stopping'))
    await new Promise((resolve) => setImmediate(resolve))
    expect([logger.warnings, lab.series]).toEqual([[], undefined])
  })

  it('that has taken the place of another is none of what becomes of that one', async () => {
    let setups = 0
    const second = Promise.withResolvers<void>()
    const { lab, logger } = await roomOfAna(async (operation, { number }) => {
      if (isSetup(operation) && number < 0 && ++setups === 2) await second.promise
    })
    await lab.startSeries(settings, 10_000)
    await until('the second one is to begin', () => setups === 2)
    const other = settings.map((setting) => ({ ...setting, entries: 10_000, section: 'other' }))
    await lab.startSeries(other, 10_000)
    const { series } = lab
    second.reject(new Error('no quorum'))
    await until('that one is over', () => logger.warnings.length > 0)
    expect([series?.at, lab.series]).toEqual([0, series])
  })

  it('is none where the room refuses its first one, or where another one has begun before that was said', async () => {
    const refusal = (operation: Operation): Outcome | undefined =>
      isSetup(operation) ? { accepted: false, rejection: { code: 'not-host' } } : undefined
    const { lab } = await roomOfAna(undefined, { refusal })
    expect((await lab.startSeries(settings, 10_000)).outcome).toMatchObject({ accepted: false })
    expect(lab.series).toBeUndefined()
    endRoom()
    let setups = 0
    const first = Promise.withResolvers<void>()
    const room = await roomOfAna(async (operation, { number }) => {
      if (isSetup(operation) && number < 0 && ++setups === 1) await first.promise
    })
    const long = settings.map((setting) => ({ ...setting, entries: 10_000 }))
    const late = room.lab.startSeries(long.slice(0, 2), 10_000)
    await room.lab.startSeries(
      long.map((setting) => ({ ...setting, section: 'other' })),
      10_000,
    )
    first.resolve()
    await late
    expect(room.lab.series?.algorithms).toHaveLength(3)
  })

  it('that cannot begin at all is none: whoever wanted it is told', async () => {
    const { lab } = await roomOfAna(async () => {
      throw new Error('no quorum')
    })
    await expect(lab.startSeries(settings, 10_000)).rejects.toThrow('no quorum')
    expect(lab.series).toBeUndefined()
  })
})
