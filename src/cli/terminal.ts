import type { Readable, Writable } from 'node:stream'
import { printable, printableJson } from '../core/safe-text.ts'
import { CliError } from './errors.ts'
import { widthOf } from './table.ts'

/**
 * Where output goes, and what it can show there. Results on stdout, everything else on stderr. All text goes through
 * `printable` here, so that nobody's name can move the cursor, whichever command shows it.
 */
export interface Terminal {
  /** A line of the result. */
  line(text: Text): void
  /** A value on a line of the result, for programs. */
  json(value: unknown): void
  /** A line beside the result: notes, errors. */
  note(text: Text): void
  /** A line that the next one replaces; shown only where stderr is a terminal. */
  progress(text: string): void
  /** What a person answers, on one line, without spaces around it; `undefined`: nobody sits at stdin. */
  ask(question: string): Promise<string | undefined>
  /** Lines that the next picture replaces in place, as long as nothing else is said; only where `isScreen`. */
  picture(lines: readonly Text[]): void
  /** Resolves when stdout takes more: at once, unless its reader is slower than we are. */
  drained(): Promise<void>
  /** Resolves when all that was said is written, or cannot be: see `failure`. */
  flushed(): Promise<void>
  /** Cells of a line of stdout; `undefined`: no limit, as into a file. */
  readonly width: number | undefined
  /** Lines of the screen; `undefined`: not known, or none. */
  readonly height: number | undefined
  /** Whether stdout is a terminal that can show pictures. */
  readonly isScreen: boolean
  /** Colours: only on a terminal, and not where NO_COLOR is set. */
  readonly colours: boolean
  /** Nobody reads stdout any more (`| head`). */
  readonly isClosed: boolean
  /** Resolves when nobody does. */
  readonly closed: Promise<void>
  /** Resolves when stdout or stderr cannot be written any more, for whatever reason. */
  readonly unheard: Promise<void>
  /** Why results could not be written: a full disk, say. */
  readonly failure: Error | undefined
}

/** Anybody's text, or pieces of it with looks that only this program can give. */
export type Text = string | readonly Piece[]
export type Piece = string | { readonly text: string; readonly look: Look }
export type Look = keyof typeof looks

/** Select Graphic Rendition (ECMA-48, 8.3.117). `light` is the token's colour, and nothing else's (LOOK). */
const looks = {
  light: '1;33',
  dim: '2',
  bold: '1',
  red: '31',
  green: '32',
  yellow: '33',
  blue: '34',
  magenta: '35',
  cyan: '36',
} as const

/** A stream of a process, as far as a terminal is one. */
export type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }

/** A stream that a person may type into. */
export type Input = Readable & { readonly isTTY?: boolean }

/** `input`: stdin, which is not touched before somebody is asked. */
export function createTerminal(
  env: Readonly<Record<string, string | undefined>>,
  out: Stream = process.stdout,
  errors: Stream = process.stderr,
  input: () => Input = () => process.stdin,
): Terminal {
  let isClosed = false
  let hasProgress = false
  /** Cells of each line of the picture that stands there. */
  let picture: readonly number[] = []
  const closed = Promise.withResolvers<void>()
  const unheard = Promise.withResolvers<void>()
  let failure: Error | undefined
  out.on('error', (error: NodeJS.ErrnoException) => {
    isClosed = true
    closed.resolve()
    unheard.resolve()
    // A reader that went away is no crash, and no reason for words.
    if (!readerGone.has(error.code ?? '')) failure ??= new CliError(3, 'output-failed', outputText(error))
  })
  // Nobody is left who could be told why.
  errors.on('error', () => unheard.resolve())
  const colours = out.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
  const rendered = (text: Text): string => (typeof text === 'string' ? printable(text) : text.map(piece).join(''))
  const piece = (one: Piece): string => {
    if (typeof one === 'string') return printable(one)
    const text = printable(one.text)
    return colours ? `\x1b[${looks[one.look]}m${text}\x1b[0m` : text
  }
  const clear = (): void => {
    if (hasProgress) errors.write('\r\x1b[K')
    hasProgress = false
    picture = []
  }
  const write = (line: string): void => {
    clear()
    if (!isClosed) out.write(`${line}\n`)
  }
  return {
    line: (text) => write(rendered(text)),
    json: (value) => write(printableJson(value)),
    note(text) {
      clear()
      errors.write(`${rendered(text)}\n`)
    },
    progress(text) {
      if (errors.isTTY !== true) return
      clear()
      errors.write(printable(text))
      hasProgress = true
    },
    async ask(question) {
      const typed = input()
      if (typed.isTTY !== true || errors.isTTY !== true) return undefined
      clear()
      return answerTo(`${printable(question)} `, typed, errors)
    },
    picture(lines) {
      const above = picture.reduce((rows, cells) => rows + rowsOf(cells, out.columns), 0)
      clear()
      if (isClosed) return
      const up = above === 0 ? '' : `\x1b[${above}A\r`
      // What is below the picture, if it was longer before, goes too.
      out.write(`${up}${lines.map((line) => `\x1b[2K${rendered(line)}\n`).join('')}\x1b[J`)
      picture = lines.map((line) => widthOf(plain(line)))
    },
    async drained() {
      if (!out.writableNeedDrain) return
      await Promise.race([new Promise((resolve) => out.once('drain', resolve)), closed.promise])
    },
    async flushed() {
      await Promise.all([out, errors].map((stream) => new Promise((resolve) => stream.write('', resolve))))
    },
    get width() {
      if (out.isTTY === true && out.columns !== undefined && out.columns > 0) return out.columns
      const told = Number(env.COLUMNS)
      return Number.isInteger(told) && told > 0 ? told : undefined
    },
    get height() {
      return out.isTTY === true && out.rows !== undefined && out.rows > 0 ? out.rows : undefined
    },
    isScreen: out.isTTY === true && env.TERM !== 'dumb',
    colours,
    get isClosed() {
      return isClosed
    },
    closed: closed.promise,
    unheard: unheard.promise,
    get failure() {
      return failure
    },
  }
}

/** The terminal edits the line itself, and Ctrl-C ends the program as ever. Whoever ends the input has said nothing. */
async function answerTo(question: string, input: Input, output: Stream): Promise<string> {
  const { createInterface } = await import('node:readline')
  const lines = createInterface({ input, terminal: false })
  output.write(question)
  const answer = await new Promise<string>((resolve) => {
    lines.once('line', resolve)
    lines.once('close', () => resolve(''))
  })
  lines.close()
  return answer.trim()
}

const plain = (text: Text): string =>
  printable(typeof text === 'string' ? text : text.map((one) => (typeof one === 'string' ? one : one.text)).join(''))

/** Rows that a line takes now: a terminal that has become narrower has folded it. */
const rowsOf = (cells: number, columns: number | undefined): number =>
  columns === undefined || columns <= 0 ? 1 : Math.max(1, Math.ceil(cells / columns))

/** Of a pipe, a socket, a terminal; and of a stream that has ended so before. */
const readerGone: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET', 'EIO', 'ERR_STREAM_DESTROYED'])

const outputText = (error: NodeJS.ErrnoException): string => `The result could not be written (${error.code ?? error.message}).`
