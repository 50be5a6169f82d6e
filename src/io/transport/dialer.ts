import { multiaddr } from '@multiformats/multiaddr'
import { Failure } from '../../core/failure.ts'
import { type PeerId, parsePeerId } from '../../core/ids.ts'
import { roomMembersMax } from '../../core/limits.ts'
import type { TransportTrouble } from '../../peer/ports.ts'
import { codeOf } from '../files.ts'
import { componentNames, type Node } from './node.ts'

/** Keeps this peer connected with all that it knows: dials at once, and again with a growing pause, for ever. */
export interface Dialer {
  /** An address that a person gave, with or without a peer id. Fails with `address-invalid`. */
  addAddress(address: string): void
  /** Where a peer says it listens, or was seen to listen: the newest wins. Dials it unless it is linked. */
  learn(peer: PeerId, addresses: readonly string[]): void
  /** Where others say that it listens, a few addresses. Dials it unless it is linked, or too many are known already. */
  hearOf(peer: PeerId, addresses: readonly string[]): void
  /** The peer is linked already, and has answered at this address, too. */
  foundAt(peer: PeerId, address: string): void
  /** The peer has said hello, whoever dialled. */
  greeted(peer: PeerId): void
  /**
   * A link to this remote address was lost after its hello: dials at once. Resolves whether that was refused, which only a
   * host whose process is gone does; `false` where nobody knows after a quarter of a second.
   */
  lost(peer: PeerId, remote: string): Promise<boolean>
  /** A link was lost before its hello: the next try waits, since whatever is wrong will hardly be better at once. */
  dismissed(peer: PeerId): void
  /** With its id at their ends. */
  addressesOf(peer: PeerId): readonly string[]
  /** Addresses by number, without its id, the newest first: what others may be told. */
  listensAt(peer: PeerId): readonly string[]
  stop(): void
}

interface Target {
  peer: PeerId | undefined
  /** Without the peer id at their ends. */
  addresses: readonly string[]
  pauseMillis: number
  timer: NodeJS.Timeout | undefined
  isDialling: boolean
  /** A person gave the address, and wants to know when it does not answer. */
  isGiven: boolean
  isReported: boolean
}

type Outcome = 'linked' | 'refused' | 'failed'

const pauseMillisMin = 250
const pauseMillisMax = 5_000
const verdictMillis = 250
const addressesMax = 16
/** Peers that are not met are forgotten beyond these: whatever others say of whom, it takes no more memory and no more dials. */
const targetsMax = 2 * roomMembersMax

