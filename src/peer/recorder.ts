import { type PeerId, parsePeerId } from '../core/ids.ts'
import { epochLeapMax, leapMax, roomMembersMax } from '../core/limits.ts'
import { decodeFrame, type Message, topicOf } from '../ring/message.ts'
import type { Input, Replica, ReplicaView } from '../ring/types.ts'
import { type Epoch, sameEpoch } from '../ring/view.ts'
import type { News } from './context.ts'
import { detailOf, type FrameDetail } from './frame-detail.ts'
import { decodeLabFrame, encodeLabFrame, type FrameFacts, type FrameRecord, type LabFrame } from './lab-frame.ts'
import { createNewest } from './newest.ts'
import type { Ports, RingTopic, Verdict } from './ports.ts'
import { createRingSteps, frameId, type RingStep, type RingSteps } from './ring-steps.ts'

/**
 * Writes down the ring's frames while somebody looks, here or at another peer of the room, and tells what all who record have seen.
 * While nobody does `isOn` is false, and looking at that is all it costs. It sees the ring's inputs and outputs, and has no way to
 * change any of them.
 */
export interface Recorder {
  readonly isOn: boolean
  /** The same replica, whose receipts are written down with what they did to its clock. A new one: another room, or a new start. */
  around(replica: Replica): Replica
  /** A frame leaves; by topic where it is for everyone. */
  sent(to: readonly PeerId[] | undefined, lamport: number, message: Message, frame: Uint8Array): void
  /** A frame came, and the ring is about to be told what it says. */
  came(message: Message, topic: RingTopic | undefined, frame: Uint8Array): void
  /** Something was said on the topic `lab`. */
  heard(from: PeerId, bytes: Uint8Array): Verdict
  /** Each step from now on, until the returned function is called. While somebody listens the room is asked to record. */
  watch(listener: (step: RingStep) => void): () => void
  /** A frame that was told lately; `undefined`: none of that id, or nobody watches. */
  frame(id: string): FrameDetail | undefined
  /** Nothing is recorded any more, whoever asks. */
  close(): void
}

/** Times in milliseconds. */
export const recording = {
  /** From one batch of records to the next. */
  batchEvery: 200,
  /** How often a peer where somebody looks says so, and how long that counts. */
  watchEvery: 2_000,
  watchLasts: 6_000,
  /** Frames of one batch; beyond it only some are recorded, the same ones at both ends. */
  batchFrames: 200,
  /** Steps of each kind that are told from one batch to the next; more are counted as missed. */
  toldFrames: 200,
  toldMoves: 100,
  toldBlocks: 100,
  /** Own frames in full: so many, and so many bytes together. */
  keptFrames: 2_000,
  keptBytes: 8 * 1024 * 1024,
  /** What one peer may say for the lab in a second: five batches and a request, and something for the network's unevenness. */
  heardPerSecond: 12,
  /** Of peers that are no members so many are heard. */
  strangersMax: 32,
  /** A record's time differs from the room clock here by so much at most: clocks, and the way. */
  timeSlack: 10_000,
  /** A token that others tell of is ahead of all signs of it here by so many turns at most. */
  turnSlack: 1_024,
} as const

export interface RecorderOptions {
  readonly ports: Pick<Ports, 'clock' | 'transport' | 'identity'>
  tell(news: News): void
  hear(listener: (news: News) => void): () => void
}

/** A ring that has stopped takes what came no more. */
const arrivingMax = 256

interface Arrival {
  readonly message: Message
  readonly topic: RingTopic | undefined
  readonly frame: Uint8Array
}

/** Somebody who has said something on the topic `lab`. */
interface Teller {
  /** Heard so often in the second that began at `since`. */
  since: number
  count: number
  /** When records of it came last. */
  recordedAt: number
}

