import { createHash } from 'node:crypto'
import { parseRequestId } from '../../core/ids.ts'

/** What a program on the bus wants, as it came in; amounts are read where the room's currency is known. Pure. */
export type Command =
  | {
      readonly kind: 'start'
      /** The name that the program has for it from now on; `undefined`: it takes the lot's number. */
      readonly product: Product | undefined
      readonly item: string
      readonly amount: string
      /** Whole seconds as text. */
      readonly seconds: string
      readonly who: Who
    }
  | { readonly kind: 'bid'; readonly product: Product; readonly amount: string; readonly who: Who }
  | { readonly kind: 'finish'; readonly product: Product }

/** As it came: a program that compares with `===` gets a number back for a number. */
export type Product = string | number

/** Whose account: an id, or a holder's name. */
export interface Who {
  /** From a field that says nothing else. */
  readonly named: string | undefined
  /** From `nome`, which in a bid may be the bidder's name as well as the item's: it counts where somebody is called that. */
  readonly maybe: string | undefined
}

export type CommandFault =
  | { readonly kind: 'too-long' | 'unreadable' | 'type-unknown' | 'id-invalid' }
  | { readonly kind: 'field-missing'; readonly field: string }

export interface ReadCommand {
  readonly result: Command | CommandFault
  /** The program's own id of the command: asked again with it, it is done once. */
  readonly id: string | undefined
  readonly product: Product | undefined
}

/** A command is never as long as that: names and amounts take up a tenth of it. */
export const commandCharsMax = 4_096
/** The default of the room's auctions. */
const secondsUsual = '30'

export const isFault = (result: Command | CommandFault): result is CommandFault =>
  result.kind !== 'start' && result.kind !== 'bid' && result.kind !== 'finish'

/** Of one message of the channel, whatever it is. */
export function readCommand(message: string): ReadCommand {
  const fault = (result: CommandFault): ReadCommand => ({ result, id: undefined, product: undefined })
  if (message.length > commandCharsMax) return fault({ kind: 'too-long' })
  const fields = parseObject(message)
  if (fields === undefined) return fault({ kind: 'unreadable' })
  const product = productOf(fields)
  const id = textOf(fields.id)
  if (id !== undefined && !parseRequestId(id).ok) return { result: { kind: 'id-invalid' }, id: undefined, product }
  return { result: commandOf(fields, product), id, product }
}

/** What two bridges know one message by. */
export const digestOf = (message: string): string => createHash('sha256').update(message).digest('base64url').slice(0, 22)

type Fields = Readonly<Record<string, unknown>>

const names = {
  product: ['productId', 'produtoId', 'leilaoId', 'leilao'],
  item: ['nome', 'item', 'produto'],
  amount: ['valor', 'valorInicial', 'lanceInicial', 'preco', 'lance'],
  seconds: ['segundos', 'tempo', 'duracao'],
  who: ['rg', 'conta', 'usuario', 'cliente', 'licitante', 'participante', 'vendedor'],
} as const

function commandOf(fields: Fields, product: Product | undefined): Command | CommandFault {
  const amount = first(fields, names.amount)
  const named = first(fields, names.who)
  switch (textOf(fields.tipo)) {
    case 'iniciar': {
      const item = first(fields, names.item)
      if (item === undefined) return missing('nome')
      if (amount === undefined) return missing('valor')
      const seconds = first(fields, names.seconds) ?? secondsUsual
      return { kind: 'start', product, item, amount, seconds, who: { named, maybe: undefined } }
    }
    case 'lance':
      if (product === undefined) return missing('productId')
      if (amount === undefined) return missing('valor')
      return { kind: 'bid', product, amount, who: { named, maybe: textOf(fields.nome) } }
    case 'finalizar':
      return product === undefined ? missing('productId') : { kind: 'finish', product }
    default:
      return { kind: 'type-unknown' }
  }
}

const missing = (field: string): CommandFault => ({ kind: 'field-missing', field })

/** The first of these fields that says something. */
function first(fields: Fields, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const text = textOf(fields[key])
    if (text !== undefined) return text
  }
  return undefined
}

/** A number as its shortest text, from which it is read exactly, or refused as too precise: never rounded. */
function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const text = String(value).trim()
  return text === '' ? undefined : text
}

function productOf(fields: Fields): Product | undefined {
  for (const key of names.product) {
    const value = fields[key]
    if (typeof value === 'number' && Number.isFinite(value)) return value
    const text = textOf(value)
    if (text !== undefined) return text
  }
  return undefined
}

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
  } catch {
    return undefined
  }
}
