import { parseCsv } from '../../src/core/csv.ts'
import { parseNewName } from '../../src/core/ids.ts'

/** A lot as a line of the file has it; amounts are text, exact in the room's currency. */
export interface DraftLot {
  readonly line: number
  readonly item: string
  readonly description: string
  readonly startingPrice: string
  readonly increment: string
  readonly reserve: string | undefined
  readonly buyNow: string | undefined
  readonly durationMillis: number
  /** The name of its picture's file, as it is looked for: see {@link pictureKey}. */
  readonly picture: string | undefined
}

export interface CatalogueFault {
  readonly line: number
  readonly code:
    | 'too-large'
    | 'unclosed'
    | 'header-missing'
    | 'empty'
    | 'column-unknown'
    | 'too-many'
    | 'item'
    | 'description'
    | 'price'
    | 'increment'
    | 'reserve'
    | 'reserve-low'
    | 'buy-now'
    | 'buy-now-low'
    | 'duration'
    | 'picture-absent'
  /** What stands there, cut short. */
  readonly text: string
}

export interface CatalogueDraft {
  readonly lots: readonly DraftLot[]
  /** By line. A line with a fault gives no lot. */
  readonly faults: readonly CatalogueFault[]
}

export interface CatalogueReader {
  /** Minor units, or `undefined`: no amount of the room's currency. */
  amount(text: string): number | undefined
  exact(cents: number): string
  /** Whether a file of this {@link pictureKey} was chosen. */
  hasPicture(key: string): boolean
}

/** A file that is larger is no list of lots, in characters. */
const charactersMax = 1_000_000
/** What a catalogue holds. */
const lotsMax = 500
const [descriptionCharsMax, shownCharsMax] = [1_000, 40]
const [spanMillisDefault, spanMillisMax] = [60_000, 30 * 24 * 3_600_000]

/**
 * Lots from comma-separated values, whose first line names the columns: `item` and `price`, and, where wanted, `description`,
 * `increment` (1 unless told), `reserve`, `buy now`, `duration` (`90s`, `5m`, `1h`; a minute unless told) and `picture` (the name
 * of one of the files chosen beside it). Nothing of it is trusted: whatever cannot be a lot is a fault with its line.
 */
export function readCatalogue(text: string, reader: CatalogueReader): CatalogueDraft {
  if (text.length > charactersMax) return failed(1, 'too-large', '')
  const rows = parseCsv(text)
  if (rows === undefined) return failed(1, 'unclosed', '')
  const [head, ...body] = rows
  if (head === undefined) return failed(1, 'empty', '')
  const columns = head.cells.map(columnOf)
  if (!columns.includes('item') || !columns.includes('price')) return failed(head.line, 'header-missing', head.cells.join(', '))
  if (body.length === 0) return failed(head.line, 'empty', '')
  const faults: CatalogueFault[] = []
  for (const [at, column] of columns.entries()) {
    const name = head.cells[at] ?? ''
    if (column === undefined && name !== '') faults.push(fault(head.line, 'column-unknown', name))
  }
  const lots: DraftLot[] = []
  for (const { line, cells } of body) {
    if (lots.length >= lotsMax) {
      faults.push(fault(line, 'too-many', String(lotsMax)))
      break
    }
    const lot = readLot(line, (column) => (cells[columns.indexOf(column)] ?? '').trim(), reader)
    if ('code' in lot) faults.push(lot)
    else lots.push(lot)
  }
  return { lots, faults }
}

type Column = 'item' | 'description' | 'price' | 'increment' | 'reserve' | 'buynow' | 'duration' | 'picture'

