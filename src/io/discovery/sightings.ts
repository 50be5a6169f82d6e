import { dialAddress, readIp } from '../../core/address.ts'
import type { PeerId } from '../../core/ids.ts'
import { roomMembersMax } from '../../core/limits.ts'
import type { Sighting } from '../../peer/ports.ts'
import { type Interfaces, isOwn, type Link, linkTo } from './links.ts'
import { cleaned, type Facts, sightingMillis } from './packet.ts'

/**
 * Who was heard lately. Anybody on the network can invent peers without end, so the table is bounded, as a whole and for each
 * machine that is heard from, and tells of what is new at a bounded rate: what has to wait is told later, in its newest form.
 */
export interface Sightings {
  hear(facts: Facts, heard: HeardAt): void
  /** A goodbye: believed of whoever was heard from the same source. */
  forget(peer: PeerId, source: string): void
  /** Once a second: forgets the silent, and tells what had to wait. */
  tick(): void
  readonly list: readonly Sighting[]
}

export interface HeardAt {
  readonly source: string
  /** Where the peer can be dialled, as seen from here, the best first. */
  readonly addresses: readonly string[]
}

const sightingsMax = 512
const perSourceMax = roomMembersMax
/** A machine with several interfaces is heard from several addresses. */
const sourcesMax = 8
const addressesMax = 16
/** Of one peer, in milliseconds. */
const tellAgainMillis = 1_000
const tellsBurst = roomMembersMax
const tellsPerSecond = 16

interface Entry {
  facts: Facts
  at: number
  source: string
  readonly sources: Map<string, { readonly addresses: readonly string[]; readonly at: number }>
  told: string
  toldAt: number
}

export function createSightings(roomName: string, now: () => number, onSighted: (sighting: Sighting) => void): Sightings {
  const entries = new Map<PeerId, Entry>()
  const ownRoom = cleaned(roomName)
  let tells = { left: tellsBurst, at: now() }

  const mayTell = (): boolean => {
    const left = Math.min(tellsBurst, tells.left + ((now() - tells.at) / 1_000) * tellsPerSecond)
    tells = { left: left < 1 ? left : left - 1, at: now() }
    return left >= 1
  }

  const sightingOf = ({ facts, at, sources }: Entry): Sighting => {
    const newestFirst = [...sources.values()].reverse()
    // The address that each source was heard from is the first of its own.
    const addresses = [...newestFirst.map(({ addresses }) => addresses.slice(0, 1)), ...newestFirst.map((one) => one.addresses)]
    const { peer, name, version, hasCode, room } = facts
    return {
      peer,
      name,
      version,
      addresses: [...new Set(addresses.flat())].slice(0, addressesMax),
      roomName: facts.roomName === ownRoom ? roomName : facts.roomName,
      hasCode,
      room,
      at,
    }
  }

  const tell = (entry: Entry): void => {
    const sighting = sightingOf(entry)
    const news = JSON.stringify({ ...sighting, at: 0, addresses: [...sighting.addresses].sort() })
    if (news === entry.told || now() < entry.toldAt + tellAgainMillis || !mayTell()) return
    entry.told = news
    entry.toldAt = now()
    onSighted(sighting)
  }

  const makeRoom = (source: string): void => {
    // A map keeps its entries in the order in which they were put in, and each is put in anew when it is heard.
    const same = [...entries].filter(([, entry]) => entry.source === source)
    const [oldest] = same.length >= perSourceMax ? same : entries.size >= sightingsMax ? entries : []
    if (oldest !== undefined) entries.delete(oldest[0])
  }

  return {
    hear(facts, { source, addresses }) {
      const { peer } = facts
      const known = entries.get(peer)
      if (known === undefined) makeRoom(source)
      const entry = known ?? { facts, at: 0, source, sources: new Map(), told: '', toldAt: Number.NEGATIVE_INFINITY }
      entry.facts = facts
      entry.at = now()
      entry.source = source
      entry.sources.delete(source)
      entry.sources.set(source, { addresses, at: entry.at })
      if (entry.sources.size > sourcesMax) for (const first of entry.sources.keys()) if (entry.sources.delete(first)) break
      entries.delete(peer)
      entries.set(peer, entry)
      tell(entry)
    },
    forget(peer, source) {
      if (entries.get(peer)?.sources.has(source)) entries.delete(peer)
    },
    tick() {
      const oldest = now() - sightingMillis
      for (const [peer, entry] of entries) {
        for (const [source, { at }] of entry.sources) if (at < oldest) entry.sources.delete(source)
        if (entry.at < oldest) entries.delete(peer)
        else tell(entry)
      }
    },
    get list() {
      return [...entries.values()].map(sightingOf)
    },
  }
}

/**
 * What the places that a peer names mean here: the address that it was heard from comes first, with the ports that it names.
 * Its loopback addresses mean this machine only if it is this machine's; one that is valid on a single link gets the zone of
 * the link that it was heard on.
 */
export function addressesOf({ places }: Facts, source: string, links: readonly Link[], interfaces: Interfaces): string[] {
  const [ip = '', zone = linkTo(source, links)?.zone] = source.split('%')
  const from = readIp(ip)
  const isNear = isOwn(source, interfaces)
  const addresses: (string | undefined)[] = []
  for (const { ip: listed, port } of places) {
    const at = readIp(listed)
    if (at === undefined || from === undefined || at.family !== from.family || at.kind === 'loopback') continue
    if (from.kind !== 'loopback') addresses.push(dialAddress(zone !== undefined && isZoned(ip) ? `${ip}%${zone}` : ip, port))
  }
  for (const { ip: listed, port } of places) {
    if (readIp(listed)?.kind === 'loopback' && !isNear) continue
    addresses.push(dialAddress(zone !== undefined && isZoned(listed) ? `${listed}%${zone}` : listed, port))
  }
  return [...new Set(addresses.filter((address) => address !== undefined))].slice(0, addressesMax)
}

const isZoned = (ip: string): boolean => /^fe[89ab]/i.test(ip)
