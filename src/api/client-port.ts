import { type ClientContext, type ClientLink, type ClientOptions, createORPCClient } from '@orpc/client'
import { ConnectionLost, createAsking } from './asking.ts'
import type { Api } from './client.ts'
import { createTaking, hangUp, isPortWords } from './port-window.ts'
import type { EventView } from './views.ts'

/** What a page has of a message port; Node's has it too. */
export interface ClientPort {
  postMessage(message: unknown): void
  addEventListener(event: string, listener: (event: Event) => void): void
  start(): void
  close(): void
}

/**
 * The contract's client over ports that come and go: with a reload, and with each restart of the peer's process. While there is
 * none, calls wait for the next. What was under way when one went is asked again where that changes nothing: questions, and
 * operations with a request id, which are done once however often they are asked. Anything else rejects with {@link ConnectionLost}.
 * The stream of events goes on by itself where it was; `opened` and, where something was missed, `gap` come once more.
 */
export interface PortClient {
  readonly api: Api
  /** The port to use from now on. */
  use(port: ClientPort): void
  /** Whether there is a port: told whenever that changes. */
  onChange(listener: (isOpen: boolean) => void): void
  /** Whatever waits rejects, and so does whatever is asked later. */
  close(): void
}

/** What changes nothing, so that it can be asked again. A test holds it against the contract's GET routes. */
export const questions: ReadonlySet<string> = new Set([
  'status',
  'peers',
  'ring.show',
  'ring.watch',
  'ring.frame',
  'rooms.list',
  'rooms.link',
  'logLevel.show',
  'diagnosis',
  'accounts.list',
  'accounts.show',
  'pending.list',
  'auctions.list',
  'auctions.show',
  'catalogue.list',
  'catalogue.picture',
  'bidders.list',
  'lab.algorithms',
  'lab.state',
  'lab.events',
  'lab.results',
  'log.tail',
  'log.read',
  'log.page',
  'log.search',
  'log.entry',
  'log.verify',
  'log.export',
  'log.salvage',
  'log.proofs',
  'tokens.list',
  'events',
])

/** Calls that wait for a port; more would be a page that does not notice. */
const waitingMax = 1_000

/** One port, while it lasts. */
interface Line {
  readonly link: ClientLink<ClientContext>
  /** Aborted when the port is gone. */
  readonly lost: AbortSignal
  lose(): void
}

/** What a stream was asked for with, and where it goes on: as `opened` and its last event said. */
type EventsInput = Readonly<Record<string, unknown>> & { readonly after?: number; readonly start?: string }

interface Stream {
  readonly on: Line
  readonly events: AsyncIterable<EventView>
}

export function createPortClient(): PortClient {
  let line: Line | undefined
  let isClosed = false
  const waiting = new Set<() => void>()
  const listeners = new Set<(isOpen: boolean) => void>()
  const tell = (isOpen: boolean): void => {
    for (const listener of listeners) listener(isOpen)
  }
  const wakeAll = (): void => {
    for (const wake of [...waiting]) wake()
  }

  const nextLine = async (signal: AbortSignal | undefined): Promise<Line> => {
    for (;;) {
      if (isClosed) throw new ConnectionLost('The connection to the peer was closed.')
      signal?.throwIfAborted()
      if (line !== undefined && !line.lost.aborted) return line
      if (waiting.size >= waitingMax) throw new ConnectionLost('Too many calls wait for the peer.')
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          waiting.delete(wake)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        waiting.add(wake)
        signal?.addEventListener('abort', wake)
      })
    }
  }

  const call: ClientLink<ClientContext>['call'] = async (path, input, options) => {
    if (path.join('.') === 'events') return openStream(input, options)
    for (;;) {
      const on = await nextLine(options.signal)
      try {
        return await on.link.call(path, input, options)
      } catch (error) {
        if (!(error instanceof ConnectionLost) || !isRepeatable(path, input)) throw error
      }
    }
  }

  /** The first opening is waited for, so that what is wrong with the question is told at once. */
  const openStream = async (
    input: unknown,
    { signal, ...options }: ClientOptions<ClientContext>,
  ): Promise<AsyncGenerator<EventView>> => {
    const hungUp = new AbortController()
    const own = { ...options, signal: signal === undefined ? hungUp.signal : AbortSignal.any([signal, hungUp.signal]) }
    const asked = (input ?? {}) as EventsInput
    const events = follow(await openAt(input, own), asked, own)
    // A generator that waits for a port would hear of its end only when one has come.
    const end = events.return.bind(events)
    events.return = (value) => {
      hungUp.abort()
      return end(value)
    }
    return events
  }

  const openAt = async (input: unknown, options: ClientOptions<ClientContext>): Promise<Stream> => {
    for (;;) {
      const on = await nextLine(options.signal)
      try {
        return { on, events: (await on.link.call(['events'], input, options)) as AsyncIterable<EventView> }
      } catch (error) {
        if (!(error instanceof ConnectionLost) || isClosed) throw error
      }
    }
  }

  async function* follow(
    first: Stream,
    asked: EventsInput,
    options: ClientOptions<ClientContext> & { readonly signal: AbortSignal },
  ): AsyncGenerator<EventView, void> {
    let { on, events } = first
    let input = asked
    const { signal } = options
    try {
      for (;;) {
        try {
          for await (const event of events) {
            input = { ...input, after: event.number, ...(event.kind === 'opened' && { start: event.start }) }
            yield event
          }
          // No stream ends by itself: the peer is stopping, and its port goes next.
          await aborted(AbortSignal.any([on.lost, signal]))
        } catch (error) {
          if (!on.lost.aborted) throw error
        }
        ;({ on, events } = await openAt(input, options))
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  return {
    api: createORPCClient<Api>({ call }),
    use(port) {
      const before = line
      line = isClosed ? undefined : openLine(port)
      before?.lose()
      if (line === undefined) return port.close()
      const opened = line
      opened.lost.addEventListener('abort', () => {
        // One that another took the place of is no loss.
        if (line === opened && !isClosed) tell(false)
      })
      tell(true)
      wakeAll()
    },
    onChange(listener) {
      listeners.add(listener)
    },
    close() {
      isClosed = true
      line?.lose()
      wakeAll()
    },
  }
}

function openLine(port: ClientPort): Line {
  const lost = new AbortController()
  const asking = createAsking((words) => port.postMessage(words))
  const lose = (): void => {
    if (lost.signal.aborted) return
    asking.close()
    lost.abort()
    port.close()
  }
  const took = createTaking((total) => port.postMessage(total))
  port.addEventListener('message', (event) => {
    if (!('data' in event)) return
    const { data } = event
    // A browser says nothing of a port that was closed at its other end.
    if (data === hangUp) return lose()
    if (!isPortWords(data)) return
    took(data)
    asking.message(data).catch(lose)
  })
  port.addEventListener('close', lose)
  port.start()
  return { link: asking.link, lost: lost.signal, lose }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })

function isRepeatable(path: readonly string[], input: unknown): boolean {
  if (questions.has(path.join('.'))) return true
  return typeof input === 'object' && input !== null && 'requestId' in input && typeof input.requestId === 'string'
}
