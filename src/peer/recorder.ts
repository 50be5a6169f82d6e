import type { PeerId } from '../core/ids.ts'
import { type Message, topicOf } from '../ring/message.ts'
import type { Input, Replica, ReplicaView } from '../ring/types.ts'
import type { News } from './context.ts'
import type { FrameDetail } from './frame-detail.ts'
import { factsOf } from './frame-facts.ts'
import { createFrameSampler } from './frame-sampler.ts'
import { decodeLabFrame, encodeLabFrame, type FrameRecord } from './lab-frame.ts'
import { createLabTellers } from './lab-tellers.ts'
import type { Ports, RingTopic, Verdict } from './ports.ts'
import { boundsOf, isLie, type RecordBounds } from './record-bounds.ts'
import { recording } from './recording.ts'
import type { RingStep } from './ring-steps.ts'
import { createRingWatch } from './ring-watch.ts'
import { createRoomTime } from './room-time.ts'

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

export function createRecorder({ ports, tell, hear }: RecorderOptions): Recorder {
  const { clock, transport, identity } = ports
  const { self, crypto } = identity
  let view: ReplicaView | undefined
  const sampler = createFrameSampler()
  const time = createRoomTime(clock)
  const tellers = createLabTellers((peer) => view?.members.includes(peer) === true)
  const watch = createRingWatch({ self, crypto, timeAt: time.at, isSampling: () => sampler.isSampling })
  /** Frames that came and that the ring has not been told of yet, in order: hardly ever more than one. */
  let arriving: Arrival[] = []
  let batch: FrameRecord[] = []
  /** Of what is written down here, as of the last beat. */
  let ownBounds: RecordBounds | undefined
  /** Others look until then, monotonic. */
  let watchedUntil = Number.NEGATIVE_INFINITY
  /** When the others were asked to record. */
  let askedAt = Number.NEGATIVE_INFINITY
  let cancelBeat = (): void => {}
  let stopHearing = (): void => {}
  let isClosed = false

  const recorder = {
    isOn: false,

    around(replica: Replica): Replica {
      view = replica.view
      watch.restart()
      batch = []
      watchedUntil = Number.NEGATIVE_INFINITY
      tellers.clear()
      time.set(view)
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
      const facts = factsOf(message, lamport, time.at(clock.monotonic()), frame.length, view)
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
      if (!tellers.hears(from, now) || view === undefined) return 'ignore'
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
      } else if (decoded.frame.kind === 'records' && watch.isWatched) {
        tellers.recorded(from, now)
        const lies = watch.tellOthers(from, decoded.frame, view, now)
        if (lies > 0) tell({ kind: 'malformed', from, reason: 'a record of the lab that cannot be' })
      }
      return 'accept'
    },

    watch(listener: (step: RingStep) => void): () => void {
      if (!watch.isWatched) {
        askedAt = Number.NEGATIVE_INFINITY
        stopHearing = hear((news) => {
          if (news.kind === 'applied') watch.tellBlock(news.block, clock.monotonic())
        })
      }
      const stop = watch.add(listener, recordersAt(clock.monotonic()))
      turnOn()
      return () => {
        stop()
        if (!watch.isWatched) stopHearing()
      }
    },

    frame: (id: string): FrameDetail | undefined => watch.frame(id),

    close(): void {
      isClosed = true
      recorder.isOn = false
      cancelBeat()
      watch.close()
    },
  }

  const turnOn = (): void => {
    if (recorder.isOn || isClosed) return
    recorder.isOn = true
    arriving = []
    beat()
  }

  const beat = (): void => {
    const now = clock.monotonic()
    time.set(view)
    ownBounds = view && boundsOf(view, 0.5)
    publish(now)
    if (watch.isWatched) {
      askOthers(now)
      watch.look(now, recordersAt(now))
    } else if (now >= watchedUntil) {
      recorder.isOn = false
      return
    }
    cancelBeat = clock.at(now + recording.batchEvery, beat)
  }

  /** What was recorded since the last time, for those who look elsewhere. */
  const publish = (now: number): void => {
    const missed = sampler.turn()
    const records = batch
    batch = []
    if (watch.isWatched) watch.miss(missed)
    if (now >= watchedUntil || records.length + missed === 0) return
    transport.gossip('lab', encodeLabFrame({ kind: 'records', missed, records }))
  }

  const askOthers = (now: number): void => {
    if (now - askedAt < recording.watchEvery) return
    askedAt = now
    transport.gossip('lab', encodeLabFrame({ kind: 'watch' }))
  }

  const recordersAt = (now: number): readonly PeerId[] => [self, ...tellers.recorders(now)]

  const received = (now: number, input: Extract<Input, { kind: 'receive' }>, before: number, after: number): void => {
    const { from, lamport, message } = input
    const arrival = takeArrival(message)
    if (arrival === undefined || from === self || !sampler.takes(lamport, message, 1)) return
    // What the ring obeyed has moved its clock: first by its arrival, then by what was sent because of it.
    const moved = Math.max(before, lamport) + 1
    const arrivedLamport = after >= moved ? moved : undefined
    const facts = factsOf(message, lamport, time.at(now), arrival.frame.length, view)
    // What came may be part of a larger buffer.
    const frame = watch.isWatched ? arrival.frame.slice() : arrival.frame
    record({ way: 'received', from, topic: arrival.topic, arrivedLamport, ...facts }, frame)
  }

  /** What the ring was not told of came before it. */
  const takeArrival = (message: Message): Arrival | undefined => {
    const place = arriving.findIndex((one) => one.message === message)
    return place < 0 ? undefined : arriving.splice(0, place + 1)[place]
  }

  const record = (seen: FrameRecord, frame: Uint8Array): void => {
    // A stranger may send anything: whoever passed it on would be taken for the liar.
    if (view === undefined || ownBounds === undefined || isLie(self, seen, ownBounds)) return sampler.miss()
    const now = clock.monotonic()
    if (now < watchedUntil) {
      if (batch.length < recording.batchFrames) batch.push(seen)
      else sampler.miss()
    }
    if (watch.isWatched) watch.tellOwn(seen, frame, view, now)
  }

  return recorder
}
