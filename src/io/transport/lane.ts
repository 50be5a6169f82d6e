import type { Stream } from '@libp2p/interface'
import { type Framed, piecesOf } from './framing.ts'

/** One direction of one long-lived stream to a peer. Frames leave in the order of `send`. */
export interface Lane {
  send(frame: Framed): void
  /** Resolves when all that was sent has been handed to the network, or never will be. */
  drained(): Promise<void>
  close(): void
}

export interface LaneOptions {
  /** Opens the stream; frames that come meanwhile wait. */
  readonly open: () => Promise<Stream>
  /** What goes first on the stream. */
  readonly greeting: Uint8Array | undefined
  /** Once, with the reason, when nothing can be sent on this lane any more. */
  readonly onLost: (reason: string) => void
}

/** Of a lane that was quiet for so long, in milliseconds, a message waits for no others: there hardly are any. */
const quietMillis = 5
/** A peer that takes no more for this many bytes is given up. */
const queuedBytesMax = 32 * 1024 * 1024

export function createLane({ open, greeting, onLost }: LaneOptions): Lane {
  let stream: Stream | undefined
  let isOver = false
  let waiting: Framed[] = greeting === undefined ? [] : [{ bytes: greeting, isControl: false }]
  let waitingBytes = 0
  let isScheduled = false
  let flushedAt = Number.NEGATIVE_INFINITY
  let drainers: (() => void)[] = []

  const lose = (reason: string): void => {
    if (isOver) return
    end()
    stream?.abort(new Error(reason))
    onLost(reason)
  }

  const end = (): void => {
    isOver = true
    waiting = []
    tellDrained()
  }

  /** What the other end has no room for yet stays in the stream's buffer. */
  const isDrained = (): boolean => isOver || (stream !== undefined && waiting.length === 0 && stream.writeBufferLength === 0)

  const tellDrained = (): void => {
    if (drainers.length === 0 || !isDrained()) return
    const told = drainers
    drainers = []
    for (const tell of told) tell()
  }

  /**
   * Everything that was sent in this turn of the event loop leaves in one write: one encryption, one packet. A peer under load hears
   * of several messages and a write to its disk in one turn, and answers them all. After a pause what one task sent leaves when that is done.
   */
  const flush = (): void => {
    isScheduled = false
    if (stream === undefined || isOver || waiting.length === 0) return
    const frames = waiting
    waiting = []
    waitingBytes = 0
    flushedAt = performance.now()
    try {
      stream.send(piecesOf(frames))
    } catch {
      lose('the stream is closed')
      return
    }
    if (stream.writeBufferLength > queuedBytesMax) lose(`takes no more: ${stream.writeBufferLength} bytes wait`)
    tellDrained()
  }

  open().then(
    (opened) => {
      stream = opened
      if (isOver) {
        opened.abort(new Error('no longer needed'))
        return
      }
      opened.addEventListener('close', () => lose('the stream was closed'))
      opened.addEventListener('idle', tellDrained)
      // Nobody speaks in this direction; without a listener the stream would never see its own end.
      opened.addEventListener('message', () => {})
      if (opened.status === 'open') flush()
      else lose('the stream was closed')
    },
    (error: unknown) => lose(error instanceof Error ? error.message : String(error)),
  )

  return {
    send(frame) {
      if (isOver) return
      waiting.push(frame)
      waitingBytes += frame.bytes.length
      if (waitingBytes > queuedBytesMax) {
        lose(`takes no more: ${waitingBytes} bytes wait`)
        return
      }
      if (isScheduled) return
      isScheduled = true
      if (performance.now() - flushedAt > quietMillis) queueMicrotask(flush)
      else setImmediate(flush)
    },
    drained: () =>
      new Promise((resolve) => {
        drainers.push(resolve)
        tellDrained()
      }),
    close() {
      flush()
      end()
      stream?.close().catch(() => {})
    },
  }
}
