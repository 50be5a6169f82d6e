import { type LogEvent, logEvents } from '../core/log-events.ts'
import { printable, printableJson } from '../core/safe-text.ts'
import { type LocalTime, timeText } from '../core/time-text.ts'
import type { LogFacts, Logger } from '../peer/ports.ts'

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

export interface LoggerOptions {
  /**
   * `text` for people, in local time. `json` for programs: one object a line, `{ time, level, event, message, …facts }`, its
   * time in UTC (ISO 8601, milliseconds).
   */
  readonly format: 'json' | 'text'
  /** The least important level that is still written. */
  readonly level: LogLevel
  /** Where lines go; default: stderr, so that stdout stays for results. */
  readonly write?: (line: string) => void
}

export interface AdjustableLogger extends Logger {
  /** From here on. */
  setLevel(level: LogLevel): void
}

/** Whatever stands in a fact: a line is one line, and nothing in it moves a cursor, turns the direction of writing or hides. */
export function createLogger(options: LoggerOptions): AdjustableLogger {
  const write = options.write ?? ((line: string) => process.stderr.write(line))
  let threshold = levels.indexOf(options.level)
  const isJson = options.format === 'json'
  /** When the last line was written: the first one of a new day has its date. */
  let before: Date | undefined
  const format = isJson ? jsonLine : textLine
  const isWritten = (level: LogLevel): boolean => levels.indexOf(level) <= threshold
  const logAt = (level: LogLevel) => (event: LogEvent, facts?: LogFacts, words?: string) => {
    if (!isWritten(level)) return
    const now = new Date()
    const time = isJson ? now.toISOString() : timeText(local(now), local(before ?? now))
    before = now
    const head = { time, level, event, message: words ?? logEvents[event] }
    write(`${format(head, facts ?? {})}\n`)
  }
  const debug = logAt('debug')
  return {
    error: logAt('error'),
    warn: logAt('warn'),
    info: logAt('info'),
    debug(event, facts, words) {
      if (isWritten('debug')) debug(event, facts?.(), words)
    },
    setLevel(level) {
      threshold = levels.indexOf(level)
    },
  }
}

const local = (at: Date): LocalTime => ({ millis: at.getTime(), offsetMinutes: -at.getTimezoneOffset() })

const levels: readonly LogLevel[] = ['error', 'warn', 'info', 'debug']

const unreadable = 'unreadable'

interface Head {
  readonly time: string
  readonly level: LogLevel
  readonly event: LogEvent
  readonly message: string
}

/** The head stands first, and no fact can take its place. */
function jsonLine(head: Head, facts: LogFacts): string {
  return valueText({ ...head, ...facts, ...head }) ?? printableJson({ ...head, facts: unreadable })
}

function textLine({ time, level, message }: Head, facts: LogFacts): string {
  const pairs = Object.entries(facts).filter(([, value]) => value !== undefined)
  const words = pairs.map(([name, value]) => `${name}=${isPlain(value) ? value : (valueText(value) ?? unreadable)}`)
  return printable([time, level.padEnd(5), message, ...words].join(' '))
}

/** Needs no quotes, and cannot be taken for anything else. */
const isPlain = (value: unknown): value is string =>
  typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) && !value.includes('"')

/** `undefined`: it cannot be told, such as what contains itself; a log line is no reason to fail. */
function valueText(value: unknown): string | undefined {
  try {
    return printableJson(value, readable)
  } catch {
    return undefined
  }
}

function readable(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Error) return value.cause === undefined ? value.message : `${value.message} (${String(value.cause)})`
  return value
}
