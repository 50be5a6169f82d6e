import stringWidth from 'string-width'
import { printable } from '../core/safe-text.ts'
import type { Call, Option } from './command.ts'
import { textFlag } from './command.ts'
import { usageError } from './errors.ts'

/** One column of a table of rows of one kind. */
export interface Column<Row> {
  /** As it is chosen by: `--columns name,owner`. */
  readonly name: string
  readonly head: string
  /** Anybody's text: it is made safe here. */
  readonly cell: (row: Row) => string
  /** Numbers stand on the right. */
  readonly right?: true
  /** Never shortened: ids, which are typed again. Amounts on the right are not, either. */
  readonly whole?: true
}

export const columnsOption: Option = { name: 'columns', value: 'A,B,C', text: 'which columns, in this order' }

/** JSON for programs, which is always whole; for people a table of the columns that they chose, or `empty` where there are no rows. */
export function tellTable<Row>(
  call: Call,
  value: unknown,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  empty?: string,
): void {
  const chosen = chooseColumns(call, columns)
  if (call.json) return call.terminal.json(value)
  if (rows.length === 0 && empty !== undefined) return call.terminal.line(empty)
  for (const line of tableOf(chosen, rows, call.terminal.width)) call.terminal.line(line)
}

/** Those of `--columns`, or all. A name that there is none of is a usage error. */
function chooseColumns<Row>(call: Call, columns: readonly Column<Row>[]): readonly Column<Row>[] {
  const asked = textFlag(call, 'columns')
  if (asked === undefined) return columns
  return asked.split(',').map((part) => {
    const name = part.trim().toLowerCase()
    const found = columns.find((column) => column.name === name)
    if (found !== undefined) return found
    throw usageError(
      `--columns: there is no column "${part.trim()}". There are: ${columns.map((column) => column.name).join(', ')}.`,
    )
  })
}

/**
 * Lines of a table that is at most `width` cells wide; `undefined`: as wide as it comes. Long texts give from their middle, ids
 * and amounts do not: where that is not enough, each row is told line by line instead.
 */
export function tableOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width?: number): string[] {
  const head = columns.map((column) => column.head)
  const cells = rows.map((row) => columns.map((column) => printable(column.cell(row))))
  const right = columns.map((column) => column.right === true)
  const natural = widthsOf([head, ...cells])
  if (width === undefined) return layOut([head, ...cells], natural, right)
  const widths = fitWidths(natural, width, (at) => columns[at]?.whole !== true && right[at] !== true)
  return widths === undefined ? recordLines(head, cells, width) : layOut([head, ...cells], widths, right)
}

/** Columns as wide as their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows].map((row) => head.map((_, at) => printable(row[at] ?? '')))
  return layOut(all, widthsOf(all), [])
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  return (rows[0] ?? []).map((_, at) => rows.reduce((most, row) => Math.max(most, widthOf(row[at] ?? '')), 0))
}

function layOut(rows: readonly (readonly string[])[], widths: readonly number[], right: readonly boolean[]): string[] {
  return rows.map((row) =>
    widths
      .map((cells, at) => {
        const cell = shorten(row[at] ?? '', cells)
        const gap = ' '.repeat(cells - widthOf(cell))
        return right[at] === true ? gap + cell : cell + gap
      })
      .join(gapText)
      .trimEnd(),
  )
}

/** Each row by itself: a name and a cell on each line, for a terminal that is too narrow for columns. */
function recordLines(head: readonly string[], rows: readonly (readonly string[])[], width: number): string[] {
  const names = Math.max(0, ...head.map(widthOf))
  const lineOf = (name: string, cell: string): string => {
    const line = `${name}${' '.repeat(names - widthOf(name))}${gapText}`
    return shorten(line + shorten(cell, Math.max(1, width - names - gapText.length)), width).trimEnd()
  }
  return rows.flatMap((row, index) => [
    ...(index === 0 ? [] : ['']),
    ...head.flatMap((name, at) => (row[at] === '' ? [] : [lineOf(name, row[at] ?? '')])),
  ])
}

/** What is known of one thing: a name and a text on each line, which a terminal may wrap. */
export const pairs = (rows: readonly (readonly [name: string, text: string])[]): string[] => table(['', ''], rows).slice(1)

const gapText = '  '
/** A text says nothing any more where it has less. */
const narrowest = 6

/** Cells that a text takes on a terminal: by grapheme, East Asian characters and emoji two. */
export const widthOf = (text: string): number => stringWidth(text)

/** At most `cells` wide: what is too much goes from the middle, where ids and names say least. */
export function shorten(text: string, cells: number): string {
  if (widthOf(text) <= cells) return text
  if (cells <= 1) return cells === 1 ? '…' : ''
  const graphemes = [...segmenter.segment(text)].map(({ segment }) => segment)
  const half = Math.ceil((cells - 1) / 2)
  const start = take(graphemes, half)
  const end = take(graphemes.slice().reverse(), cells - 1 - widthOf(start.join('')))
  return `${start.join('')}…${end.reverse().join('')}`
}

const segmenter = new Intl.Segmenter()

function take(graphemes: readonly string[], cells: number): string[] {
  const taken: string[] = []
  let left = cells
  for (const grapheme of graphemes) {
    left -= widthOf(grapheme)
    if (left < 0) break
    taken.push(grapheme)
  }
  return taken
}

/** The widest of those that may give gives first; `undefined`: they cannot give enough. */
function fitWidths(natural: readonly number[], width: number, mayGive: (at: number) => boolean): number[] | undefined {
  const widths = [...natural]
  let tooMuch = widths.reduce((sum, cells) => sum + cells, gapText.length * (widths.length - 1)) - width
  for (; tooMuch > 0; tooMuch--) {
    let widest = -1
    for (const [at, cells] of widths.entries()) {
      if (mayGive(at) && cells > narrowest && cells > (widths[widest] ?? 0)) widest = at
    }
    if (widest < 0) return undefined
    widths[widest] = (widths[widest] ?? 0) - 1
  }
  return widths
}
