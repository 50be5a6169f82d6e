import type { Instant, PeerId, RoomId } from '../../../src/core/ids.ts'
import { createRandom } from '../../../src/core/random.ts'
import { type Block, type Checkpoint, headOf, signBlock, type Unsigned, viewOf } from '../../../src/ring/block.ts'
import type { Message, MessageOf } from '../../../src/ring/message.ts'
import { createReplica } from '../../../src/ring/replica.ts'
import type { Input, Output, Persist, Replica, ReplicaView } from '../../../src/ring/types.ts'
import type { Epoch, Lost } from '../../../src/ring/view.ts'
import { wallStart } from '../clock.ts'
import { createSimCrypto } from '../crypto.ts'
import { simPeerId } from '../names.ts'
import { type Rule, Violation } from '../violation.ts'

/** The peers of a scenario. */
export const [a, b, c, d] = [simPeerId(0), simPeerId(1), simPeerId(2), simPeerId(3)] as const

export const epochOf = (number: number, initiator: PeerId): Epoch => ({ number, initiator })

/** Block 0, by A. */
export const genesis: Block = sign({
  index: 0,
  epoch: epochOf(1, a),
  turn: 0,
  author: a,
  lamport: 1,
  time: wallStart as Instant,
  prevHash: '',
  checkpoint: undefined,
  body: {
    kind: 'genesis',
    genesis: { name: 'kept', rulesVersion: 1, currency: 'EUR', deposits: 'open', founder: a, salt: new Uint8Array(16) },
  },
})

/** The view that an epoch begins with. */
export function viewAfter(previous: Block, epoch: Epoch, members: readonly PeerId[], lost: readonly Lost[] = []): Block {
  return follow(previous, { epoch, turn: 0, author: epoch.initiator, body: { kind: 'view', members, lost } })
}

/** A block of operations in the epoch of the one before. */
export function opsAfter(previous: Block, author: PeerId, turn: number, checkpoint?: Checkpoint): Block {
  const body = { kind: 'ops', incarnation: 1, firstSequence: turn, ops: [Uint8Array.of(0, 0)] } as const
  return follow(previous, { epoch: previous.epoch, turn, author, body }, checkpoint)
}

function follow(
  previous: Block,
  what: Pick<Unsigned, 'epoch' | 'turn' | 'author' | 'body'>,
  checkpoint: Checkpoint | undefined = undefined,
): Block {
  return sign({
    ...what,
    index: previous.index + 1,
    lamport: previous.lamport + 1,
    time: previous.time,
    prevHash: previous.hash,
    checkpoint,
  })
}

function sign(block: Unsigned): Block {
  return signBlock(block, createSimCrypto(block.author))
}

export const commitOf = ({ index, hash }: Block): { readonly index: number; readonly hash: string } => ({ index, hash })

/** One real replica, and everything that it hears, and when its disk is done, told by hand. */
export interface Subject {
  readonly view: ReplicaView
  hear(from: PeerId, message: Message): void
  give(input: Input): void
  /** Everything that it wanted on disk is there. */
  fsync(): void
  /** Time passes, and it looks at its deadlines. */
  wait(millis: number): void
  /** What of this kind it has said since it was asked last. */
  said<Kind extends Message['kind']>(kind: Kind): readonly MessageOf<Kind>[]
  /** The same, of blocks that it gives to others. */
  served(): readonly Block[]
}

export interface Start {
  /** All of its log, from the genesis block on. */
  readonly log: readonly Block[]
  readonly promised: Epoch
  readonly committed: Block
  readonly loss?: number
}

export function startSubject(self: PeerId, { log, promised, committed, loss }: Start): Subject {
  const views = log.filter((block) => viewOf(block) !== undefined)
  const lastCommitted = views.findLastIndex(({ index }) => index <= committed.index)
  const replica: Replica = createReplica({
    self,
    room: genesis.hash as RoomId,
    disk: {
      meta: { head: headOf(log.at(-1) as Block), promised, incarnation: 1, commit: commitOf(committed), loss },
      blocks: log,
      viewBlocks: views.slice(lastCommitted),
      evidence: [],
    },
    incarnation: 2,
    wallClock: { at: wallStart, now: 0 },
    crypto: createSimCrypto(self),
    random: createRandom(1),
    pace: { idleHop: 250 },
  })
  let now = 0
  let unsynced: Persist | undefined
  let messages: Message[] = []
  let blocks: Block[] = []
  const step = (input: Input): void => {
    for (const output of replica.step(now, input)) take(output)
  }
  const take = (output: Output): void => {
    if (output.kind === 'persist') unsynced = output
    else if (output.kind === 'send' || output.kind === 'gossip') messages.push(output.message)
    else if (output.kind === 'serve' && !('through' in output.blocks)) blocks.push(...output.blocks)
    else if (output.kind === 'stopped') throw new Violation('bug', `it stopped: ${JSON.stringify(output.reason)}`)
  }
  return {
    view: replica.view,
    hear: (from, message) => step({ kind: 'receive', from, lamport: 50, message }),
    give: step,
    fsync() {
      while (unsynced !== undefined) {
        const { id } = unsynced
        unsynced = undefined
        step({ kind: 'persisted', id })
      }
    },
    wait(millis) {
      for (const end = now + millis; now < end; ) {
        now = Math.min(end, now + 50)
        step({ kind: 'tick' })
      }
    },
    said<Kind extends Message['kind']>(kind: Kind) {
      const found = messages.filter((message): message is MessageOf<Kind> => message.kind === kind)
      messages = messages.filter((message) => message.kind !== kind)
      return found
    },
    served() {
      const given = blocks
      blocks = []
      return given
    },
  }
}

/** Another peer's epoch, from `Prepare` to `Activated`: the subject is active in it then. */
export function bringIn(subject: Subject, viewBlock: Block): void {
  const { epoch } = viewBlock
  const { initiator } = epoch
  subject.hear(initiator, { kind: 'prepare', epoch, views: [] })
  subject.fsync()
  goesOn(subject.said('promise').length > 0, 'it does not promise')
  subject.hear(initiator, { kind: 'install', epoch, viewBlock })
  subject.fsync()
  goesOn(subject.said('installed').length > 0, 'it does not install')
  subject.hear(initiator, { kind: 'activated', epoch, commit: commitOf(viewBlock) })
  subject.fsync()
  goesOn(subject.view.active && subject.view.commit.index === viewBlock.index, 'it is not active')
}

/** It misses the token, asks around, and starts an epoch of its own: `Prepare` is said. Answers that epoch. */
export function initiate(subject: Subject, agreeing: readonly PeerId[]): Epoch {
  for (let i = 0; i < 40; i++) {
    subject.wait(250)
    for (const { attempt } of subject.said('pre-vote')) {
      for (const peer of agreeing) subject.hear(peer, { kind: 'agree', attempt, promised: epochOf(1, a) })
    }
    subject.fsync()
    const prepare = subject.said('prepare').at(-1)
    if (prepare !== undefined) return prepare.epoch
  }
  throw new Error('the scenario does not go as told: it starts no epoch')
}

/** Something that must hold for the scenario to be the one that it tells of. */
export function goesOn(holds: boolean, what: string): void {
  if (!holds) throw new Error(`the scenario does not go as told: ${what}`)
}

/** What the rule demands. */
export function must(holds: boolean, rule: Rule, otherwise: string): void {
  if (!holds) throw new Violation(rule, otherwise)
}
