import type { StandardHandlerOptions } from '@orpc/server/standard'
import type { CallContext } from '../caller.ts'

/** What stands between a plain request and its procedure: it sees the words before they are read, and the answer before it leaves. */
export type Interceptor = NonNullable<StandardHandlerOptions<CallContext>['clientInterceptors']>[number]

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null
