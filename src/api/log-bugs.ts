import { ORPCError } from '@orpc/client'
import type { Logger } from '../peer/ports.ts'

/** Refusals are answers; what is left is a bug, and a person should hear of it. */
export function noteBug(logger: Logger, error: unknown): void {
  const isRefusal = error instanceof ORPCError && (error.defined || error.status < 500)
  if (!isRefusal) logger.warn('api-request-failed', { error })
}

/** The same around whatever is asked. */
export function logBugs(logger: Logger) {
  return async <T>({ next }: { next: () => Promise<T> }): Promise<T> => {
    try {
      return await next()
    } catch (error) {
      noteBug(logger, error)
      throw error
    }
  }
}
