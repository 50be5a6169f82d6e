import { afterEach, describe, expect, it } from 'vitest'
import { encodeSubmission } from '../../src/market/codec.ts'
import type { Operation } from '../../src/market/operation.ts'
import type { Outcome } from '../../src/market/outcome.ts'
import { createExperiments, type Experiments } from '../../src/peer/experiments.ts'
import type { Receipt } from '../../src/peer/peer.ts'
import type { Block } from '../../src/ring/block.ts'
import type { ReplicaView } from '../../src/ring/types.ts'
import { until } from '../support/wait.ts'
import { settingOf } from './experiment-room.ts'
import { peerNamed } from './keyed-crypto.ts'
import { createListeningLogger, createTestContext } from './test-context.ts'

const ana = peerNamed('A')
let open: Experiments | undefined
afterEach(() => open?.close())

type Written = { readonly outcome: Outcome; readonly number: number }

/** Ana alone in her room. `tell`: what is between the log's having an operation and its submitter's being told so. */
async function roomOfAna(tell: (operation: Operation, written: Written) => Promise<void>) {
  const logger = createListeningLogger()
  const { context } = createTestContext(ana, { logger })
  const market = { experiments: { running: new Map(), nextNumber: 1 }, index: 1 }
  const view = { members: [ana], active: true, viewIndex: 1, incarnation: 1, time: (now: number) => now }
  const viewBlock = { index: 1, time: 0, epoch: { number: 1, initiator: ana }, body: { kind: 'view', members: [ana], lost: [] } }
  let blocks = 1
  let experiments = 0
  const submit = async (operation: Operation): Promise<Receipt> => {
    if (operation.kind !== 'record-experiment') throw new Error('only the lab writes here')
    const isSetup = operation.what === 'setup'
    if (isSetup) experiments++
    const number = isSetup ? experiments : operation.experiment
    const { section } = operation
    const event = isSetup
      ? ({ kind: 'experiment-started', experiment: number, section } as const)
      : ({ kind: 'experiment-ended', experiment: number, section, what: operation.what === 'stop' ? 'stop' : 'result' } as const)
    const outcome: Outcome = { accepted: true, events: [event] }
    const index = ++blocks
    const bytes = encodeSubmission({ request: undefined, operation })
    const block = { index, time: 0, body: { kind: 'ops', firstSequence: 1, ops: [bytes] } } as unknown as Block
    await tell(operation, { outcome, number: -1 })
    context.tell({ kind: 'applied', block, outcomes: [{ sequence: 1, outcome }] })
    await tell(operation, { outcome, number })
    return { outcome } as Receipt
  }
  const lab = await createExperiments({
    context,
    market: market as never,
    view: view as unknown as ReplicaView,
    notes: { hearToken: () => () => {} },
    viewBlocks: [viewBlock as unknown as Block],
    founder: ana,
    readBlock: async () => undefined,
    submit,
  })
  open = lab
  return { lab, logger }
}

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

  it('that cannot begin at all is none: whoever wanted it is told', async () => {
    const { lab } = await roomOfAna(async () => {
      throw new Error('no quorum')
    })
    await expect(lab.startSeries(settings, 10_000)).rejects.toThrow('no quorum')
    expect(lab.series).toBeUndefined()
  })
})
