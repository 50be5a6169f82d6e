import type { Instant, PeerId, RoomId } from '../../src/core/ids.ts'
import { createRandom } from '../../src/core/random.ts'
import { type Block, type Commit, headOf, signBlock, type Unsigned, viewOf } from '../../src/ring/block.ts'
import type { Evidence } from '../../src/ring/faults.ts'
import type { Message, MessageOf, TokenMessage } from '../../src/ring/message.ts'
import { createReplica } from '../../src/ring/replica.ts'
import { type RingLimits, ringLimits } from '../../src/ring/timing.ts'
import type { DiskMeta, Input, Output, Persist, Replica, ReplicaView } from '../../src/ring/types.ts'
import { type Epoch, type Lost, noEpoch } from '../../src/ring/view.ts'
import { genesisOf, roomStart, testCrypto } from './room.ts'

export const id = (name: string): PeerId => name as PeerId
export const epochOf = (number: number, initiator: string): Epoch => ({ number, initiator: id(initiator) })
export const placeOf = ({ index, hash }: Block): Commit => ({ index, hash })
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

export const genesis = genesisOf('A')

export type BlockChanges = Partial<Omit<Unsigned, 'author' | 'body'>> & { readonly author?: string }

/** A signed block of operations that follows `previous`, by its author unless told otherwise. */
export function opsAfter(previous: Block, ops: readonly string[], changes: BlockChanges & OpsPlace = {}): Block {
  const { incarnation = 1, firstSequence = 1, ...rest } = changes
  return blockAfter(
    previous,
    { kind: 'ops', incarnation, firstSequence, ops: ops.map(bytesOf) },
    { turn: previous.turn + 1, ...rest },
  )
}

interface OpsPlace {
  readonly incarnation?: number
  readonly firstSequence?: number
}

/** A signed view block of this epoch's initiator that follows `previous`. */
export function viewAfter(
  previous: Block,
  epoch: Epoch,
  members: string | readonly PeerId[],
  lost: readonly Lost[] = [],
  changes: BlockChanges = {},
): Block {
  const body = { kind: 'view', members: [...members].map((member) => id(member)), lost } as const
  return blockAfter(previous, body, { epoch, turn: 0, author: epoch.initiator, ...changes })
}

function blockAfter(previous: Block, body: Unsigned['body'], changes: BlockChanges): Block {
  const { author = previous.author, ...rest } = changes
  const unsigned: Unsigned = {
    index: previous.index + 1,
    epoch: previous.epoch,
    turn: 0,
    lamport: previous.lamport + 1,
    time: previous.time,
    prevHash: previous.hash,
    checkpoint: undefined,
    ...rest,
    author: id(author),
    body,
  }
  return signBlock(unsigned, testCrypto(author))
}

export interface Given {
  readonly self?: string
  /** Default: the genesis block and a view of A, B and C in epoch 2.A. */
  readonly blocks?: readonly Block[]
  /** Index of the last committed one; default: the last. */
  readonly commit?: number
  readonly meta?: Partial<DiskMeta>
  readonly limits?: Partial<RingLimits>
  readonly evidence?: readonly Evidence[]
  /** Of the wall clock, against the room's start. */
  readonly ahead?: number
  /** What the monotonic clock says when it starts. */
  readonly startedAt?: number
}

/** The room that most tests begin in. */
export const view2 = viewAfter(genesis, epochOf(2, 'A'), 'ABC')

/** One real replica whose disk, clock and fellow members are the test. */
export class DrivenReplica {
  readonly replica: Replica
  now = 0
  /** Of the last step, or of all steps of the last call. */
  outputs: readonly Output[] = []
  #issued = 0

  constructor(given: Given = {}) {
    const {
      self = 'B',
      blocks = [genesis, view2],
      commit,
      meta = {},
      limits = {},
      evidence = [],
      ahead = 0,
      startedAt = 0,
    } = given
    this.now = startedAt
    const head = blocks.at(-1) as Block
    const committed = blocks.find(({ index }) => index === (commit ?? head.index)) as Block
    const viewBlocks = blocks.filter((block) => viewOf(block) !== undefined)
    const first = viewBlocks.findLastIndex(({ index }) => index <= committed.index)
    this.replica = createReplica({
      self: id(self),
      room: genesis.hash as RoomId,
      disk: {
        meta: {
          head: headOf(head),
          promised: (viewBlocks.at(-1) as Block).epoch,
          incarnation: 1,
          commit: placeOf(committed),
          loss: undefined,
          ...meta,
        },
        blocks,
        viewBlocks: viewBlocks.slice(Math.max(0, first)),
        evidence,
      },
      incarnation: meta.incarnation ?? 1,
      wallClock: { at: roomStart + ahead, now: startedAt },
      crypto: testCrypto(self),
      random: createRandom(1),
      pace: { idleHop: 250 },
      limits: { ...ringLimits, ...limits },
    })
  }

  get view(): ReplicaView {
    return this.replica.view
  }

  step(input: Input): this {
    this.outputs = this.replica.step(this.now, input)
    for (const output of this.outputs) {
      if (output.kind === 'persist') this.#issued = output.id
      // Or a driver would wake it for ever.
      if (output.kind === 'wake' && output.at <= this.now)
        throw new Error(`it wants to be woken at ${output.at}, and it is ${this.now}`)
    }
    return this
  }

  receive(from: string, message: Message, lamport = 10): this {
    return this.step({ kind: 'receive', from: id(from), lamport, message })
  }

