import { Malformed, Reader, Writer } from '../core/codec.ts'
import { type AccountId, type AuctionId, parseAccountId, parseAuctionId, parseName, parseRequestId } from '../core/ids.ts'
import {
  auctionMillisMax,
  auctionStartBytesMax,
  descriptionCharsMax,
  experimentBytesMax,
  memoCharsMax,
  nameCharsMax,
  operationBytesMax,
  paceMillisMax,
  paceMillisMin,
  reasonCharsMax,
  sectionCharsMax,
} from '../core/limits.ts'
import { type Cents, checkAmount } from '../core/money.ts'
import type { Parsed } from '../core/result.ts'
import type { Lot, Operation, Submission } from './operation.ts'
import { isPace } from './pace.ts'

/** What stands first in an operation's bytes; never renumbered. */
const kinds = [
  'void',
  'open-account',
  'close-account',
  'deposit',
  'withdraw',
  'transfer',
  'start-auction',
  'bid',
  'cancel-auction',
  'close-auction',
  // Of the rules' version 2.
  'extend-auction',
  'pause-auction',
  'resume-auction',
  // Of its version 3.
  'set-pace',
  // Of its version 4.
  'record-experiment',
] as const satisfies readonly Operation['kind'][]

const codes = Object.fromEntries(kinds.map((kind, code) => [kind, code])) as Record<Operation['kind'], number>

/** Canonical bytes. Throws nothing: what was parsed has an encoding. */
export function encodeSubmission(submission: Submission): Uint8Array {
  const writer = new Writer(128)
  writer.optional(submission.request, (request) => writer.text(request))
  writeOperation(writer, submission.operation)
  return writer.finish()
}

export interface Decoded {
  readonly value: Submission
  /** Where the operation begins, behind its request id: what follows is what two requests of one id must have in common. */
  readonly bodyAt: number
}

/** Unknown bytes to an operation in its limits, or the reason why they are none. */
export function decodeSubmission(bytes: Uint8Array): Decoded | { readonly malformed: string } {
  // Not by way of `decodeWith`: of a long log there are millions, and each would leave a function and two objects behind.
  try {
    const reader = new Reader(bytes)
    const request = reader.flag() ? valid(parseRequestId(reader.text(64))) : undefined
    const bodyAt = bytes.length - reader.left
    const operation = readOperation(reader)
    const bytesMax = bytesMaxOf(operation)
    if (bytes.length > bytesMax) throw new Malformed(`an operation has at most ${bytesMax} bytes`)
    reader.end()
    return { value: { request, operation }, bodyAt }
  } catch (error) {
    if (error instanceof Malformed) return { malformed: error.message }
    throw error
  }
}

function bytesMaxOf({ kind }: Operation): number {
  if (kind === 'start-auction') return auctionStartBytesMax
  return kind === 'record-experiment' ? experimentBytesMax + operationBytesMax : operationBytesMax
}

/** What {@link decodeSubmission} would say of an operation: `undefined` if it is in its limits. For doors that get typed values. */
export function faultOfSubmission(submission: Submission): string | undefined {
  const decoded = decodeSubmission(encodeSubmission(submission))
  return 'malformed' in decoded ? decoded.malformed : undefined
}

function writeOperation(writer: Writer, operation: Operation): void {
  writer.byte(codes[operation.kind])
  switch (operation.kind) {
    case 'void':
      return
    case 'open-account':
      writer.text(operation.account).text(operation.holder)
      return
    case 'close-account':
      writer.text(operation.account)
      return
    case 'deposit':
    case 'withdraw':
      writer.text(operation.account).unsigned(operation.amount)
      return
    case 'transfer':
      writer.text(operation.from).text(operation.to).unsigned(operation.amount).text(operation.memo)
      return
    case 'start-auction':
      return writeLot(writer, operation)
    case 'bid':
      writer.text(operation.auction).text(operation.account).unsigned(operation.amount)
      return
    case 'cancel-auction':
      writer.text(operation.auction).text(operation.reason)
      return
    case 'close-auction':
    case 'resume-auction':
      writer.text(operation.auction)
      return
    case 'extend-auction':
    case 'pause-auction':
      writer.text(operation.auction).unsigned(operation.millis)
      return
    case 'set-pace':
      writer.unsigned(operation.millis)
      return
    case 'record-experiment':
      writer.byte(records.indexOf(operation.what)).text(operation.section)
      writer.unsigned(operation.experiment).bytes(operation.content)
  }
}

