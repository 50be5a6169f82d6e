import type { LogFacts } from '../peer/ports.ts'

/** What stands in a line where a secret stood. */
const redacted = '[redacted]'

/**
 * Keeps room codes and API tokens out of log lines, wherever in a text they turn up: known ones by what they are, others by their
 * name, or by the form in which they travel.
 */
export interface Secrets {
  /** From here on this text is one. Empty: there is none. */
  add(secret: string): void
  text(text: string): string
  /** The same facts as plain values that can be written: errors and big numbers as text, nothing that contains itself. */
  facts(facts: LogFacts): Record<string, unknown>
}

/** Named like this a fact is secret, whatever it is. Not `code`: that is also what refusals are known by. */
const secretName =
  /^(?:(?:api|session|access)?[-_]?token|authorization|cookie|password|secret|room[-_]?code|private[-_]?key|seed)$/i

/** How secrets travel: in a join link, in the address of the interface, in a head of a request. What stands before them stays. */
const inTransit = /([?&#](?:code|token|ticket)=|\bbearer\s+|\bx-api-key:\s*)[^\s&#"'<>]+/gi

/** Facts are shallow; what is deeper is a mistake, and is not followed. */
const depthMax = 5

export function createSecrets(): Secrets {
  const known = new Set<string>()
  let pattern: RegExp | undefined

  const text = (whole: string): string => {
    const rest = whole.replace(inTransit, `$1${redacted}`)
    return pattern === undefined ? rest : rest.replace(pattern, redacted)
  }

  const plain = (name: string, value: unknown, depth: number): unknown => {
    if (value === undefined || value === null) return value
    if (secretName.test(name)) return redacted
    switch (typeof value) {
      case 'string':
        return text(value)
      case 'number':
      case 'boolean':
        return value
      case 'bigint':
        return value.toString()
      case 'object':
        if (value instanceof Error) return text(errorText(value))
        if (depth >= depthMax || ArrayBuffer.isView(value)) return 'unreadable'
        if (value instanceof Date) return value.toJSON()
        if (Array.isArray(value)) return value.map((one) => plain('', one, depth + 1))
        return record(value, depth + 1)
      default:
        return undefined
    }
  }
  const record = (value: object, depth: number): Record<string, unknown> =>
    Object.fromEntries(Object.entries(value).map(([name, one]) => [text(name), plain(name, one, depth)]))

  return {
    add(secret) {
      // A link has it percent-encoded.
      for (const form of [secret, encodeURIComponent(secret.toWellFormed())]) if (form !== '') known.add(form)
      const all = [...known].sort((a, b) => b.length - a.length).map(escaped)
      // A short code is part of many a word: only by itself it is one.
      if (all.length > 0) pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${all.join('|')})(?![\\p{L}\\p{N}])`, 'gu')
    },
    text,
    facts: (facts) => record(facts, 0),
  }
}

/** For a pattern that is read with the flag `u`: what means something there, and nothing else. */
const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

function errorText({ message, cause }: Error): string {
  return cause === undefined ? message : `${message} (${String(cause)})`
}
