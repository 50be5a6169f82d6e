import { type ClientContext, type ClientLink, createORPCErrorFromJson, isORPCErrorJson, ORPCError } from '@orpc/client'
import {
  getMalformedResponseErrorCode,
  StandardRPCJsonSerializer,
  StandardRPCSerializer,
  toHttpPath,
} from '@orpc/client/standard'
import {
  decodeResponseMessage,
  type deserializeRequestMessage,
  deserializeResponseMessage,
  MessageType,
} from '@orpc/standard-server-peer'
import { createStream, type StreamEvent } from './asked-stream.ts'
import type { Words } from './calls.ts'

/** The connection went while something was asked: if it was an operation, it may still happen. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost'
  readonly code = 'unsettled'

  constructor(message = 'The connection to the peer was lost. What was asked may still happen.') {
    super(message)
  }
}

/** The client's end of one connection that carries many calls at once; `calls.ts` is the other. */
export interface Asking {
  readonly link: ClientLink<ClientContext>
  /** What came over it. Rejects where that is no message. */
  message(words: Words): Promise<void>
  /** It went: whatever waits rejects with {@link ConnectionLost}, and so does whatever is asked later. */
  close(): void
}

type RequestMessage = Parameters<typeof deserializeRequestMessage>[0]
type ResponseMessage = Parameters<typeof deserializeResponseMessage>[0]
type Response = Extract<ReturnType<typeof deserializeResponseMessage>[2], { status: number }>

/** What was asked and is not over: until it is answered; where that is a stream, until it ends. */
interface Asked {
  answer(response: Response): void
  tell(event: StreamEvent): void
  lose(reason: unknown): void
}

/**
 * The contract over WebSockets and message ports, as oRPC's own client speaks it: its messages and its serializer, without what that
 * client does for each call besides, since it cost two thirds of its time: spans that nobody traces, two queues and a controller, and
 * an error with its stack when they are closed in good order. The contract has neither files nor streams of clients.
 */
export function createAsking(send: (words: string) => void): Asking {
  const serializer = new StandardRPCSerializer(new StandardRPCJsonSerializer())
  const underWay = new Map<string, Asked>()
  let count = 0
  let isClosed = false

  const say = (message: RequestMessage): void => send(JSON.stringify(message))

  const call: ClientLink<ClientContext>['call'] = (path, input, { signal }) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      if (isClosed) throw new ConnectionLost()
      const id = String(++count)
      const hangUp = (): void => {
        end()
        if (!isClosed) say({ i: id, t: MessageType.ABORT_SIGNAL, p: undefined })
      }
      const onAbort = (): void => {
        hangUp()
        lose(signal?.reason)
      }
      const end = (): void => {
        underWay.delete(id)
        signal?.removeEventListener('abort', onAbort)
      }
      const lose = (reason: unknown): void => {
        end()
        stream?.fail(reason)
        reject(reason)
      }
      let stream: ReturnType<typeof createStream> | undefined
      say({ i: id, p: { u: toHttpPath(path), b: serializer.serialize(input) } })
      signal?.addEventListener('abort', onAbort)
      underWay.set(id, {
        answer(response) {
          // Twice is once.
          if (stream !== undefined) return
          if (response.headers['content-type'] === 'text/event-stream') {
            stream = createStream(hangUp)
            return resolve(serializer.deserialize(stream.events))
          }
          end()
          const { error, output } = read(response)
          if (error === undefined) resolve(output)
          else reject(error)
        },
        tell(event) {
          if (event.event !== 'message') end()
          stream?.tell(event)
        },
        lose,
      })
    })

  const read = ({ status, body }: Response): { readonly error?: Error; readonly output?: unknown } => {
    const output = typeof body === 'string' ? body : serializer.deserialize(body)
    if (status < 400) return { output }
    if (isORPCErrorJson(output)) return { error: createORPCErrorFromJson(output) }
    return { error: new ORPCError(getMalformedResponseErrorCode(status), { status, data: output }) }
  }

  return {
    link: { call },
    async message(words) {
      const [id, type, content] =
        typeof words === 'string'
          ? deserializeResponseMessage(JSON.parse(words) as ResponseMessage)
          : await decodeResponseMessage(words)
      // What is over already is of no interest any more.
      const asked = underWay.get(id)
      if (type === MessageType.RESPONSE) asked?.answer(content as Response)
      if (type === MessageType.EVENT_ITERATOR) asked?.tell(content as StreamEvent)
    },
    close() {
      isClosed = true
      for (const { lose } of [...underWay.values()]) lose(new ConnectionLost())
    },
  }
}
