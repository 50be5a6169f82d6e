import type { IncomingMessage, ServerResponse } from 'node:http'
import { ORPCError } from '@orpc/client'
import type { StandardHandlerOptions } from '@orpc/server/standard'
import { sendStandardResponse, toAbortSignal } from '@orpc/standard-server-node'
import type { CallContext, Caller, Meter } from '../caller.ts'
import { type DoorRefusal, methodUnknown } from '../door.ts'
import type { DoorLimits } from '../limits.ts'
import { type Problem, problemHeaders } from '../problem.ts'
import { readBody } from '../request-body.ts'
import type { createRouter } from '../router.ts'
import { createHandler } from './handler.ts'

export interface RestOptions {
  readonly router: ReturnType<typeof createRouter>
  readonly interceptors: NonNullable<StandardHandlerOptions<CallContext>['interceptors']>
  readonly version: string
  readonly limits: DoorLimits
  readonly meter: Meter
}

/** The contract as plain requests, and its description. Our own clients ask for neither, so that this is loaded when somebody does. */
export interface Rest {
  /** Answers somebody who was let in; or says why not, before anything more of the request is read. */
  answer(request: IncomingMessage, response: ServerResponse, url: URL, caller: Caller): Promise<DoorRefusal | undefined>
}

export function createRest({ router, interceptors, version, limits, meter }: RestOptions): Rest {
  const handler = createHandler(router, interceptors)
  const events = { eventIteratorKeepAliveInterval: limits.heartbeatMillis, eventIteratorKeepAliveComment: 'still here' }
  let description: Promise<object> | undefined

  return {
    async answer(request, response, url, caller) {
      const method = request.method ?? 'GET'
      const path = pathIn(url)
      if (url.pathname === '/openapi.json') {
        if (method !== 'GET') return methodUnknown(['GET'])
        description ??= import('./description.ts').then(({ describeApi }) => describeApi(version))
        await sendStandardResponse(response, { status: 200, headers: {}, body: await description })
        return undefined
      }
      const methods = path === undefined ? [] : await handler.methodsOf(path)
      if (methods.length === 0) return notFound
      if (!methods.includes(method)) return methodUnknown(methods)

      let refusal: DoorRefusal | undefined
      const body = async (): Promise<unknown> => {
        const read = await readBody(request, limits.requestBytesMax)
        if ('json' in read) return read.json
        refusal = read.refusal
        throw new ORPCError(refusal.code, { status: refusal.status })
      }
      let link: string | undefined
      const key = request.headers['idempotency-key']
      const context: CallContext = {
        ...caller,
        meter,
        goesOn: (changes) => {
          link = nextLink(url, changes)
        },
        ...(key !== undefined && { idempotencyKey: String(key) }),
      }
      const asked = { method, url, headers: request.headers, body, signal: toAbortSignal(response) }
      const { matched, response: answered } = await handler.handle(asked, { prefix: '/api', context })
      if (refusal !== undefined) return refusal
      if (!matched) return notFound
      if (answered.status >= 400) {
        response.writeHead(answered.status, problemHeaders(toRefused(answered.body as Problem)))
        response.end(JSON.stringify(answered.body))
        return undefined
      }
      const headers = { ...answered.headers, 'cache-control': 'no-store', ...(link !== undefined && { link }) }
      await sendStandardResponse(response, { ...answered, headers }, events)
      return undefined
    },
  }
}

/** Below `/api`. */
function pathIn({ pathname }: URL): `/${string}` | undefined {
  if (!pathname.startsWith('/api/')) return undefined
  const path = pathname.slice('/api'.length).replace(/\/$/, '')
  return path.startsWith('/') ? (path as `/${string}`) : undefined
}

/** Where a list goes on (RFC 8288), beside where it was asked for. */
function nextLink(url: URL, changes: Readonly<Record<string, string | number>>): string {
  const next = new URL(url)
  for (const [name, value] of Object.entries(changes)) next.searchParams.set(name, String(value))
  return `<${next.pathname}${next.search}>; rel="next"`
}

const toRefused = ({ detail, ...problem }: Problem) => ({ ...problem, message: detail })

const notFound: DoorRefusal = { status: 404, code: 'not-found', message: 'There is no such route: see /openapi.json.' }
