import type { Crypto } from '../../src/core/crypto.ts'
import type { PeerId } from '../../src/core/ids.ts'
import { type Block, headOf, signBlock, type Unsigned } from '../../src/ring/block.ts'
import type { Message, MessageOf } from '../../src/ring/message.ts'
import type { Sight } from './hostile-peer.ts'

/** What every number is tried at: the ends of what may be said, and one beyond that the wire can still carry. */
export const edges = [0, 1, 2 ** 48, Number.MAX_SAFE_INTEGER] as const

export const noHash = 'ee'.repeat(32)
/** Well-formed, and nobody's. */
const invented = '12D3KooWQqvDHq5PiHkHUzBhVDzXPgWKiZpnrRdGYvXEf1dfEPoC' as PeerId

/** Who says it, and signs the blocks in it. */
export interface Liar {
  readonly self: PeerId
  readonly crypto: Crypto
}

/**
 * One message of each kind, as if its sender were a member, held the token, and made the next epoch: as near as it comes
 * to what the room would obey.
 */
export function messagesOf(sight: Sight, liar: Liar): { readonly [Kind in Message['kind']]: MessageOf<Kind> } {
  const { epoch, members, status, head } = sight
  const next = { number: epoch.number + 1, initiator: liar.self }
  const block = ownBlock(sight, liar)
  const viewBlock = ownView(sight, liar, [liar.self])
  const blocks = [block]
  const here = { index: head.index, hash: head.hash }
  const ahead = { index: block.index, hash: block.hash }
  const turn = status.turn + 1
  return {
    announce: {
      kind: 'announce',
      domain: 'bank',
      epoch,
      request: 1,
      ops: [{ incarnation: 1, sequence: 1, bytes: new Uint8Array([1]) }],
    },
    want: { kind: 'want', epoch, request: 1 },
    token: {
      kind: 'token',
      epoch,
      turn,
      head: headOf(block),
      commit: here,
      served: members.map(() => 1),
      wants: members.map(() => false),
      blocks,
    },
    'token-ack': { kind: 'token-ack', epoch, turn },
    blocks: { kind: 'blocks', epoch, blocks, commit: ahead },
    durable: { kind: 'durable', epoch, durable: ahead },
    committed: { kind: 'committed', epoch, commit: ahead },
    status: {
      kind: 'status',
      epoch: next,
      durable: ahead,
      commit: ahead,
      persistedCommit: { epoch: next, index: block.index },
      turn,
      promised: next,
      active: true,
      wallClock: head.time,
    },
    ping: { kind: 'ping', nonce: 1 },
    pong: { kind: 'pong', nonce: 1, wallClock: head.time },
    evidence: { kind: 'evidence', evidence: { kind: 'two-blocks', first: head, second: besideHead(sight, liar) } },
    request: { kind: 'request', purpose: 'rejoin', above: epoch, loss: 1 },
    'pre-vote': { kind: 'pre-vote', attempt: 1, suspect: members[0] },
    agree: { kind: 'agree', attempt: 1, promised: next },
    prepare: { kind: 'prepare', epoch: next, views: [viewBlock] },
    promise: { kind: 'promise', epoch: { ...next, initiator: epoch.initiator }, head: headOf(block), commit: ahead },
    refuse: { kind: 'refuse', epoch, promised: next },
    install: { kind: 'install', epoch: next, viewBlock },
    installed: { kind: 'installed', epoch },
    activated: { kind: 'activated', epoch: next, commit: { index: viewBlock.index, hash: viewBlock.hash } },
    fetch: { kind: 'fetch', what: 'tail', from: head.index },
    fetched: { kind: 'fetched', what: 'committed', blocks, commit: headOf(block), head: headOf(block) },
  }
}

/** A block that follows the head, by somebody who may write none. */
export function ownBlock(sight: Sight, liar: Liar): Block {
  return signBlock(
    {
      ...followingHead(sight, liar),
      epoch: sight.epoch,
      turn: sight.head.turn + 1,
      body: { kind: 'ops', incarnation: 1, firstSequence: 1, ops: [new Uint8Array([1])] },
    },
    liar.crypto,
  )
}

/** Another block in the place of the head. */
function besideHead({ head }: Sight, { self, crypto }: Liar): Block {
  const { signature, hash, bytes, ...unsigned } = head
  return signBlock({ ...unsigned, author: self }, crypto)
}

/** A view of the sender's next epoch that follows the head. */
export function ownView(sight: Sight, liar: Liar, members: readonly PeerId[]): Block {
  const others = sight.members.filter((member) => !members.includes(member))
  return signBlock(
    {
      ...followingHead(sight, liar),
      epoch: { number: sight.epoch.number + 1, initiator: liar.self },
      turn: 0,
      body: { kind: 'view', members, lost: others.map((peer) => ({ peer, loss: 7 })) },
    },
    liar.crypto,
  )
}

function followingHead({ head }: Sight, { self }: Liar): Omit<Unsigned, 'epoch' | 'turn' | 'body'> {
  return {
    index: head.index + 1,
    author: self,
    lamport: head.lamport + 1,
    time: head.time,
    prevHash: head.hash,
    checkpoint: { index: head.index, stateHash: noHash },
  }
}

/**
 * The message with one thing changed at a time, wherever in it that stands, in its blocks too, which are signed anew: each
 * number at its edges, each epoch somebody else's and an old one, each hash another one, each list of members with
 * invented ones.
 */
export function variantsOf(message: Message, sight: Sight, liar: Liar): readonly Message[] {
  return [...changed(message, sight, liar)] as Message[]
}

function* changed(value: unknown, sight: Sight, liar: Liar): Generator<unknown> {
  if (typeof value === 'number') yield* edges.filter((edge) => edge !== value)
  else if (typeof value === 'string') {
    if (/^[0-9a-f]{64}$/.test(value)) yield noHash
  } else if (Array.isArray(value)) yield* changedList(value, sight, liar)
  else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
    if (isBlock(value)) yield* changedBlock(value, sight, liar)
    else yield* changedObject(value, sight, liar)
  }
}

function* changedList(list: readonly unknown[], sight: Sight, liar: Liar): Generator<unknown> {
  for (const [at, item] of list.entries()) for (const other of changed(item, sight, liar)) yield list.with(at, other)
  if (list.length > 0 && list.every((item) => typeof item === 'string' && item.startsWith('12D3KooW'))) {
    yield [liar.self, invented]
    yield [...sight.members, liar.self, invented]
  }
}

function* changedObject(object: object, sight: Sight, liar: Liar): Generator<unknown> {
  if ('initiator' in object) {
    yield { ...object, initiator: liar.self }
    for (const initiator of sight.members) yield { ...object, initiator }
    yield sight.firstEpoch
  }
  for (const [name, part] of Object.entries(object)) {
    for (const other of changed(part, sight, liar)) yield { ...object, [name]: other }
  }
}

function* changedBlock({ signature, hash, bytes, ...unsigned }: Block, sight: Sight, liar: Liar): Generator<Block> {
  for (const other of changedObject(unsigned, sight, liar)) yield signBlock(other as Unsigned, liar.crypto)
  // In a member's name, with a signature that is not that member's.
  for (const author of sight.members) yield signBlock({ ...unsigned, author }, liar.crypto)
}

const isBlock = (value: object): value is Block => 'prevHash' in value && 'signature' in value
