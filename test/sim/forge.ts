import type { Instant, PeerId } from '../../src/core/ids.ts'
import { type Block, decodeBlock, signBlock, type Unsigned } from '../../src/ring/block.ts'
import { encodeFrame, type Message } from '../../src/ring/message.ts'
import type { Epoch } from '../../src/ring/view.ts'
import type { Attacker } from './byzantine.ts'
import { simPeerId } from './names.ts'
import type { SimPeer } from './peer.ts'
import type { World } from './world.ts'

const kinds: readonly Message['kind'][] = [
  'announce',
  'want',
  'token',
  'token-ack',
  'blocks',
  'durable',
  'committed',
  'status',
  'ping',
  'pong',
  'evidence',
  'request',
  'pre-vote',
  'agree',
  'prepare',
  'promise',
  'refuse',
  'install',
  'installed',
  'activated',
  'fetch',
  'fetched',
]

/** A message of any kind with any numbers, as somebody would make it who sees all that the victim sees; or bytes that are none. */
export function drawForgery(
  world: World,
  attacker: Attacker,
  victim: SimPeer,
): { lamport: number; message: Message } | Uint8Array {
  const { random } = world
  const draw = new Forger(world, attacker, victim)
  const forgery = { lamport: draw.lamport(), message: draw.message(kinds[random.below(kinds.length)] as Message['kind']) }
  if (!random.chance(0.08)) return forgery
  const bytes = encodeFrame(forgery.lamport, forgery.message)
  if (random.chance(0.5)) return bytes.slice(0, random.below(bytes.length))
  bytes[random.below(bytes.length)] = random.below(256)
  return bytes
}

/** Of a block of the attacker's that the victim has in its present epoch, another one for the same place. */
export function drawSecondBlock(
  { swarm }: World,
  attacker: Attacker,
  { machine, disk, pausedUntil }: SimPeer,
): Block | undefined {
  const view = machine?.view
  if (view === undefined || disk === undefined || !view.active || pausedUntil > 0) return undefined
  for (let index = disk.rows.length - 1; index > Math.max(0, disk.rows.length - 8); index--) {
    const block = decode(disk.rows[index]?.bytes, attacker)
    if (block === undefined || block.author !== attacker.id || block.body.kind !== 'ops') continue
    if (block.epoch.number !== view.installed.number || block.epoch.initiator !== view.installed.initiator) continue
    if (view.commit.index - index >= swarm.limits.memoryBlocks || view.durable < index) return undefined
    return signBlock({ ...block, lamport: block.lamport + 1 }, attacker.crypto)
  }
  return undefined
}

function decode(bytes: Uint8Array | undefined, { crypto }: Attacker): Block | undefined {
  const decoded = bytes && decodeBlock(bytes, crypto)
  return decoded !== undefined && 'value' in decoded ? decoded.value : undefined
}

/** What can be written at all. */
const most = (number: number): number => Math.min(number, Number.MAX_SAFE_INTEGER)

class Forger {
  readonly #world: World
  readonly #attacker: Attacker
  readonly #victim: SimPeer

  constructor(world: World, attacker: Attacker, victim: SimPeer) {
    this.#world = world
    this.#attacker = attacker
    this.#victim = victim
  }

  get #view() {
    return (this.#victim.machine as NonNullable<SimPeer['machine']>).view
  }

  #one<T>(...values: readonly T[]): T {
    return values[this.#world.random.below(values.length)] as T
  }

