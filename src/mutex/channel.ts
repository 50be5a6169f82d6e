/** What goes over a channel, one way: something to deliver, or word of what has come. */
export type ChannelFrame<P> =
  | { readonly kind: 'data'; readonly number: number; readonly payload: P }
  /** All up to `through` have come, and those beyond it. */
  | { readonly kind: 'ack'; readonly through: number; readonly beyond: readonly number[] }

/**
 * Milliseconds. RFC 6298 begins with a second and never waits for less; that is for the Internet, and a room is near. The least must
 * be well above `ackWait`, or a quiet link, where nothing takes acknowledgements along, would repeat what has come.
 */
const repeatFirst = 250
const repeatLeast = 100
const repeatMost = 2_000
const ackWait = 20
/** Frames. A sender is not further ahead than this of what has come in order. */
const windowFrames = 1_024
/** More that waits for one peer is no use to anybody. */
const waitingMax = 65_536

interface Unacknowledged<P> {
  readonly number: number
  readonly payload: P
  /** When it was sent first; `undefined`: it was not, or was sent again, and nobody knows which of the two is acknowledged (Karn). */
  sentAt: number | undefined
  repeatAt: number
}

/**
 * Both directions between this peer and another, over a network that may lose, repeat and overtake: each payload is delivered
 * exactly once; in the order of sending, where `isFifo`.
 */
export class Channel<P> {
  readonly #isFifo: boolean
  #sent = 0
  readonly #waiting: Unacknowledged<P>[] = []
  #through = 0
  /** Came ahead of a gap: delivered already where the order does not matter. */
  readonly #beyond = new Map<number, P>()
  #ackAt = Number.POSITIVE_INFINITY
  /** Milliseconds until something is sent again: by the round trips that were measured (RFC 6298). */
  #repeatAfter = repeatFirst
  #roundTrip: { readonly smoothed: number; readonly variation: number } | undefined

  constructor(isFifo: boolean) {
    this.#isFifo = isFifo
  }

  /** Nothing more is taken: the other has not answered for that long. */
  get isFull(): boolean {
    return this.#waiting.length >= waitingMax
  }

  send(payload: P): void {
    if (!this.isFull) this.#waiting.push({ number: ++this.#sent, payload, sentAt: undefined, repeatAt: 0 })
  }

  /** What can be delivered now. */
  receive(now: number, frame: ChannelFrame<P>): readonly P[] {
    if (frame.kind === 'ack') {
      this.#settle(now, frame)
      return []
    }
    const { number, payload } = frame
    const isNew = number > this.#through && !this.#beyond.has(number)
    // What came before is acknowledged again at once: the other has not heard of it.
    this.#ackAt = Math.min(this.#ackAt, isNew ? now + ackWait : now)
    if (!isNew || number > this.#through + windowFrames) return []
    this.#beyond.set(number, payload)
    const inOrder: P[] = []
    for (let next = this.#beyond.get(this.#through + 1); next !== undefined; next = this.#beyond.get(this.#through + 1)) {
      this.#beyond.delete(++this.#through)
      inOrder.push(next)
    }
    return this.#isFifo ? inOrder : [payload]
  }

  /** What is to be sent now, again or for the first time. Word of what has come goes along, also before it is due. */
  due(now: number): readonly ChannelFrame<P>[] {
    const frames: ChannelFrame<P>[] = []
    const after = this.#repeatAfter
    for (const one of this.#inWindow()) {
      if (now < one.repeatAt) continue
      const isFirst = one.repeatAt === 0
      one.sentAt = isFirst ? now : undefined
      // Whatever is slower than expected gets more time, until a round trip is measured again.
      if (!isFirst) this.#repeatAfter = Math.min(2 * after, repeatMost)
      one.repeatAt = now + (isFirst ? after : this.#repeatAfter)
      frames.push({ kind: 'data', number: one.number, payload: one.payload })
    }
    const ack = frames.length > 0 || now >= this.#ackAt ? this.#acknowledge() : undefined
    if (ack !== undefined) frames.push(ack)
    return frames
  }

  /** When `due` has something next. */
  get dueAt(): number {
    return this.#inWindow().reduce((earliest, { repeatAt }) => Math.min(earliest, repeatAt), this.#ackAt)
  }

  /** Nothing where there is no need of it. */
  #acknowledge(): ChannelFrame<P> | undefined {
    if (this.#ackAt === Number.POSITIVE_INFINITY) return undefined
    this.#ackAt = Number.POSITIVE_INFINITY
    return { kind: 'ack', through: this.#through, beyond: [...this.#beyond.keys()] }
  }

  #inWindow(): readonly Unacknowledged<P>[] {
    const [first] = this.#waiting
    if (first === undefined) return []
    const end = this.#waiting.findIndex(({ number }) => number >= first.number + windowFrames)
    return end < 0 ? this.#waiting : this.#waiting.slice(0, end)
  }

  #settle(now: number, { through, beyond }: { readonly through: number; readonly beyond: readonly number[] }): void {
    const has = new Set(beyond)
    const left: Unacknowledged<P>[] = []
    let newest: number | undefined
    for (const one of this.#waiting) {
      if (one.number > through && !has.has(one.number)) left.push(one)
      else newest = one.sentAt ?? newest
    }
    if (newest !== undefined) this.#measure(now - newest)
    this.#waiting.splice(0, this.#waiting.length, ...left)
  }

  #measure(millis: number): void {
    const { smoothed, variation } = this.#roundTrip ?? { smoothed: millis, variation: millis / 2 }
    const isFirst = this.#roundTrip === undefined
    this.#roundTrip = {
      smoothed: smoothed + (millis - smoothed) / 8,
      variation: isFirst ? variation : variation + (Math.abs(millis - smoothed) - variation) / 4,
    }
    const after = this.#roundTrip.smoothed + 4 * this.#roundTrip.variation
    this.#repeatAfter = Math.min(Math.max(after, repeatLeast), repeatMost)
  }
}
