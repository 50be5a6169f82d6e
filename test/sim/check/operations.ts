import { Bytes } from './bytes.ts'

/** An operation as the checks read it; `undefined` fields are those that its kind does not have. */
export type ReadOperation =
  | { readonly kind: 'void' }
  | { readonly kind: 'open-account' | 'close-account'; readonly account: string }
  | { readonly kind: 'deposit' | 'withdraw'; readonly account: string; readonly amount: number }
  | { readonly kind: 'transfer'; readonly from: string; readonly to: string; readonly amount: number }
  | ReadLot
  | { readonly kind: 'bid'; readonly auction: string; readonly account: string; readonly amount: number }
  | { readonly kind: 'cancel-auction'; readonly auction: string; readonly reason: string }
  | { readonly kind: 'close-auction' | 'resume-auction'; readonly auction: string }
  | { readonly kind: 'extend-auction' | 'pause-auction'; readonly auction: string; readonly millis: number }
  | { readonly kind: 'set-pace'; readonly millis: number }
  | {
      readonly kind: 'record-experiment'
      readonly what: 'setup' | 'result' | 'stop'
      readonly section: string
      readonly experiment: number
    }

export interface ReadLot {
  readonly kind: 'start-auction'
  readonly payee: string
  readonly startingPrice: number
  readonly increment: number
  readonly reserve: number | undefined
  readonly buyNow: number | undefined
  readonly durationMillis: number
  readonly softClose: { readonly window: number; readonly extension: number; readonly cap: number } | undefined
}

export interface ReadSubmission {
  readonly request: string | undefined
  readonly operation: ReadOperation
  /** Of the operation alone. */
  readonly body: Uint8Array
}

/** `undefined`: malformed. */
export function readSubmission(bytes: Uint8Array): ReadSubmission | undefined {
  const reader = new Bytes(bytes)
  try {
    const request = reader.maybe(() => matching(reader.text(64), /^[\x21-\x7e]{1,64}$/))
    const start = reader.at
    const operation = readOperation(reader)
    if (!reader.isAtEnd) return undefined
    if (bytes.length > (operation.kind === 'start-auction' ? 96 * 1024 : 4 * 1024)) return undefined
    return { request, operation, body: bytes.subarray(start) }
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return undefined
    throw error
  }
}

function readOperation(reader: Bytes): ReadOperation {
  switch (reader.byte()) {
    case 0:
      return { kind: 'void' }
    case 1: {
      const account = readAccount(reader)
      readName(reader)
      return { kind: 'open-account', account }
    }
    case 2:
      return { kind: 'close-account', account: readAccount(reader) }
    case 3:
      return { kind: 'deposit', account: readAccount(reader), amount: readAmount(reader) }
    case 4:
      return { kind: 'withdraw', account: readAccount(reader), amount: readAmount(reader) }
    case 5: {
      const from = readAccount(reader)
      const to = readAccount(reader)
      if (from === to) throw new RangeError('to itself')
      const amount = readAmount(reader)
      readText(reader, 140)
      return { kind: 'transfer', from, to, amount }
    }
    case 6:
      return readLot(reader)
    case 7:
      return { kind: 'bid', auction: readAuction(reader), account: readAccount(reader), amount: readAmount(reader) }
    case 8:
      return { kind: 'cancel-auction', auction: readAuction(reader), reason: readText(reader, 140) }
    case 9:
      return { kind: 'close-auction', auction: readAuction(reader) }
    case 10:
      return { kind: 'extend-auction', auction: readAuction(reader), millis: readMillis(reader, 1) }
    case 11:
      return { kind: 'pause-auction', auction: readAuction(reader), millis: readMillis(reader, 1) }
    case 12:
      return { kind: 'resume-auction', auction: readAuction(reader) }
    case 13: {
      const millis = reader.number()
      if (millis < 50 || millis > 3_000) throw new RangeError('a pace')
      return { kind: 'set-pace', millis }
    }
    case 14: {
      const what = (['setup', 'result', 'stop'] as const)[reader.byte()]
      const section = reader.text(32)
      const experiment = reader.number()
      reader.block(16 * 1024)
      if (what === undefined || !/^[\w.-]{1,32}$/.test(section) || (what === 'setup') !== (experiment === 0))
        throw new RangeError('a record of an experiment')
      return { kind: 'record-experiment', what, section, experiment }
    }
    default:
      throw new RangeError('a kind that there is not')
  }
}

function readLot(reader: Bytes): ReadLot {
  readName(reader)
  readText(reader, 1_000)
  reader.block(96 * 1024)
  const payee = readAccount(reader)
  const startingPrice = readAmount(reader)
  const increment = readAmount(reader)
  const reserve = reader.maybe(() => readAmount(reader))
  const buyNow = reader.maybe(() => readAmount(reader))
  const durationMillis = readMillis(reader, 1)
  const softClose = reader.maybe(() => ({
    window: readMillis(reader, 1),
    extension: readMillis(reader, 1),
    cap: readMillis(reader, 0),
  }))
  if (reserve !== undefined && reserve < startingPrice) throw new RangeError('reserve')
  if (buyNow !== undefined && buyNow < (reserve ?? startingPrice)) throw new RangeError('buy-now')
  return { kind: 'start-auction', payee, startingPrice, increment, reserve, buyNow, durationMillis, softClose }
}

const readAccount = (reader: Bytes): string => matching(reader.text(64), /^[A-Za-z0-9._-]{1,32}$/)

const readAuction = (reader: Bytes): string => matching(reader.text(64), /^[1-9A-HJ-NP-Za-km-z]{6}-[1-9]\d{0,14}-[1-9]\d{0,14}$/)

function readName(reader: Bytes): void {
  const name = reader.text(256)
  if (name.length < 1 || name.length > 64 || name.trim() !== name || /\p{Cc}/u.test(name)) throw new RangeError('a name')
}

function readText(reader: Bytes, most: number): string {
  const text = reader.text(4 * most)
  if (text.length > most) throw new RangeError('too long')
  return text
}

function readAmount(reader: Bytes): number {
  const amount = reader.number()
  if (amount < 1 || amount > 1e13) throw new RangeError('an amount')
  return amount
}

function readMillis(reader: Bytes, least: number): number {
  const millis = reader.number()
  if (millis < least || millis > 30 * 24 * 3_600_000) throw new RangeError('a time')
  return millis
}

function matching(text: string, pattern: RegExp): string {
  if (!pattern.test(text)) throw new RangeError('not of the form')
  return text
}
