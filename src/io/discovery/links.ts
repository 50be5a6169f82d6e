import { BlockList, isIPv6 } from 'node:net'
import type { NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { dialAddress, partsOf, readIp } from '../../core/address.ts'
import type { Place } from './packet.ts'

/** One way out to a network: an interface with an address to send from. Discovery has a socket for each. */
export interface Link {
  /** Names the link and all that a socket depends on: where any of it changes, it is another link. */
  readonly id: string
  readonly interfaceName: string
  readonly family: 4 | 6
  /** Where its packets come from; of IPv6 the address that is valid on this link only. Without its zone. */
  readonly address: string
  /** What stands behind an IPv6 address that is valid on this link only, as `eth0`; `undefined`: it has none. */
  readonly zone: string | undefined
  readonly isLoopback: boolean
  /** Whether the address is of this link's network, by its numbers. */
  contains(address: string): boolean
}

export type Interfaces = ReturnType<typeof networkInterfaces>

/**
 * The links of a machine. An interface with several IPv4 addresses has one for each, since other machines may drop what comes
 * from outside of their own network; with several of IPv6 it has one, for what is sent there by multicast comes from its
 * link-local address anyway. A tunnel to a single other end (a mask of all bits, as VPNs have) is no network to be found on.
 */
export function linksOf(interfaces: Interfaces): readonly Link[] {
  return Object.entries(interfaces).flatMap(([name, infos = []]) => [
    ...infos
      .filter((info) => info.family === 'IPv4' && (info.internal || !isTunnel(info)))
      .map((info) => ip4Link(name, info, infos.find(isIp6LinkLocal))),
    // The loopback interface carries no multicast over IPv6; over IPv4 it does, and IPv6 addresses are told there.
    ...infos
      .filter((info) => isIp6LinkLocal(info) && !info.internal)
      .slice(0, 1)
      .map((info) => ip6Link(name, info, infos)),
  ])
}

/**
 * Where a peer that listens at these multiaddrs can be reached from a link: its own addresses first, the machine's others after
 * them, since a network may lead there. Loopback addresses, and those that are valid on one link only, are told there only.
 */
export function placesOn(link: Link, listening: readonly string[], interfaces: Interfaces): readonly Place[] {
  const names = Object.keys(interfaces).sort(
    (a, b) => Number(b === link.interfaceName) - Number(a === link.interfaceName) || Number(a > b) - Number(a < b),
  )
  const own = names.flatMap((name) => (interfaces[name] ?? []).filter((info) => isKnownOn(link, name, info)))
  return listening.flatMap((address) => {
    const at = partsOf(address)
    const ip = at && readIp(at.host)
    if (at === undefined || ip === undefined) return []
    return own
      .filter((info) => info.family === `IPv${ip.family}` && (ip.kind === 'any' || info.address === ip.text))
      .map((info) => ({ ip: info.address, port: at.port }))
  })
}

function isKnownOn(link: Link, name: string, info: NetworkInterfaceInfo): boolean {
  if (info.internal) return link.isLoopback
  return !isIp6LinkLocal(info) || name === link.interfaceName
}

/**
 * Multiaddrs of a peer that listens at these, but only those that are valid on one link, each with its interface. They are of
 * little use to tell others, since the interface is called otherwise there; where a machine has no others they are all there is.
 */
export function linkLocalsOf(listening: readonly string[], interfaces: Interfaces): readonly string[] {
  const own = Object.entries(interfaces).flatMap(([name, infos = []]) =>
    infos.flatMap((info) => (readIp(info.address)?.kind === 'link-local' ? [{ name, info }] : [])),
  )
  return listening.flatMap((address) => {
    const at = partsOf(address)
    const ip = at && readIp(at.host)
    if (at === undefined || ip === undefined) return []
    return own.flatMap(({ name, info }) => {
      if (info.family !== `IPv${ip.family}` || (ip.kind !== 'any' && info.address !== ip.text)) return []
      return dialAddress(info.family === 'IPv6' ? `${info.address}%${zoneOf(name, info)}` : info.address, at.port) ?? []
    })
  })
}

/** Whether packets from this address come from this very machine. */
export function isOwn(source: string, interfaces: Interfaces): boolean {
  const [ip] = source.split('%')
  return Object.values(interfaces).some((infos = []) => infos.some(({ address }) => address === ip))
}

/** Whence a packet came, as far as its source tells; `undefined`: from no network that this machine is in. */
export function linkTo(source: string, links: readonly Link[]): Link | undefined {
  const [ip = '', zone] = source.split('%')
  const family = isIPv6(ip) ? 6 : 4
  return links.find((link) => link.family === family && (zone === undefined ? link.contains(ip) : link.zone === zone))
}

function ip4Link(interfaceName: string, info: NetworkInterfaceInfo, six: NetworkInterfaceInfo | undefined): Link {
  return {
    id: [interfaceName, 4, info.cidr, info.mac].join(' '),
    interfaceName,
    family: 4,
    address: info.address,
    zone: six && zoneOf(interfaceName, six),
    isLoopback: info.internal,
    contains: containedIn([info]),
  }
}

function ip6Link(interfaceName: string, info: NetworkInterfaceInfo, all: readonly NetworkInterfaceInfo[]): Link {
  const zone = zoneOf(interfaceName, info)
  return {
    id: [interfaceName, 6, info.cidr, info.mac, zone, info.scopeid].join(' '),
    interfaceName,
    family: 6,
    address: info.address,
    zone,
    isLoopback: false,
    contains: containedIn(all.filter(({ family }) => family === 'IPv6')),
  }
}

function containedIn(infos: readonly NetworkInterfaceInfo[]): (address: string) => boolean {
  const networks = new BlockList()
  for (const { cidr, family } of infos) {
    const [network, bits] = cidr?.split('/') ?? []
    if (network !== undefined) networks.addSubnet(network, Number(bits), family === 'IPv6' ? 'ipv6' : 'ipv4')
  }
  return (address) => networks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

const isTunnel = (info: NetworkInterfaceInfo): boolean => info.netmask === '255.255.255.255'

const isIp6LinkLocal = (info: NetworkInterfaceInfo): boolean =>
  info.family === 'IPv6' && readIp(info.address)?.kind === 'link-local'

/** What may stand behind the address of one link: its interface by name or by number. */
export const zonesOf = (interfaceName: string, info: NetworkInterfaceInfo): readonly string[] => [
  interfaceName,
  ...(info.scopeid === undefined ? [] : [String(info.scopeid)]),
]

/** Windows numbers its interfaces where other systems name them. */
const zoneOf = (interfaceName: string, info: NetworkInterfaceInfo): string =>
  process.platform === 'win32' ? String(info.scopeid) : interfaceName
