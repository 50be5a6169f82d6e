import type { PeerId } from '../core/ids.ts'
import type { AlgorithmKind } from '../mutex/algorithm.ts'
import { compareHeld, type StepAct } from '../mutex/gate.ts'
import { Part, type PartOutput } from '../mutex/part.ts'
import type { MutexView } from '../mutex/participant.ts'
import { Predictions } from '../mutex/predictions.ts'
import { isRoomRing, type TokenHere, type TokenMove } from '../mutex/room-ring.ts'
import type { ExperimentSetting } from '../mutex/setting.ts'
import { isMessage, lifeEvents, type ToldEvent } from '../mutex/witness.ts'
import { type Alarm, createAlarm } from './driver.ts'
import { Aside } from './experiment-aside.ts'
import {
  type ExperimentFrame,
  eventBytes,
  heldBytes,
  heldMax,
  inFrames,
  isSendable,
  partBytes,
  type StepFrame,
  type TalkPart,
  type TellFrame,
  talkPartsMax,
  tellEventsMax,
} from './experiment-frame.ts'
import { createExperimentRecord, type ExperimentRecord, type Held } from './experiment-record.ts'
import type { Clock } from './ports.ts'

/** One experiment of the room on this peer, from its set-up in the log to its end there: its part, what it tells, what it knows. */
export interface Experiment {
  readonly setup: ExperimentSetup
  readonly record: Omit<ExperimentRecord, 'tell' | 'look' | 'end' | 'enterView' | 'onEntered'>
  readonly predictions: Predictions
  /** How it ended; `undefined`: it runs. */
  readonly ended: 'result' | 'stop' | undefined
  /** Nothing of it changes any more. */
  readonly isClosed: boolean
  /** This peer's, in the open round. */
  readonly ownVote: PeerId | undefined
  /** The view block that it is in; 0: none yet. */
  readonly epoch: number
  /** Whether this peer can take part: it has the algorithm. */
  readonly hasPart: boolean
  enterView(view: MutexView): void
  heard(from: PeerId, frame: ExperimentFrame): void
  /** See {@link Part.tokenMoved}. */
  tokenMoved(move: TokenMove): void
  /** The host's: closes the round of votes, and lets a message go, or not. `undefined`: it waits nowhere. */
  step(
    act: StepAct,
    message: Pick<Held, 'from' | 'event'> | undefined,
  ): { readonly held: Held; readonly round: number } | undefined
  /** False: that round is closed. */
  vote(round: number, choice: PeerId): boolean
  /** The log says that it is over. */
  end(how: 'result' | 'stop'): void
  close(): void
  /** Called when anything has changed; until the returned function is called. */
  onChange(listener: () => void): () => void
}

/** As the log has it. */
export interface ExperimentSetup {
  readonly number: number
  /** The index of its set-up's block, and the time of that. */
  readonly block: number
  readonly startedAt: number
  /** SHA-256 of the set-up as it stands in the log, in hex. */
  readonly settingHash: string
  readonly setting: ExperimentSetting
}

export interface ExperimentOptions {
  readonly self: PeerId
  readonly host: PeerId
  readonly clock: Clock
  readonly setup: ExperimentSetup
  /** `undefined`: this peer does not have it, and only looks on. */
  readonly kind: AlgorithmKind | undefined
  /** See {@link Part}. */
  readonly life: number
  readonly tokenHere?: TokenHere
  /** The room clock by the monotonic one, in milliseconds. */
  timeAt(now: number): number
  isMember(peer: PeerId): boolean
  /** To everybody. */
  gossip(frame: ExperimentFrame): void
  /** To one of them: nobody else need carry it, or look at it. */
  send(to: PeerId, frame: ExperimentFrame): void
  /** A peer says what no honest one says. */
  refuse(from: PeerId): void
  /** Every part is at its end, and all that was told is here. Resolves with false where nothing came of it: then it is said again. */
  onFinished(): Promise<boolean>
}