  #number(own: number): number {
    const number = this.#one(
      0,
      1,
      own,
      own + 1,
      own + 1,
      own + this.#world.random.below(1_000),
      2 ** 20 + own,
      2 ** 32,
      2 ** 32 + own + 5,
      2 ** 48,
      2 ** 48 - 1,
      2 ** 53 - 1,
    )
    return most(number)
  }

  lamport(): number {
    const { lamport } = this.#view
    return this.#world.random.chance(0.6) ? lamport + this.#world.random.below(10) : this.#number(lamport)
  }

  #peer(): PeerId {
    const { random, peers } = this.#world
    return this.#one(this.#attacker.id, (peers[random.below(peers.length)] as SimPeer).id, this.#victim.id, simPeerId(20))
  }

  #epoch(): Epoch {
    const { installed, promised } = this.#view
    const number = this.#world.random.chance(0.7)
      ? this.#one(promised.number, promised.number + 1, installed.number)
      : this.#number(promised.number)
    return this.#one<Epoch>(
      installed,
      promised,
      { number, initiator: this.#attacker.id },
      { number: promised.number + 1, initiator: this.#attacker.id },
      { number, initiator: this.#peer() },
    )
  }

  #hash(): string {
    const { head, commit } = this.#view
    return this.#one(head.hash, commit.hash, 'ab'.repeat(32), '')
  }

  #place(): { readonly index: number; readonly hash: string } {
    const { head, commit } = this.#view
    return this.#one(commit, head, { index: this.#number(head.index), hash: this.#hash() })
  }

  #head() {
    return { ...this.#place(), epoch: this.#epoch() }
  }

  /** A block that stands in the victim's log, as it is, altered and signed by the attacker, or signed in another's name. */
  #block(): Block {
    const rows = this.#victim.disk?.rows ?? []
    const { random } = this.#world
    const at = random.chance(0.5) ? rows.length - 1 : random.below(rows.length)
    const real = decode(rows[at]?.bytes, this.#attacker) ?? this.#world.genesis
    return this.#one(
      () => real,
      () => this.#alter(real),
      () => this.#after(real),
      () => this.#after(real),
    )()
  }

  #alter(block: Block): Block {
    const changes = this.#one<Partial<Unsigned>>(
      { lamport: this.#number(block.lamport) },
      { time: this.#number(block.time) as Instant },
      { turn: this.#number(block.turn) },
      { index: this.#number(block.index) },
      { epoch: this.#epoch() },
      { prevHash: this.#hash() },
      { checkpoint: { index: this.#number(block.index), stateHash: this.#hash() } },
      { author: this.#peer() },
      { body: this.#body() },
    )
    return signBlock({ ...block, author: this.#attacker.id, ...changes }, this.#attacker.crypto)
  }

  /** One that follows it, as the attacker would write it. */
  #after(block: Block): Block {
    const body = this.#body()
    const following: Unsigned = {
      index: most(block.index + 1),
      epoch: this.#epoch(),
      turn: body.kind === 'ops' ? most(block.turn + 1) : 0,
      author: this.#world.random.chance(0.8) ? this.#attacker.id : this.#peer(),
      lamport: most(block.lamport + 1),
      time: block.time,
      prevHash: block.hash,
      checkpoint: undefined,
      body,
    }
    const signed = signBlock(following, this.#attacker.crypto)
    return this.#world.random.chance(0.2) ? this.#alter(signed) : signed
  }

  #body(): Block['body'] {
    const { members } = this.#view
    return this.#one<Block['body']>(
      { kind: 'view', members: this.#one([this.#attacker.id], [this.#attacker.id, ...members], [...members], []), lost: [] },
      { kind: 'view', members: [this.#attacker.id], lost: [{ peer: this.#peer(), loss: this.#number(1) }] },
      { kind: 'ops', incarnation: this.#number(1), firstSequence: this.#number(1), ops: [Uint8Array.of(0, 0)] },
      { kind: 'ops', incarnation: 1, firstSequence: 1, ops: [] },
    )
  }

  /** A chain from somewhere in the victim's log on, invented. */
  #blocks(): readonly Block[] {
    const count = this.#one(0, 1, 1, 2, 5)
    if (count === 0) return []
    const blocks = [this.#block()]
    while (blocks.length < count) blocks.push(this.#after(blocks[blocks.length - 1] as Block))
    return blocks
  }

  message(kind: Message['kind']): Message {
    const { random } = this.#world
    const { members, turnSeen, head } = this.#view
    const epoch = this.#epoch()
    switch (kind) {
      case 'announce':
        return {
          kind,
          domain: 'bank',
          epoch,
          request: this.#number(1),
          ops: [{ incarnation: this.#number(1), sequence: this.#number(1), bytes: new Uint8Array(random.below(100)) }],
        }
      case 'want':
        return { kind, epoch, request: this.#number(1) }
      case 'token':
        return {
          kind,
          epoch,
          turn: this.#number(turnSeen),
          head: this.#head(),
          commit: this.#place(),
          served: this.#one(
            members.map(() => this.#number(1)),
            [],
            members.map(() => 0),
          ),
          wants: this.#one(
            members.map(() => random.chance(0.5)),
            [],
          ),
          blocks: this.#blocks(),
        }
      case 'token-ack':
        return { kind, epoch, turn: this.#number(turnSeen) }
      case 'blocks':
        return { kind, epoch, blocks: this.#blocks(), commit: this.#place() }
      case 'durable':
        return { kind, epoch, durable: this.#place() }
      case 'committed':
        return { kind, epoch, commit: this.#place() }
      case 'status':
        return {
          kind,
          epoch,
          durable: random.chance(0.5) ? this.#place() : undefined,
          commit: this.#place(),
          persistedCommit: { epoch: this.#epoch(), index: this.#number(head.index) },
          turn: this.#number(turnSeen),
          promised: this.#epoch(),
          active: random.chance(0.5),
          wallClock: this.#number(this.#world.genesis.time),
        }
      case 'ping':
        return { kind, nonce: this.#number(1) }
      case 'pong':
        return { kind, nonce: this.#number(1), wallClock: this.#number(this.#world.genesis.time) }
      case 'evidence': {
        const first = this.#block()
        if (random.chance(0.3)) return { kind, evidence: { kind: 'checkpoint', block: first } }
        return { kind, evidence: { kind: 'two-blocks', first, second: random.chance(0.5) ? this.#alter(first) : this.#block() } }
      }
      case 'request':
        return {
          kind,
          purpose: this.#one('join', 'leave', 'rejoin'),
          above: this.#epoch(),
          loss: random.chance(0.4) ? this.#number(1) : undefined,
        }
      case 'pre-vote':
        return { kind, attempt: this.#number(1), suspect: random.chance(0.5) ? this.#peer() : undefined }
      case 'agree':
        return { kind, attempt: this.#number(1), promised: epoch }
      case 'prepare':
        return { kind, epoch, views: this.#blocks() }
      case 'promise':
        return { kind, epoch, head: this.#head(), commit: this.#place() }
      case 'refuse':
        return { kind, epoch, promised: this.#epoch() }
      case 'install':
        return { kind, epoch, viewBlock: this.#block() }
      case 'installed':
        return { kind, epoch }
      case 'activated':
        return { kind, epoch, commit: this.#place() }
      case 'fetch':
        return { kind, what: this.#one('tail', 'committed'), from: this.#number(head.index) }
      case 'fetched':
        return { kind, what: this.#one('tail', 'committed'), blocks: this.#blocks(), commit: this.#head(), head: this.#head() }
    }
  }
}
