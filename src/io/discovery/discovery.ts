import type { PeerId } from '../../core/ids.ts'
import { wireVersion } from '../../core/limits.ts'
import type { Announcement, Sighting } from '../../peer/ports.ts'
import type { Copies } from './copies.ts'
import { type Interfaces, type Link, linkTo, placesOn } from './links.ts'
import { cleaned, decodePacket, encodeFacts, encodeGoodbye, encodeQuestion, type Facts } from './packet.ts'
import { addressesOf, createSightings } from './sightings.ts'
import { createSockets, type DiscoveryTrouble } from './sockets.ts'

export type { DiscoveryTrouble } from './sockets.ts'

export interface DiscoveryOptions {
  readonly self: PeerId
  readonly room: { readonly name: string; readonly hasCode: boolean }
  /**
   * Multiaddrs that the peer listens at just now, with their real ports; `0.0.0.0` and `::` stand for all addresses of the
   * machine. None: it listens nowhere, and is not made known.
   */
  listening(): readonly string[]
  /** A peer is heard for the first time, or what it makes known has changed; at most so often as `createSightings` says. */
  onSighted(sighting: Sighting): void
  /** A peer's wall clock minus ours, in milliseconds, each time that it is heard; it says whole seconds. */
  onClock?(peer: PeerId, offsetMillis: number): void
  onTrouble(trouble: DiscoveryTrouble): void
  /** Of this peer's profile; default: nobody looks for any. */
  readonly copies?: Copies
  /** Default: all of the machine. */
  interfaces?(): Interfaces
}

/** Finds peers on all networks of this machine, of this room and of others, and lets this one be found. */
export interface Discovery {
  /** Asks at once. Never fails: what does not work is told as trouble, once, and tried again. */
  start(): void
  /** What is made known from now on. */
  announce(announcement: Announcement): void
  readonly sightings: readonly Sighting[]
  /** Says goodbye, so that others need not wait to miss this peer. */
  stop(): Promise<void>
}

/** Interfaces come and go, and no system tells Node. */
const lookMillis = 5_000
/** An address that is only just being set up cannot be sent from at once: so soon, and so often, it is tried again. */
const lookAgainMillis = 500
const lookAgainMax = 10
/** Who comes asks and tells, several times, since packets get lost; after that telling is enough: everybody does. */
const pausesMillis = [1_000, 2_000, 4_000, 8_000, 16_000]
const tellMillis = 20_000
/** RFC 6762, section 6: whoever asks, and how many, a network hears the same again only after a second. */
const tellAgainMillis = 1_000
/** RFC 6762, section 6: many are asked at once, and must not all answer at once. */
const answerMillis = { least: 20, most: 120 }
const tickMillis = 1_000
/** Packets of our service that are looked at, in a second: of one machine, and of all; and machines. */
const packetsMax = { perSource: 256, all: 2_000, sources: 512 }

