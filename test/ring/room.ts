import { createHash } from 'node:crypto'
import type { Crypto } from '../../src/core/crypto.ts'
import type { Instant, PeerId, RoomId } from '../../src/core/ids.ts'
import { createRandom } from '../../src/core/random.ts'
import { type Block, headOf, signBlock, viewOf } from '../../src/ring/block.ts'
import type { Message } from '../../src/ring/message.ts'
import { createReplica } from '../../src/ring/replica.ts'
import { type RingLimits, ringLimits } from '../../src/ring/timing.ts'
import type { Disk, Input, Note, Output, Replica, ReplicaView } from '../../src/ring/types.ts'
import { noEpoch } from '../../src/ring/view.ts'

/** Milliseconds since 1970 at which every small room of these tests begins. */
export const roomStart = 1_750_000_000_000
const networkMillis = 0.25
const fsyncMillis = 1

export const testCrypto = (self: string): Crypto => {
  const digest = (...parts: (Uint8Array | string)[]): Uint8Array => {
    const hash = createHash('sha256')
    for (const part of parts) hash.update(part)
    return hash.digest()
  }
  const signature = (author: string, bytes: Uint8Array): Uint8Array =>
    Buffer.concat([digest(author, bytes), digest(bytes, author)])
  return {
    hash: (bytes) => digest(bytes),
    sign: (bytes) => signature(self, bytes),
    verify: (author, bytes, given) => Buffer.compare(signature(author, bytes), given) === 0,
  }
}

export function genesisOf(founder: string): Block {
  return signBlock(
    {
      index: 0,
      epoch: { number: 1, initiator: founder as PeerId },
      turn: 0,
      author: founder as PeerId,
      lamport: 1,
      time: roomStart as Instant,
      prevHash: '',
      checkpoint: undefined,
      body: {
        kind: 'genesis',
        genesis: {
          name: 'test',
          rulesVersion: 1,
          currency: 'EUR',
          deposits: 'open',
          founder: founder as PeerId,
          salt: new Uint8Array(16),
        },
      },
    },
    testCrypto(founder),
  )
}

interface TestPeer {
  replica: Replica
  up: boolean
  wakeAt: number
  life: number
  blocks: Block[]
  meta: Disk['meta']
  readonly applied: string[]
}

/** A handful of real replicas on a quiet, exact network: what one sends arrives 0.25 ms later, an fsync takes 1 ms. */
export class TestRoom {
  now = 0
  readonly peers = new Map<string, TestPeer>()
  /** What is sent to somebody who is none of these peers. */
  onStranger: (to: string, from: string, message: Message) => void = () => {}
  readonly #cut = new Set<string>()
  readonly #genesis: Block
  #events: { at: number; order: number; act: () => void }[] = []
  #order = 0
  readonly #trace: (name: string, note: Note) => void

  readonly #limits: RingLimits

  constructor(names: readonly string[], trace: (name: string, note: Note) => void, limits: Partial<RingLimits> = {}) {
    this.#trace = trace
    this.#limits = { ...ringLimits, ...limits }
    const founder = names[0] as string
    this.#genesis = genesisOf(founder)
    for (const name of names) this.#add(name, founder)
  }

  view(name: string): ReplicaView {
    return this.#peer(name).replica.view
  }

  feed(name: string, input: Input): void {
    const peer = this.#peer(name)
    if (!peer.up) return
    for (const output of peer.replica.step(this.now, input)) this.#carryOut(name, peer, output)
  }

  run(millis: number): void {
    const end = this.now + millis
    for (;;) {
      this.#events.sort((a, b) => a.at - b.at || a.order - b.order)
      const next = this.#events[0]
      if (next === undefined || next.at > end) break
      this.#events.shift()
      this.now = Math.max(this.now, next.at)
      next.act()
    }
    this.now = end
  }

  kill(name: string): void {
    this.#peer(name).up = false
    for (const other of this.peers.keys())
      if (other !== name) this.feed(other, { kind: 'link', peer: name as PeerId, state: 'refused' })
  }

  restart(name: string): void {
    const peer = this.#peer(name)
    peer.life++
    peer.up = true
    peer.wakeAt = Number.NaN
    const committed = peer.blocks.slice(0, peer.meta.commit.index + 1)
    peer.applied.splice(0, peer.applied.length, ...committed.flatMap(opsText))
    peer.meta = { ...peer.meta, incarnation: peer.meta.incarnation + 1 }
    peer.replica = this.#start(name, peer.blocks, peer.meta)
    this.feed(name, { kind: 'tick' })
  }

