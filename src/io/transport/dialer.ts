import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { parseAddress, partsOf } from '../../core/address.ts'
import { Failure } from '../../core/failure.ts'
import type { PeerId } from '../../core/ids.ts'
import { roomMembersMax } from '../../core/limits.ts'
import type { TransportTrouble } from '../../peer/ports.ts'
import { BoundedMap } from '../bounded-map.ts'
import { codeOf } from '../files.ts'
import { isOtherPeer, isWrongCode } from './handshake-errors.ts'
import { createHearsayRates, type Teller } from './hearsay.ts'
import type { Node } from './node.ts'
import { numbersOf } from './numbers-of.ts'
import type { Verdict } from './pairing.ts'

/**
 * Keeps this peer connected with all that it knows: dials at once, and again with a growing pause. Whom it was told of by
 * others it dials at a bounded rate, and forgets soon where nobody answers.
 */
export interface Dialer {
  /** An address that a person gave, with or without a peer id; a name is resolved at each try. Fails with `address-invalid`. */
  addAddress(address: string): void
  /** Where a peer that is linked says that it listens. `remote`: where its connection comes from. */
  learn(peer: PeerId, addresses: readonly string[], remote: string): void
  /** Where others say that a peer listens. `remote`: where they are connected from. */
  hearOf(peer: PeerId, addresses: readonly string[], teller: Teller, remote: string | undefined): void
  /** The peer is linked already, and has answered at this address, too. */
  foundAt(peer: PeerId, address: string): void
  /** The peer has said hello, whoever dialled. */
  greeted(peer: PeerId): void
  /**
   * A link to this remote address was lost after its hello: dials at once. Resolves whether that was refused, which only a
   * host whose process is gone does; `lost` where nobody knows after a quarter of a second.
   */
  lost(peer: PeerId, remote: string): Promise<Verdict>
  /** A link was lost before its hello: the next try waits, since whatever is wrong will hardly be better at once. */
  dismissed(peer: PeerId): void
  /** With its id at their ends. */
  addressesOf(peer: PeerId): readonly string[]
  /** Addresses by number, without its id, the newest first: what others may be told. */
  listensAt(peer: PeerId): readonly string[]
  stop(): void
}

export interface DialerPorts {
  readonly self: PeerId
  readonly dial: Node['dial']
  /** Which of several takes connections soonest; `undefined`: it is not known. */
  firstToAnswer(addresses: readonly Multiaddr[], ended: AbortSignal): Promise<Multiaddr | undefined>
  isLinked(peer: PeerId): boolean
  isPlausible(address: string, teller: string | undefined): boolean
  onTrouble(trouble: TransportTrouble): void
}

/** How an address came here. Only what somebody else told costs of what is set aside for hearsay. */
type Origin =
  /** A person gave it. */
  | { readonly kind: 'given' }
  /** The peer answered there, or its connection comes from that host. */
  | { readonly kind: 'seen' }
  | { readonly kind: 'told'; readonly teller: Teller }

interface Target {
  /** `undefined`: whoever answers. */
  peer: PeerId | undefined
  /** Without the peer id at their ends, the best first. */
  addresses: ReadonlyMap<string, Origin>
  pauseMillis: number
  timer: NodeJS.Timeout | undefined
  isDialling: boolean
  isReported: boolean
  /** Since when no try has succeeded; monotonic. */
  failingSince: number | undefined
}

type Outcome = 'linked' | 'refused' | 'failed'

const pauseMillisMin = 250
const pauseMillisMax = 5_000
/** Of peers that are away for long: a room comes back after a break, and need not be asked for every few seconds. */
const longPauseMillis = 30_000
const longMillis = 600_000
/** So long hearsay is tried. */
const hearsayMillis = 30_000
/** And so long it is not listened to again. */
const deafMillis = 60_000
const verdictMillis = 250
const addressesMax = 16
/** Peers that are not met are forgotten beyond these: whatever others say of whom, it takes no more memory and no more dials. */
const targetsMax = 2 * roomMembersMax
const remembered = 256

const given: Origin = { kind: 'given' }
const seen: Origin = { kind: 'seen' }

