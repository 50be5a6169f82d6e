import type { LogFacts, Logger } from '../peer/ports.ts'

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

export interface LoggerOptions {
  /** `text` for people, `json` for programs: one object a line. */
  readonly format: 'json' | 'text'
  /** The least important level that is still written. */
  readonly level: LogLevel
  /** Where lines go; default: stderr, so that stdout stays for results. */
  readonly write?: (line: string) => void
}

export function createLogger(options: LoggerOptions): Logger {
  const write = options.write ?? ((line: string) => process.stderr.write(line))
  const threshold = levels.indexOf(options.level)
  const format = options.format === 'json' ? jsonLine : textLine
  const logAt = (level: LogLevel) => (message: string, facts?: LogFacts) => {
    if (levels.indexOf(level) <= threshold) write(`${format(level, message, facts ?? {})}\n`)
  }
  return { error: logAt('error'), warn: logAt('warn'), info: logAt('info'), debug: logAt('debug') }
}

const levels: readonly LogLevel[] = ['error', 'warn', 'info', 'debug']

function jsonLine(level: LogLevel, message: string, facts: LogFacts): string {
  return JSON.stringify({ ...facts, time: new Date().toISOString(), level, message }, readable)
}

function textLine(level: LogLevel, message: string, facts: LogFacts): string {
  const pairs = Object.entries(facts).filter(([, value]) => value !== undefined)
  const words = pairs.map(
    ([name, value]) => `${name}=${typeof value === 'string' ? quoted(value) : JSON.stringify(value, readable)}`,
  )
  return [new Date().toISOString().slice(11, 23), level.padEnd(5), message, ...words].join(' ')
}

/** A line stays one line: JSON escapes every control character. */
const quoted = (text: string): string => (/^[\x21-\x7e]+$/.test(text) && !text.includes('"') ? text : JSON.stringify(text))

function readable(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Error) return value.cause === undefined ? value.message : `${value.message} (${String(value.cause)})`
  return value
}