  /** Its log is gone, its key is not: what production writes into the new store then. */
  lose(name: string): void {
    const peer = this.#peer(name)
    peer.blocks = [this.#genesis]
    peer.meta = blankMeta(this.#genesis, noEpoch, this.now + 1)
  }

  /** Every process is killed, and no link is noticed to be gone: the power failed. */
  killAll(): void {
    for (const peer of this.peers.values()) peer.up = false
  }

  cut(a: string, b: string, isCut: boolean): void {
    for (const link of [`${a}${b}`, `${b}${a}`]) isCut ? this.#cut.add(link) : this.#cut.delete(link)
  }

  #add(name: string, founder: string): void {
    const genesis = this.#genesis
    const promised = name === founder ? genesis.epoch : noEpoch
    const meta = blankMeta(genesis, promised, undefined)
    const replica = this.#start(name, [genesis], meta)
    this.peers.set(name, { replica, up: true, wakeAt: Number.NaN, life: 1, blocks: [genesis], meta, applied: [] })
    this.#at(0, () => this.feed(name, { kind: 'tick' }))
  }

  #start(name: string, blocks: readonly Block[], meta: Disk['meta']): Replica {
    const viewBlocks = blocks.filter((block) => viewOf(block) !== undefined)
    const first = viewBlocks.findLastIndex((block) => block.index <= meta.commit.index)
    return createReplica({
      self: name as PeerId,
      room: this.#genesis.hash as RoomId,
      disk: { meta, blocks, viewBlocks: viewBlocks.slice(Math.max(0, first)), evidence: [] },
      incarnation: meta.incarnation,
      wallClock: { at: roomStart + this.now, now: this.now },
      crypto: testCrypto(name),
      random: createRandom(name.charCodeAt(0)),
      pace: { idleHop: 250 },
      limits: this.#limits,
    })
  }

  #carryOut(name: string, peer: TestPeer, output: Output): void {
    switch (output.kind) {
      case 'persist': {
        const { life } = peer
        this.#at(fsyncMillis, () => {
          if (!peer.up || peer.life !== life) return
          if (output.cutFrom !== undefined) peer.blocks = peer.blocks.slice(0, output.cutFrom)
          peer.blocks = [...peer.blocks, ...output.blocks]
          peer.meta = output.meta
          this.feed(name, { kind: 'persisted', id: output.id })
        })
        return
      }
      case 'send':
        for (const to of output.to) this.#deliver(name, to, output.lamport, output.message)
        return
      case 'gossip':
        for (const to of this.peers.keys()) if (to !== name) this.#deliver(name, to, output.lamport, output.message)
        return
      case 'apply':
        for (const block of output.blocks) {
          peer.applied.push(...opsText(block))
          this.#at(0, () => this.feed(name, { kind: 'applied', index: block.index, stateHash: block.hash }))
        }
        return
      case 'wake':
        peer.wakeAt = output.at
        if (Number.isFinite(output.at)) {
          this.#at(Math.max(0, output.at - this.now), () => {
            if (peer.wakeAt === output.at) this.feed(name, { kind: 'tick' })
          })
        }
        return
      case 'note':
        return this.#trace(name, output.note)
      case 'stopped':
        peer.up = false
        return this.#trace(name, { event: 'stopped', facts: { reason: output.reason.kind } })
      case 'serve': {
        const { to, lamport, what, blocks, commit, head } = output
        if (!('length' in blocks)) throw new Error('these rooms are too short to be served from a store')
        return this.#deliver(name, to, lamport, { kind: 'fetched', what, blocks, commit, head })
      }
    }
  }

  #deliver(from: string, to: string, lamport: number, message: Message): void {
    this.#at(networkMillis, () => {
      if (!this.peers.has(to)) return this.onStranger(to, from, message)
      if (!this.#cut.has(`${from}${to}`)) this.feed(to, { kind: 'receive', from: from as PeerId, lamport, message })
    })
  }

  #at(after: number, act: () => void): void {
    this.#events.push({ at: this.now + after, order: this.#order++, act })
  }

  #peer(name: string): TestPeer {
    const peer = this.peers.get(name)
    if (peer === undefined) throw new Error(`no peer ${name}`)
    return peer
  }
}

const blankMeta = (genesis: Block, promised: Disk['meta']['promised'], loss: number | undefined): Disk['meta'] => ({
  head: headOf(genesis),
  promised,
  incarnation: 1,
  commit: { index: 0, hash: genesis.hash },
  loss,
})

const opsText = ({ body }: Block): readonly string[] =>
  body.kind === 'ops' ? body.ops.map((op) => new TextDecoder().decode(op)) : []
