import { toBlock } from '../api/to-view.ts'

type Block = Parameters<typeof toBlock>[0]

/** A line that `log export` wrote: the bytes that were signed, and what people read beside them. */
export interface ExportedLine {
  readonly bytes: Uint8Array
  /** The first readable field that says something else than the bytes of this block do; `undefined`: none. */
  faultBeside(block: Block): string | undefined
}

/** Why the line is none, as a sentence's end, or what it says. */
export function readExportedLine(line: string): ExportedLine | string {
  let told: unknown
  try {
    told = JSON.parse(line)
  } catch {
    return 'the line is no JSON'
  }
  if (typeof told !== 'object' || told === null || !('bytes' in told) || typeof told.bytes !== 'string') {
    return 'the line is no exported block'
  }
  return {
    bytes: new Uint8Array(Buffer.from(told.bytes, 'base64url')),
    faultBeside(block) {
      // As JSON has it: without what is undefined.
      const signed: unknown = JSON.parse(JSON.stringify(toBlock(block)))
      const fault = difference(told, signed, '')
      if (fault !== undefined) return fault
      // Of a field that is given twice programs read the one or the other.
      return countKeysOfText(line) === countKeys(told) ? undefined : 'one of its fields is given twice'
    },
  }
}

/** `its field content[0].amount says 5, but the signed bytes say 500`. */
function difference(told: unknown, signed: unknown, path: string): string | undefined {
  if (Array.isArray(told) && Array.isArray(signed)) {
    const length = Math.max(told.length, signed.length)
    return first(Array.from({ length }, (_, at) => [`${path}[${at}]`, told, signed, String(at)] as const))
  }
  if (isRecord(told) && isRecord(signed)) {
    const keys = [...new Set([...Object.keys(signed), ...Object.keys(told)])]
    return first(keys.map((key) => [path === '' ? key : `${path}.${key}`, told, signed, key] as const))
  }
  return Object.is(told, signed) ? undefined : `its field ${path} says ${shown(told)}, but the signed bytes say ${shown(signed)}`
}

function first(fields: readonly (readonly [path: string, told: object, signed: object, key: string])[]): string | undefined {
  for (const [path, told, signed, key] of fields) {
    if (!Object.hasOwn(told, key)) return `its field ${path} is missing`
    if (!Object.hasOwn(signed, key)) return `it has a field ${path}, which the signed bytes know nothing of`
    const fault = difference(Reflect.get(told, key), Reflect.get(signed, key), path)
    if (fault !== undefined) return fault
  }
  return undefined
}

const isRecord = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value)

const shownMax = 60

function shown(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text
}

/** In JSON a text before a colon is the name of a field, and nothing else is. */
const countKeysOfText = (json: string): number =>
  [...json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon).length

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const own = Array.isArray(value) ? 0 : Object.keys(value).length
  return own + Object.values(value).reduce((sum: number, one) => sum + countKeys(one), 0)
}
