import { letterOf } from '../names.ts'
import type { SimPeer } from '../peer.ts'
import { Violation } from '../violation.ts'
import type { CommittedLog } from './agreement.ts'
import type { ReadBlock } from './blocks.ts'
import { sameBytes } from './bytes.ts'
import { readSubmission } from './operations.ts'

/** One thing that somebody at a peer wanted done, and what became of it. */
export interface Asked {
  readonly peer: SimPeer
  readonly bytes: Uint8Array
  /** Of an id that no other submission has; `undefined`: it may come more than once. */
  readonly unique: string | undefined
}

/** What production answers to a submission, as far as the checks look at it. */
export interface Answer {
  readonly id: string
  readonly outcome:
    | { readonly accepted: true }
    | { readonly accepted: false; readonly voided?: true; readonly rejection?: { readonly code: string } }
  readonly block: { readonly index: number; readonly turn: number; readonly time: number }
}

/** Bytes that stand where an operation was withdrawn: no request, and the kind `void`. */
const voidBytes = Uint8Array.of(0, 0)

/**
 * Every answer belongs to its request: the bytes that were submitted stand in the committed log, under the number that was
 * answered, with the outcome that the rules give there. What was refused before it was written is nowhere, and what was
 * submitted once is there once.
 */
export class AnswerCheck {
  readonly #committed: CommittedLog
  readonly #answers: (index: number) => readonly string[]
  /** By peer and number. */
  readonly #answered = new Set<string>()
  readonly #placeOf = new Map<string, string>()
  readonly #refused = new Set<string>()
  /** Bytes of what was withdrawn, by peer, incarnation and sequence: what stands there is void. */
  readonly #voided = new Set<string>()

  constructor(committed: CommittedLog, answers: (index: number) => readonly string[]) {
    this.#committed = committed
    this.#answers = answers
  }

  /** The answer to `asked` came. */
  answered({ peer, bytes }: Asked, { id, outcome, block }: Answer): void {
    const [author, incarnation, sequence] = id.split('/')
    const where = (): string => `${letterOf(peer.index)}/${incarnation}/${sequence}`
    if (author !== peer.id) throw new Violation('S3', `an operation of ${letterOf(peer.index)} is answered as ${id}`)
    // A copy of a profile gives the same numbers again; the bytes decide.
    if (this.#answered.has(id) && peer.doubtful === undefined)
      throw new Violation('S3', `two requests are answered as ${where()}`)
    this.#answered.add(id)
    const written = this.#committed.at(block.index)
    const place = Number(sequence) - (written?.firstSequence ?? 0)
    const stands = written?.ops[place]
    if (written === undefined || stands === undefined || written.author !== author || written.incarnation !== Number(incarnation))
      throw new Violation('S3', `${where()} is answered as committed in block ${block.index}, and is not there`)
    if (written.turn !== block.turn || written.time !== block.time)
      throw new Violation('S3', `${where()} is answered with another turn or time than its block has`)
    const isVoided = outcome.accepted === false && outcome.voided === true
    if (!sameBytes(stands, isVoided ? voidBytes : bytes))
      throw new Violation('S3', `${where()} is answered, and stands in block ${block.index} with other bytes than were submitted`)
    if (isVoided) {
      this.#voided.add(id)
      return
    }
    const right = this.#answers(block.index)[place]
    const answer = outcome.accepted ? 'ok' : (outcome.rejection?.code ?? '')
    if (answer !== right) throw new Violation('S4', `${where()} is answered ${answer}, and is ${right}`)
  }

  /** It was refused: `neverWritten` if it cannot stand in any log. */
  refused({ peer, unique }: Asked, neverWritten: boolean): void {
    if (unique === undefined || !neverWritten) return
    if (this.#placeOf.has(`${peer.id} ${unique}`)) throw new Violation('S3', `${unique} was refused, and is in the log`)
    this.#refused.add(`${peer.id} ${unique}`)
  }

  /** A block is committed that was not before. */
  committed(block: ReadBlock): void {
    for (const [i, bytes] of block.ops.entries()) {
      const request = readSubmission(bytes)?.request
      if (request === undefined || !request.startsWith('only-')) continue
      // A request is its author's: a liar may say another's words as its own, and gets nothing done by them.
      const own = `${block.author} ${request}`
      const place = `${block.index}.${i}`
      const other = this.#placeOf.get(own)
      if (other !== undefined) throw new Violation('S3', `${request} is in the log twice, at ${other} and ${place}`)
      if (this.#refused.has(own)) throw new Violation('S3', `${request} was refused, and is in the log at ${place}`)
      this.#placeOf.set(own, place)
    }
  }
}

export const asked = (peer: SimPeer, bytes: Uint8Array): Asked => {
  const request = readSubmission(bytes)?.request
  return { peer, bytes, unique: request?.startsWith('only-') === true ? request : undefined }
}
