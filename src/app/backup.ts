import { createHash } from 'node:crypto'
import { parseName, parseRoomId, type RoomId } from '../core/ids.ts'
import { openFile } from '../io/files.ts'
import { createIdentity } from '../io/identity.ts'
import { createLogVerifier, type LogFault } from '../peer/verify.ts'
import { linesOf } from './lines.ts'
import { type LogRow, type VerifiedBlock, type VerifiedLog, verifyLogBlocks } from './stored-log.ts'

/**
 * A backup is one file of text lines: what it is of, then the canonical bytes of each committed block as base64url, oldest first, then
 * how many there were, the hash of the market after them, and SHA-256 over all lines before. No key and no room code is in it, so it can
 * be given to anybody who may see the log.
 */
export const backupVersion = 1

/** The first line. */
export interface BackupHead {
  readonly room: RoomId
  readonly name: string
  /** When it was made, in milliseconds since 1970. */
  readonly made: number
}

type Block = VerifiedBlock['block']

export interface BackupFacts {
  readonly blocks: number
  readonly stateHash: string
}

export type BackupPiece =
  | { readonly kind: 'text'; readonly text: string; readonly done: number; readonly total: number }
  /** What is wrong with the log: then what was written is no backup. */
  | { readonly kind: 'bad'; readonly reason: string }
  | { readonly kind: 'done'; readonly facts: BackupFacts }

/** A backup of a log whose blocks are all committed, in pieces; each block is checked on the way. */
export async function* backupLines(rows: AsyncIterable<LogRow>, made: number): AsyncGenerator<BackupPiece> {
  const sum = createHash('sha256')
  for await (const step of verifyLogBlocks(rows)) {
    if (step.kind === 'checked') {
      const { block } = step.verified
      const head = block.body.kind === 'genesis' ? headLine(block, block.body.genesis.name, made) : ''
      const text = `${head}${Buffer.from(block.bytes).toString('base64url')}\n`
      sum.update(text)
      yield { kind: 'text', text, done: block.index + 1, total: step.last + 1 }
      continue
    }
    const { result } = step
    if (!result.ok)
      return yield { kind: 'bad', reason: `Block ${result.bad.index} is bad: ${result.bad.reason.replace(/\.$/, '')}.` }
    const { blocks, stateHash } = result
    const end = JSON.stringify({ end: 'gavelring backup', blocks, stateHash, sha256: sum.digest('hex') })
    yield { kind: 'text', text: `${end}\n`, done: blocks, total: blocks }
    yield { kind: 'done', facts: { blocks, stateHash } }
  }
}

const headLine = ({ hash }: Block, name: string, made: number): string =>
  `${JSON.stringify({ gavelring: 'backup', version: backupVersion, room: hash, name, made })}\n`

export type CheckedBackup =
  | {
      readonly ok: true
      readonly head: BackupHead
      readonly facts: BackupFacts
      readonly last: Block
      readonly market: NonNullable<VerifiedLog['market']>
    }
  /** Why it is no backup that can be restored, as a sentence. */
  | { readonly ok: false; readonly reason: string }

