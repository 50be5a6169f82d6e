import { assert } from '../core/assert.ts'
import { toHex } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import { decodeSubmission } from '../market/codec.ts'
import type { Operation } from '../market/operation.ts'
import type { AppliedOutcome, Market } from '../market/types.ts'
import type { AlgorithmKind } from '../mutex/algorithm.ts'
import { algorithms } from '../mutex/algorithms.ts'
import type { MutexView } from '../mutex/participant.ts'
import { isRoomRing, type RoomToken, roomRing } from '../mutex/room-ring.ts'
import { decodeSetting, type ExperimentSetting, encodeSetting } from '../mutex/setting.ts'
import { type Block, viewOf } from '../ring/block.ts'
import type { ReplicaView } from '../ring/types.ts'
import type { PeerContext } from './context.ts'
import { createExperiment, type Experiment, type ExperimentSetup } from './experiment.ts'
import { type ExperimentFrame, type OwnAlgorithm, ownAlgorithmsMax } from './experiment-frame.ts'
import { decodeLabFrame, encodeLabFrame } from './lab-frame.ts'
import type { Receipt } from './peer.ts'
import type { Verdict } from './ports.ts'
import type { RingNotes } from './ring-notes.ts'
import { createRoomTime } from './room-time.ts'

/** An algorithm that somebody wrote, as this peer's program loaded it from its own disk: none ever comes over the network. */
export interface OwnKind {
  readonly kind: AlgorithmKind
  /** SHA-256 of its file, in hex. */
  readonly sha256: string
}

/** The lab on the real room, on this peer: whoever stands at a door speaks to it. */
export interface Lab {
  /** The founder: it alone begins experiments, ends them and makes steps. */
  readonly host: PeerId
  readonly isHost: boolean
  /** What is built in, and what members have of their own, as far as they have said so within a second. */
  algorithms(): Promise<readonly LabAlgorithm[]>
  /**
   * The setting as it goes into the log, and who cannot take part in it, where the algorithm is somebody's own. `undefined`: there is no
   * such algorithm here.
   */
  prepare(
    setting: ExperimentSetting,
  ): Promise<{ readonly setting: ExperimentSetting; readonly absent: readonly Absent[] } | undefined>
  /** Those that run, and the newest that ended since this peer came into the room; oldest first. */
  readonly runs: readonly Experiment[]
  /** Runs one after the other, once each has its result; resolves with what became of the first. Rejects as a submission does. */
  startSeries(settings: readonly ExperimentSetting[], deadlineMillis: number): Promise<Receipt>
  readonly series: LabSeries | undefined
  /** What a block sets up in that section; `undefined`: nothing that can be read. */
  setupIn(block: Block, section: string): Pick<ExperimentSetup, 'setting' | 'settingHash'> | undefined
  /** What the host submits to begin one, and to call one off with what has come of it; `undefined`: none of that number runs. */
  setupOf(setting: ExperimentSetting): Operation
  stopOf(experiment: number): Operation | undefined
}

export interface LabAlgorithm {
  readonly name: string
  readonly kind: 'built-in' | 'own'
  readonly sha256?: string
  /** Of an own one: who has it. */
  readonly peers?: readonly PeerId[]
}

export interface Absent {
  readonly peer: PeerId
  readonly why: 'lacks' | 'other-hash' | 'silent'
}

export interface LabSeries {
  readonly algorithms: readonly string[]
  /** Which of them runs, from 0 on. */
  readonly at: number
  readonly experiments: readonly number[]
  /** The next one could not begin, and that was the end of it: the room's rules refused it, or it could not be written. */
  readonly stuck?: 'refused' | 'unwritten'
}

export interface Experiments extends Lab {
  /** Something of an experiment was said on the topic `lab`. */
  heard(from: PeerId, bytes: Uint8Array): Verdict
  close(): void
}

export interface ExperimentsOptions {
  readonly context: PeerContext
  readonly market: Pick<Market, 'experiments' | 'index'>
  readonly view: ReplicaView
  readonly notes: Pick<RingNotes, 'hearToken'>
  /** The views of the log from the last committed one on, oldest first. */
  readonly viewBlocks: readonly Block[]
  readonly founder: PeerId
  /** A committed block on this peer's disk. */
  readBlock(index: number): Promise<Block | undefined>
  submit(operation: Operation, deadlineMillis: number): Promise<Receipt>
}

interface Series extends LabSeries {
  readonly settings: readonly ExperimentSetting[]
}

const endedMax = 8
/** Of so many of them, the newest, the events are kept: three can be seen side by side. */
const eventsOfEnded = 3
/** Milliseconds. */
const answerWait = 3_000
const askEvery = 700
const answerEvery = 500
const resultDeadline = 60_000
/** Lives of parts in one start of a peer: see {@link lifeEvents} for how far numbers go. */
const livesPerStart = 16
const lifeMax = 2 ** 23

