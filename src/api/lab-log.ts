import { decodeSubmission } from '../market/codec.ts'
import type { Peer } from '../peer/peer.ts'
import { createBreath } from './breath.ts'
import { type RecordedView, recordedResult } from './lab.ts'
import { type Experiment, toSetting } from './lab-views.ts'

/** What the room's log has of the lab. */

type Block = Awaited<ReturnType<Peer['log']>>[number]
type Setting = Experiment['setup']['setting']

/** One call looks at so many blocks at most. */
const lookMax = 5_000
const sliceBlocks = 250

export interface RecordsFound {
  readonly recorded: readonly RecordedView[]
  /** All from this block on were looked at. */
  readonly lookedTo: number
  readonly isWhole: boolean
}

/** Those that have ended, the newest first, below block `before`; and, without one, first of all those that run. */
export async function findRecords(peer: Peer, before: number | undefined, count: number): Promise<RecordsFound> {
  const breathe = createBreath()
  const start = Math.min(before ?? Number.POSITIVE_INFINITY, peer.status().commit.index + 1)
  const recorded: RecordedView[] = before === undefined ? peer.lab().runs.filter(isRunning).map(toRunning) : []
  let lookedTo = start
  while (lookedTo > Math.max(0, start - lookMax) && recorded.length < count) {
    const from = Math.max(0, lookedTo - sliceBlocks)
    const slice = await peer.log(from, lookedTo - from)
    lookedTo = from
    for (const block of slice.toReversed()) {
      for (const end of endsIn(peer, block)) recorded.push(await withSetting(peer, end))
      if (recorded.length >= count) {
        lookedTo = block.index
        break
      }
      await breathe()
    }
  }
  return { recorded, lookedTo, isWhole: lookedTo === 0 }
}

/** What an experiment was set up with, however long ago; `undefined`: there was none of that number, or it cannot be read. */
export async function findSetting(peer: Peer, experiment: number): Promise<Setting | undefined> {
  const run = peer.lab().runs.find(({ setup }) => setup.number === experiment)
  if (run !== undefined) return run.setup.setting
  for (let before: number | undefined; ; ) {
    const { recorded, lookedTo, isWhole } = await findRecords(peer, before, 1)
    const found = recorded.find((one) => one.experiment === experiment)
    if (found !== undefined) return found.setupBlock === undefined ? undefined : (await setupOf(peer, found))?.setting
    if (isWhole || lookedTo === before) return undefined
    before = lookedTo
  }
}

const isRunning = ({ ended }: Experiment): boolean => ended === undefined

const toRunning = ({ setup }: Experiment): RecordedView => ({
  experiment: setup.number,
  section: setup.setting.section,
  block: setup.block,
  setupBlock: setup.block,
  time: setup.startedAt,
  what: 'setup',
  setting: toSetting(setup.setting),
  settingHash: setup.settingHash,
})

function endsIn({ lab }: Peer, block: Block): readonly RecordedView[] {
  const { body, author, index, time } = block
  if (body.kind !== 'ops' || author !== lab().host) return []
  return body.ops.toReversed().flatMap((bytes): RecordedView[] => {
    const decoded = decodeSubmission(bytes)
    if ('malformed' in decoded || decoded.value.operation.kind !== 'record-experiment') return []
    const { what, section, experiment, content } = decoded.value.operation
    if (what === 'setup') return []
    const result = recordedResult.safeParse(jsonOf(content))
    return result.success ? [{ experiment, section, block: index, time, what, ...result.data }] : []
  })
}

/** The host wrote where its set-up stands: what stands there has to be what the hash says. */
async function withSetting(peer: Peer, end: RecordedView): Promise<RecordedView> {
  const setup = await setupOf(peer, end)
  return setup === undefined ? end : { ...end, setting: toSetting(setup.setting) }
}

async function setupOf(peer: Peer, { setupBlock, section, settingHash }: RecordedView) {
  const [block] = setupBlock === undefined ? [] : await peer.log(setupBlock, 1)
  const setup = block && peer.lab().setupIn(block, section)
  return setup?.settingHash === settingHash ? setup : undefined
}

function jsonOf(content: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(content).toString('utf8'))
  } catch {
    return undefined
  }
}
