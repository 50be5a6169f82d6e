import type { PeerId } from '../core/ids.ts'
import { createRandom, type Random } from '../core/random.ts'
import type { AlgorithmKind } from './algorithm.ts'
import { type MutexFrame, type MutexOutput, type MutexView, Participant } from './participant.ts'
import type { TrialEvent } from './trial.ts'
import { lifeEvents } from './witness.ts'

/** Milliseconds, both included; drawn evenly. */
export interface Span {
  readonly least: number
  readonly most: number
}

/** What goes wrong, and when (milliseconds from the start). */
export type Fault = {
  readonly at: number
  readonly peer: PeerId
} /** `isUnnoticed`: the room has no view without it, as if there were no room. */ & (
  | { readonly kind: 'crash'; readonly isUnnoticed?: boolean }
  /** The room goes on without it, although it lives. `isUntold`: it hears of that only with the next view. */
  | { readonly kind: 'expel'; readonly isUntold?: boolean }
  /** Started again where it crashed, and taken into the view. */
  | { readonly kind: 'return' }
  /** Nothing goes from it to `to` until then. */
  | { readonly kind: 'cut'; readonly to: PeerId; readonly until: number }
)

export interface RehearsalSetting {
  readonly algorithm: AlgorithmKind
  /** In ring order. */
  readonly members: readonly PeerId[]
  readonly seed: number
  /** Of each peer. */
  readonly entries: number
  /** Before a peer wants in (again), and while it is inside. */
  readonly think: Span
  readonly stay: Span
  /** Of the network, one way. */
  readonly delay: Span
  /** Of frames, 0 to 1, until `calmAt`. */
  readonly lostShare: number
  readonly repeatedShare: number
  /** Milliseconds; from here on every frame arrives once. */
  readonly calmAt: number
  /** Until a peer knows of a view. */
  readonly viewDelay: Span
  readonly faults: readonly Fault[]
  /** It ends then, whoever still waits. */
  readonly limitMillis: number
}

export interface Rehearsal {
  readonly events: readonly TrialEvent[]
  /** Why it ended: all is done, nothing happens any more, its time is over, or there is no end of events. */
  readonly ended: 'done' | 'stuck' | 'time' | 'events'
  /** Who is there, and still wants in. */
  readonly waiting: readonly PeerId[]
  readonly millis: number
}

/** An algorithm of somebody's own may talk without end. */
const eventsMax = 2_000_000

interface Station {
  readonly participant: Participant
  isUp: boolean
  /** Entries to go. */
  left: number
  /** Views that it was told. */
  told: number
  /** The one time at which it is woken next. */
  wakeAt: number
}

/** An experiment without a network and without waiting: the participants of a whole room on simulated time, all from one seed. */
export function rehearse(setting: RehearsalSetting): Rehearsal {
  return new Room(setting).run()
}

class Room {
  readonly #setting: RehearsalSetting
  readonly #random: Random
  readonly #stations = new Map<PeerId, Station>()
  readonly #queue: { readonly at: number; readonly order: number; readonly act: () => void }[] = []
  readonly #views: MutexView[] = []
  readonly #events: TrialEvent[] = []
  /** Until when nothing goes this way. */
  readonly #cuts = new Map<string, number>()
  #now = 0
  #order = 0
  /** Of all peers together: whoever comes again counts its events from later on. */
  #lives = 0
  #faultsLeft: number

