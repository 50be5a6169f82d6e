import type { ORPCError } from '@orpc/client'
import { SmartCoercionPlugin } from '@orpc/json-schema'
import { StandardOpenAPIHandler, StandardOpenAPIMatcher } from '@orpc/openapi/standard'
import type { StandardHandlerOptions } from '@orpc/server/standard'
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4'
import type { CallContext } from '../caller.ts'
import { type Problem, toProblem } from '../problem.ts'
import type { createRouter } from '../router.ts'
import { tellAmountTexts } from './amounts.ts'
import { resumeEvents } from './event-stream.ts'
import { createIdempotency } from './idempotency.ts'
import { titleOf } from './refusals.ts'

/** The contract's procedures by the routes that are named there. */
export function createHandler(
  router: ReturnType<typeof createRouter>,
  interceptors: NonNullable<StandardHandlerOptions<CallContext>['interceptors']>,
) {
  const handler = new StandardOpenAPIHandler(router, {
    interceptors,
    clientInterceptors: [createIdempotency(), resumeEvents, tellAmountTexts],
    plugins: [new SmartCoercionPlugin({ schemaConverters: [new ZodToJsonSchemaConverter()] })],
    customErrorResponseBodyEncoder: problemOf,
  })
  const matcher = new StandardOpenAPIMatcher()
  matcher.init(router)
  return {
    handle: handler.handle.bind(handler),
    /** Those that a path can be asked with; none: there is no such path. */
    async methodsOf(path: `/${string}`): Promise<readonly string[]> {
      const found = await Promise.all(['GET', 'POST'].map(async (method) => [method, await matcher.match(method, path)] as const))
      return found.flatMap(([method, match]) => (match === undefined ? [] : [method]))
    },
  }
}

/** Words that are none are the client's fault; anything else that the contract does not name is this peer's. */
function problemOf({ code, status, message, data }: ORPCError<string, unknown>): Problem {
  const title = titleOf(code)
  if (title !== undefined) return toProblem({ status, code, message, data, title })
  if (status < 500) return toProblem({ status, code: 'request-unreadable', message: 'The words of the request cannot be read.' })
  return toProblem({ status: 500, code: 'internal', message: 'This peer failed in a way that it should not: its log says how.' })
}
