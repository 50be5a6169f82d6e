import { createSocket } from 'node:dgram'
import { readFile } from 'node:fs/promises'
import { connect, isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { partsOf } from '../core/address.ts'
import type { PeerId } from '../core/ids.ts'
import { wireVersion } from '../core/limits.ts'
import { createDiscovery } from '../io/discovery/discovery.ts'
import { listenForEchoes } from '../io/discovery/echo.ts'
import { type Link, linksOf, linkTo } from '../io/discovery/links.ts'
import { codeOf } from '../io/files.ts'
import { createIdentity } from '../io/identity.ts'
import { numbersOf } from '../io/transport/numbers-of.ts'
import { roomPrologue } from '../io/transport/prologue.ts'
import { type RoomCode, tryRoomCode } from '../io/try-code.ts'
import type { Sighting } from '../peer/ports.ts'
import type { Findings, FoundLink, FoundPeer, RunningFindings, Tried } from './diagnosis.ts'

export interface DoctorOptions {
  /** `undefined`: that of the running peer, or any. */
  readonly room: string | undefined
  /** `undefined`: none was given. */
  readonly code: string | undefined
  /** Multiaddrs to try. */
  readonly addresses: readonly string[]
  /** What the peer of the profile says; `undefined` where none runs. Given up after a while. */
  askRunning(): Promise<Running | undefined>
  /** What is being done, for whoever waits. */
  onProgress(what: string): void
}

/** Each step has its own end, and within one all goes on at once; the last one ends with all of it. */
const listenMillis = 3_300
const connectMillis = 2_000
const allMillis = 9_500
const askMillis = 2_000
/** Peers that are looked at closely, and addresses of each. */
const peersMax = 32
const addressesMax = 6
/** Handshakes cost the other end something, and one for each room says it. */
const handshakesMax = 4

/** Looks at this machine's network from the inside out. Never rejects for what it finds. */
export async function examine(options: DoctorOptions): Promise<Findings> {
  const deadline = performance.now() + allMillis
  options.onProgress('listening')
  // What the code becomes takes a while, and is kept.
  if (options.room !== undefined) roomPrologue(options.room, options.code ?? '').catch(() => {})
  const [running, echoes, heard, defaultRoute] = await Promise.all([
    askRunning(options),
    listenForEchoes(),
    listenForPeers(),
    findDefaultRoute(),
  ])
  const links = linksOf(networkInterfaces())
  const room = options.room ?? running?.found.roomName
  const peers = heard.filter(({ sighting }) => sighting.peer !== running?.self).slice(0, peersMax)

  options.onProgress('connecting')
  const tried = await Promise.all([
    Promise.all(options.addresses.map((address) => tryAddress(address, links))),
    ...peers.map(({ sighting }) =>
      Promise.all(sighting.addresses.slice(0, addressesMax).map((address) => tryAddress(address, links))),
    ),
  ])
  const [given = [], ...ofPeers] = tried
  const found = peers.map(({ sighting, clockOffset }, i): FoundPeer => {
    const { peer, name, version, roomName, hasCode, room: one } = sighting
    const all = ofPeers[i] ?? []
    const isNear = all.some((one) => one.isNear)
    return {
      peer,
      name,
      version,
      roomName,
      hasCode,
      room: one,
      isNear,
      tried: all,
      ...(clockOffset !== undefined && { clockOffset }),
    }
  })

  options.onProgress('trying the room code')
  // The running peer of that room knows its code, and says itself whom it cannot connect with.
  const isOwnRoom = room !== undefined && running?.found.roomName === room
  const mayTry = room !== undefined && (options.code !== undefined || !isOwnRoom)
  const withCodes = mayTry
    ? await tryCodes({ name: room, code: options.code ?? '' }, given, found, deadline)
    : { given, peers: found }
  return {
    room,
    hasCode: options.code !== undefined || isOwnRoom,
    links: links.filter(({ isLoopback }) => !isLoopback).map((link) => foundLink(link, echoes)),
    defaultRoute,
    ...withCodes,
    running: running?.found,
  }
}

function foundLink(link: Link, echoes: Awaited<ReturnType<typeof listenForEchoes>>): FoundLink {
  const echo = echoes.find((one) => one.link.id === link.id)
  const { interfaceName, address } = link
  return { interfaceName, address, echoes: echo?.isHeard ?? false, ...(echo?.reason !== undefined && { reason: echo.reason }) }
}

export interface Running {
  readonly self: string
  readonly found: RunningFindings
}

interface KnownOfSelf extends Pick<RunningFindings, 'otherRooms' | 'notices'> {
  readonly self: string
  /** `undefined`: it is in none. */
  readonly room: { readonly name: string } | undefined
}

interface KnownPeer {
  readonly name: string
  readonly self: boolean
  readonly connected: boolean
  readonly clockOffset?: number | undefined
}

/** Out of what a peer says of itself and of the others, here or over its API. */
export function runningOf({ self, room, otherRooms: rooms, notices }: KnownOfSelf, peers: readonly KnownPeer[]): Running {
  const others = peers.filter((peer) => !peer.self)
  const clockOffsets = others.flatMap(({ name, clockOffset }) => (clockOffset === undefined ? [] : [{ name, clockOffset }]))
  const connected = others.filter((peer) => peer.connected).length
  const otherRooms = rooms.map(({ id, founder, reason }) => ({ id, founder, reason }))
  return { self, found: { roomName: room?.name, connected, clockOffsets, otherRooms, notices } }
}

const askRunning = (options: DoctorOptions): Promise<Running | undefined> =>
  within(
    options.askRunning().catch(() => undefined),
    askMillis,
    undefined,
  )

interface HeardPeer {
  readonly sighting: Sighting
  readonly clockOffset: number | undefined
}

async function listenForPeers(): Promise<readonly HeardPeer[]> {
  const offsets = new Map<PeerId, number>()
  const discovery = createDiscovery({
    self: createIdentity().self,
    // It only listens: it is in no room, and reachable nowhere.
    room: { name: '', hasCode: false },
    listening: () => [],
    onSighted: () => {},
    onClock: (peer, offset) => offsets.set(peer, offset),
    onTrouble: () => {},
  })
  discovery.start()
  await new Promise((resolve) => setTimeout(resolve, listenMillis))
  const { sightings } = discovery
  await discovery.stop()
  return sightings.map((sighting) => ({ sighting, clockOffset: offsets.get(sighting.peer) }))
}

/** A connection to the far end of nowhere is only looked up, and nothing is sent: an address of RFC 5737. */
async function findDefaultRoute(): Promise<Findings['defaultRoute']> {
  const socket = createSocket('udp4')
  try {
    const address = await new Promise<string | undefined>((resolve) => {
      socket.on('error', () => resolve(undefined))
      socket.connect(9, '192.0.2.1', () => resolve(socket.address().address))
    })
    const found = Object.entries(networkInterfaces()).find(([, infos = []]) => infos.some((info) => info.address === address))
    if (found === undefined) return undefined
    const [interfaceName, infos = []] = found
    const isTunnel = tunnelNames.test(interfaceName) || infos.some((info) => info.netmask === '255.255.255.255')
    return { interfaceName, isTunnel }
  } finally {
    socket.close()
  }
}

/** As VPN programs call theirs: Node does not tell what kind an interface is. */
const tunnelNames = /^(?:tun|tap|utun|wg|ppp|ipsec|tailscale|nordlynx|proton|gpd|cscotun|vpn|warp|mullvad)|wireguard|openvpn|vpn/i

/** Connects, and hangs up at once. A name is as good as the best of its addresses: peers dial all of them, too. */
async function tryAddress(address: string, links: readonly Link[]): Promise<Tried> {
  const numbers = await within(
    numbersOf(address).catch(() => []),
    connectMillis,
    [],
  )
  const tried = await Promise.all(numbers.slice(0, addressesMax).map((number) => tryNumber(number, links)))
  const best = tried.find(({ outcome }) => outcome === 'open') ?? tried[0]
  return best === undefined ? { address, outcome: 'no-such-name', isNear: false } : { ...best, address }
}

async function tryNumber(address: string, links: readonly Link[]): Promise<Tried> {
  const parts = partsOf(address)
  if (parts === undefined) return { address, outcome: 'unreachable', isNear: false }
  const host = parts.zone === undefined ? parts.host : `${parts.host}%${parts.zone}`
  const isNear = linkTo(host, links) !== undefined
  const outcome = await connectTo(host, parts.port)
  if (outcome !== 'silent' || !(await hasNoNeighbour(host))) return { address, outcome, isNear }
  return { address, outcome: 'unreachable', isNear }
}

function connectTo(host: string, port: number): Promise<Tried['outcome']> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, family: isIPv6(host.split('%')[0] ?? '') ? 6 : 4 })
    const finish = (outcome: Tried['outcome']): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(outcome)
    }
    const timer = setTimeout(finish, connectMillis, 'silent')
    socket.on('connect', () => finish('open'))
    socket.on('error', (error) => finish(outcomes[codeOf(error) ?? ''] ?? 'unreachable'))
  })
}

