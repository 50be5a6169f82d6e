import { createHash } from 'node:crypto'
import { ORPCError } from '@orpc/client'
import { z } from 'zod'
import { parseRequestId } from '../../core/ids.ts'
import { rejections } from '../errors.ts'
import { refuseField } from '../refuse.ts'
import { type Interceptor, isRecord } from './interceptor.ts'

/** Requests without a place in the log whose first result is kept for those that repeat them. */
const keptMax = 1_000

/**
 * `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header), with quotation marks or without, of the form that a request id has.
 * An operation takes it as its `requestId`: the room itself sees to it that it is done once, also through restarts and at whatever
 * peer. What never comes into the log, as making a token, gives the first result again for as long as this peer runs and keeps it.
 */
export function createIdempotency(): Interceptor {
  const kept = new Map<string, { readonly hash: string; readonly result: Promise<unknown> }>()

  const once = (key: string, hash: string, ask: () => Promise<unknown>): Promise<unknown> => {
    const before = kept.get(key)
    if (before !== undefined) {
      if (before.hash === hash) return before.result
      throw new ORPCError('request-reused', { ...rejections['request-reused'], data: {} })
    }
    const result = ask()
    kept.set(key, { hash, result })
    const [oldest] = kept.keys()
    if (kept.size > keptMax && oldest !== undefined) kept.delete(oldest)
    // What was refused has changed nothing, and may be done the next time.
    result.catch(() => kept.delete(key))
    return result
  }

  return async ({ next, ...options }) => {
    const { context, procedure, path, input } = options
    const { route, inputSchema } = procedure['~orpc']
    if (context.idempotencyKey === undefined || route.method === 'GET') return next()
    const key = readKey(context.idempotencyKey)
    if (!takesRequestId(inputSchema)) {
      const hash = createHash('sha256')
        .update(JSON.stringify(input ?? {}))
        .digest('hex')
      return once([context.token ?? '', path.join('.'), key].join('\n'), hash, () => next())
    }
    const inBody = isRecord(input) ? input.requestId : undefined
    if (inBody !== undefined && inBody !== key) {
      const message = 'The header Idempotency-Key and requestId in the body are not the same: send one of them.'
      throw refuseField('requestId', { code: 'request-ids-differ', message })
    }
    return next({ ...options, input: { ...(isRecord(input) ? input : {}), requestId: key } })
  }
}

/** A structured header's string stands in quotation marks; most clients leave them out. */
function readKey(header: string): string {
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header)?.[1]
  const key = parseRequestId(quoted === undefined ? header : quoted.replaceAll(/\\(["\\])/g, '$1'))
  if (!key.ok) throw refuseField('Idempotency-Key', key.error)
  return key.value
}

/** Whether the words of a procedure have one, however its schema is put together. */
export function takesRequestId(schema: unknown): boolean {
  if (schema instanceof z.ZodObject) return 'requestId' in schema.shape
  if (schema instanceof z.ZodIntersection) return takesRequestId(schema.def.left) || takesRequestId(schema.def.right)
  return schema instanceof z.ZodDefault && takesRequestId(schema.def.innerType)
}
