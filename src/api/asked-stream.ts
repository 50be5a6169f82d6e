import { ErrorEvent } from '@orpc/client'
import type { deserializeResponseMessage } from '@orpc/standard-server-peer'

/** Of a stream: something it says, its error, or its end. */
export type StreamEvent = Extract<ReturnType<typeof deserializeResponseMessage>[2], { event: string }>

/** What comes of one stream, kept until it is taken. */
export interface Stream {
  readonly events: AsyncIterableIterator<unknown>
  tell(event: StreamEvent): void
  /** After what was told. */
  fail(reason: unknown): void
}

/** `onReturn`: whoever reads it wants no more. */
export function createStream(onReturn: () => void): Stream {
  const told: (StreamEvent | { readonly event: 'lost'; readonly reason: unknown })[] = []
  let isOver = false
  let wake = (): void => {}
  const next = async (): Promise<IteratorResult<unknown>> => {
    while (told.length === 0 && !isOver) await new Promise<void>((resolve) => (wake = resolve))
    const event = told.shift()
    if (event === undefined) return { done: true, value: undefined }
    if (event.event === 'message') return { done: false, value: event.data }
    isOver = true
    if (event.event === 'lost') throw event.reason
    if (event.event === 'error') throw new ErrorEvent({ data: event.data })
    return { done: true, value: event.data }
  }
  const tell = (event: (typeof told)[number]): void => {
    told.push(event)
    wake()
  }
  return {
    events: {
      next,
      async return(value) {
        if (!isOver) onReturn()
        isOver = true
        told.length = 0
        wake()
        return { done: true, value }
      },
      [Symbol.asyncIterator]() {
        return this
      },
    },
    tell,
    fail: (reason) => tell({ event: 'lost', reason }),
  }
}
