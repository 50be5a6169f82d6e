import { partsOf, type Report, type RoomSource, type RunStep } from '../peer/lab-report.ts'
import type { Api } from './client.ts'
import type { RecordedView } from './lab.ts'

/** What a person says of a report on an experiment of the room. */
export type ReportHead = Pick<Report, 'format' | 'program' | 'language' | 'by'>

/** Why there is no report: the log has no such experiment, it goes on, or nobody can read its set-up. */
export class ReportMissing extends Error {
  override readonly name = 'ReportMissing'
  readonly reason: 'unknown' | 'running' | 'unreadable'

  constructor(reason: ReportMissing['reason']) {
    super(`no report: ${reason}`)
    this.reason = reason
  }
}

/**
 * An experiment that is over, as one hands it in: what the log has of it, and what this peer has kept of its events. From Node or a
 * browser. Rejects with {@link ReportMissing}, or with what the peer refused.
 */
export async function readRoomReport(
  api: Api,
  experiment: number,
  head: ReportHead,
  nameOf: (peer: string) => string,
): Promise<{ readonly report: Report; readonly steps: readonly RunStep[] }> {
  const { figures, setting, setupBlock, block, settingHash, time, what } = await findEnd(api, experiment)
  if (what === 'setup') throw new ReportMissing('running')
  if (figures === undefined || setting === undefined || setupBlock === undefined) throw new ReportMissing('unreadable')
  const [{ room, commit }, kept, setupHash, endHash] = await Promise.all([
    api.status(),
    keptSteps(api, experiment),
    hashOfBlock(api, setupBlock),
    hashOfBlock(api, block),
  ])
  const steps = kept ?? []
  const source: RoomSource = {
    ...{ kind: 'room', room: { id: room.id, name: room.name }, experiment, what, setting, settingHash },
    setup: { index: setupBlock, hash: setupHash ?? '' },
    end: { index: block, hash: endHash ?? '', time },
    head: commit,
  }
  const names = figures.entriesByPeer.map(({ peer }) => ({ peer, name: nameOf(peer) }))
  return { steps, report: { ...head, source, names, figures, ...partsOf(steps) } }
}

/** What the log has of its end. */
async function findEnd(api: Api, experiment: number): Promise<RecordedView> {
  for (let before: number | undefined; ; ) {
    const { recorded, lookedTo, isWhole } = await api.lab.results({ ...(before !== undefined && { before }), count: 100 })
    const found = recorded.find((one) => one.experiment === experiment)
    if (found !== undefined) return found
    if (isWhole || lookedTo === before) throw new ReportMissing('unknown')
    before = lookedTo
  }
}

export async function hashOfBlock(api: Api, index: number): Promise<string | undefined> {
  const [block] = await api.log.read({ from: index, count: 1 })
  return block?.index === index ? block.hash : undefined
}

/** All events of an experiment that is over; `undefined`: the peer has not seen it since it started. */
export async function keptSteps(api: Api, experiment: number): Promise<readonly RunStep[] | undefined> {
  const steps: RunStep[] = []
  try {
    for await (const step of await api.lab.events({ experiment })) if (step.kind !== 'state') steps.push(step)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'experiment-gone') return undefined
    throw error
  }
  return steps
}
