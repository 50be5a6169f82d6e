/** One row of a file of comma-separated values, with the line on which it begins, counted from 1. */
export interface CsvRow {
  readonly line: number
  readonly cells: readonly string[]
}

/**
 * RFC 4180, and what spreadsheets make of it: a byte order mark, semicolons or tabs for commas (whichever the first line
 * has), any line ends. Empty lines are left out, and spaces around what is not in quotes. `undefined`: a quote is never closed.
 */
export function parseCsv(text: string): readonly CsvRow[] | undefined {
  const given = text.replace(/^\uFEFF/, '')
  const separator = separatorOf(given)
  const rows: CsvRow[] = []
  let cells: string[] = []
  let cell = ''
  let isQuoted = false
  let inQuotes = false
  let line = 1
  let firstLine = 1

  const endCell = (): void => {
    cells.push(isQuoted ? cell : cell.trim())
    cell = ''
    isQuoted = false
  }
  const endRow = (): void => {
    endCell()
    if (cells.some((one) => one !== '')) rows.push({ line: firstLine, cells })
    cells = []
    firstLine = line
  }

  for (let at = 0; at < given.length; at++) {
    const character = given.charAt(at)
    const isLineEnd = character === '\n' || (character === '\r' && given.charAt(at + 1) !== '\n')
    if (isLineEnd) line++
    if (inQuotes) {
      if (character !== '"') cell += character
      else if (given.charAt(at + 1) === '"') {
        cell += '"'
        at++
      } else inQuotes = false
    } else if (character === '"' && cell.trim() === '') {
      cell = ''
      isQuoted = true
      inQuotes = true
    } else if (character === separator) endCell()
    else if (isLineEnd) endRow()
    // What stands between a closing quote and the separator is no part of the cell.
    else if (!isQuoted) cell += character
  }
  if (inQuotes) return undefined
  endRow()
  return rows
}

function separatorOf(text: string): string {
  const [first = ''] = text.split(/[\r\n]/, 1)
  const outside = first.replaceAll(/"[^"]*"/g, '')
  return [',', ';', '\t'].find((separator) => outside.includes(separator)) ?? ','
}
