import type { Crypto, Hash } from '../core/crypto.ts'
import { Failure } from '../core/failure.ts'
import type { RoomId } from '../core/ids.ts'
import { rulesVersion } from '../core/limits.ts'
import type { AppliedOutcome, Market } from '../market/types.ts'
import { type Block, decodeBlock, faultOfPlace, isSignedByAuthor, partsAfter, viewOf } from '../ring/block.ts'
import type { View } from '../ring/view.ts'
import { firstMarket, knowsRules, toAppliedBlock } from './replay.ts'
import { genesisOf, roomIdOf } from './room.ts'

export type Verified =
  | {
      readonly ok: true
      readonly room: RoomId
      readonly blocks: number
      readonly head: Hash
      /** Of the market after the last block. */
      readonly stateHash: Hash
    }
  | { readonly ok: false; readonly bad: LogFault }

export interface LogFault {
  /** Of the first bad block. */
  readonly index: number
  /**
   * What kind of fault. `beginning`: it is no genesis block as a log begins with. `place`: it does not follow what is before it.
   * `beside`: what stands beside its bytes says something else. `missing`: the source has it no more, or cannot read it.
   */
  readonly code: ('empty' | 'unreadable' | 'beginning' | 'rules' | 'signature') | ('place' | 'checkpoint' | 'beside' | 'missing')
  readonly reason: string
}
type Fault = Omit<LogFault, 'index'>

/**
 * Whether canonical bytes are a room's log from its genesis block on: form, hash chain, signatures, epochs and turns, Lamport
 * times, time, membership of authors (PROTOCOL, section 3), and every checkpoint of a replayed market (section 4). The room's id
 * is the first block's hash: compare it with the one that you mean. Each block is given once, in order; after a bad one no other
 * is good.
 */
export interface LogVerifier {
  add(bytes: Uint8Array): VerifiedBlock | { readonly ok: false; readonly bad: LogFault }
  result(): Verified
  /** As of the last block that was good; `undefined` before the first. */
  readonly market: Market | undefined
}

export interface VerifiedBlock {
  readonly ok: true
  readonly block: Block
  /** What became of its operations. */
  readonly outcomes: readonly AppliedOutcome[]
}

export function createLogVerifier(crypto: Crypto): LogVerifier {
  let state: VerifiedState | undefined
  let bad: LogFault | undefined

  return {
    add(bytes) {
      if (bad !== undefined) return { ok: false, bad }
      const index = state === undefined ? 0 : state.last.index + 1
      const decoded = decodeBlock(bytes, crypto)
      const step =
        'malformed' in decoded
          ? fault('unreadable', `it cannot be read: ${decoded.malformed}`)
          : state === undefined
            ? begin(decoded.value, crypto)
            : follow(state, decoded.value, crypto)
      if ('code' in step) {
        bad = { index, ...step }
        return { ok: false, bad }
      }
      state = step.state
      return { ok: true, block: state.last, outcomes: step.outcomes }
    },
    result() {
      if (bad !== undefined) return { ok: false, bad }
      if (state === undefined) return { ok: false, bad: { index: 0, ...fault('empty', 'the log is empty') } }
      const { last, market, room } = state
      if (market === undefined) {
        const missing = fault('missing', 'the state that its room goes on from is not all there')
        return { ok: false, bad: { index: last.index + 1, ...missing } }
      }
      return { ok: true, room, blocks: last.index + 1, head: last.hash, stateHash: market.stateHash }
    },
    get market() {
      return state?.market
    },
  }
}

/** One step of a long check. `last`: index of the last block that there will be. */
export type VerifyStep =
  | { readonly kind: 'checked'; readonly verified: VerifiedBlock; readonly last: number }
  /** `market`: as of the last good block; `undefined`: there is none. */
  | { readonly kind: 'result'; readonly result: Verified; readonly market: Market | undefined }

/** Rows of a log: canonical bytes, oldest first. */
export interface LogRow {
  readonly bytes: Uint8Array
  readonly last: number
  /** What else stands beside the bytes and has to say the same: why it does not, or `undefined`. */
  readonly faultBeside?: (block: Block) => string | undefined
}

/**
 * {@link createLogVerifier} for rows that come one by one: a step for each good block, then the result. What the source itself finds
 * damaged (`store-damaged` with its index) counts as the first bad block; other failures of it are thrown.
 */