type Setup = Extract<Operation, { kind: 'record-experiment' }>

/** Follows the room's log: it begins and ends all of this. */
export async function createExperiments(options: ExperimentsOptions): Promise<Experiments> {
  const { context, market, view, founder, submit } = options
  const { clock, transport, identity, logger } = context.ports
  const { self, crypto } = identity
  let own: readonly OwnKind[] = []
  const readOwn = async (): Promise<void> => {
    own = (await context.options.ownAlgorithms?.()) ?? []
  }
  await readOwn()
  const time = createRoomTime(clock)
  let runs: Experiment[] = []
  const claims = new Map<PeerId, readonly OwnAlgorithm[]>()
  let answeredAt = Number.NEGATIVE_INFINITY
  let series: Series | undefined
  let isClosed = false
  /** The room's last committed view, and the newest that was in the log as this peer started: it takes no part in that one any more. */
  let inForce = lastView(options.viewBlocks, market.index)
  const firstView = view.viewIndex
  /** In this start it was active in that view, or comes by it while it catches up. */
  const mayEnter = ({ epoch }: MutexView): boolean => epoch > firstView || (view.active && view.viewIndex === epoch)

  const gossip = (frame: ExperimentFrame): void => transport.gossip('lab', encodeLabFrame(frame))

  /** Where this peer has the token of the room's ring: hearsay for the lab, and no way back. */
  let token: RoomToken | undefined
  let stopHearingToken: (() => void) | undefined
  /** Only while somebody looks: the ring's loop has better things to do. */
  const hearTokenIfNeeded = (): void => {
    const isLooking = runs.some(({ setup, ended }) => isRoomRing(setup.setting) && ended === undefined)
    if (isLooking) {
      stopHearingToken ??= options.notes.hearToken((move) => {
        token = move.kind === 'came' ? move.place : undefined
        for (const run of runs) run.tokenMoved(move)
      })
    } else {
      stopHearingToken?.()
      stopHearingToken = undefined
      token = undefined
    }
  }
  const builtIn: readonly AlgorithmKind[] = [...algorithms, roomRing(() => token)]

  const kindOf = ({ algorithm, sha256 }: ExperimentSetting): AlgorithmKind | undefined =>
    sha256 === undefined
      ? builtIn.find(({ name }) => name === algorithm)
      : own.find((one) => one.sha256 === sha256 && one.kind.name === algorithm)?.kind

  const begin = (number: number, block: Pick<Block, 'index' | 'time'>, content: Uint8Array): Experiment | undefined => {
    const decoded = decodeSetting(content)
    if ('malformed' in decoded) {
      logger.warn('experiment-unread', { experiment: number, reason: decoded.malformed })
      return undefined
    }
    const setup: ExperimentSetup = {
      number,
      block: block.index,
      startedAt: block.time,
      settingHash: toHex(crypto.hash(content)),
      setting: decoded.value,
    }
    time.set(view)
    const experiment = createExperiment({
      self,
      host: founder,
      clock,
      setup,
      kind: kindOf(decoded.value),
      life: (view.incarnation * livesPerStart) % lifeMax,
      tokenHere: () => token,
      timeAt: time.at,
      isMember: (peer) => view.members.includes(peer),
      gossip,
      send: (to, frame) => transport.send(to, encodeLabFrame(frame)),
      refuse: (from) => context.tell({ kind: 'malformed', from, reason: 'an event of the lab that cannot be' }),
      onFinished: () => finish(experiment),
    })
    const ended = runs.filter(({ isClosed }) => isClosed)
    const forgotten = new Set(ended.slice(0, Math.max(0, ended.length - endedMax + 1)))
    for (const run of runs.filter((one) => one.ended !== undefined).slice(0, -eventsOfEnded)) run.record.forget()
    runs = [...runs.filter((run) => !forgotten.has(run)), experiment]
    hearTokenIfNeeded()
    return experiment
  }

  /** What the log keeps of an experiment that is over. */
  const resultOf = ({ setup: { settingHash, block }, record }: Experiment): Uint8Array =>
    new TextEncoder().encode(JSON.stringify({ settingHash, setupBlock: block, figures: record.figures }))

  /** The host's peer writes what came out. False: it could not, as without a quorum, and tries again. */
  const finish = async (experiment: Experiment): Promise<boolean> => {
    if (self !== founder || experiment.ended !== undefined) return true
    const { number, setting } = experiment.setup
    const content = resultOf(experiment)
    const operation: Operation = {
      kind: 'record-experiment',
      what: 'result',
      section: setting.section,
      experiment: number,
      content,
    }
    return submit(operation, resultDeadline).then(
      () => true,
      () => false,
    )
  }

  const onEnded = (number: number, what: 'result' | 'stop'): void => {
    runs.find(({ setup }) => setup.number === number)?.end(what)
    hearTokenIfNeeded()
    if (series !== undefined && series.experiments.at(-1) === number) goOn(series, what)
  }

  /** One of the series has ended. */
  const goOn = (done: Series, what: 'result' | 'stop'): void => {
    const next = { ...done, at: done.at + 1 }
    if (what === 'stop' || next.at >= next.settings.length) series = undefined
    else
      beginNext(next, resultDeadline).then(
        ({ outcome }) => {
          if (!outcome.accepted) getStuck(next, 'refused', 'rejection' in outcome ? outcome.rejection.code : 'voided')
        },
        (error: unknown) => getStuck(next, 'unwritten', error),
      )
  }

  /** The next one cannot begin: that is the end of the series, and whoever looks at it sees that. */
  const getStuck = (next: Series, stuck: NonNullable<Series['stuck']>, error: unknown): void => {
    if (isClosed) return
    logger.warn('series-ended', { error })
    series ??= { ...next, stuck }
  }

  /** The next one of the series; where it cannot begin, there is no series any more. */
  const beginNext = async (next: Series, deadlineMillis: number): Promise<Receipt> => {
    const setting = next.settings[next.at]
    assert(setting !== undefined, 'a series has an experiment for each algorithm')
    series = next
    const receipt = await submit(lab.setupOf(setting), deadlineMillis).catch((error: unknown) => {
      if (series === next) series = undefined
      throw error
    })
    // Somebody has begun another series meanwhile.
    if (series !== next) return receipt
    const { outcome } = receipt
    const started = outcome.accepted ? outcome.events.find(({ kind }) => kind === 'experiment-started') : undefined
    if (started?.kind !== 'experiment-started') {
      series = undefined
      return receipt
    }
    const begun = { ...next, experiments: [...next.experiments, started.experiment] }
    series = begun
    // A short one may have its result in the log before anybody is told that it has begun.
    const ended = runs.find(({ setup }) => setup.number === started.experiment)?.ended
    if (ended !== undefined) goOn(begun, ended)
    return receipt
  }

  const onApplied = (block: Block, outcomes: readonly AppliedOutcome[]): void => {
    const { body } = block
    const next = viewOf(block)
    if (next !== undefined) {
      inForce = { epoch: block.index, members: next.members }
      for (const run of runs) if (mayEnter(inForce)) run.enterView(inForce)
      return
    }
    if (body.kind !== 'ops') return
    for (const { sequence, outcome, isRepeat } of outcomes) {
      if (outcome?.accepted !== true || isRepeat === true) continue
      const [event] = outcome.events
      if (event?.kind === 'experiment-ended') onEnded(event.experiment, event.what)
      if (event?.kind !== 'experiment-started') continue
      const setup = setupIn(body.ops[sequence - body.firstSequence])
      const experiment = setup && begin(event.experiment, block, setup.content)
      if (experiment !== undefined && inForce !== undefined && mayEnter(inForce)) experiment.enterView(inForce)
    }
  }

  const stopHearing = context.hear((news) => {
    if (news.kind === 'applied') onApplied(news.block, news.outcomes)
  })

  // Those that ran already as this peer started: it takes part again in the room's next view.
  for (const [section, { number, block: index }] of market.experiments.running) {
    const block = await options.readBlock(index)
    const setup = block && setupsIn(block).find((one) => one.section === section)
    if (block !== undefined && setup !== undefined) begin(number, block, setup.content)
  }

  /** What all have of their own, this peer included. */
  const askOwn = async (): Promise<void> => {
    claims.clear()
    let askedAt = Number.NEGATIVE_INFINITY
    const others = (): boolean => view.members.every((peer) => peer === self || claims.has(peer))
    const until = clock.monotonic() + answerWait
    while (clock.monotonic() < until && !others()) {
      // A busy machine answers late, and what is gossiped may be lost: whoever is silent is told that it takes no part.
      if (clock.monotonic() - askedAt >= askEvery) {
        askedAt = clock.monotonic()
        gossip({ kind: 'ask-own' })
      }
      await new Promise<void>((resolve) => void clock.at(clock.monotonic() + 20, resolve))
    }
    await readOwn()
    claims.set(self, own.map(ownOf))
  }

  const ownOf = ({ kind, sha256 }: OwnKind): OwnAlgorithm => ({ name: kind.name, sha256 })

  const lab: Experiments = {
    host: founder,
    isHost: self === founder,
    get runs() {
      return runs
    },
    get series() {
      if (series === undefined) return undefined
      const { settings: _, ...told } = series
      return told
    },
    async algorithms() {
      await askOwn()
      const known = new Map<string, OwnAlgorithm & { readonly peers: PeerId[] }>()
      for (const [peer, claimed] of claims)
        for (const one of claimed) {
          const key = `${one.name} ${one.sha256}`
          const entry = known.get(key) ?? { ...one, peers: [] }
          entry.peers.push(peer)
          known.set(key, entry)
        }
      return [
        ...builtIn.map(({ name }) => ({ name, kind: 'built-in' as const })),
        ...[...known.values()].map((one) => ({ ...one, kind: 'own' as const })),
      ]
    },
    async prepare(given) {
      const { sha256: _, peers: __, ...setting } = given
      if (builtIn.some(({ name }) => name === setting.algorithm)) return { setting, absent: [] }
      await askOwn()
      const mine = own.find(({ kind }) => kind.name === setting.algorithm)
      if (mine === undefined) return undefined
      const whyNot = (peer: PeerId): Absent['why'] | undefined => {
        const claimed = claims.get(peer)
        if (claimed === undefined) return 'silent'
        const same = claimed.find(({ name }) => name === setting.algorithm)
        if (same === undefined) return 'lacks'
        return same.sha256 === mine.sha256 ? undefined : 'other-hash'
      }
      const absent = view.members.flatMap((peer) => {
        const why = whyNot(peer)
        return why === undefined ? [] : [{ peer, why }]
      })
      const peers = view.members.filter((peer) => whyNot(peer) === undefined)
      return { setting: { ...setting, sha256: mine.sha256, peers }, absent }
    },
    startSeries: (settings, deadlineMillis) =>
      beginNext({ algorithms: settings.map(({ algorithm }) => algorithm), at: 0, experiments: [], settings }, deadlineMillis),
    setupOf: (setting) => ({
      ...{ kind: 'record-experiment', what: 'setup', section: setting.section },
      ...{ experiment: 0, content: encodeSetting(setting) },
    }),
    stopOf(experiment) {
      const found = [...market.experiments.running].find(([, { number }]) => number === experiment)
      if (found === undefined) return undefined
      const run = runs.find(({ setup }) => setup.number === experiment)
      const content = run === undefined ? new Uint8Array() : resultOf(run)
      return { kind: 'record-experiment', what: 'stop', section: found[0], experiment, content }
    },
    setupIn(block, section) {
      const setup = setupsIn(block).find((one) => one.section === section)
      const decoded = setup && decodeSetting(setup.content)
      if (setup === undefined || decoded === undefined || 'malformed' in decoded) return undefined
      return { setting: decoded.value, settingHash: toHex(crypto.hash(setup.content)) }
    },
    heard(from, bytes) {
      if (!view.members.includes(from)) return 'ignore'
      const decoded = decodeLabFrame(bytes)
      if (decoded.kind === 'version') {
        context.tell({ kind: 'version', peer: from, version: decoded.version })
        return 'ignore'
      }
      if (decoded.kind === 'malformed') {
        context.tell({ kind: 'malformed', from, reason: decoded.reason })
        return 'reject'
      }
      const { frame } = decoded
      switch (frame.kind) {
        case 'watch':
        case 'records':
          return 'ignore'
        case 'ask-own': {
          const now = clock.monotonic()
          if (now - answeredAt < answerEvery) return 'accept'
          answeredAt = now
          void readOwn().then(() => gossip({ kind: 'own', algorithms: own.slice(0, ownAlgorithmsMax).map(ownOf) }))
          return 'accept'
        }
        case 'own':
          claims.set(from, frame.algorithms)
          return 'accept'
        default:
          runs.find(({ setup }) => setup.number === frame.experiment)?.heard(from, frame)
          return 'accept'
      }
    },
    close() {
      isClosed = true
      stopHearing()
      stopHearingToken?.()
      series = undefined
      for (const run of runs) run.close()
    },
  }
  return lab
}

function lastView(blocks: readonly Block[], through: number): MutexView | undefined {
  const block = blocks.findLast(({ index }) => index <= through)
  const view = block && viewOf(block)
  return block && view && { epoch: block.index, members: view.members }
}

function setupIn(bytes: Uint8Array | undefined): Setup | undefined {
  const decoded = bytes && decodeSubmission(bytes)
  if (decoded === undefined || 'malformed' in decoded) return undefined
  const { operation } = decoded.value
  return operation.kind === 'record-experiment' && operation.what === 'setup' ? operation : undefined
}

const setupsIn = ({ body }: Block): readonly Setup[] =>
  body.kind === 'ops' ? body.ops.flatMap((bytes) => setupIn(bytes) ?? []) : []
