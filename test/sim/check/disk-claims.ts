import type { Message } from '../../../src/ring/message.ts'
import { epochName, letterOf } from '../names.ts'
import type { SimPeer } from '../peer.ts'
import { type Rule, Violation } from '../violation.ts'
import type { ReadEpoch } from './blocks.ts'
import { isHash } from './bytes.ts'
import { orderOfEpochs } from './chain.ts'

/** What a peer's disk has, as the simulator knows it. */
export interface DiskFacts {
  readonly head: { readonly index: number; readonly hash: string }
  readonly promised: ReadEpoch
  readonly incarnation: number
  readonly commit: { readonly index: number; readonly hash: string }
  readonly loss: number | undefined
}

/** What a life of a peer told others that its disk has, and so owes them for ever. */
interface Told {
  promised: ReadEpoch | undefined
  incarnation: number
  persistedCommit: number
}

/**
 * What is said of a disk is so: `durable` and `persistedCommit` never say more than it has, a promise is on it when it is
 * told; and a peer that crashed comes back with all that.
 */
export class DiskClaims {
  readonly #told = new Map<number, Told>()
  readonly #factsOf: (peer: SimPeer) => DiskFacts | undefined

  constructor(factsOf: (peer: SimPeer) => DiskFacts | undefined) {
    this.#factsOf = factsOf
  }

  /** A process has read its disk. */
  started(peer: SimPeer, facts: DiskFacts, head: { readonly index: number; readonly hash: string }): void {
    const told = this.#toldBy(peer)
    if (told.promised !== undefined && orderOfEpochs(facts.promised, told.promised) < 0)
      fail(
        'S1',
        peer,
        `comes back with ${epochName(facts.promised as never)} promised, and had promised ${epochName(told.promised as never)}`,
      )
    if (facts.incarnation <= told.incarnation) fail('S3', peer, `starts a second time as incarnation ${facts.incarnation}`)
    if (facts.commit.index < told.persistedCommit)
      fail('S3', peer, `comes back with the commit ${facts.commit.index}, and had ${told.persistedCommit} on its disk`)
    const rows = peer.disk?.rows ?? []
    const last = rows[rows.length - 1]
    if (last === undefined || last.index !== head.index || !isHash(last.hash, head.hash))
      fail('S3', peer, `comes back with a log up to ${head.index}, and has ${last?.index} on its disk`)
    told.incarnation = facts.incarnation
  }

  /** A batch is on its disk: the last row is the head that its record names. */
  written(peer: SimPeer): void {
    const facts = this.#factsOf(peer)
    const rows = peer.disk?.rows ?? []
    const last = rows[rows.length - 1]
    if (facts === undefined || last?.index !== facts.head.index || !isHash(last.hash, facts.head.hash))
      fail('S3', peer, `has a log up to ${last?.index} on its disk, whose record names ${facts?.head.index}`)
  }

  /** Its disk is another one now, by a fault that is none of its own. */
  forget(peer: SimPeer): void {
    this.#told.delete(peer.index)
  }

  message(peer: SimPeer, message: Message): void {
    const { disk } = peer
    if (disk === undefined) return
    switch (message.kind) {
      case 'durable':
        return this.#checkDurable(peer, message.durable)
      case 'status': {
        if (message.durable !== undefined) this.#checkDurable(peer, message.durable)
        const { index } = message.persistedCommit
        const facts = this.#factsOf(peer)
        if (facts !== undefined && index > facts.commit.index)
          fail('S3', peer, `says that the commit ${index} is on its disk, which has ${facts.commit.index}`)
        this.#toldBy(peer).persistedCommit = Math.max(this.#toldBy(peer).persistedCommit, index)
        return
      }
      case 'promise':
      case 'prepare':
      case 'installed': {
        const facts = this.#factsOf(peer)
        if (facts === undefined || orderOfEpochs(facts.promised, message.epoch) < 0)
          fail('S1', peer, `tells of ${epochName(message.epoch)} before its promise is on disk`)
        const told = this.#toldBy(peer)
        if (told.promised === undefined || orderOfEpochs(told.promised, message.epoch) < 0) told.promised = message.epoch
      }
    }
  }

  #checkDurable(peer: SimPeer, durable: { readonly index: number; readonly hash: string }): void {
    const row = peer.disk?.rows[durable.index]
    if (row === undefined || !isHash(row.hash, durable.hash))
      fail('S3', peer, `says that it has block ${durable.index} on its disk, and has not`)
  }

  #toldBy(peer: SimPeer): Told {
    let told = this.#told.get(peer.index)
    if (told === undefined) {
      told = { promised: undefined, incarnation: 0, persistedCommit: 0 }
      this.#told.set(peer.index, told)
    }
    return told
  }
}

function fail(rule: Rule, peer: SimPeer, text: string): never {
  throw new Violation(rule, `${letterOf(peer.index)} ${text}`)
}