export function createDialer({ self, dial, firstToAnswer, isLinked, isPlausible, onTrouble }: DialerPorts): Dialer {
  const targets = new Set<Target>()
  const now = (): number => performance.now()
  const rates = createHearsayRates(now)
  /** Addresses that have been reported for their wrong code. */
  const wrongCodes = new BoundedMap<string, true>(remembered)
  /** Peers of whom hearsay led nowhere, and until when it is not listened to. */
  const deadEnds = new BoundedMap<PeerId, number>(remembered)
  const stopping = new AbortController()

  const targetOf = (peer: PeerId): Target | undefined => [...targets].find((target) => target.peer === peer)

  const add = (peer: PeerId | undefined): Target => {
    if (targets.size >= targetsMax) forgetOldest()
    const target: Target = {
      peer,
      addresses: new Map(),
      pauseMillis: pauseMillisMin,
      timer: undefined,
      isDialling: false,
      isReported: false,
      failingSince: undefined,
    }
    targets.add(target)
    return target
  }

  const remove = (target: Target): void => {
    clearTimeout(target.timer)
    targets.delete(target)
  }

  const forgetOldest = (): void => {
    const idle = [...targets].filter((target) => !isGiven(target) && !(target.peer !== undefined && isLinked(target.peer)))
    const oldest = idle.find(isHearsay) ?? idle[0]
    if (oldest !== undefined) remove(oldest)
  }

  /** Tries these addresses of a target, as many as hearsay may cost. */
  const tryNow = async (target: Target, addresses: Target['addresses'] = target.addresses): Promise<Outcome> => {
    clearTimeout(target.timer)
    if (target.isDialling || stopping.signal.aborted) return 'failed'
    if (target.peer !== undefined && isLinked(target.peer)) return 'linked'
    const allowed = [...addresses].filter(([, origin]) => origin.kind !== 'told' || rates.spend(origin.teller))
    target.isDialling = true
    const outcome =
      allowed.length === 0
        ? 'failed'
        : await attempt(
            target,
            allowed.map(([address]) => address),
          )
    target.isDialling = false
    if (outcome !== 'linked') tryLater(target)
    return outcome
  }

  const tryLater = (target: Target): void => {
    clearTimeout(target.timer)
    if (!targets.has(target) || stopping.signal.aborted) return
    target.failingSince ??= now()
    const failingMillis = now() - target.failingSince
    if (failingMillis > hearsayMillis && isHearsay(target)) {
      if (target.peer !== undefined) deadEnds.set(target.peer, now() + deafMillis)
      remove(target)
      return
    }
    // No library's: p-retry ends its row of tries with a pause that is cut short, and of this one a new address leaves the growth.
    target.timer = setTimeout(() => void tryNow(target), target.pauseMillis)
    target.pauseMillis = failingMillis > longMillis ? longPauseMillis : Math.min(2 * target.pauseMillis, pauseMillisMax)
  }

  const attempt = async (target: Target, addresses: readonly string[]): Promise<Outcome> => {
    const suffix = target.peer === undefined ? '' : `/p2p/${target.peer}`
    try {
      const connection = await dial(await inOrder(await resolve(addresses, suffix)), { signal: stopping.signal })
      adopt(target, connection.remotePeer.toString() as PeerId)
      return 'linked'
    } catch (error) {
      const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error]
      // At the address that a person gave now lives somebody else, as after a profile was deleted: whoever it is will do.
      if (isGiven(target) && errors.some(isOtherPeer)) target.peer = undefined
      report(target, addresses, errors)
      return errors.length > 0 && errors.every((one) => codeOf(one) === 'ECONNREFUSED') ? 'refused' : 'failed'
    }
  }

  /** A name that is not known keeps nobody from the other addresses. */
  const resolve = async (addresses: readonly string[], suffix: string) => {
    const found = await Promise.allSettled(addresses.map(numbersOf))
    const numbers = found.flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
    const failures = found.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    if (numbers.length === 0) throw new AggregateError(failures)
    return numbers.map((number) => multiaddr(number + suffix))
  }

  /** They are tried one after the other: the one that answers comes first. */
  const inOrder = async (addresses: readonly Multiaddr[]): Promise<Multiaddr[]> => {
    const first = addresses.length > 1 ? await firstToAnswer(addresses, stopping.signal) : undefined
    return first === undefined ? [...addresses] : [first, ...addresses.filter((address) => address !== first)]
  }

  /** Who answers at an address that came without a peer id is known only now, and may be known by other ways already. */
  const adopt = (target: Target, peer: PeerId): void => {
    const other = [...targets].find((one) => one !== target && one.peer === peer)
    target.peer = peer
    if (other === undefined) return
    remove(other)
    target.addresses = merged(target.addresses, other.addresses)
  }

  const report = (target: Target, addresses: readonly string[], errors: readonly unknown[]): void => {
    if (stopping.signal.aborted) return
    const address = addresses[0] ?? ''
    if (errors.some(isWrongCode)) {
      target.pauseMillis = pauseMillisMax
      if (!wrongCodes.has(address)) onTrouble({ kind: 'wrong-code', address, peer: target.peer })
      wrongCodes.set(address, true)
    } else if (isGiven(target) && !target.isReported) {
      target.isReported = true
      const reason = errors.map((one) => (one instanceof Error ? one.message : String(one))).join('; ')
      onTrouble({ kind: 'unreachable', address, reason })
    }
  }

  return {
    addAddress(text) {
      const { address, peer } = readAddress(text)
      if (peer === self) return
      const known = peer === undefined ? [...targets].find((target) => target.addresses.has(address)) : targetOf(peer)
      const target = known ?? add(peer)
      target.addresses = merged(new Map([[address, given]]), target.addresses)
      // All that are given at once are tried together.
      queueMicrotask(() => void tryNow(target))
    },

    learn(peer, addresses, remote) {
      const host = hostOf(remote)
      const told: Origin = { kind: 'told', teller: peer }
      const known = addresses
        .filter((address) => isPlausible(address, remote))
        .map((address) => [address, hostOf(address) === host ? seen : told] as const)
      if (known.length === 0) return
      const target = targetOf(peer) ?? add(peer)
      target.addresses = merged(new Map(known), target.addresses)
      void tryNow(target)
    },

    hearOf(peer, addresses, teller, remote) {
      if (peer === self || (deadEnds.get(peer) ?? 0) > now()) return
      const told: Origin = { kind: 'told', teller }
      const news = addresses.filter((address) => isPlausible(address, remote)).map((address) => [address, told] as const)
      const known = targetOf(peer)
      if (news.length === 0) return
      // It will know us by others, too, and has fewer to dial.
      if (known === undefined && (targets.size >= targetsMax || !rates.has(teller))) return
      const target = known ?? add(peer)
      const before = target.addresses.size
      // What is known better is tried first, and not pushed out.
      target.addresses = merged(target.addresses, new Map(news))
      if (known === undefined || target.addresses.size > before) void tryNow(target)
    },

    foundAt(peer, address) {
      const target = [...targets].find((one) => one.peer === undefined && one.addresses.has(address))
      if (target !== undefined) adopt(target, peer)
    },

    greeted(peer) {
      deadEnds.delete(peer)
      const target = targetOf(peer)
      if (target === undefined) return
      clearTimeout(target.timer)
      target.pauseMillis = pauseMillisMin
      target.isReported = false
      target.failingSince = undefined
    },

    dismissed(peer) {
      const target = targetOf(peer)
      if (target !== undefined) tryLater(target)
    },

    async lost(peer, remote) {
      const target = targetOf(peer)
      if (target === undefined || target.addresses.size === 0 || stopping.signal.aborted) return 'lost'
      // Its other addresses may lead elsewhere: a peer's loopback address is, seen from here, our own.
      const host = hostOf(remote)
      const same = new Map([...target.addresses].filter(([address]) => hostOf(address) === host))
      const tried = tryNow(target, same.size > 0 ? same : target.addresses)
      const undecided = new Promise<Outcome>((resolve) => setTimeout(() => resolve('failed'), verdictMillis))
      return (await Promise.race([tried, undecided])) === 'refused' && same.size > 0 ? 'refused' : 'lost'
    },

    addressesOf: (peer) => [...(targetOf(peer)?.addresses.keys() ?? [])].map((address) => `${address}/p2p/${peer}`),

    listensAt: (peer) => [...(targetOf(peer)?.addresses.keys() ?? [])].filter((address) => /^\/ip[46]\//.test(address)),

    stop() {
      stopping.abort()
      for (const target of targets) clearTimeout(target.timer)
      targets.clear()
    },
  }
}

