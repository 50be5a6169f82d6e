import { numberMax } from '../core/limits.ts'
import { printable } from '../core/safe-text.ts'

/**
 * One message of the classic line protocol: fields `key:value` with `|` between them, `t:7|op:3|rg:1111111111|valor:10.0`. A value
 * may have colons in it. Two fields of one key are refused: which of two amounts is meant nobody can say.
 */
export type Request<What extends Asked = Asked> = {
  readonly time: number
  /** The client's own id for it, so that asking again does nothing twice. */
  readonly id?: string
} & What

export type Asked = Looking | Changing

/** Nothing of the room changes by it. */
export type Looking =
  | { readonly kind: 'login' | 'balance'; readonly account: string }
  | { readonly kind: 'clock' }
  | { readonly kind: 'list' }
  | { readonly kind: 'subscribe' }

/** All of them have an amount. */
export type Changing = { readonly amount: string } & (
  | { readonly kind: 'withdraw' | 'deposit'; readonly account: string }
  | { readonly kind: 'transfer'; readonly from: string; readonly to: string }
  | { readonly kind: 'start'; readonly item: string; readonly seconds: string }
  /** `account`: default the one that logged in. */
  | { readonly kind: 'bid'; readonly lot: string; readonly account?: string }
)

export const isLooking = (request: Request): request is Request<Looking> => !('amount' in request)

/** `unended`: half of it came, and then nothing. */
export type MessageFault =
  | 'unreadable'
  | 'time-invalid'
  | 'operation-unknown'
  | 'field-missing'
  | 'unended'
  | 'too-long'
  | 'no-client'

export interface Unreadable {
  readonly fault: MessageFault
  /** The key of the field that is missing. */
  readonly field?: string
  /** What could be read of its Lamport time; 0: nothing. */
  readonly time: number
}

/** The longest message, in bytes: names and amounts need a tenth of it. */
export const messageBytesMax = 4_096

interface Form {
  readonly kind: Asked['kind']
  readonly fields: readonly Field[]
  /** Nothing is moved by it. */
  readonly isLooking: boolean
}

interface Field {
  /** Here. */
  readonly name: string
  /** Its spellings on the wire: the first is the one that is asked for. */
  readonly keys: readonly [string, ...string[]]
  readonly isOptional?: true
}

const account: Field = { name: 'account', keys: ['rg'] }
const amount: Field = { name: 'amount', keys: ['valor'] }
const from: Field = { name: 'from', keys: ['rg_origem', 'origen_rg'] }
const to: Field = { name: 'to', keys: ['rg_destino', 'destino_rg'] }
const item: Field = { name: 'item', keys: ['item', 'nome'] }
const seconds: Field = { name: 'seconds', keys: ['segundos', 'tempo'] }
const lot: Field = { name: 'lot', keys: ['productId', 'leilao'] }

const form = (kind: Asked['kind'], ...fields: readonly Field[]): Form => ({ kind, fields, isLooking: !fields.includes(amount) })
const forms: Readonly<Record<string, Form>> = {
  1: form('balance', account),
  2: form('withdraw', account, amount),
  3: form('deposit', account, amount),
  4: form('transfer', from, to, amount),
  5: form('clock'),
  6: form('login', account),
  7: form('list'),
  8: form('start', item, amount, seconds),
  9: form('bid', lot, amount, { ...account, isOptional: true }),
  10: form('subscribe'),
}

/** One whole message, whatever it was ended by. */
export function parseRequest(text: string): Request | Unreadable {
  // A browser can be made to send lines to any port by any page: whoever speaks HTTP is none of our clients, whatever comes next.
  if (text.includes(' HTTP/') && /^[^\s:|]+ \S+ HTTP\/\d\.\d\s*$/.test(text)) return { fault: 'no-client', time: 0 }
  const fields = readFields(text)
  if (fields === undefined) return { fault: 'unreadable', time: 0 }
  const time = timeOf(fields.get('t'))
  if (time === undefined) return { fault: fields.size === 0 ? 'unreadable' : 'time-invalid', time: 0 }
  const op = fields.get('op')
  const form = op === undefined ? undefined : formOf(op)
  if (form === undefined) return { fault: 'operation-unknown', time }
  const request: Record<string, unknown> = { kind: form.kind, time }
  for (const { name, keys, isOptional } of form.fields) {
    let value: string | undefined
    for (const key of keys) {
      const given = fields.get(key)
      if (given !== undefined && value !== undefined) return { fault: 'unreadable', time }
      value ??= given
    }
    if (value) request[name] = value
    else if (isOptional !== true) return { fault: 'field-missing', field: keys[0], time }
  }
  const id = fields.get('id')
  if (id) request.id = id
  return request as unknown as Request
}

