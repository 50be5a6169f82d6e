import type { PeerId } from '../core/ids.ts'
import { roomMembersMax } from '../core/limits.ts'
import { createRandom, type Random } from '../core/random.ts'
import type { Algorithm, AlgorithmKind, MutexMessage } from './algorithm.ts'
import { Gate, type HeldMessage, type StepAct } from './gate.ts'
import { type MutexEvent, type MutexFrame, type MutexOutput, type MutexView, Participant } from './participant.ts'
import type { Span } from './rehearsal.ts'
import { isSameToken, type RoomToken, type TokenHere, type TokenMove, tokenMessage } from './room-ring.ts'
import type { ExperimentSetting } from './setting.ts'
import { lifeEvents } from './witness.ts'

export type PartOutput =
  | { readonly kind: 'send'; readonly to: PeerId; readonly frame: MutexFrame }
  | { readonly kind: 'event'; readonly event: MutexEvent }
  /** Call `tick` then; it replaces every earlier one. */
  | { readonly kind: 'wake'; readonly at: number }

/** What one peer does in an experiment just now. */
export type PartState = 'begins' | 'out' | 'waiting' | 'inside' | 'done' | 'paused' | 'dead' | 'failed'

export interface PartOptions {
  readonly self: PeerId
  readonly kind: AlgorithmKind
  readonly setting: ExperimentSetting
  /** Another number in each life of the peer in this experiment; its events count from `life` · {@link lifeEvents} on. */
  readonly life: number
  /** Monotonic, milliseconds: faults count from here. */
  readonly now: number
  /** Of the room's own ring, where that is the algorithm. */
  readonly tokenHere?: TokenHere | undefined
}

/** No honest part has a clock that far ahead of another one: they count events of one experiment. */
const lamportLeapMax = 2 ** 20
const lamportMax = 2 ** 40
/** All that a room can have, and those that were there before. */
const metMax = 4 * roomMembersMax

/**
 * One peer's part in an experiment on the real room: a participant, the work that it is given, what goes wrong with it, and the gate
 * of step mode. Pure, as the participant is: it is told the time, and what came, and says what is to be done.
 */
export class Part {
  readonly #self: PeerId
  /** It never throws. */
  readonly #kind: AlgorithmKind
  readonly #setting: ExperimentSetting
  readonly #random: Random
  readonly #begin: number
  readonly #gate: Gate
  #participant: Participant
  #life: number
  /** Lamport time of the newest event. */
  #lamport = 0
  #hasBegun = false
  #hasView = false
  #failure: string | undefined
  /** Kills that it has got over. */
  #deaths = 0
  /** Entries to go. */
  #left: number
  /** What the work does next, and when. */
  #next: { readonly act: 'wish' | 'leave'; readonly at: number } | undefined
  /** When the participant wants to be woken. */
  #participantWakes = Number.POSITIVE_INFINITY
  /** Peers that have had a part in it, as far as was heard. */
  readonly #met = new Set<string>()
  #entries = 0
  #sent = { entry: 0, overhead: 0 }
  readonly #tokenHere: TokenHere
  /** The turn of the room's ring in which it is inside. */
  #token: RoomToken | undefined