const isGiven = ({ addresses }: Target): boolean => [...addresses.values()].some(({ kind }) => kind === 'given')

const isHearsay = ({ addresses }: Target): boolean => [...addresses.values()].every(({ kind }) => kind === 'told')

/** The better ones first; a peer that has moved leaves its old addresses behind. What is known of one better stays known. */
function merged(better: Target['addresses'], other: Target['addresses']): Target['addresses'] {
  const all = new Map<string, Origin>()
  for (const [address, origin] of [...better, ...other]) {
    const known = all.get(address)
    if (known === undefined ? all.size < addressesMax : rank[origin.kind] < rank[known.kind]) all.set(address, origin)
  }
  return all
}

const rank = { given: 0, seen: 1, told: 2 } as const

/** In its canonical form, and the peer id at its end, if it has one. */
function readAddress(text: string): { readonly address: string; readonly peer: PeerId | undefined } {
  const address = parseAddress(text, 'dial')
  if (!address.ok) throw new Failure('address-invalid', `${address.error.message} Not so: ${text}`, { address: text })
  const [at = '', peer] = address.value.split('/p2p/')
  return { address: at, peer: peer as PeerId | undefined }
}

const hostOf = (address: string): string | undefined => {
  const parts = partsOf(address)
  return parts && `${parts.host}%${parts.zone ?? ''}`
}