/** Milliseconds. */
const tellEvery = 200
/** Also where nothing is new, so that whoever came later knows it. */
const tellAnyway = 1_000
const repeatStepFor = 5_000
/** What is told after the end still comes. */
const listenAfter = 1_000
/** When all parts are at their end, or the experiment is, messages that are still to be told have so much time. */
const lateMost = 10_000

export function createExperiment(options: ExperimentOptions): Experiment {
  const { self, host, clock, setup, kind, life, tokenHere, timeAt, isMember, gossip } = options
  const { setting } = setup
  const isByToken = isRoomRing(setting)
  const record = createExperimentRecord(setting)
  const predictions = new Predictions()
  record.onEntered = (peer) => predictions.entered(peer)
  const listeners = new Set<() => void>()
  const part =
    kind &&
    new Part({
      self,
      kind: setting.sha256 === undefined ? kind : sendableOf(kind),
      setting,
      life,
      tokenHere,
      now: clock.monotonic(),
    })
  let epoch = 0
  let ended: Experiment['ended']
  let isClosed = false
  /** All but messages: they are told at once. */
  let untold: ToldEvent[] = []
  const isInHurry = !isByToken && !setting.step && setting.think.most === 0 && setting.stay.most === 0
  const aside = new Aside(life * lifeEvents, isInHurry)
  let told = 0
  /** A part's events count from its life on. */
  let toldThrough = life * lifeEvents
  let toldAt = Number.NEGATIVE_INFINITY
  let toldState = ''
  let toldHeld = '[]'
  let isFinished = false
  /** Since then all parts are at their end, or the experiment is; monotonic. */
  let overAt: number | undefined
  /** Steps of the host that are not known to be done. */
  let steps: { readonly frame: StepFrame; readonly attempt: number; readonly until: number }[] = []
  let ownVote: { readonly round: number; readonly choice: PeerId } | undefined
  let cancelBeat = (): void => {}
  let isWoken = false

  const changed = (): void => {
    for (const listener of listeners) listener()
  }

  /** What is said to one peer in one step goes out together. */
  const carryOut = (outputs: readonly PartOutput[]): void => {
    const talk = new Map<PeerId, TalkPart[]>()
    for (const output of outputs) {
      if (output.kind === 'send') {
        const { to, frame } = output
        const parts = talk.get(to)
        if (parts === undefined) talk.set(to, [{ to, frame }])
        else parts.push({ to, frame })
      } else if (output.kind === 'wake') wakeAt(output.at)
      else note(output)
    }
    for (const [to, parts] of talk) {
      for (const some of inFrames(parts, talkPartsMax, partBytes)) {
        options.send(to, { kind: 'talk', experiment: setup.number, parts: some })
      }
    }
    if (setting.step && JSON.stringify(part?.held) !== toldHeld) tellSoon()
  }

  const alarm: Alarm = createAlarm(clock, () => tick())
  const tick = (): void => {
    if (!isClosed && ended === undefined && part !== undefined) carryOut(part.tick(clock.monotonic()))
  }
  const wakeAt = (at: number): void => {
    if (at > clock.monotonic()) return alarm.set(at)
    alarm.cancel()
    if (isWoken) return
    isWoken = true
    clock.soon(() => {
      isWoken = false
      tick()
    })
  }

  const note = ({ event }: Extract<PartOutput, { kind: 'event' }>): void => {
    const told = { number: event.vector[self] ?? 0, at: timeAt(clock.monotonic()), event }
    if (!isMessage(told)) {
      untold.push(told)
      if (untold.length >= tellEventsMax) tellSoon()
    } else if (setting.record && !record.isFull) aside.add(told)
  }

  let isTellingSoon = false
  const tellSoon = (): void => {
    if (isTellingSoon) return
    isTellingSoon = true
    clock.soon(() => {
      isTellingSoon = false
      if (!isClosed) tell()
    })
  }

  /** In as many frames as it takes. */
  const tell = (): void => {
    if (part === undefined) return
    const now = clock.monotonic()
    const held = inFrames(part.held, heldMax, heldBytes)[0] ?? []
    const state = part.state(now)
    const heldText = JSON.stringify(held)
    // Others wait for its number where they have heard of an event, though none is told.
    const isNew = part.events > toldThrough || aside.count > 0 || state !== toldState || heldText !== toldHeld
    if (!isNew && now - toldAt < tellAnyway) return
    const deeds = untold
    untold = []
    // Where nobody keeps any more, nobody need be told.
    if (record.isFull) aside.forget()
    const messages = setting.record ? aside.take(part.events, overAt !== undefined, record.awaited) : undefined
    const frames = inFrames([...deeds, ...(messages?.events ?? [])], tellEventsMax, eventBytes)
    let messagesAfter = messages?.after ?? 0
    for (const [at, some] of (frames.length === 0 ? [[]] : frames).entries()) {
      const isLast = at >= frames.length - 1
      const events = some.filter((told) => !isMessage(told))
      const said = some.filter(isMessage)
      // Deeds come first: with the first message, or the last of all, all of them are told.
      const through = isLast || said.length > 0 ? part.events : (events.at(-1)?.number ?? toldThrough)
      const messagesThrough = isLast ? (messages?.through ?? 0) : (said.at(-1)?.number ?? messagesAfter)
      const frame: TellFrame = {
        kind: 'tell',
        experiment: setup.number,
        part: state,
        why: (part.failure ?? '').slice(0, 120),
        entries: part.entries,
        sent: { ...part.sent },
        number: ++told,
        after: toldThrough,
        through,
        events,
        messages: messages && { after: messagesAfter, events: said, through: messagesThrough },
        aside:
          aside.count + (messages === undefined ? 0 : messages.events.filter(({ number }) => number > messagesThrough).length),
        held: isLast ? held : undefined,
      }
      toldThrough = through
      messagesAfter = messagesThrough
      record.tell(now, self, frame)
      gossip(frame)
    }
    toldAt = now
    toldState = state
    toldHeld = heldText
    afterNews()
  }

  const isLate = (now: number): boolean => overAt !== undefined && now - overAt >= lateMost

  const afterNews = (): void => {
    const now = clock.monotonic()
    if (ended === undefined) overAt = record.isFinished ? (overAt ?? now) : undefined
    if (!isFinished && ended === undefined && overAt !== undefined && (record.awaited === 0 || isLate(now))) {
      isFinished = true
      void options.onFinished().then((isDone) => {
        isFinished = isDone
      })
    }
    changed()
  }

  /** A part that was dead begins a new life there, and knows nothing of what it has not told. */
  const enterPart = (entering: Part, now: number, view: MutexView): void => {
    const last = entering.life
    tell()
    const outputs = entering.enterView(now, view)
    if (entering.life !== last) {
      toldThrough = entering.life * lifeEvents
      aside.restart(toldThrough)
    }
    carryOut(outputs)
  }

  const beat = (): void => {
    const now = clock.monotonic()
    if (ended === undefined || aside.count > 0) tell()
    record.look(now, isLate(now))
    const waiting = new Map(record.held.map((held) => [`${held.from} ${held.event}`, held]))
    steps = steps.filter(({ frame, attempt, until }) => {
      const held = waiting.get(`${frame.sender} ${frame.event}`)
      // One that was dropped, and waits again, is another one.
      return now < until && held?.attempt === attempt && !(frame.act === 'delay' && held.rank >= frame.round)
    })
    for (const { frame } of steps) gossip(frame)
    if (ownVote?.round === predictions.round) gossip({ kind: 'vote', experiment: setup.number, ...ownVote })
    afterNews()
    cancelBeat = clock.at(now + tellEvery, beat)
  }

  const takeStep = ({ round, tally, sender, event, act }: StepFrame): void => {
    predictions.close(round, tally)
    if (sender === self && part !== undefined) {
      carryOut(part.step(clock.monotonic(), event, act, round))
      tellSoon()
    }
    changed()
  }

  cancelBeat = clock.at(clock.monotonic() + tellEvery, beat)

  return {
    setup,
    record,
    predictions,
    get ended() {
      return ended
    },
    get isClosed() {
      return isClosed
    },
    get ownVote() {
      return ownVote?.round === predictions.round ? ownVote.choice : undefined
    },
    get epoch() {
      return epoch
    },
    hasPart: part !== undefined,
    enterView(view) {
      if (ended !== undefined) return
      epoch = view.epoch
      const { peers } = setting
      const parts = peers === undefined ? view.members : view.members.filter((peer) => peers.includes(peer))
      const now = clock.monotonic()
      record.enterView(now, timeAt(now), view, parts)
      if (part !== undefined) enterPart(part, now, { epoch: view.epoch, members: parts })
      changed()
    },
    tokenMoved(move) {
      if (isByToken && ended === undefined && part !== undefined) carryOut(part.tokenMoved(clock.monotonic(), move))
    },
    heard(from, frame) {
      if (isClosed) return
      const now = clock.monotonic()
      switch (frame.kind) {
        case 'talk':
          if (ended !== undefined || part === undefined) return
          carryOut(frame.parts.flatMap(({ to, frame: said }) => (to === self ? part.receive(now, from, said) : [])))
          return
        case 'tell':
          if (record.tell(now, from, frame) > 0) options.refuse(from)
          return afterNews()
        case 'step':
          if (from === host && ended === undefined) takeStep(frame)
          return
        case 'vote':
          if (isMember(from) && isMember(frame.choice) && predictions.vote(frame.round, from, frame.choice)) changed()
          return
        case 'ask-own':
        case 'own':
          return
      }
    },
    step(act, message) {
      // Those that are on their way out already wait no more.
      const isGoing = (held: Held): boolean =>
        steps.some(
          ({ frame, attempt }) =>
            frame.act !== 'delay' && frame.sender === held.from && frame.event === held.event && attempt === held.attempt,
        )
      const waiting = [...record.held].filter((held) => !isGoing(held)).sort(compareHeld)
      const held =
        message === undefined ? waiting[0] : waiting.find((one) => one.from === message.from && one.event === message.event)
      if (held === undefined) return undefined
      const { round } = predictions
      const frame: StepFrame = {
        kind: 'step',
        experiment: setup.number,
        round,
        tally: predictions.tally(),
        act,
        sender: held.from,
        event: held.event,
      }
      if (held.from !== self) steps.push({ frame, attempt: held.attempt, until: clock.monotonic() + repeatStepFor })
      takeStep(frame)
      gossip(frame)
      return { held, round }
    },
    vote(round, choice) {
      if (!predictions.vote(round, self, choice)) return false
      ownVote = { round, choice }
      gossip({ kind: 'vote', experiment: setup.number, round, choice })
      changed()
      return true
    },
    end(how) {
      if (ended !== undefined) return
      overAt ??= clock.monotonic()
      tell()
      ended = how
      alarm.cancel()
      steps = []
      const closeWhenTold = (): void => {
        const now = clock.monotonic()
        if (record.awaited === 0 || isLate(now)) this.close()
        else clock.at(now + tellEvery, closeWhenTold)
      }
      clock.at(clock.monotonic() + listenAfter, closeWhenTold)
      changed()
    },
    close() {
      if (isClosed) return
      isClosed = true
      cancelBeat()
      alarm.cancel()
      record.end()
      changed()
    },
    onChange(listener) {
      const own = (): void => listener()
      listeners.add(own)
      return () => listeners.delete(own)
    },
  }
}

/** Somebody's own algorithm may say what cannot travel: that is its fault, and shows as such. */
function sendableOf(kind: AlgorithmKind): AlgorithmKind {
  return {
    ...kind,
    create: (place, effects) =>
      kind.create(place, {
        ...effects,
        // What it would be let in by is nothing that a referee of its messages goes by.
        enter: () => effects.enter(),
        send(to, message) {
          if (!isSendable(message)) throw new Error('a message has a kind and fields of plain data, and at most 4 KiB as JSON')
          if (!place.members.includes(to) || to === place.self) throw new Error('a message goes to another member')
          effects.send(to, message)
        },
      }),
  }
}