export function createDiscovery(options: DiscoveryOptions): Discovery {
  const { self, room, listening, onTrouble, copies } = options
  const sightings = createSightings(room.name, () => performance.now(), options.onSighted)
  const question = encodeQuestion()
  const pulses = new Map<string, Pulse>()
  let announcement: Announcement = { name: '', room: undefined }
  let timers: readonly NodeJS.Timeout[] = []
  let looking: NodeJS.Timeout | undefined
  let flood = { all: 0, sources: new Map<string, number>() }

  const onPacket = (bytes: Buffer, source: string): void => {
    if (!mayLookAt(source)) return
    const heard = decodePacket(bytes)
    if (heard === undefined) return
    if (heard.asks) answer(source)
    for (const facts of heard.facts) {
      if (facts.peer === self) {
        const isNews = facts.testimony !== undefined && facts.roomName === cleaned(room.name) && copies?.hear(facts.testimony)
        if (isNews === true) tellAll()
        continue
      }
      sightings.hear(facts, { source, addresses: addressesOf(facts, source, sockets.links, sockets.interfaces) })
      if (facts.clock !== undefined) options.onClock?.(facts.peer, 1_000 * facts.clock - Date.now())
    }
    for (const peer of heard.gone) sightings.forget(peer, source)
  }

  const tellAll = (): void => {
    for (const pulse of pulses.values()) pulse.tellSoon(0)
  }

  const mayLookAt = (source: string): boolean => {
    const count = flood.sources.get(source) ?? 0
    if (flood.all >= packetsMax.all || count >= packetsMax.perSource) return false
    if (count === 0 && flood.sources.size >= packetsMax.sources) return false
    flood.all++
    flood.sources.set(source, count + 1)
    return true
  }

  /** Where the question came from; everywhere, if nobody knows where that is. */
  const answer = (source: string): void => {
    const link = linkTo(source, sockets.links)
    const delay = answerMillis.least + Math.random() * (answerMillis.most - answerMillis.least)
    for (const one of link === undefined ? sockets.links : [link]) pulses.get(one.id)?.tellSoon(delay)
  }

  const factsOn = (link: Link): Facts | undefined => {
    const places = placesOn(link, listening(), sockets.interfaces)
    if (places.length === 0) return undefined
    const { name, room: own } = announcement
    return {
      peer: self,
      version: wireVersion,
      name: cleaned(name),
      roomName: room.name,
      hasCode: room.hasCode,
      room: own && { id: own.id.slice(0, 16), founder: cleaned(own.founder), members: own.members, founded: own.founded },
      places,
      clock: Date.now() / 1_000,
      ...(copies && { testimony: copies.said() }),
    }
  }

  const sockets = createSockets(
    {
      onPacket,
      onTrouble,
      onOpen(link) {
        const pulse = createPulse(
          () => sockets.send(link, question),
          () => {
            const facts = factsOn(link)
            if (facts !== undefined) sockets.send(link, encodeFacts(facts))
          },
        )
        pulses.get(link.id)?.stop()
        pulses.set(link.id, pulse)
      },
    },
    options.interfaces,
  )

  const look = (again = 0): void => {
    const before = JSON.stringify(sockets.interfaces)
    const isWanting = sockets.look()
    if (isWanting && again < lookAgainMax) looking = setTimeout(look, lookAgainMillis, again + 1)
    else looking = setTimeout(look, lookMillis, isWanting ? again : 0)
    const links = new Set(sockets.links.map(({ id }) => id))
    for (const [id, pulse] of pulses) {
      if (links.has(id)) continue
      pulse.stop()
      pulses.delete(id)
    }
    // The other links tell of the machine's new addresses, too.
    if (JSON.stringify(sockets.interfaces) !== before) for (const pulse of pulses.values()) pulse.restart()
  }

  const tick = (): void => {
    flood = { all: 0, sources: new Map() }
    sightings.tick()
  }

  return {
    start() {
      look()
      timers = [setInterval(tick, tickMillis)]
    },
    announce(next) {
      if (JSON.stringify(next) === JSON.stringify(announcement)) return
      announcement = next
      tellAll()
    },
    get sightings() {
      return sightings.list
    },
    async stop() {
      clearTimeout(looking)
      for (const timer of timers) clearInterval(timer)
      for (const pulse of pulses.values()) pulse.stop()
      pulses.clear()
      for (const link of sockets.links) {
        const facts = factsOn(link)
        if (facts !== undefined) sockets.send(link, encodeGoodbye(facts))
      }
      await sockets.close()
    },
  }
}

/** When one link asks and tells. */
interface Pulse {
  /** After so many milliseconds, or later where it has told only just now. */
  tellSoon(millis: number): void
  /** Asks and tells as if it had just come. */
  restart(): void
  stop(): void
}

function createPulse(ask: () => void, tell: () => void): Pulse {
  let told = Number.NEGATIVE_INFINITY
  let telling: NodeJS.Timeout | undefined
  let beating: NodeJS.Timeout | undefined

  const tellSoon = (millis: number): void => {
    if (telling !== undefined) return
    const wait = Math.max(millis, told + tellAgainMillis - performance.now())
    telling = setTimeout(() => {
      telling = undefined
      told = performance.now()
      tell()
    }, wait)
  }
  const beat = (count: number): void => {
    const pause = pausesMillis[count]
    if (count <= pausesMillis.length) ask()
    tellSoon(0)
    beating = setTimeout(() => beat(count + 1), pause ?? tellMillis)
  }
  const restart = (): void => {
    clearTimeout(beating)
    beat(0)
  }
  restart()
  return {
    tellSoon,
    restart,
    stop() {
      clearTimeout(beating)
      clearTimeout(telling)
    },
  }
}
