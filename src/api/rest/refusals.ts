import type { z } from 'zod'
import { contract } from '../contract.ts'

/** What one procedure of the contract is, as far as its description needs it. */
export interface Described {
  /** `accounts.open` */
  readonly name: string
  readonly method: 'get' | 'post'
  /** `/accounts/{account}` */
  readonly path: string
  readonly input: unknown
  readonly refusals: readonly Refusal[]
}

/** One no that a procedure may give. */
export interface Refusal {
  readonly code: string
  readonly status: number
  /** The same for each of its code. */
  readonly title: string
  /** The numbers that explain it; `undefined`: it has none. */
  readonly data: z.ZodType | undefined
}

/** All of them, in the contract's order. */
export const procedures: readonly Described[] = collect(contract, [])

/** What a code means, whatever it was about. `undefined`: it is none of the contract's. */
export const titleOf = (code: string): string | undefined => titles.get(code)

const titles: ReadonlyMap<string, string> = new Map(
  procedures.flatMap(({ refusals }) => refusals.map(({ code, title }) => [code, title] as const)).toReversed(),
)

interface Procedure {
  readonly '~orpc': {
    readonly route: { readonly method?: string; readonly path?: string }
    readonly inputSchema?: unknown
    readonly errorMap: Readonly<Record<string, { readonly status?: number; readonly message?: string; readonly data?: unknown }>>
  }
}

function collect(tree: object, path: readonly string[]): readonly Described[] {
  if ('~orpc' in tree) return [describe(tree as Procedure, path.join('.'))]
  return Object.entries(tree).flatMap(([name, part]: [string, object]) => collect(part, [...path, name]))
}

function describe({ '~orpc': { route, inputSchema, errorMap } }: Procedure, name: string): Described {
  const refusals = Object.entries(errorMap).map(([code, { status = 500, message = code, data }]) => ({
    ...{ code, status, title: message, data: data as z.ZodType | undefined },
  }))
  return { name, method: route.method === 'GET' ? 'get' : 'post', path: route.path ?? '', input: inputSchema, refusals }
}
