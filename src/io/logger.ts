import { isAtLeast, type LogEvent, type LogLevel, logEvents } from '../core/log-events.ts'
import { escapeUnsafe, printable, printableJson } from '../core/safe-text.ts'
import { type LocalTime, timeText } from '../core/time-text.ts'
import type { LogFacts, Logger } from '../peer/ports.ts'
import { createSecrets } from './secrets.ts'

export interface LoggerOptions {
  /**
   * `text` for people, in local time. `json` for programs: one object a line, `{ level, time, event, message, …facts }`, its
   * time in UTC (ISO 8601, milliseconds).
   */
  readonly format: 'json' | 'text'
  /** The least important level that is written at first. */
  readonly level: LogLevel
  /** Where lines go; default: stderr, so that stdout stays for results. */
  readonly write?: (line: string) => void
}

/** The log of one process. */
export interface Log extends Logger {
  /** The least important level that is written. */
  readonly level: LogLevel
  /** From here on. */
  setLevel(level: LogLevel): void
  /** From here on this text stands in no line: a room code, an API token. */
  conceal(secret: string): void
  /** Lines of whoever decides what is written by itself: among the others and in their format, whatever the level. */
  readonly always: Logger
}

/** A line as it is told: no secret is in it, and nothing that cannot be written. */
type Write = (level: LogLevel, event: LogEvent, message: string, facts: Record<string, unknown>) => void

/** Whatever stands in a fact: a line is one line, and nothing in it moves a cursor, turns the direction of writing or hides. */
export async function openLog(options: LoggerOptions): Promise<Log> {
  const out = options.write ?? ((line: string) => process.stderr.write(line))
  const write = options.format === 'json' ? await jsonLines(out) : textLines(out)
  const secrets = createSecrets()
  let threshold = options.level

  const loggerFrom = (isWritten: (level: LogLevel) => boolean): Logger => {
    const at = (level: LogLevel) => (event: LogEvent, facts?: LogFacts, words?: string) => {
      if (!isWritten(level)) return
      const message = words === undefined ? logEvents[event] : secrets.text(words)
      write(level, event, message, secrets.facts(facts ?? {}))
    }
    const debug = at('debug')
    return {
      error: at('error'),
      warn: at('warn'),
      info: at('info'),
      debug(event, facts, words) {
        if (isWritten('debug')) debug(event, facts?.(), words)
      },
    }
  }
  const always = loggerFrom(() => true)
  return {
    ...loggerFrom((level) => isAtLeast(level, threshold)),
    always,
    get level() {
      return threshold
    },
    setLevel(level) {
      if (level === threshold) return
      threshold = level
      // Whoever reads the log later knows why there is more of it, or less.
      always.info('log-level-set', { to: level })
    },
    conceal: (secret) => secrets.add(secret),
  }
}

/** Loaded only where it is asked for: it takes memory that a peer with a person before it has no use for. */
async function jsonLines(out: (line: string) => void): Promise<Write> {
  const { pino } = await import('pino')
  const lines = pino(
    {
      // What is written is decided before facts are made.
      level: 'debug',
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
    },
    { write: (line: string) => out(`${escapeUnsafe(line.trimEnd())}\n`) },
  )
  // The head stands first, and no fact can take its place.
  return (level, event, message, { level: _level, time: _time, event: _event, message: _message, ...facts }) =>
    lines[level]({ event, message, ...facts })
}

function textLines(out: (line: string) => void): Write {
  /** When the last line was written: the first one of a new day has its date. */
  let before: Date | undefined
  return (level, _event, message, facts) => {
    const now = new Date()
    const time = timeText(local(now), local(before ?? now))
    before = now
    const pairs = Object.entries(facts).filter(([, value]) => value !== undefined)
    const words = pairs.map(([name, value]) => `${name}=${isPlain(value) ? value : printableJson(value)}`)
    out(`${printable([time, level.padEnd(5), message, ...words].join(' '))}\n`)
  }
}

const local = (at: Date): LocalTime => ({ millis: at.getTime(), offsetMinutes: -at.getTimezoneOffset() })

/** Needs no quotes, and cannot be taken for anything else. */
const isPlain = (value: unknown): value is string =>
  typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) && !value.includes('"')