const outcomes: Readonly<Record<string, Tried['outcome']>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'refused',
  ETIMEDOUT: 'silent',
  EACCES: 'forbidden',
  EPERM: 'forbidden',
}

/** Whether nobody in the own network answers to an address at all, as Linux knows a moment before it gives up. */
async function hasNoNeighbour(host: string): Promise<boolean> {
  const table = await readFile('/proc/net/arp', 'utf8').catch(() => '')
  const row = table.split('\n').find((line) => line.startsWith(`${host} `))
  return row !== undefined && /^\S+\s+\S+\s+0x0\s/.test(row)
}

/** One peer of each room, and the addresses that a person gave. */
async function tryCodes(
  room: RoomCode,
  given: readonly Tried[],
  peers: readonly FoundPeer[],
  deadline: number,
): Promise<Pick<Findings, 'given' | 'peers'>> {
  const chosen = new Set<Tried>()
  const rooms = new Set<string>()
  for (const tried of given) if (tried.outcome === 'open') chosen.add(tried)
  for (const peer of peers) {
    const open = peer.tried.find(({ outcome }) => outcome === 'open')
    const id = peer.room?.id ?? peer.peer
    if (open === undefined || peer.roomName !== room.name || peer.version !== wireVersion || rooms.has(id)) continue
    // That none was given where one is needed need not be tried.
    if (peer.hasCode && room.code === '') continue
    rooms.add(id)
    chosen.add(open)
  }
  const results = new Map<Tried, Tried>()
  await Promise.all(
    [...chosen].slice(0, handshakesMax).map(async (tried) => {
      const millis = Math.max(0, deadline - performance.now())
      const handshake = await within(tryRoomCode(tried.address, room, millis), millis, undefined)
      results.set(tried, { ...tried, handshake })
    }),
  )
  const replaced = (all: readonly Tried[]): readonly Tried[] => all.map((tried) => results.get(tried) ?? tried)
  return { given: replaced(given), peers: peers.map((peer) => ({ ...peer, tried: replaced(peer.tried) })) }
}

function within<T>(task: Promise<T>, millis: number, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(resolve, millis, otherwise)
  })
  return Promise.race([task, late]).finally(() => clearTimeout(timer))
}
