import { type Answer, decode, encode, type Packet } from 'dns-packet'
import { readIp } from '../../core/address.ts'
import { type PeerId, parsePeerId } from '../../core/ids.ts'
import { nameCharsMax } from '../../core/limits.ts'
import { printable } from '../../core/safe-text.ts'
import type { Sighting } from '../../peer/ports.ts'
import type { Testimony } from './copies.ts'

/**
 * What goes over the network: questions and answers of multicast DNS (RFC 6762) for one service (RFC 6763), the same for all
 * rooms, so that people can be told of the others. A peer's answer has all that is known of it in one packet.
 */

/** An IP address without a zone, which means something to its sender only, and a port. */
export interface Place {
  readonly ip: string
  readonly port: number
}

/** What a peer says of itself. */
export interface Facts extends Pick<Sighting, 'version' | 'name' | 'roomName' | 'hasCode' | 'room'> {
  readonly peer: PeerId
  readonly places: readonly Place[]
  /** Its wall clock, seconds since 1970; `undefined`: it did not say. */
  readonly clock: number | undefined
  /** For copies of the same peer. */
  readonly testimony?: Testimony
}

export interface Heard {
  /** Whoever sent this asks who is there. */
  readonly asks: boolean
  readonly facts: readonly Facts[]
  /** These have gone. */
  readonly gone: readonly PeerId[]
}

const service = '_gavelring._udp.local'
/** Seconds for which others may keep an answer; ours keep it for {@link sightingMillis}. */
const ttlSeconds = 75
/** How long a peer counts as there since it was last heard: three of its packets may be lost. */
export const sightingMillis = 1_000 * ttlSeconds
/** What every network carries in one piece. */
const packetBytesMax = 1_400
const placesMax = 16
/** No packet of ours has more; a header may claim 4 times 65,535 records, and the decoder makes room for all. */
const recordsMax = 64
/** Of one packet. */
const factsMax = 4

export function encodeQuestion(): Buffer {
  return encode({ type: 'query', questions: [{ name: service, type: 'PTR' }] })
}

/** As many places as one packet holds, the first ones. */
export function encodeFacts(facts: Facts): Buffer {
  for (let count = Math.min(facts.places.length, placesMax); ; count--) {
    const packet = encode({ type: 'response', flags: authoritative, answers: answers(facts, count, ttlSeconds) })
    if (packet.length <= packetBytesMax || count === 0) return packet
  }
}

/** The peer goes. */
export function encodeGoodbye(facts: Facts): Buffer {
  return encode({ type: 'response', flags: authoritative, answers: answers(facts, 0, 0) })
}

/** Never throws; `undefined`: nothing in it is of this service. */
export function decodePacket(bytes: Buffer): Heard | undefined {
  // Most of what is heard is of other programs, and not worth taking apart.
  if (bytes.length < 12 || !bytes.includes('_gavelring')) return undefined
  const records = [4, 6, 8, 10].reduce((sum, at) => sum + bytes.readUInt16BE(at), 0)
  if (records > recordsMax) return undefined
  let packet: Packet
  try {
    packet = decode(bytes)
  } catch {
    return undefined
  }
  if (packet.type === 'query') {
    const asks = (packet.questions ?? []).some(({ name, type }) => isService(name) && type === 'PTR')
    return asks ? { asks, facts: [], gone: [] } : undefined
  }
  const gone: PeerId[] = []
  const facts: Facts[] = []
  for (const answer of packet.answers ?? []) {
    if (answer.type !== 'TXT' || facts.length + gone.length === factsMax) continue
    const peer = peerIn(answer.name)
    if (peer === undefined) continue
    if (answer.ttl === 0) gone.push(peer)
    else facts.push(...factsIn(peer, answer.data))
  }
  return facts.length + gone.length === 0 ? undefined : { asks: false, facts, gone }
}

/** RFC 1035, section 4.1.1: who answers knows it at first hand. */
const authoritative = 1 << 10

/** Pointer, server and text, as any browser of services shows them, and the addresses for those that follow them. */
function answers(facts: Facts, placesCount: number, ttl: number): Answer[] {
  const instance = `${facts.peer}.${service}`
  const target = `${facts.peer}.local`
  const places = facts.places.slice(0, placesCount)
  const port = places[0]?.port ?? 0
  return [
    { name: service, type: 'PTR', ttl, data: instance },
    { name: instance, type: 'SRV', ttl, flush: true, data: { target, port } },
    { name: instance, type: 'TXT', ttl, flush: true, data: texts(facts, places) },
    ...places
      .filter((place) => place.port === port)
      .map(({ ip }): Answer => ({ name: target, type: ip.includes(':') ? 'AAAA' : 'A', ttl, flush: true, data: ip })),
  ]
}

