import { ORPCError, toORPCError } from '@orpc/client'
import { StandardRPCJsonSerializer, StandardRPCSerializer } from '@orpc/client/standard'
import { createProcedureClient, isProcedure } from '@orpc/server'
import {
  decodeRequestMessage,
  deserializeRequestMessage,
  encodeResponseMessage,
  MessageType,
  resolveEventIterator,
  serializeResponseMessage,
} from '@orpc/standard-server-peer'
import type { Logger } from '../peer/ports.ts'
import type { CallContext } from './caller.ts'
import { noteBug } from './log-bugs.ts'
import type { createRouter } from './router.ts'

/** What is said over one connection that carries many calls at once: text, or bytes where a client sends them. */
export type Words = Parameters<typeof decodeRequestMessage>[0]

/** The calls of one connection. */
export interface Calls {
  /** Resolves when it is answered, a stream to its end. Rejects where it is no message, or the answer could not be sent. */
  message(words: Words): Promise<void>
  /** The connection went: nobody waits for anything any more. */
  close(): void
}

export type ServeCalls = (context: CallContext, send: (words: Words) => Promise<void>) => Calls

interface Request {
  readonly path: string
  readonly body: unknown
}
/** A request as oRPC's own reader gives it. */
type DecodedRequest = Pick<Extract<Awaited<ReturnType<typeof decodeRequestMessage>>[2], { url: URL }>, 'url' | 'body'>
type Message = Parameters<typeof deserializeRequestMessage>[0]

/**
 * The contract over WebSockets and message ports, as oRPC's clients speak it: its codec, its serializer and its procedures, without what
 * its own handler does for each call besides, since that cost a third of it: spans that nobody traces, queues for streams of clients,
 * of which the contract has none, and an error with its stack for a queue that was closed in good order.
 */
export function createServeCalls(router: ReturnType<typeof createRouter>, logger: Logger): ServeCalls {
  const serializer = new StandardRPCSerializer(new StandardRPCJsonSerializer())
  const clients = new Map(clientsOf(router, []))

  const answer = async (request: Request, context: CallContext, signal: AbortSignal) => {
    const ask = clients.get(request.path)
    if (ask === undefined) return { status: 404, headers: {}, body: 'No procedure matched' }
    try {
      const output = await ask(readInput(request.body), context, signal)
      // All answers of the contract are JSON as they are: to look through them for what is not would cost as much as to write them.
      return { status: 200, headers: {}, body: isStream(output) ? serializer.serialize(output) : { json: output } }
    } catch (thrown) {
      noteBug(logger, thrown)
      const error = toORPCError(thrown)
      return { status: error.status, headers: {}, body: serializer.serialize(error.toJSON()) }
    }
  }

  const readInput = (body: unknown): unknown => {
    try {
      return serializer.deserialize(body)
    } catch (cause) {
      throw new ORPCError('BAD_REQUEST', { message: 'The words of the request cannot be read.', cause })
    }
  }

  /** oRPC's own reader makes a URL of each path; of those that are known it is not needed. */
  const readText = (words: string): readonly [string, MessageType, Request | undefined] => {
    const message = JSON.parse(words) as Message
    const known = requestIn(message)
    return known !== undefined && clients.has(known.path)
      ? [message.i, MessageType.REQUEST, known]
      : toRequest(deserializeRequestMessage(message))
  }

  return (context, send) => {
    const underWay = new Map<string, AbortController>()
    return {
      async message(words) {
        const [id, type, request] = typeof words === 'string' ? readText(words) : toRequest(await decodeRequestMessage(words))
        if (type === MessageType.ABORT_SIGNAL) {
          underWay.get(id)?.abort()
          underWay.delete(id)
        }
        if (request === undefined || underWay.has(id)) return
        const hangUp = new AbortController()
        const { signal } = hangUp
        underWay.set(id, hangUp)
        try {
          const answered = await answer(request, context, signal)
          const { body } = answered
          if (!isStream(body)) {
            if (!signal.aborted) await send(JSON.stringify(serializeResponseMessage(id, MessageType.RESPONSE, answered)))
            return
          }
          if (!signal.aborted) await send(await encodeResponseMessage(id, MessageType.RESPONSE, answered))
          await resolveEventIterator(body, async (payload) => {
            if (signal.aborted) return 'abort'
            await send(await encodeResponseMessage(id, MessageType.EVENT_ITERATOR, payload))
            return 'next'
          })
        } finally {
          if (underWay.get(id) === hangUp) underWay.delete(id)
        }
      },
      close() {
        for (const hangUp of underWay.values()) hangUp.abort()
        underWay.clear()
      },
    }
  }
}

function toRequest([id, type, content]: ReturnType<typeof deserializeRequestMessage>): readonly [
  string,
  MessageType,
  Request | undefined,
] {
  if (type !== MessageType.REQUEST) return [id, type, undefined]
  const { url, body } = content as DecodedRequest
  return [id, type, { path: url.pathname, body }]
}

/** The path and the body of a request that names its procedure by a path. */
function requestIn({ t = MessageType.REQUEST, p }: Message): Request | undefined {
  if (t !== MessageType.REQUEST || typeof p !== 'object' || p === null || !('u' in p) || typeof p.u !== 'string') return undefined
  return { path: p.u, body: 'b' in p ? p.b : undefined }
}

type Ask = (input: unknown, context: CallContext, signal: AbortSignal) => Promise<unknown>

/** Each procedure by the path that clients call it by: `/accounts/open`. */
function clientsOf(tree: object, path: readonly string[]): readonly (readonly [string, Ask])[] {
  if (!isProcedure(tree)) {
    return Object.entries(tree).flatMap(([name, part]: [string, object]) => clientsOf(part, [...path, name]))
  }
  const client = createProcedureClient(tree, { context: (context: CallContext) => context, path })
  return [[`/${path.join('/')}`, async (input, context, signal) => client(input, { context, signal })]]
}

const isStream = (body: unknown): body is AsyncIterator<unknown> =>
  typeof body === 'object' && body !== null && Symbol.asyncIterator in body