  constructor(setting: RehearsalSetting) {
    this.#setting = setting
    this.#random = createRandom(setting.seed)
    this.#faultsLeft = setting.faults.length
    for (const peer of setting.members) this.#start(peer, setting.entries, 0)
    this.#commit(setting.members)
    for (const fault of setting.faults) {
      this.#later(fault.at, () => {
        this.#faultsLeft--
        this.#suffer(fault)
      })
    }
  }

  run(): Rehearsal {
    const ended = this.#play()
    const waiting = [...this.#stations].filter(([, { isUp, participant }]) => isUp && participant.state === 'waiting')
    return { events: this.#events, ended, waiting: waiting.map(([peer]) => peer), millis: this.#now }
  }

  #play(): Rehearsal['ended'] {
    for (;;) {
      if (this.#isDone) return 'done'
      if (this.#events.length > eventsMax) return 'events'
      const next = this.#queue.shift()
      if (next === undefined) return 'stuck'
      if (next.at > this.#setting.limitMillis) return 'time'
      this.#now = next.at
      next.act()
    }
  }

  get #isDone(): boolean {
    if (this.#faultsLeft > 0) return false
    for (const { isUp, left, participant } of this.#stations.values())
      if (isUp && (left > 0 || participant.state !== 'out')) return false
    return true
  }

  #draw({ least, most }: Span): number {
    return least + this.#random.next() * (most - least)
  }

  #later(millis: number, act: () => void): void {
    const entry = { at: this.#now + millis, order: this.#order++, act }
    let place = this.#queue.length
    while (place > 0 && (this.#queue[place - 1]?.at ?? 0) > entry.at) place--
    this.#queue.splice(place, 0, entry)
  }

  #start(peer: PeerId, left: number, told: number): void {
    this.#stations.set(peer, {
      participant: new Participant(peer, this.#setting.algorithm, this.#lives++ * lifeEvents),
      isUp: true,
      left,
      told,
      wakeAt: Number.POSITIVE_INFINITY,
    })
    this.#think(peer)
  }

  #commit(members: readonly PeerId[], untold?: PeerId): void {
    const view = { epoch: this.#views.length + 1, members }
    this.#views.push(view)
    this.#events.push({ kind: 'view', at: this.#now, view })
    for (const peer of this.#stations.keys()) if (peer !== untold) this.#tellNext(peer)
  }

  /** Each hears of each view, in order, sooner or later. */
  #tellNext(peer: PeerId): void {
    const station = this.#stations.get(peer)
    const view = station && this.#views[station.told]
    if (station === undefined || view === undefined) return
    this.#later(this.#draw(this.#setting.viewDelay), () => {
      if (!this.#isHere(peer, station) || this.#views[station.told] !== view) return
      station.told++
      this.#carryOut(peer, station, station.participant.enterView(this.#now, view))
      this.#tellNext(peer)
    })
  }

  #isHere(peer: PeerId, station: Station): boolean {
    return station.isUp && this.#stations.get(peer) === station
  }

  #think(peer: PeerId): void {
    const station = this.#stations.get(peer)
    if (station === undefined) return
    this.#later(this.#draw(this.#setting.think), () => {
      if (this.#isHere(peer, station) && station.left > 0) this.#carryOut(peer, station, station.participant.request(this.#now))
    })
  }

  #carryOut(peer: PeerId, station: Station, outputs: readonly MutexOutput[]): void {
    for (const output of outputs) {
      switch (output.kind) {
        case 'send':
          this.#send(peer, output.to, output.frame)
          break
        case 'entered':
          this.#later(this.#draw(this.#setting.stay), () => this.#leave(peer, station))
          break
        case 'left':
          this.#think(peer)
          break
        case 'wake':
          this.#wakeAt(peer, station, Math.max(this.#now, output.at))
          break
        case 'event':
          this.#events.push({ kind: 'mutex', at: this.#now, peer, event: output.event })
      }
    }
  }

  #wakeAt(peer: PeerId, station: Station, at: number): void {
    if (at >= station.wakeAt) return
    station.wakeAt = at
    this.#later(at - this.#now, () => {
      if (!this.#isHere(peer, station) || station.wakeAt !== at) return
      station.wakeAt = Number.POSITIVE_INFINITY
      this.#carryOut(peer, station, station.participant.tick(this.#now))
    })
  }

  #leave(peer: PeerId, station: Station): void {
    if (!this.#isHere(peer, station) || station.participant.state !== 'inside') return
    station.left--
    this.#carryOut(peer, station, station.participant.release(this.#now))
    this.#think(peer)
  }

  #send(from: PeerId, to: PeerId, frame: MutexFrame): void {
    const { lostShare, repeatedShare, calmAt, delay } = this.#setting
    const isCalm = this.#now >= calmAt
    const copies = isCalm ? 1 : this.#random.chance(lostShare) ? 0 : this.#random.chance(repeatedShare) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      this.#later(this.#draw(delay), () => {
        const station = this.#stations.get(to)
        if (station?.isUp !== true || this.#now < (this.#cuts.get(`${from} ${to}`) ?? 0)) return
        this.#carryOut(to, station, station.participant.receive(this.#now, from, frame))
      })
    }
  }

  #suffer(fault: Fault): void {
    const { peer } = fault
    const station = this.#stations.get(peer)
    const members = this.#views.at(-1)?.members ?? []
    const others = members.filter((member) => member !== peer)
    switch (fault.kind) {
      case 'crash':
        if (station?.isUp !== true) return
        station.isUp = false
        this.#events.push({ kind: 'crashed', at: this.#now, peer })
        if (fault.isUnnoticed !== true && others.length > 0 && others.length < members.length) this.#commit(others)
        return
      case 'expel':
        if (others.length > 0 && others.length < members.length) this.#commit(others, fault.isUntold === true ? peer : undefined)
        return
      case 'return':
        if (station?.isUp === true && members.includes(peer)) return
        // It reads the log, and all views in it are past: it takes part from a new one on.
        if (station?.isUp === false) this.#start(peer, station.left, this.#views.length)
        return this.#commit([...others, peer])
      case 'cut':
        this.#cuts.set(`${peer} ${fault.to}`, fault.until)
    }
  }
}