/** What others write is read with the same letters: `v` version, `r` room, `i` its id's start, `at` a place, and so on. */
function texts({ version, name, roomName, hasCode, room, clock, testimony }: Facts, places: readonly Place[]): string[] {
  return [
    `v=${version}`,
    `n=${name}`,
    `r=${roomName}`,
    `c=${hasCode ? 1 : 0}`,
    ...(room === undefined
      ? []
      : [`i=${room.id}`, `f=${room.founder}`, `m=${room.members}`, `t=${Math.floor(room.founded / 1_000)}`]),
    ...(clock === undefined ? [] : [`w=${Math.floor(clock)}`]),
    ...(testimony === undefined ? [] : [`s=${testimony.start}`]),
    ...(testimony?.proof === undefined ? [] : [`p=${testimony.proof}`]),
    ...places.map(({ ip, port }) => (ip.includes(':') ? `at=[${ip}]:${port}` : `at=${ip}:${port}`)),
  ]
}

/** None where the texts cannot be of a peer. */
function factsIn(peer: PeerId, data: unknown): readonly Facts[] {
  const texts = (Array.isArray(data) ? data : [data]).filter((text) => text instanceof Uint8Array)
  if (texts.length > recordsMax) return []
  const values = new Map<string, string>()
  const places: Place[] = []
  for (const text of texts) {
    const [, key, value] = /^([a-z]+)=(.*)$/su.exec(Buffer.from(text).toString('utf8')) ?? []
    if (key === undefined || value === undefined) continue
    if (key === 'at') places.push(...placeIn(value))
    else if (!values.has(key)) values.set(key, value)
  }
  const version = wholeNumber(values.get('v'), 5)
  const roomName = cleaned(values.get('r'))
  if (version === undefined || roomName === '') return []
  return [
    {
      peer,
      version,
      name: cleaned(values.get('n')),
      roomName,
      hasCode: values.get('c') === '1',
      room: roomIn(values),
      places: places.slice(0, placesMax),
      clock: wholeNumber(values.get('w'), 11),
      ...testimonyIn(values),
    },
  ]
}

function roomIn(values: ReadonlyMap<string, string>): Facts['room'] {
  const id = values.get('i') ?? ''
  const [members, founded] = [wholeNumber(values.get('m'), 6), wholeNumber(values.get('t'), 11)]
  if (!/^[0-9a-f]{16}$/.test(id) || members === undefined || founded === undefined) return undefined
  return { id, founder: cleaned(values.get('f')), members, founded: 1_000 * founded }
}

function testimonyIn(values: ReadonlyMap<string, string>): Pick<Facts, 'testimony'> {
  const start = values.get('s')
  return start === undefined || !/^[0-9a-f]{32}$/.test(start) ? {} : { testimony: { start, proof: values.get('p') } }
}

function placeIn(text: string): readonly Place[] {
  const [, six, four, port] = /^(?:\[([0-9a-f:.]{2,45})\]|([0-9.]{7,15})):([1-9]\d{0,4})$/i.exec(text) ?? []
  const ip = readIp(six ?? four ?? '')
  if (ip === undefined || Number(port) > 65_535 || ip.kind === 'any' || ip.kind === 'multicast') return []
  return [{ ip: ip.text, port: Number(port) }]
}

function wholeNumber(text: string | undefined, digitsMax: number): number | undefined {
  return text !== undefined && /^\d+$/.test(text) && text.length <= digitsMax ? Number(text) : undefined
}

/** A name as it may be shown: anybody can say anything. */
export function cleaned(text: string | undefined): string {
  return printable(text ?? '')
    .trim()
    .slice(0, nameCharsMax)
    .toWellFormed()
}

const isService = (name: string): boolean => name.toLowerCase() === service

/** Names in DNS are alike whatever their case, but keep it on their way; peer ids depend on it. */
function peerIn(name: string): PeerId | undefined {
  const end = name.indexOf('.')
  if (end < 0 || !isService(name.slice(end + 1))) return undefined
  const peer = parsePeerId(name.slice(0, end))
  return peer.ok ? peer.value : undefined
}