function readLot(line: number, cell: (column: Column) => string, reader: CatalogueReader): DraftLot | CatalogueFault {
  const item = cell('item')
  if (!parseNewName(item).ok) return fault(line, 'item', item)
  const description = cell('description')
  if (description.length > descriptionCharsMax) return fault(line, 'description', description)
  const price = positive(cell('price'), reader)
  if (price === undefined) return fault(line, 'price', cell('price'))
  const increment = positive(cell('increment') || '1', reader)
  if (increment === undefined) return fault(line, 'increment', cell('increment'))
  const [reserve, buyNow] = [optional(cell('reserve'), reader), optional(cell('buynow'), reader)]
  if (reserve === 'bad') return fault(line, 'reserve', cell('reserve'))
  if (buyNow === 'bad') return fault(line, 'buy-now', cell('buynow'))
  if (reserve !== undefined && reserve < price) return fault(line, 'reserve-low', cell('reserve'))
  if (buyNow !== undefined && buyNow < (reserve ?? price)) return fault(line, 'buy-now-low', cell('buynow'))
  const durationMillis = readSpan(cell('duration'))
  if (durationMillis === undefined) return fault(line, 'duration', cell('duration'))
  const picture = cell('picture') === '' ? undefined : pictureKey(cell('picture'))
  if (picture !== undefined && !reader.hasPicture(picture)) return fault(line, 'picture-absent', cell('picture'))
  return {
    line,
    item,
    description,
    startingPrice: reader.exact(price),
    increment: reader.exact(increment),
    reserve: reserve === undefined ? undefined : reader.exact(reserve),
    buyNow: buyNow === undefined ? undefined : reader.exact(buyNow),
    durationMillis,
    picture,
  }
}

/** Folders before a name, and large letters, differ between machines. */
export const pictureKey = (file: string): string =>
  file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1).toLowerCase()

function positive(text: string, { amount }: CatalogueReader): number | undefined {
  const cents = amount(text)
  return cents === undefined || cents === 0 ? undefined : cents
}

function optional(text: string, reader: CatalogueReader): number | 'bad' | undefined {
  return text === '' ? undefined : (positive(text, reader) ?? 'bad')
}

const unitMillis: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90`, `90s`, `5m`, `5 min`, `1h`, `2d`; empty: the usual. */
function readSpan(text: string): number | undefined {
  if (text === '') return spanMillisDefault
  const [, digits = '', unit = ''] = /^(\d{1,7})\s*(s|m|min|h|d)?$/i.exec(text) ?? []
  const millis = Number(digits) * (unitMillis[unit.toLowerCase() || 's'] ?? 0)
  return millis >= 1 && millis <= spanMillisMax ? millis : undefined
}

/** What people call a column, in the languages of the interface: small letters, without marks and spaces. */
const columnNames: Readonly<Record<Column, readonly string[]>> = {
  item: ['item', 'lot', 'name', 'lote', 'nome', 'nombre', 'articulo', 'artigo'],
  description: ['description', 'about', 'descricao', 'descripcion'],
  price: ['price', 'startingprice', 'start', 'preco', 'precoinicial', 'precio', 'preciodesalida', 'precioinicial'],
  increment: ['increment', 'step', 'incremento', 'passo', 'paso'],
  reserve: ['reserve', 'reserva', 'precodereserva', 'preciodereserva'],
  buynow: ['buynow', 'compreja', 'comprarja', 'compraja', 'compraya', 'comprarya'],
  duration: ['duration', 'seconds', 'time', 'duracao', 'duracion', 'segundos'],
  picture: ['picture', 'image', 'photo', 'file', 'imagem', 'foto', 'imagen', 'arquivo', 'archivo'],
}

function columnOf(name: string): Column | undefined {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '')
  return (Object.keys(columnNames) as Column[]).find((column) => columnNames[column].includes(plain))
}

const fault = (line: number, code: CatalogueFault['code'], text: string): CatalogueFault => ({
  line,
  code,
  text: text.length > shownCharsMax ? `${text.slice(0, shownCharsMax - 1)}…` : text,
})

const failed = (line: number, code: CatalogueFault['code'], text: string): CatalogueDraft => ({
  lots: [],
  faults: [fault(line, code, text)],
})