export function createRecorder({ ports, tell, hear }: RecorderOptions): Recorder {
  const { clock, transport, identity } = ports
  const { self, crypto } = identity
  const listeners = new Set<(step: RingStep) => void>()
  const tellers = new Map<PeerId, Teller>()
  /** Frames that came and that the ring has not been told of yet, in order: hardly ever more than one. */
  let arriving: Arrival[] = []
  let view: ReplicaView | undefined
  let steps: RingSteps = createRingSteps()
  let kept = createKeptFrames()
  /** Others look until then, monotonic. */
  let watchedUntil = Number.NEGATIVE_INFINITY
  let askedAt = Number.NEGATIVE_INFINITY
  let recordersTold = ''
  let budget = { frame: 0, token: 0, block: 0 }
  let untold = 0
  let batch: FrameRecord[] = []
  const sampler = createSampler()
  /** Of what is written down here, as of the last beat. */
  let ownBounds: Bounds | undefined
  /** Of the room clock before the monotonic one. */
  let clockLead = 0
  let cancelBeat = (): void => {}
  let isClosed = false
  let stopHearing = (): void => {}

  const recorder = {
    isOn: false,

    around(replica: Replica): Replica {
      view = replica.view
      steps = createRingSteps()
      kept = createKeptFrames()
      batch = []
      watchedUntil = Number.NEGATIVE_INFINITY
      tellers.clear()
      setClock()
      ownBounds = boundsOf(view, 0.5)
      return {
        view: replica.view,
        step(now, input) {
          if (!recorder.isOn || input.kind !== 'receive') return replica.step(now, input)
          const before = replica.view.lamport
          const outputs = replica.step(now, input)
          received(now, input, before, replica.view.lamport)
          return outputs
        },
      }
    },

    sent(to: readonly PeerId[] | undefined, lamport: number, message: Message, frame: Uint8Array): void {
      if (!sampler.takes(lamport, message, to?.length ?? 1)) return
      const facts = factsOf(message, lamport, timeAt(clock.monotonic()), frame.length)
      if (to !== undefined) for (const peer of to) record({ way: 'sent', to: peer, topic: undefined, ...facts }, frame)
      else {
        // By topic it goes where its kind belongs: blocks, which also go to one peer each, to the topic of the log.
        record({ way: 'sent', to: undefined, topic: topicOf(message) ?? 'log', ...facts }, frame)
      }
    },

    came(message: Message, topic: RingTopic | undefined, frame: Uint8Array): void {
      if (arriving.length >= arrivingMax) arriving = []
      arriving.push({ message, topic, frame })
    },

    heard(from: PeerId, bytes: Uint8Array): Verdict {
      const now = clock.monotonic()
      const teller = tellerOf(from, now)
      if (view === undefined || teller === undefined) return 'ignore'
      const decoded = decodeLabFrame(bytes)
      if (decoded.kind === 'version') {
        tell({ kind: 'version', peer: from, version: decoded.version })
        return 'ignore'
      }
      if (decoded.kind === 'malformed') {
        tell({ kind: 'malformed', from, reason: decoded.reason })
        return 'reject'
      }
      if (decoded.frame.kind === 'watch') {
        watchedUntil = now + recording.watchLasts
        turnOn()
      } else if (listeners.size > 0) takeOver(from, teller, decoded.frame, view, now)
      return 'accept'
    },

    watch(listener: (step: RingStep) => void): () => void {
      const own = (step: RingStep): void => listener(step)
      if (listeners.size === 0) beginWatching()
      listeners.add(own)
      const recorders = recordersAt(clock.monotonic())
      recordersTold = String(recorders)
      own({ kind: 'recorders', peers: recorders })
      turnOn()
      return () => {
        if (listeners.delete(own) && listeners.size === 0) endWatching()
      }
    },

    frame(id: string): FrameDetail | undefined {
      const step = steps.frameOf(id)
      if (step === undefined || listeners.size === 0) return undefined
      const frame = kept.get(id)
      const decoded = frame && decodeFrame(frame, crypto)
      return detailOf(step, frame && decoded?.kind === 'frame' ? { frame, message: decoded.message } : undefined)
    },

    close(): void {
      isClosed = true
      recorder.isOn = false
      cancelBeat()
      if (listeners.size > 0) endWatching()
      listeners.clear()
    },
  }

  const beginWatching = (): void => {
    steps = createRingSteps()
    askedAt = Number.NEGATIVE_INFINITY
    untold = 0
    stopHearing = hear((news) => {
      if (news.kind === 'applied' && isNew(news.block.time)) show(steps.block(news.block, clock.monotonic()))
    })
  }

  /** Nothing of what was seen is kept. */
  const endWatching = (): void => {
    stopHearing()
    steps = createRingSteps()
    kept = createKeptFrames()
  }

  /** Blocks of long ago come while a peer catches up: they are no news of the ring. */
  const isNew = (time: number): boolean => time > timeAt(clock.monotonic()) - recording.timeSlack

  const turnOn = (): void => {
    if (recorder.isOn || isClosed) return
    recorder.isOn = true
    arriving = []
    beat()
  }

  const beat = (): void => {
    const now = clock.monotonic()
    setClock()
    ownBounds = view && boundsOf(view, 0.5)
    publish(now)
    if (listeners.size > 0) lookAround(now)
    else if (now >= watchedUntil) {
      recorder.isOn = false
      batch = []
      cancelBeat()
      return
    }
    cancelBeat = clock.at(now + recording.batchEvery, beat)
  }

  /** What was recorded since the last time, for those who look elsewhere. */
  const publish = (now: number): void => {
    const missed = sampler.turn()
    const records = batch
    batch = []
    if (listeners.size > 0) untold += missed
    if (now >= watchedUntil || records.length + missed === 0) return
    transport.gossip('lab', encodeLabFrame({ kind: 'records', missed, records }))
  }

  const lookAround = (now: number): void => {
    if (now - askedAt >= recording.watchEvery) {
      askedAt = now
      transport.gossip('lab', encodeLabFrame({ kind: 'watch' }))
    }
    budget = { frame: 0, token: 0, block: 0 }
    show(steps.look(now, timeAt(now)))
    const recorders = recordersAt(now)
    if (String(recorders) !== recordersTold) {
      recordersTold = String(recorders)
      show([{ kind: 'recorders', peers: recorders }])
    }
    if (untold > 0) show([{ kind: 'missed', count: untold }])
    untold = 0
  }

  const recordersAt = (now: number): readonly PeerId[] => {
    const others = [...tellers].filter(([, { recordedAt }]) => now - recordedAt <= recording.watchLasts)
    return [self, ...others.map(([peer]) => peer).sort()]
  }

  const received = (now: number, input: Extract<Input, { kind: 'receive' }>, before: number, after: number): void => {
    const { from, lamport, message } = input
    const arrival = takeArrival(message)
    if (arrival === undefined || from === self || !sampler.takes(lamport, message, 1)) return
    // What the ring obeyed has moved its clock: first by its arrival, then by what was sent because of it.
    const moved = Math.max(before, lamport) + 1
    const arrivedLamport = after >= moved ? moved : undefined
    const facts = factsOf(message, lamport, timeAt(now), arrival.frame.length)
    // What came may be part of a larger buffer.
    const frame = listeners.size > 0 ? arrival.frame.slice() : arrival.frame
    record({ way: 'received', from, topic: arrival.topic, arrivedLamport, ...facts }, frame)
  }

  /** What the ring was not told of came before it. */
  const takeArrival = (message: Message): Arrival | undefined => {
    const place = arriving.findIndex((one) => one.message === message)
    return place < 0 ? undefined : arriving.splice(0, place + 1)[place]
  }

  const factsOf = (message: Message, lamport: number, at: number, bytes: number): FrameFacts => ({
    ...placeOf(message),
    message: message.kind,
    lamport,
    at,
    bytes,
    wanting: message.kind === 'token' ? wantingOf(message.epoch, message.wants) : [],
  })

  const wantingOf = (epoch: Epoch, wants: readonly boolean[]): readonly PeerId[] =>
    view !== undefined && sameEpoch(epoch, view.installed) && view.members.length === wants.length
      ? view.members.filter((_, place) => wants[place])
      : []

  const record = (seen: FrameRecord, frame: Uint8Array): void => {
    // A stranger may send anything: whoever passed it on would be taken for the liar.
    if (ownBounds === undefined || isLie(self, seen, ownBounds)) return sampler.miss()
    const now = clock.monotonic()
    if (now < watchedUntil) {
      if (batch.length < recording.batchFrames) batch.push(seen)
      else sampler.miss()
    }
    if (listeners.size === 0) return
    const told = steps.frame(self, seen, now, view !== undefined && isBelieved(self, seen, view))
    const step = told[0]
    if (step?.kind === 'frame') kept.set(step.id, frame)
    show(told)
  }

  /** What another peer has recorded, as far as it can be. */
  const takeOver = (from: PeerId, teller: Teller, said: RecordsFrame, room: ReplicaView, now: number): void => {
    teller.recordedAt = now
    untold += Math.min(said.missed, missedMax)
    const bounds = boundsOf(room, 1)
    const time = timeAt(now)
    let lies = 0
    for (const seen of said.records) {
      if (isLie(from, seen, bounds)) lies++
      else if (Math.abs(seen.at - time) > recording.timeSlack) untold++
      else if (!isOwnUnknown(from, seen)) show(steps.frame(from, seen, now, isBelieved(from, seen, room)))
    }
    if (lies === 0) return
    untold += lies
    tell({ kind: 'malformed', from, reason: 'a record of the lab that cannot be' })
  }

  /** No honest peer says so, whatever its clocks. */
  const isLie = (from: PeerId, seen: FrameRecord, bounds: Bounds): boolean => {
    if (otherEnd(seen) === from || seen.lamport > bounds.lamport || (seen.epoch?.number ?? 0) > bounds.epoch) return true
    if ((seen.block ?? 0) > bounds.block || (seen.turn ?? 0) > bounds.turn) return true
    if (seen.way === 'sent' || seen.arrivedLamport === undefined) return false
    return seen.arrivedLamport <= seen.lamport || seen.arrivedLamport > bounds.lamport
  }

  /** What this peer has sent since somebody watches it knows first: the rest was before that, or never. */
  const isOwnUnknown = (from: PeerId, seen: FrameRecord): boolean =>
    seen.way === 'received' && seen.from === self && !sampler.isSampling && steps.frameOf(idOfReceived(from, seen)) === undefined

  /**
   * What is said of the token, and of who wants it: only members have to do with it, and a lie about its turn would keep the true ones
   * from being told.
   */
  const isBelieved = (by: PeerId, seen: FrameRecord, { members, installed, turnSeen }: ReplicaView): boolean => {
    const { message, epoch, turn = 0, wanting } = seen
    if ((message !== 'token' && message !== 'want') || epoch === undefined || !sameEpoch(epoch, installed)) return false
    if (![by, otherEnd(seen), ...wanting].every((peer) => peer !== undefined && members.includes(peer))) return false
    const { turnTold } = steps
    const told = turnTold !== undefined && sameEpoch(turnTold.epoch, epoch) ? turnTold.turn : 0
    return turn <= Math.max(told, turnSeen) + recording.turnSlack
  }

  const show = (told: readonly RingStep[]): void => {
    for (const step of told) {
      if (step.kind === 'frame' && ++budget.frame > recording.toldFrames) untold++
      else if (step.kind === 'token' && ++budget.token > recording.toldMoves) untold++
      else if (step.kind === 'block' && ++budget.block > recording.toldBlocks) untold++
      else for (const listener of listeners) listener(step)
    }
  }

  const isStranger = (peer: PeerId): boolean => view?.members.includes(peer) !== true
  const hasManyStrangers = (): boolean => [...tellers.keys()].filter(isStranger).length >= recording.strangersMax

  /** `undefined`: not heard, since it says too much, or since there are too many already. */
  const tellerOf = (peer: PeerId, now: number): Teller | undefined => {
    let teller = tellers.get(peer)
    if (teller === undefined) {
      for (const [other, { since }] of tellers) if (now - since > recording.watchLasts) tellers.delete(other)
      if (tellers.size >= recording.strangersMax + roomMembersMax || (isStranger(peer) && hasManyStrangers())) return undefined
      teller = { since: now, count: 0, recordedAt: Number.NEGATIVE_INFINITY }
      tellers.set(peer, teller)
    }
    if (now - teller.since >= 1_000) Object.assign(teller, { since: now, count: 0 })
    return ++teller.count <= recording.heardPerSecond ? teller : undefined
  }

  /**
   * The room clock counts whole milliseconds, rounded down: the greatest of its leads is nearest to the truth, as long as they lie
   * within one; else the clock itself has changed.
   */
  const setClock = (): void => {
    const now = clock.monotonic()
    const lead = (view?.time(now) ?? clock.wall()) - now
    if (lead > clockLead || lead < clockLead - 1) clockLead = lead
  }

  /** The room clock, in whole microseconds. */
  const timeAt = (now: number): number => Math.round((now + clockLead) * 1_000) / 1_000

  return recorder
}

