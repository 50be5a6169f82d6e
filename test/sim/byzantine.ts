import type { Crypto } from '../../src/core/crypto.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { type Block, signBlock } from '../../src/ring/block.ts'
import { encodeFrame, type Message } from '../../src/ring/message.ts'
import { createSimCrypto } from './crypto.ts'
import { drawForgery, drawSecondBlock } from './forge.ts'
import { simPeerId } from './names.ts'
import { placesOf } from './network.ts'
import type { SimPeer } from './peer.ts'
import type { Parcel } from './transport.ts'
import { Violation } from './violation.ts'
import { after, fail, type World } from './world.ts'

/** Who attacks: an outsider that knows the room code, or a member that lies beside taking part. */
export interface Attacker {
  readonly id: PeerId
  readonly crypto: Crypto
  readonly kind: 'outsider' | 'liar'
  wasTakenIn: boolean
}

/** An outsider has no process: all that it is, is what it sends. */
const outsiderId = (world: World): PeerId => simPeerId(placesOf(world.swarm) - 1)

/** What somebody sends who is a member, and still must not be believed: none of it counts in any quorum. */
const harmless: ReadonlySet<Message['kind']> = new Set([
  'want',
  'announce',
  'ping',
  'pong',
  'request',
  'fetch',
  'evidence',
  'token-ack',
])

/** Messages of every kind with arbitrary numbers, from the beginning to the end of the run. */
export function startAttacks(world: World): void {
  const { byzantine, attackEvery } = world.swarm
  if (byzantine === undefined) return
  const liar = world.peers.find(({ doubtful }) => doubtful === 'liar')
  const id = byzantine === 'liar' && liar !== undefined ? liar.id : outsiderId(world)
  const attacker: Attacker = { id, crypto: createSimCrypto(id), kind: byzantine, wasTakenIn: false }
  const again = (): void => {
    after(world, world.random.next() * 2 * attackEvery, () => {
      attack(world, attacker)
      again()
    })
  }
  again()
}

/** Whoever has sent nonsense for a while is named by somebody (PROTOCOL, section 3). */
export function demandNames(world: World): void {
  const { checks, swarm } = world
  if (checks === undefined || swarm.byzantine !== 'outsider' || checks.named.has(outsiderId(world))) return
  fail(world, new Violation('L1', 'nobody names the outsider that has sent all kinds of nonsense'))
}

/**
 * What a liar's own machine says, as one of the others is told it: of some of its blocks one peer gets another one for the same
 * place, in frames and tokens alike, and does not hold the first. The machine itself, and so every quorum it counts in, is honest.
 */
export function asLiarsTell(world: World, from: SimPeer, to: SimPeer, parcel: Parcel): Parcel {
  if (from.doubtful !== 'liar') return parcel
  const message = parcel.decoded?.kind === 'frame' ? parcel.decoded.message : undefined
  if (message?.kind !== 'blocks' && message?.kind !== 'token') return parcel
  const { random, peers } = world
  const lies = liesOf(world)
  const fresh = message.blocks.find((block) => block.author === from.id && !lies.has(block.hash))
  if (fresh !== undefined) {
    const other = signBlock({ ...fresh, lamport: fresh.lamport + 1 }, from.crypto)
    lies.set(fresh.hash, random.chance(lieShare) ? { to: random.below(peers.length), other } : undefined)
  }
  const told = (hash: string): Block | undefined => {
    const lie = lies.get(hash)
    return lie?.to === to.index ? lie.other : undefined
  }
  const blocks = message.blocks.map((block) => told(block.hash) ?? block)
  const head = message.kind === 'token' ? told(message.head.hash) : undefined
  if (head === undefined && blocks.every((block, at) => block === message.blocks[at])) return parcel
  const twisted =
    message.kind === 'token' && head !== undefined ? { ...message, head: { ...message.head, hash: head.hash } } : message
  const { lamport } = parcel.decoded as Extract<NonNullable<Parcel['decoded']>, { kind: 'frame' }>
  return { frame: encodeFrame(lamport, { ...twisted, blocks }), decoded: undefined }
}

const lieShare = 0.03

/** By the hash of a liar's own block: who is told another one. */
type Lies = Map<string, { readonly to: number; readonly other: Block } | undefined>

const liesByWorld = new WeakMap<World, Lies>()

function liesOf(world: World): Lies {
  const lies: Lies = liesByWorld.get(world) ?? new Map()
  liesByWorld.set(world, lies)
  return lies
}

function attack(world: World, attacker: Attacker): void {
  const { random } = world
  const victims = world.peers.filter(({ machine, id }) => machine !== undefined && id !== attacker.id)
  const victim = victims[random.below(Math.max(1, victims.length))]
  if (victim === undefined) return
  if (attacker.kind === 'liar' && random.chance(0.05)) return sendSecondBlock(world, attacker, victim)
  // A flood is the same again and again, to all at once.
  const isFlood = random.chance(0.03)
  const forgery = drawForgery(world, attacker, victim)
  const isGarbage = forgery instanceof Uint8Array
  const frame = isGarbage ? forgery : encodeFrame(forgery.lamport, forgery.message)
  const parcel = { frame, decoded: undefined }
  for (let i = isFlood ? 20 + random.below(100) : 1; i > 0; i--) {
    for (const target of isFlood || random.chance(0.1) ? victims : [victim])
      deliver(world, attacker, target, parcel, isGarbage ? undefined : forgery.message.kind)
  }
}

/** `kind`: of a message; `undefined` for bytes that are none. */
function deliver(world: World, attacker: Attacker, target: SimPeer, parcel: Parcel, kind: Message['kind'] | undefined): void {
  const topic = world.random.chance(0.15) ? (['log', 'bank', 'auction', 'ring'] as const)[world.random.below(4)] : undefined
  after(world, world.random.next() * 5, () => {
    // Who has come in as section 5 lets anybody in is no outsider any more: from then on it says nothing that counts.
    attacker.wasTakenIn ||= attacker.kind === 'outsider' && isTakenIn(world, attacker.id)
    if (attacker.wasTakenIn && (kind === undefined || !harmless.has(kind))) return
    target.machine?.hear(attacker.id, topic, parcel)
  })
}

function isTakenIn(world: World, id: PeerId): boolean {
  return world.peers.some(({ machine }) => machine?.view.members.includes(id) === true)
}

/** Another block for a place of the log that its author has filled already: whoever has both names him. */
function sendSecondBlock(world: World, attacker: Attacker, victim: SimPeer): void {
  const second = drawSecondBlock(world, attacker, victim)
  const { machine } = victim
  if (second === undefined || machine === undefined) return
  const { installed, commit } = machine.view
  const message: Message = { kind: 'blocks', epoch: installed, blocks: [second], commit }
  machine.hear(attacker.id, undefined, { frame: encodeFrame(machine.view.lamport + 1, message), decoded: undefined })
  const { life } = victim
  after(world, 1_000, () => {
    if (victim.life !== life || victim.pausedUntil > world.now - 1_000) return
    const isNamed = machine.view.evidence.some(({ kind }) => kind === 'two-blocks')
    if (!isNamed)
      fail(world, new Violation('S1', `two blocks ${second.index} of a liar came to a peer that has kept no evidence`))
  })
}