  submit(...ops: readonly string[]): this {
    return this.step({ kind: 'submit', domain: 'bank', ops: ops.map(bytesOf) })
  }

  /** Time passes; it is woken once, at the end. */
  after(millis: number): this {
    this.now += millis
    return this.step({ kind: 'tick' })
  }

  /** Time passes, and it is woken every ten milliseconds: what each step said is kept. */
  during(millis: number): this {
    const outputs: Output[] = []
    for (const end = this.now + millis; this.now < end; ) outputs.push(...this.after(Math.min(10, end - this.now)).outputs)
    this.outputs = outputs
    return this
  }

  /** All that was handed to the disk is on it, or only what came up to batch `through`. */
  persisted(through = this.#issued): this {
    return this.step({ kind: 'persisted', id: through })
  }

  /** The id of the last batch. */
  get issued(): number {
    return this.#issued
  }

  /** What was sent, of one kind, by whom it goes to. */
  sent<Kind extends Message['kind']>(kind: Kind): readonly (MessageOf<Kind> & { readonly to: string })[] {
    return this.outputs.flatMap((output) =>
      output.kind === 'send' && output.message.kind === kind
        ? [{ ...(output.message as MessageOf<Kind>), to: output.to.join('') }]
        : [],
    )
  }

  gossiped<Kind extends Message['kind']>(kind: Kind): readonly MessageOf<Kind>[] {
    return this.outputs.flatMap((output) =>
      output.kind === 'gossip' && output.message.kind === kind ? [output.message as MessageOf<Kind>] : [],
    )
  }

  get batches(): readonly Persist[] {
    return this.outputs.filter((output) => output.kind === 'persist')
  }

  get applied(): readonly number[] {
    return this.outputs.flatMap((output) => (output.kind === 'apply' ? output.blocks.map(({ index }) => index) : []))
  }

  notes(event: string): readonly Readonly<Record<string, string | number | boolean | undefined>>[] {
    return this.outputs.flatMap((output) => (output.kind === 'note' && output.note.event === event ? [output.note.facts] : []))
  }

  get stopReason() {
    return this.outputs.flatMap((output) => (output.kind === 'stopped' ? [output.reason] : []))[0]
  }

  /** The initiator makes an epoch of which this replica becomes a member: answers its view block. */
  follow(viewBlock: Block, views: readonly Block[] = []): this {
    const { epoch } = viewBlock
    const initiator = epoch.initiator as string
    this.receive(initiator, { kind: 'prepare', epoch, views }).persisted()
    this.receive(initiator, { kind: 'install', epoch, viewBlock }).persisted()
    return this.receive(initiator, { kind: 'activated', epoch, commit: placeOf(viewBlock) })
  }

  /** A member pushes blocks of the epoch that is installed. */
  push(from: string, blocks: readonly Block[], commit: Commit = this.view.commit): this {
    return this.receive(from, { kind: 'blocks', epoch: this.view.installed, blocks, commit })
  }

  /** A member says what it has on disk. */
  reports(from: string, block: Commit, epoch: Epoch = this.view.installed): this {
    return this.receive(from, { kind: 'durable', epoch, durable: placeOf(block as Block) })
  }
}

/** A status of somebody who has nothing and takes part in nothing, unless told otherwise. */
export function statusOf(changes: Partial<MessageOf<'status'>> = {}): MessageOf<'status'> {
  return {
    kind: 'status',
    epoch: view2.epoch,
    durable: undefined,
    commit: placeOf(view2),
    persistedCommit: { epoch: view2.epoch, index: view2.index },
    turn: 0,
    promised: view2.epoch,
    active: false,
    wallClock: roomStart,
    ...changes,
  }
}

/** The view in which `B` follows `A`, active, its view block committed. */
export const view3 = viewAfter(view2, epochOf(3, 'A'), 'ABC')

export function follower(given: Given = {}): DrivenReplica {
  // C is heard, too: or it would be suspected at once.
  return new DrivenReplica(given).step({ kind: 'tick' }).receive('C', { kind: 'ping', nonce: 0 }).follow(view3, [view2])
}

/** A status of a member that takes part in that view. */
export const activeStatus = (changes: Partial<MessageOf<'status'>> = {}): MessageOf<'status'> =>
  statusOf({ epoch: view3.epoch, promised: view3.epoch, commit: placeOf(view3), active: true, ...changes })

/** Both neighbours of `B` are heard, and a turn is seen: nothing is amiss. */
export function healthy(peer: DrivenReplica, turn: number): DrivenReplica {
  return peer.receive('A', activeStatus({ turn })).receive('C', activeStatus({ turn }))
}

/** The token of the last view, whose last block is `head`, with nothing but that view known to be committed in it. */
export const token = (turn: number, head: Block = view3, changes: Partial<TokenMessage> = {}): TokenMessage => ({
  kind: 'token',
  epoch: head.epoch,
  turn,
  head: headOf(head),
  commit: placeOf(view3),
  served: [0, 0, 0],
  wants: [false, false, false],
  blocks: [],
  ...changes,
})

/** An answer to a fetch of the tail: of a log that ends with these blocks. */
export const tailOf = (blocks: readonly Block[]): MessageOf<'fetched'> => ({
  kind: 'fetched',
  what: 'tail',
  blocks,
  commit: headOf(view3),
  head: headOf(blocks.at(-1) ?? view3),
})

export const instant = (millis: number): Instant => millis as Instant
export { noEpoch }