export async function* verifyRows(rows: AsyncIterable<LogRow>, crypto: Crypto): AsyncGenerator<VerifyStep> {
  const verifier = createLogVerifier(crypto)
  const result = (found: Verified): VerifyStep => ({ kind: 'result', result: found, market: verifier.market })
  try {
    for await (const { bytes, last, faultBeside } of rows) {
      const verified = verifier.add(bytes)
      if (!verified.ok) break
      const reason = faultBeside?.(verified.block)
      if (reason !== undefined)
        return yield result({ ok: false, bad: { index: verified.block.index, ...fault('beside', reason) } })
      yield { kind: 'checked', verified, last }
    }
  } catch (error) {
    const index = error instanceof Failure && error.code === 'store-damaged' ? error.facts.index : undefined
    if (typeof index !== 'number') throw error
    return yield result({ ok: false, bad: { index, ...fault('missing', (error as Failure).message) } })
  }
  yield result(verifier.result())
}

interface VerifiedState {
  readonly room: RoomId
  readonly last: Block
  readonly view: View
  /** `undefined`: the state that the room goes on from is not all there yet. */
  readonly market: Market | undefined
  /** The first blocks, until there is a market. */
  readonly beginning: readonly Block[]
  /** The market's hash after each block; of those before there was one `none`. */
  readonly stateHashes: Hash[]
}

type Step = { readonly state: VerifiedState; readonly outcomes: readonly AppliedOutcome[] }

const fault = (code: Fault['code'], reason: string): Fault => ({ code, reason })

function begin(block: Block, crypto: Crypto): Step | Fault {
  const { body } = block
  if (body.kind !== 'genesis' || block.index !== 0) return fault('beginning', 'it is no genesis block')
  const { genesis } = body
  if (!knowsRules(genesis)) {
    return fault('rules', `its rules are of version ${genesis.rulesVersion}, this program knows ${rulesVersion}`)
  }
  if (block.author !== genesis.founder) return fault('beginning', 'its author is not the founder')
  if (block.epoch.number !== 1 || block.epoch.initiator !== genesis.founder || block.turn !== 0) {
    return fault('beginning', 'a genesis block stands in epoch 1 of its founder, turn 0')
  }
  if (block.prevHash !== '') return fault('beginning', 'a genesis block follows nothing')
  if (!isSignedByAuthor(block, crypto)) return unsigned
  return apply(
    {
      room: roomIdOf(block),
      last: block,
      view: { epoch: block.epoch, index: 0, members: [genesis.founder], lost: [] },
      market: undefined,
      beginning: [],
      stateHashes: [],
    },
    crypto,
  )
}

const unsigned = fault('signature', 'its signature is not its author’s')

function follow(state: VerifiedState, block: Block, crypto: Crypto): Step | Fault {
  const misplaced = faultOfPlace(block, state.last, state.view)
  if (misplaced !== undefined) return fault('place', misplaced)
  if (!isSignedByAuthor(block, crypto)) return unsigned
  const untrue = faultOfCheckpoint(block, state.stateHashes)
  if (untrue !== undefined) return fault('checkpoint', untrue)
  return apply({ ...state, last: block, view: viewOf(block) ?? state.view }, crypto)
}

function apply(state: VerifiedState, crypto: Crypto): Step | Fault {
  const { market, last, stateHashes } = state
  if (market === undefined) return begun({ ...state, beginning: [...state.beginning, last] }, crypto)
  const outcomes = market.apply(toAppliedBlock(last))
  stateHashes.push(market.stateHash)
  return { state, outcomes }
}

/** The market is there once all of the state is that its room goes on from. */
function begun(state: VerifiedState, { hash }: Crypto): Step | Fault {
  const { beginning, last, stateHashes } = state
  const [first, ...parts] = beginning
  const genesis = first && genesisOf(first)
  if (first === undefined || genesis === undefined || partsAfter(last) > 0) {
    stateHashes.push('none')
    return { state, outcomes: [] }
  }
  const market = firstMarket(first, genesis, hash, parts)
  if ('malformed' in market) {
    return fault('unreadable', `the state that its room goes on from cannot be read: ${market.malformed}`)
  }
  stateHashes.push(market.value.stateHash)
  return { state: { ...state, market: market.value, beginning: [] }, outcomes: [] }
}

function faultOfCheckpoint({ checkpoint }: Block, stateHashes: readonly Hash[]): string | undefined {
  if (checkpoint === undefined) return undefined
  if (stateHashes[checkpoint.index] === checkpoint.stateHash) return undefined
  return `its checkpoint of block ${checkpoint.index} is not the state that the log leads to`
}