/**
 * Of text that no newline has ended yet. `now`: it is a whole request, and nothing that may follow makes another one of it. `quiet`:
 * it is a whole one, or can never become one, but a value may still grow, as `valor:1` to `valor:10`. `partial`: something is missing.
 */
export function endingOf(text: string): 'now' | 'quiet' | 'partial' {
  const head = /^\s*t:\d{1,15}\|op:(\d{1,2})(\|[\s\S]*)?$/.exec(text)
  if (head === null) return isBeginning(text.trimStart()) ? 'partial' : 'quiet'
  const [, op = '', rest] = head
  const form = formOf(op)
  if (form === undefined) return 'quiet'
  if (form.fields.length === 0) return rest === undefined ? 'now' : 'quiet'
  if (isPartial(text)) return 'partial'
  // The account ids of the classic bank are ten digits; and what only looks does no harm to anybody.
  return form.isLooking && /\|rg:\d{10}$/.test(text) ? 'now' : 'quiet'
}

/** What stands behind the last `|` may be the beginning of any key. */
function isPartial(text: string): boolean {
  const last = text.slice(text.lastIndexOf('|') + 1).trim()
  if (last !== '' && !/^[^:]+:./.test(last)) return true
  const request = parseRequest(text)
  return 'fault' in request && request.fault === 'field-missing'
}

/** Whether more text may make a request of it. */
const isBeginning = (text: string): boolean => /^(?:t(?::(?:\d{1,15}(?:\|(?:o(?:p(?::)?)?)?)?)?)?)?$/.test(text)

/** Text that came in one piece without newlines may be two messages: a second one begins where `t:…|op:` stands once more. */
export function splitGlued(text: string): readonly string[] {
  const first = text.indexOf('|op:')
  if (first < 0 || text.indexOf('|op:', first + 1) < 0) return [text]
  // What begins as something else is something else: the address of a web page may have messages in it.
  if (!/^\s*t:\d{1,15}\|op:/.test(text)) return [text]
  const parts: string[] = []
  let from = 0
  for (const { index } of text.matchAll(/t:\d{1,15}\|op:/g)) {
    if (index === 0 || text.slice(from, index).trim() === '') continue
    parts.push(text.slice(from, index))
    from = index
  }
  return [...parts, text.slice(from)]
}

export interface Answer {
  readonly ok: boolean
  /** Where it says the time, of the time when it goes out. */
  readonly text: string | ((time: number) => string)
  /** Behind the text, in order. A key may come again, as in a list. */
  readonly fields?: readonly (readonly [key: string, value: string])[]
}

export const yes = (text: Answer['text'], fields?: Answer['fields']): Answer => ({ ok: true, text, ...(fields && { fields }) })
export const no = (text: string): Answer => ({ ok: false, text })

/** Without the newline, which belongs to whoever sent one. */
export function printAnswer(time: number, { ok, text, fields = [] }: Answer): string {
  const words = typeof text === 'string' ? text : text(time)
  return `t:${time}|s:${ok ? 0 : 1}|resposta:${valueText(words)}${fieldsText(fields)}`
}

export interface Notice {
  readonly kind: 'inicio' | 'lance' | 'fim'
  readonly fields: readonly (readonly [key: string, value: string])[]
}

export const printNotice = (time: number, { kind, fields }: Notice): string => `n:${kind}|t:${time}${fieldsText(fields)}`

const fieldsText = (fields: NonNullable<Answer['fields']>): string =>
  fields.map(([key, value]) => `|${key}:${valueText(value)}`).join('')

/** Text of anybody's as one value: a separator in it would forge a field. */
const valueText = (text: string): string => (/^[\w .,:\u00c0-\u00ff-]*$/.test(text) ? text : printable(text).replaceAll('|', '¦'))

function readFields(text: string): Map<string, string> | undefined {
  const fields = new Map<string, string>()
  // By place: every part as a text of its own would be half of what a request costs.
  for (let at = 0; at <= text.length; ) {
    const bar = text.indexOf('|', at)
    const end = bar < 0 ? text.length : bar
    const colon = text.indexOf(':', at)
    const isField = colon >= 0 && colon < end
    const key = isField ? text.slice(at, colon).trim() : ''
    // One too many at the end is a habit of some programs.
    const isNothing = !isField && text.slice(at, end).trim() === ''
    if (!isNothing && (key === '' || fields.has(key))) return undefined
    if (isField) fields.set(key, text.slice(colon + 1, end).trim())
    at = end + 1
  }
  return fields
}

function timeOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined
  const time = Number(text)
  return time <= numberMax ? time : undefined
}

const formOf = (op: string): Form | undefined => (/^(?:[1-9]|10)$/.test(op) ? forms[op] : undefined)