/** Reads all of it, and writes nothing. Rejects where the file cannot be read. `onBlocks`: how many there were by now. */
export async function checkBackup(file: string, onBlocks: (count: number) => void): Promise<CheckedBackup> {
  const verifier = createLogVerifier(createIdentity().crypto)
  let head: BackupHead | undefined
  let facts: BackupFacts | undefined
  let first: Block | undefined
  let last: Block | undefined
  let bad: LogFault | undefined
  try {
    for await (const item of readBackup(file)) {
      if (item.kind === 'head') head = item.head
      else if (item.kind === 'end') facts = item.facts
      else if (bad === undefined) {
        const verified = verifier.add(item.bytes)
        if (verified.ok) {
          first ??= verified.block
          last = verified.block
          onBlocks(last.index + 1)
        } else bad = verified.bad
      }
    }
  } catch (error) {
    if (error instanceof NoBackup) return { ok: false, reason: error.message }
    throw error
  }
  // Whether the file is what was written was looked at before; what is wrong now was so from the beginning.
  const { market } = verifier
  if (bad !== undefined) return { ok: false, reason: `Its log is bad: block ${bad.index}: ${bad.reason.replace(/\.$/, '')}.` }
  if (head === undefined || facts === undefined || first === undefined || last === undefined || market === undefined) {
    return { ok: false, reason: 'There is no whole log in it.' }
  }
  const isTold = facts.blocks === last.index + 1 && facts.stateHash === market.stateHash && head.room === first.hash
  return isTold
    ? { ok: true, head, facts, last, market }
    : { ok: false, reason: 'It says that it is of another log than it is of.' }
}

type Item =
  | { readonly kind: 'head'; readonly head: BackupHead }
  | { readonly kind: 'block'; readonly bytes: Uint8Array }
  /** All that stands before it is what was written. */
  | { readonly kind: 'end'; readonly facts: BackupFacts }

/**
 * What a file holds; throws a {@link NoBackup} where that is no whole backup. Nothing of it is to be used before its end has come: whoever
 * uses it reads it twice, which no pipe can give.
 */
export async function* readBackup(file: string): AsyncGenerator<Item> {
  const sum = createHash('sha256')
  let isBegun = false
  let isOver = false
  const noBackup = (): NoBackup => new NoBackup('It is no backup of gavelring.')
  const opened = await openFile(file)
  for await (const line of linesOf(opened.createReadStream(), lineBytesMax, noBackup)) {
    if (isOver) throw new NoBackup('Something follows its end.')
    if (!isBegun) {
      yield { kind: 'head', head: readHead(line) }
      isBegun = true
    } else if (line.startsWith('{')) {
      const { sha256, ...facts } = readEnd(line)
      if (sha256 !== sum.digest('hex')) throw new NoBackup('It is damaged: its checksum is not that of what is in it.')
      yield { kind: 'end', facts }
      isOver = true
      continue
    } else {
      if (!/^[\w-]+$/.test(line)) throw new NoBackup('It is damaged: one of its lines is no block.')
      yield { kind: 'block', bytes: new Uint8Array(Buffer.from(line, 'base64url')) }
    }
    sum.update(`${line}\n`)
  }
  if (!isBegun) throw new NoBackup('It is empty.')
  if (!isOver) throw new NoBackup('It is cut off: its end is missing.')
}

/** Why a file is none, as a sentence. */
export class NoBackup extends Error {
  override readonly name = 'NoBackup'
}

function readHead(line: string): BackupHead {
  const told = parseObject(line)
  if (told?.gavelring !== 'backup') throw new NoBackup('It is no backup of gavelring.')
  const { version, made } = told
  if (typeof version === 'number' && version > backupVersion) {
    throw new NoBackup(`A later version of gavelring wrote it: in format ${version}, and this one reads format ${backupVersion}.`)
  }
  const [room, name] = [parseRoomId(String(told.room)), parseName(String(told.name))]
  if (version !== backupVersion || typeof made !== 'number' || !room.ok || !name.ok) {
    throw new NoBackup('It is damaged: its first line cannot be read.')
  }
  return { room: room.value, name: name.value, made }
}

function readEnd(line: string): BackupFacts & { readonly sha256: string } {
  const { end, blocks, stateHash, sha256 } = parseObject(line) ?? {}
  if (end === 'gavelring backup' && typeof blocks === 'number' && typeof stateHash === 'string' && typeof sha256 === 'string') {
    return { blocks, stateHash, sha256 }
  }
  throw new NoBackup('It is damaged: its last line cannot be read.')
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}

/** A block with an old room's whole state in it, and more than any other. */
const lineBytesMax = 2 * 1024 * 1024
