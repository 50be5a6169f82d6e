/** What goes over a channel, one way: something to deliver, or word of what has come. */
export type ChannelFrame<P> =
  | { readonly kind: 'data'; readonly number: number; readonly payload: P }
  /** All up to `through` have come, and those beyond it. */
  | { readonly kind: 'ack'; readonly through: number; readonly beyond: readonly number[] }

/** Milliseconds. */
const repeatFirst = 150
const repeatMost = 2_000
const ackWait = 20
/** Frames. A sender is not further ahead than this of what has come in order. */
const windowFrames = 1_024
/** More that waits for one peer is no use to anybody. */
const waitingMax = 65_536

interface Unacknowledged<P> {
  readonly number: number
  readonly payload: P
  repeatAt: number
  pause: number
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

  constructor(isFifo: boolean) {
    this.#isFifo = isFifo
  }

  /** Nothing more is taken: the other has not answered for that long. */
  get isFull(): boolean {
    return this.#waiting.length >= waitingMax
  }

  send(payload: P): void {
    if (!this.isFull) this.#waiting.push({ number: ++this.#sent, payload, repeatAt: 0, pause: repeatFirst })
  }

  /** What can be delivered now. */
  receive(now: number, frame: ChannelFrame<P>): readonly P[] {
    if (frame.kind === 'ack') {
      this.#settle(frame)
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

  /** What is to be sent now, again or for the first time. */
  due(now: number): readonly ChannelFrame<P>[] {
    const frames: ChannelFrame<P>[] = []
    const ack = now >= this.#ackAt ? this.acknowledge() : undefined
    if (ack !== undefined) frames.push(ack)
    for (const one of this.#inWindow()) {
      if (now < one.repeatAt) continue
      one.repeatAt = now + one.pause
      one.pause = Math.min(2 * one.pause, repeatMost)
      frames.push({ kind: 'data', number: one.number, payload: one.payload })
    }
    return frames
  }

  /** Word of what has come, also before it is due; nothing where there is no need of it. */
  acknowledge(): ChannelFrame<P> | undefined {
    if (this.#ackAt === Number.POSITIVE_INFINITY) return undefined
    this.#ackAt = Number.POSITIVE_INFINITY
    return { kind: 'ack', through: this.#through, beyond: [...this.#beyond.keys()] }
  }

  /** When `due` has something next. */
  get dueAt(): number {
    return this.#inWindow().reduce((earliest, { repeatAt }) => Math.min(earliest, repeatAt), this.#ackAt)
  }

  #inWindow(): readonly Unacknowledged<P>[] {
    const [first] = this.#waiting
    if (first === undefined) return []
    const end = this.#waiting.findIndex(({ number }) => number >= first.number + windowFrames)
    return end < 0 ? this.#waiting : this.#waiting.slice(0, end)
  }

  #settle({ through, beyond }: { readonly through: number; readonly beyond: readonly number[] }): void {
    const has = new Set(beyond)
    const left = this.#waiting.filter(({ number }) => number > through && !has.has(number))
    this.#waiting.splice(0, this.#waiting.length, ...left)
  }
}