  constructor({ self, kind, setting, life, now, tokenHere }: PartOptions) {
    this.#self = self
    this.#tokenHere = tokenHere ?? (() => undefined)
    this.#setting = setting
    this.#life = life
    this.#begin = now
    this.#left = setting.entries
    this.#random = createRandom(seedOf(setting.seed, self))
    this.#gate = new Gate(self)
    this.#kind = guarded(kind, (reason) => {
      this.#failure ??= reason
    })
    this.#participant = new Participant(self, this.#kind, life * lifeEvents)
    this.#think(now)
  }

  state(now: number): PartState {
    if (this.#failure !== undefined) return 'failed'
    if (this.#isDead(now)) return 'dead'
    if (this.#isPaused(now)) return 'paused'
    if (!this.#hasBegun) return 'begins'
    const { state } = this.#participant
    return state === 'out' && this.#left === 0 ? 'done' : state
  }

  /** Why it failed: its algorithm is somebody's own, and threw. */
  get failure(): string | undefined {
    return this.#failure
  }

  get life(): number {
    return this.#life
  }

  /** The number of its newest event. */
  get events(): number {
    return this.#participant.events
  }

  /** In this life. */
  get entries(): number {
    return this.#entries
  }

  /** Messages of its algorithm in this life, each counted once however often it was sent. */
  get sent(): { readonly entry: number; readonly overhead: number } {
    return this.#sent
  }

  get held(): readonly HeldMessage[] {
    return this.#gate.held
  }

  enterView(now: number, view: MutexView): readonly PartOutput[] {
    this.#gate.clear()
    this.#hasBegun = false
    if (this.#hasView && this.#isDead(now)) {
      // It lives again from here on, and remembers nothing.
      this.#deaths = this.#kills(now)
      this.#life++
      this.#entries = 0
      this.#sent = { entry: 0, overhead: 0 }
      this.#participant = new Participant(this.#self, this.#kind, this.#life * lifeEvents)
      this.#think(now)
    }
    this.#hasView = true
    return this.#run(now, () => this.#step((participant) => participant.enterView(now, view)))
  }

  receive(now: number, from: PeerId, frame: MutexFrame): readonly PartOutput[] {
    if (!this.#isAwake(now) || this.#isCut(now, from) || !this.#isBelieved(frame)) return []
    return this.#run(now, () => this.#step((participant) => participant.receive(now, from, frame)))
  }

  tick(now: number): readonly PartOutput[] {
    return this.#run(now, () => {
      const isDue = this.#isAwake(now) && now >= this.#participantWakes
      return isDue ? this.#step((participant) => participant.tick(now)) : []
    })
  }

  /**
   * The token of the room's ring has come, or is gone: whoever is inside with it is out. Its hops are events here, also of a part that
   * stands still, and messages of this algorithm, though the ring sends it for other reasons.
   */
  tokenMoved(now: number, move: TokenMove): readonly PartOutput[] {
    return this.#run(now, () => {
      if (move.kind === 'came') return [...this.#hop(now, 'received', move.from, move.place), ...this.#lookAtToken(now)]
      const left = this.#lookAtToken(now)
      return move.hop === undefined ? left : [...left, ...this.#hop(now, 'sent', move.hop.to, move.hop.place)]
    })
  }

  #lookAtToken(now: number): readonly MutexOutput[] {
    if (!this.#isAwake(now)) return []
    const token = this.#token
    if (token !== undefined && this.#participant.state === 'inside' && !isSameToken(token, this.#tokenHere()))
      return this.#leave(now)
    return this.#step((participant) => participant.look(now))
  }

  /** `place`: where it comes to, which both ends know. */
  #hop(now: number, what: 'sent' | 'received', peer: PeerId | undefined, place: RoomToken): readonly MutexOutput[] {
    // Also before it begins: whoever has entered by then may be its sender.
    const isTold = peer !== undefined && this.#hasView && !this.#isDead(now)
    if (isTold) return this.#step((participant) => participant.hop(now, what, peer, tokenMessage(place)))
    // It counts also where nobody is there to tell of it.
    if (what === 'sent') this.#sent.entry++
    return []
  }

  /** The host's step, on a message that waits here. */
  step(now: number, event: number, act: StepAct, round: number): readonly PartOutput[] {
    const gone = this.#gate.act(event, act, round)
    return gone === undefined || !this.#isAwake(now) ? [] : this.#thrown(now, { kind: 'send', ...gone })
  }

  #run(now: number, act: () => readonly MutexOutput[]): readonly PartOutput[] {
    const outputs = act().flatMap((output) => this.#carryOut(now, output))
    // What is due at once goes out with it: to leave an empty section, and to want in again. Not more than that: others wait, too.
    for (let turn = 0; turn < 2 && this.#isAwake(now); turn++) {
      outputs.push(...this.#work(now).flatMap((output) => this.#carryOut(now, output)))
    }
    const at = this.#wakeAt(now)
    if (at < Number.POSITIVE_INFINITY) outputs.push({ kind: 'wake', at })
    return outputs
  }

  /** Each step says anew when the participant is to be woken, if at all. */
  #step(act: (participant: Participant) => readonly MutexOutput[]): readonly MutexOutput[] {
    this.#participantWakes = Number.POSITIVE_INFINITY
    return act(this.#participant)
  }

  #carryOut(now: number, output: MutexOutput): readonly PartOutput[] {
    switch (output.kind) {
      case 'send':
        return this.#setting.step && !this.#gate.passes(output.to, output.frame) ? [] : this.#thrown(now, output)
      case 'entered':
        this.#token = this.#tokenHere()
        this.#next = { act: 'leave', at: now + this.#draw(this.#setting.stay) }
        return []
      case 'left':
        this.#think(now)
        return []
      case 'wake':
        this.#participantWakes = output.at
        return []
      case 'event': {
        const { what, purpose, lamport } = output.event
        this.#lamport = lamport
        if (what === 'began') this.#hasBegun = true
        if (what === 'sent') this.#sent[purpose ?? 'entry']++
        return [output]
      }
    }
  }

  /** What leaves, unless a fault keeps it. */
  #thrown(now: number, output: Extract<PartOutput, { kind: 'send' }>): readonly PartOutput[] {
    if (this.#isCut(now, output.to)) return []
    return this.#setting.lostShare > 0 && this.#random.chance(this.#setting.lostShare) ? [] : [output]
  }

  #work(now: number): readonly MutexOutput[] {
    const next = this.#next
    if (next === undefined || now < next.at || this.#failure !== undefined) return []
    this.#next = undefined
    return next.act === 'wish' ? this.#step((participant) => participant.request(now)) : this.#leave(now)
  }

  #leave(now: number): readonly MutexOutput[] {
    this.#left--
    this.#entries++
    const outputs = this.#step((participant) => participant.release(now))
    this.#think(now)
    return outputs
  }

  #think(now: number): void {
    this.#next = this.#left > 0 ? { act: 'wish', at: now + this.#draw(this.#setting.think) } : undefined
  }

  #draw({ least, most }: Span): number {
    return least + this.#random.next() * (most - least)
  }

  #wakeAt(now: number): number {
    const resumes = this.#isAwake(now) ? now : Math.min(...this.#pauses(now).map(({ at, millis }) => this.#begin + at + millis))
    return Math.max(resumes, Math.min(this.#participantWakes, this.#next?.at ?? Number.POSITIVE_INFINITY))
  }

  #isAwake(now: number): boolean {
    return !this.#isDead(now) && !this.#isPaused(now)
  }

  #isDead(now: number): boolean {
    return this.#kills(now) > this.#deaths
  }

  #kills(now: number): number {
    const { faults } = this.#setting
    return faults.filter(({ kind, peer, at }) => kind === 'kill' && peer === this.#self && now >= this.#begin + at).length
  }

  #isPaused(now: number): boolean {
    return this.#pauses(now).length > 0
  }

  #pauses(now: number) {
    return this.#setting.faults.flatMap((fault) =>
      fault.kind === 'pause' && fault.peer === this.#self && this.#isNow(now, fault) ? [fault] : [],
    )
  }

  #isCut(now: number, other: PeerId): boolean {
    return this.#setting.faults.some(
      (fault) =>
        fault.kind === 'cut' &&
        this.#isNow(now, fault) &&
        ((fault.peer === this.#self && fault.to === other) || (fault.to === this.#self && fault.peer === other)),
    )
  }

  #isNow(now: number, { at, millis }: { readonly at: number; readonly millis: number }): boolean {
    return now >= this.#begin + at && now < this.#begin + at + millis
  }

  /** Of this peer's own events nobody knows more than there are; and no clock leaps. */
  #isBelieved({ part }: MutexFrame): boolean {
    if (part.kind === 'ack') return true
    const { lamport, vector } = part.payload
    if (lamport > Math.min(this.#lamport + lamportLeapMax, lamportMax)) return false
    const fresh = Object.keys(vector).filter((peer) => !this.#met.has(peer))
    if (this.#met.size + fresh.length > metMax) return false
    for (const peer of fresh) this.#met.add(peer)
    return (vector[this.#self] ?? 0) <= this.#participant.events
  }
}

/**
 * What an algorithm throws, which may be somebody's own, is its end and not the peer's: it does nothing any more, and what was to be
 * said is said, so that the others know who they deal with.
 */
function guarded(kind: AlgorithmKind, onFailed: (reason: string) => void): AlgorithmKind {
  let hasFailed = false
  const attempt = <T>(act: () => T, otherwise: T): T => {
    if (hasFailed) return otherwise
    try {
      return act()
    } catch (error) {
      hasFailed = true
      onFailed(error instanceof Error ? error.message : String(error))
      return otherwise
    }
  }
  return {
    name: kind.name,
    needsFifo: kind.needsFifo,
    isOverhead: (message) => attempt(() => kind.isOverhead?.(message) === true, false),
    accepts: (message): message is typeof message => attempt(() => kind.accepts(message), false),
    create(place, effects) {
      const algorithm = attempt<Algorithm<MutexMessage> | undefined>(() => kind.create(place, effects), undefined)
      return {
        request: (time) => attempt(() => algorithm?.request(time), undefined),
        release: () => attempt(() => algorithm?.release(), undefined),
        receive: (from, message) => attempt(() => algorithm?.receive(from, message), undefined),
        tick: () => attempt(() => algorithm?.tick?.(), undefined),
      }
    },
  }
}

/** Peers with one seed do not all think for the same time. */
function seedOf(seed: number, peer: PeerId): number {
  let mixed = seed | 0
  for (let i = 0; i < peer.length; i++) mixed = Math.imul(mixed ^ peer.charCodeAt(i), 0x01000193)
  return mixed
}