/** How far numbers of others may be from this peer's own (PROTOCOL, section 3, Whom a peer obeys). */
interface Bounds {
  readonly epoch: number
  readonly lamport: number
  readonly block: number
  readonly turn: number
}

/** `share` of the leap: what a peer itself writes down has to be within the bounds of others, whose numbers differ a little. */
function boundsOf({ installed, promised, lamport, head, turnSeen }: ReplicaView, share: number): Bounds {
  const leap = share * leapMax
  return {
    epoch: Math.max(installed.number, promised.number) + share * epochLeapMax,
    lamport: lamport + leap,
    block: head.index + leap,
    turn: turnSeen + leap,
  }
}

const otherEnd = (seen: FrameRecord): PeerId | undefined => (seen.way === 'sent' ? seen.to : seen.from)

type RecordsFrame = Extract<LabFrame, { kind: 'records' }>

/** What one batch may say it missed: a number on a screen, no more. */
const missedMax = 1_000_000

function idOfReceived(by: PeerId, seen: FrameRecord & { readonly way: 'received' }): string {
  return frameId({ from: seen.from, to: seen.topic === undefined ? by : '', lamport: seen.lamport })
}

/** What has the form of an epoch need not be one of a peer: frames are told before anybody has judged them. */
const isNamed = ({ initiator }: Epoch): boolean => initiator === '' || parsePeerId(initiator).ok

