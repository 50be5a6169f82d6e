import { type ClientContext, type ClientLink, type ClientOptions, createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/message-port'
import type { Api } from './client.ts'
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
 * operations with a request id, which are done once however often they are asked. Anything else rejects with {@link PortLost}.
 * The stream of events goes on by itself, without a gap, or with a `gap` event where the peer was started anew.
 */
export interface PortClient {
  readonly api: Api
  /** The port to use from now on. `start`: another text for each start of the peer, whose events have numbers of their own. */
  use(port: ClientPort, start: string): void
  /** Whatever waits rejects, and so does whatever is asked later. */
  close(): void
}

/** The connection went while an operation was under way: it may still happen. */
export class PortLost extends Error {
  override readonly name = 'PortLost'
  readonly code = 'unsettled'
}

/** What changes nothing, so that it can be asked again. A test holds it against the contract's GET routes. */
export const questions: ReadonlySet<string> = new Set([
  'status',
  'peers',
  'room.link',
  'accounts.list',
  'accounts.show',
  'pending.list',
  'auctions.list',
  'auctions.show',
  'bidders.list',
  'log.tail',
  'log.read',
  'log.proofs',
  'events',
])

/** Calls that wait for a port; more would be a page that does not notice. */
const waitingMax = 1_000

/** One port, while it lasts. */
interface Line {
  readonly link: ClientLink<ClientContext>
  readonly start: string
  /** Aborted when the port is gone. */
  readonly lost: AbortSignal
  lose(): void
}

export function createPortClient(): PortClient {
  let line: Line | undefined
  let isClosed = false
  const waiting = new Set<() => void>()
  const wakeAll = (): void => {
    for (const wake of [...waiting]) wake()
  }

  const nextLine = async (signal: AbortSignal | undefined): Promise<Line> => {
    for (;;) {
      if (isClosed) throw new PortLost('The connection to the peer was closed.')
      signal?.throwIfAborted()
      if (line !== undefined && !line.lost.aborted) return line
      if (waiting.size >= waitingMax) throw new PortLost('Too many calls wait for the peer.')
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

  const ask = async (
    path: readonly string[],
    input: unknown,
    options: ClientOptions<ClientContext>,
    on: Line,
  ): Promise<unknown> => {
    const signal = options.signal === undefined ? on.lost : AbortSignal.any([on.lost, options.signal])
    try {
      return await on.link.call(path, input, { ...options, signal })
    } catch (error) {
      throw on.lost.aborted && options.signal?.aborted !== true ? lostLine() : error
    }
  }

  const call: ClientLink<ClientContext>['call'] = async (path, input, options) => {
    for (;;) {
      const on = await nextLine(options.signal)
      try {
        if (path.join('.') === 'events') return follow(input, options, on, await ask(path, input, options, on))
        return await ask(path, input, options, on)
      } catch (error) {
        if (!(error instanceof PortLost) || !isRepeatable(path, input)) throw error
      }
    }
  }

  async function* follow(
    input: unknown,
    options: ClientOptions<ClientContext>,
    first: Line,
    opened: unknown,
  ): AsyncGenerator<EventView, void> {
    let on = first
    let stream = opened as AsyncIterable<EventView>
    let after = (input as { readonly after?: number } | undefined)?.after ?? 0
    for (;;) {
      try {
        for await (const event of stream) {
          after = event.number
          yield event
        }
        // The peer ends no stream by itself: it is stopping.
        if (!on.lost.aborted) return
      } catch (error) {
        if (options.signal?.aborted) return
        if (!on.lost.aborted) throw error
      }
      for (;;) {
        const { start } = on
        on = await nextLine(options.signal)
        if (on.start !== start) {
          after = 0
          yield { kind: 'gap', number: 0, at: 0 }
        }
        try {
          stream = (await ask(['events'], { after }, options, on)) as AsyncIterable<EventView>
          break
        } catch (error) {
          if (!(error instanceof PortLost)) throw error
        }
      }
    }
  }

  return {
    api: createORPCClient<Api>({ call }),
    use(port, start) {
      line?.lose()
      line = isClosed ? undefined : openLine(port, start)
      if (isClosed) port.close()
      wakeAll()
    },
    close() {
      isClosed = true
      line?.lose()
      wakeAll()
    },
  }
}

function openLine(port: ClientPort, start: string): Line {
  const lost = new AbortController()
  // oRPC listens to this, not to the port, whose own end says nothing of its closing in a browser.
  const wire = Object.assign(new EventTarget(), { postMessage: (message: unknown) => port.postMessage(message) })
  const lose = (): void => {
    if (lost.signal.aborted) return
    lost.abort(lostLine())
    wire.dispatchEvent(new Event('close'))
    port.close()
  }
  port.addEventListener('message', (event) => {
    if ('data' in event) wire.dispatchEvent(new MessageEvent('message', { data: event.data }))
  })
  port.addEventListener('close', lose)
  const link = new RPCLink({ port: wire })
  port.start()
  return { link, start, lost: lost.signal, lose }
}

const lostLine = (): PortLost => new PortLost('The connection to the peer was lost. What was asked may still happen.')

function isRepeatable(path: readonly string[], input: unknown): boolean {
  if (questions.has(path.join('.'))) return true
  return typeof input === 'object' && input !== null && 'requestId' in input && typeof input.requestId === 'string'
}