export function createDialer(
  node: Pick<Node, 'peerId' | 'dial'>,
  isLinked: (peer: PeerId) => boolean,
  onTrouble: (trouble: TransportTrouble) => void,
): Dialer {
  const targets = new Set<Target>()
  const wrongCodes = new Set<string>()
  const stopping = new AbortController()

  const targetOf = (peer: PeerId): Target | undefined => [...targets].find((target) => target.peer === peer)

  const add = (peer: PeerId | undefined, addresses: readonly string[]): Target => {
    if (targets.size >= targetsMax) forgetOldest()
    const target: Target = {
      peer,
      addresses,
      pauseMillis: pauseMillisMin,
      timer: undefined,
      isDialling: false,
      isGiven: false,
      isReported: false,
    }
    targets.add(target)
    return target
  }

  const forgetOldest = (): void => {
    const oldest = [...targets].find(({ peer, isGiven }) => !isGiven && !(peer !== undefined && isLinked(peer)))
    if (oldest === undefined) return
    clearTimeout(oldest.timer)
    targets.delete(oldest)
  }

  const dial = async (target: Target, addresses: readonly string[]): Promise<Outcome> => {
    clearTimeout(target.timer)
    if (target.isDialling || stopping.signal.aborted) return 'failed'
    if (target.peer !== undefined && isLinked(target.peer)) return 'linked'
    target.isDialling = true
    const outcome = await attempt(target, addresses)
    target.isDialling = false
    if (outcome !== 'linked') retryLater(target)
    return outcome
  }

  const retryLater = (target: Target): void => {
    clearTimeout(target.timer)
    if (!targets.has(target)) return
    target.timer = setTimeout(() => void dial(target, target.addresses), target.pauseMillis)
    target.pauseMillis = Math.min(2 * target.pauseMillis, pauseMillisMax)
  }

  const attempt = async (target: Target, addresses: readonly string[]): Promise<Outcome> => {
    const suffix = target.peer === undefined ? '' : `/p2p/${target.peer}`
    try {
      const connection = await node.dial(
        addresses.map((address) => multiaddr(address + suffix)),
        { signal: stopping.signal },
      )
      adopt(target, connection.remotePeer.toString() as PeerId)
      return 'linked'
    } catch (error) {
      const errors = error instanceof AggregateError ? error.errors : [error]
      // At the address that a person gave now lives somebody else, as after a profile was deleted: whoever it is will do.
      if (target.isGiven && errors.some(isOtherPeer)) target.peer = undefined
      report(target, addresses, errors)
      return errors.length > 0 && errors.every((one) => codeOf(one) === 'ECONNREFUSED') ? 'refused' : 'failed'
    }
  }

  /** Who answers at an address that came without a peer id is known only now, and may be known by other ways already. */
  const adopt = (target: Target, peer: PeerId): void => {
    const other = [...targets].find((one) => one !== target && one.peer === peer)
    target.peer = peer
    if (other === undefined) return
    clearTimeout(other.timer)
    targets.delete(other)
    target.addresses = merge(target.addresses, other.addresses)
  }

  const report = (target: Target, addresses: readonly string[], errors: readonly unknown[]): void => {
    if (stopping.signal.aborted) return
    const address = addresses[0] ?? ''
    if (errors.some(isWrongCode)) {
      target.pauseMillis = pauseMillisMax
      if (!wrongCodes.has(address)) onTrouble({ kind: 'wrong-code', address })
      wrongCodes.add(address)
    } else if (target.isGiven && !target.isReported) {
      target.isReported = true
      const reason = errors.map((one) => (one instanceof Error ? one.message : String(one))).join('; ')
      onTrouble({ kind: 'unreachable', address, reason })
    }
  }

  return {
    addAddress(text) {
      const { address, peer } = parseDialAddress(text)
      if (peer === node.peerId.toString()) return
      const known = peer === undefined ? [...targets].find((target) => target.addresses.includes(address)) : targetOf(peer)
      const target = known ?? add(peer, [])
      target.isGiven = true
      target.addresses = merge([address], target.addresses)
      void dial(target, target.addresses)
    },

    learn(peer, addresses) {
      const target = targetOf(peer) ?? add(peer, [])
      target.addresses = merge(addresses, target.addresses)
      void dial(target, target.addresses)
    },

    hearOf(peer, addresses) {
      const known = targetOf(peer)
      // It will know us by others, too, and has fewer to dial.
      if (known === undefined && targets.size >= targetsMax) return
      const target = known ?? add(peer, [])
      // What was seen at first hand is tried first, and not pushed out.
      target.addresses = merge(target.addresses.slice(0, addressesMax - addresses.length), addresses)
      void dial(target, target.addresses)
    },

    foundAt(peer, address) {
      const target = [...targets].find((one) => one.peer === undefined && one.addresses.includes(address))
      if (target !== undefined) adopt(target, peer)
    },

    greeted(peer) {
      const target = targetOf(peer)
      if (target === undefined) return
      clearTimeout(target.timer)
      target.pauseMillis = pauseMillisMin
      target.isReported = false
    },

    dismissed(peer) {
      const target = targetOf(peer)
      if (target !== undefined) retryLater(target)
    },

    async lost(peer, remote) {
      const target = targetOf(peer)
      if (target === undefined || target.addresses.length === 0 || stopping.signal.aborted) return false
      // Its other addresses may lead elsewhere: a peer's loopback address is, seen from here, our own.
      const host = hostOf(remote)
      const same = target.addresses.filter((address) => hostOf(address) === host)
      const dialled = dial(target, same.length > 0 ? same : target.addresses)
      const undecided = new Promise<Outcome>((resolve) => setTimeout(() => resolve('failed'), verdictMillis))
      return (await Promise.race([dialled, undecided])) === 'refused' && same.length > 0
    },

    addressesOf(peer) {
      return (targetOf(peer)?.addresses ?? []).map((address) => `${address}/p2p/${peer}`)
    },

    listensAt(peer) {
      return (targetOf(peer)?.addresses ?? []).filter((address) => /^\/ip[46]\//.test(address))
    },

    stop() {
      stopping.abort()
      for (const target of targets) clearTimeout(target.timer)
      targets.clear()
    },
  }
}

/** The newest first; a peer that has moved leaves its old addresses behind. */
const merge = (newer: readonly string[], older: readonly string[]): readonly string[] =>
  [...new Set([...newer, ...older])].slice(0, addressesMax)

/** `/ip4/192.168.1.7/tcp/4001`, with or without `/p2p/12D3KooW…`. */
function parseDialAddress(text: string): { readonly address: string; readonly peer: PeerId | undefined } {
  const names = componentNames(text)?.join('/')
  const [address = '', id] = text.split('/p2p/')
  const peer = id === undefined ? undefined : parsePeerId(id)
  const fits = names !== undefined && /^(ip4|ip6|dns|dns4|dns6)\/tcp(\/p2p)?$/.test(names)
  if (fits && (peer === undefined || peer.ok)) return { address, peer: peer?.value }
  throw new Failure('address-invalid', `An address looks like /ip4/192.168.1.7/tcp/4001, not ${text}`, { address: text })
}

const hostOf = (address: string): string | undefined => address.split('/')[2]

function isOtherPeer(error: unknown): boolean {
  return error instanceof Error && /does not match expected remote identity/.test(error.message)
}

/** The handshake's first sealed message does not open: the other has mixed in another prologue. */
function isWrongCode(error: unknown): boolean {
  return error instanceof Error && error.name === 'EncryptionFailedError' && /decrypt|authenticate/i.test(error.message)
}