/** Where in the log, and in the token's round, a message belongs. */
function placeOf(message: Message): Pick<FrameFacts, 'epoch' | 'turn' | 'block'> {
  const epoch = 'epoch' in message && isNamed(message.epoch) ? message.epoch : undefined
  switch (message.kind) {
    case 'token':
      return { epoch, turn: message.turn, block: message.head.index }
    case 'token-ack':
      return { epoch, turn: message.turn, block: undefined }
    case 'blocks':
    case 'fetched': {
      const last = message.blocks.at(-1)
      return { epoch, turn: last?.turn, block: last?.index }
    }
    case 'durable':
      return { epoch, turn: undefined, block: message.durable.index }
    case 'status':
      return { epoch, turn: message.turn, block: message.commit.index }
    case 'committed':
    case 'activated':
      return { epoch, turn: undefined, block: message.commit.index }
    case 'promise':
      return { epoch, turn: undefined, block: message.head.index }
    case 'install':
      return { epoch, turn: undefined, block: message.viewBlock.index }
    case 'fetch':
      return { epoch, turn: undefined, block: message.from }
    default:
      return { epoch, turn: undefined, block: undefined }
  }
}

/**
 * Which frames are recorded where there are too many: one in two, four, eight… by their sender's clock, so that the two ends of a
 * frame, and peers with more or less to do, choose alike; and each token.
 */
function createSampler() {
  let level = 0
  let offered = 0
  let missed = 0
  return {
    get isSampling(): boolean {
      return level > 0
    },
    /** `ends`: so many records it would be. */
    takes(lamport: number, message: Message, ends: number): boolean {
      offered += ends
      if (level === 0 || message.kind === 'token' || Math.imul(lamport, 0x9e3779b1) >>> (32 - level) === 0) return true
      missed += ends
      return false
    },
    /** One that was to be recorded was not. */
    miss(): void {
      missed++
    },
    /** Another batch begins: how many were missed in the last one. */
    turn(): number {
      level = offered <= recording.batchFrames ? 0 : Math.min(16, Math.ceil(Math.log2(offered / recording.batchFrames)))
      offered = 0
      const count = missed
      missed = 0
      return count
    },
  }
}

/** Own frames as they travelled. */
const createKeptFrames = () => createNewest<Uint8Array>(recording.keptFrames, recording.keptBytes, (frame) => frame.length)