function readOperation(reader: Reader): Operation {
  const kind = kinds[reader.byte()]
  if (kind === undefined) throw new Malformed('unknown kind of operation')
  switch (kind) {
    case 'void':
      return { kind }
    case 'open-account':
      return { kind, account: readAccount(reader), holder: valid(parseName(reader.text(4 * nameCharsMax))) }
    case 'close-account':
      return { kind, account: readAccount(reader) }
    case 'deposit':
    case 'withdraw':
      return { kind, account: readAccount(reader), amount: readAmount(reader) }
    case 'transfer': {
      const from = readAccount(reader)
      const to = readAccount(reader)
      if (from === to) throw new Malformed('a transfer needs two accounts')
      return { kind, from, to, amount: readAmount(reader), memo: readText(reader, memoCharsMax, 'a memo') }
    }
    case 'start-auction':
      return { kind, ...readLot(reader) }
    case 'bid':
      return { kind, auction: readAuction(reader), account: readAccount(reader), amount: readAmount(reader) }
    case 'cancel-auction':
      return { kind, auction: readAuction(reader), reason: readText(reader, reasonCharsMax, 'a reason') }
    case 'close-auction':
    case 'resume-auction':
      return { kind, auction: readAuction(reader) }
    case 'extend-auction':
    case 'pause-auction':
      return { kind, auction: readAuction(reader), millis: readMillis(reader, 1) }
    case 'set-pace':
      return { kind, millis: readPace(reader) }
    case 'record-experiment':
      return { kind, ...readExperiment(reader) }
  }
}

export function writeLot(writer: Writer, lot: Lot): void {
  writer.text(lot.item).text(lot.description).bytes(lot.picture).text(lot.payee)
  writer.unsigned(lot.startingPrice).unsigned(lot.increment)
  writer.optional(lot.reserve, (reserve) => writer.unsigned(reserve))
  writer.optional(lot.buyNow, (buyNow) => writer.unsigned(buyNow))
  writer.unsigned(lot.durationMillis)
  writer.optional(lot.softClose, ({ window, extension, cap }) => writer.unsigned(window).unsigned(extension).unsigned(cap))
}

export function readLot(reader: Reader): Lot {
  const lot: Lot = {
    item: valid(parseName(reader.text(4 * nameCharsMax))),
    description: readText(reader, descriptionCharsMax, 'a description'),
    // A copy: a view would keep the whole block in memory for as long as the auction is remembered.
    picture: new Uint8Array(reader.bytes(auctionStartBytesMax)),
    payee: readAccount(reader),
    startingPrice: readAmount(reader),
    increment: readAmount(reader),
    reserve: reader.optional(() => readAmount(reader)),
    buyNow: reader.optional(() => readAmount(reader)),
    durationMillis: readMillis(reader, 1),
    softClose: reader.optional(() => ({
      window: readMillis(reader, 1),
      extension: readMillis(reader, 1),
      cap: readMillis(reader, 0),
    })),
  }
  const { startingPrice, reserve, buyNow } = lot
  if (reserve !== undefined && reserve < startingPrice) throw new Malformed('the reserve is below the starting price')
  if (buyNow !== undefined && buyNow < (reserve ?? startingPrice))
    throw new Malformed('buy-now is below the reserve or the starting price')
  return lot
}

function readAccount(reader: Reader): AccountId {
  return valid(parseAccountId(reader.text(64)))
}

function readAuction(reader: Reader): AuctionId {
  return valid(parseAuctionId(reader.text(64)))
}

function readAmount(reader: Reader): Cents {
  return valid(checkAmount(reader.unsigned()))
}

function readMillis(reader: Reader, least: number): number {
  const millis = reader.unsigned()
  if (millis < least || millis > auctionMillisMax)
    throw new Malformed(`a time of an auction is ${least} to ${auctionMillisMax} ms`)
  return millis
}

function readPace(reader: Reader): number {
  const millis = reader.unsigned()
  if (!isPace(millis)) throw new Malformed(`a pace is ${paceMillisMin} to ${paceMillisMax} ms`)
  return millis
}

const records = ['setup', 'result', 'stop'] as const

function readExperiment(reader: Reader): Omit<Extract<Operation, { kind: 'record-experiment' }>, 'kind'> {
  const what = records[reader.byte()]
  if (what === undefined) throw new Malformed('unknown record of an experiment')
  const section = reader.text(sectionCharsMax)
  if (!isSection(section)) throw new Malformed('a section is named by 1 to 32 of A-Z, a-z, 0-9, “.”, “_” and “-”')
  const experiment = reader.unsigned()
  if ((what === 'setup') !== (experiment === 0))
    throw new Malformed('the number of an experiment comes with its set-up, and is named at its end')
  // A copy: a view would keep the whole block in memory.
  return { what, section, experiment, content: new Uint8Array(reader.bytes(experimentBytesMax)) }
}

/** The name of what the peers of an experiment enter one at a time. */
export const isSection = (text: string): boolean => /^[A-Za-z0-9._-]{1,32}$/.test(text)

function readText(reader: Reader, charsMax: number, what: string): string {
  const text = reader.textOnce(4 * charsMax)
  if (text.length > charsMax) throw new Malformed(`${what} has at most ${charsMax} characters`)
  return text
}

function valid<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Malformed(parsed.error.message)
  return parsed.value
}
