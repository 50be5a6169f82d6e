// See `http.ts`: an import would load megabytes.
const { STATUS_CODES } = process.getBuiltinModule('node:http')

/** What a refusal is told as over HTTP (RFC 9457, problem details). */
export interface Problem {
  /** `urn:gavelring:problem:` and the code. */
  readonly type: string
  /** The same for each of its code. */
  readonly title: string
  readonly status: number
  /** What happened just now, in a sentence or two. */
  readonly detail: string
  /** Stable, for programs. */
  readonly code: string
  /** The numbers that explain it, where the code has some. */
  readonly data?: unknown
}

export interface Refused {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly data?: unknown
  /** Default: the message. */
  readonly title?: string | undefined
}

export function toProblem({ status, code, message, data, title = message }: Refused): Problem {
  return { type: `urn:gavelring:problem:${code}`, title, status, detail: message, code, ...(data !== undefined && { data }) }
}

/** How to ask better is said in headers, too, as clients and proxies understand it. `allow`: the methods that there are instead. */
export function problemHeaders({ status, data }: Refused, allow?: readonly string[]): Record<string, string> {
  const wait = retryAfterOf(status, data)
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...(status === 401 && { 'www-authenticate': 'Bearer realm="gavelring"' }),
    ...(wait !== undefined && { 'retry-after': String(wait) }),
    ...(allow !== undefined && { allow: allow.join(', ') }),
  }
}

/** Whole seconds. What passes by itself, passes soon: quorums come back and streams end. */
function retryAfterOf(status: number, data: unknown): number | undefined {
  const told = typeof data === 'object' && data !== null && 'retryAfterSeconds' in data ? data.retryAfterSeconds : undefined
  if (typeof told === 'number') return told
  return status === 429 || status === 503 ? 1 : undefined
}

export const statusText = (status: number): string => STATUS_CODES[status] ?? 'Refused'
