/** Everything that is done at a time, by name. */
const names = [
  'status',
  'ping',
  'look',
  'want',
  'announce',
  'ack',
  'tokenRepeat',
  'token',
  'collect',
  'commitTell',
  'commitFlush',
  'attempt',
  'activation',
  'request',
  'stage',
] as const

export type Deadline = (typeof names)[number]

const never = Number.POSITIVE_INFINITY

/** When each thing is to be done next, on the peer's monotonic clock. Armed and read here and nowhere else. */
export class Deadlines {
  readonly #at: Record<Deadline, number> = Object.fromEntries(names.map((name) => [name, never])) as Record<Deadline, number>

  arm(name: Deadline, at: number): void {
    this.#at[name] = at
  }

  /** At the latest then: an earlier time stays. */
  armBy(name: Deadline, at: number): void {
    if (at < this.#at[name]) this.#at[name] = at
  }

  disarm(name: Deadline): void {
    this.#at[name] = never
  }

  /** True once for each time that came: it is disarmed by being taken. */
  take(name: Deadline, now: number): boolean {
    if (now < this.#at[name]) return false
    this.#at[name] = never
    return true
  }

  /** The earliest of all; `Infinity`: nothing is to be done. */
  get next(): number {
    let next = never
    for (const name of names) if (this.#at[name] < next) next = this.#at[name]
    return next
  }
}
