import type { ToldBatch, ToldEvent } from '../mutex/witness.ts'

/** From one time of telling to the next. More messages than these are many, and wait; of those that waited so many are told at once. */
export const fewMessages = 50
/** The same where nobody ever pauses: whatever time it takes to tell is lost for the run. */
const fewInHurry = 5
/**
 * So many wait at a peer; more are not told at all. Each message has two ends, so of all that a record keeps one peer has at most
 * half.
 */
const waitingMax = 50_000
/** Once it is over: so many of all peers together. */
const shareOfAll = 4_000

/**
 * The messages of this peer's part, kept as they are until there is time to tell them: where everybody is busy, telling them would
 * cost more than sending them. What was kept aside is told in order, some each time, so that nobody has too much to read at once.
 */
export class Aside {
  readonly #waiting: ToldEvent[] = []
  readonly #few: number
  #through: number
  /** Since the last time of telling. */
  #fresh = 0

  /** `first`: events count from there on. `isInHurry`: nobody thinks, nor stays inside, nor waits for a step. */
  constructor(first: number, isInHurry: boolean) {
    this.#few = isInHurry ? fewInHurry : fewMessages
    this.#through = first
  }

  get count(): number {
    return this.#waiting.length
  }

  add(told: ToldEvent): void {
    this.#fresh++
    if (this.#waiting.length < waitingMax) this.#waiting.push(told)
  }

  /**
   * What is to be told now: all up to the newest event, or as much as there is time for. `undefined`: none, others have more to do.
   * `isOver`: nobody has anything to do any more. `awaited`: so many wait at all peers. Call it each time that something is told.
   */
  take(newest: number, isOver: boolean, awaited: number): ToldBatch | undefined {
    const isBusy = this.#fresh > this.#few
    this.#fresh = 0
    if (isBusy && !isOver) return undefined
    const after = this.#through
    const { length } = this.#waiting
    const most = isOver ? Math.max(fewMessages, Math.ceil((shareOfAll * length) / Math.max(1, awaited, length))) : fewMessages
    const events = this.#waiting.splice(0, most)
    this.#through = this.#waiting.length === 0 ? newest : (events.at(-1)?.number ?? newest)
    return { after, events, through: this.#through }
  }

  /** Nobody wants them: they are not told. */
  forget(): void {
    this.#waiting.length = 0
  }

  /** A new life of the part remembers nothing. */
  restart(first: number): void {
    this.forget()
    this.#through = first
  }
}
