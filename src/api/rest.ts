import { SmartCoercionPlugin } from '@orpc/json-schema'
import { OpenAPIGenerator } from '@orpc/openapi'
import { StandardOpenAPIHandler } from '@orpc/openapi/standard'
import type { StandardRPCHandlerOptions } from '@orpc/server/standard'
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4'
import { contract } from './contract.ts'
import type { createRouter } from './router.ts'

export interface RestOptions {
  readonly router: ReturnType<typeof createRouter>
  readonly interceptors: NonNullable<StandardRPCHandlerOptions<Record<never, never>>['interceptors']>
  readonly version: string
}

/** The contract as plain requests, and its description. Our own clients ask for neither, so that this is loaded when somebody does. */
export function createRest({ router, interceptors, version }: RestOptions) {
  const schemaConverters = [new ZodToJsonSchemaConverter()]
  const handler = new StandardOpenAPIHandler(router, { interceptors, plugins: [new SmartCoercionPlugin({ schemaConverters })] })
  let specification: Promise<object> | undefined
  return {
    handle: handler.handle.bind(handler),
    specification(): Promise<object> {
      specification ??= new OpenAPIGenerator({ schemaConverters }).generate(contract, {
        info: { title: 'Gavelring', version },
        servers: [{ url: '/api' }],
        security: [{ token: [] }],
        components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      })
      return specification
    },
  }
}
