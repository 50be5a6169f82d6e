import { parsePeerId } from './ids.ts'
import { type Parsed, parsed, refused } from './result.ts'

/**
 * Addresses as people type them and as peers tell each other, all read here and nowhere else. Inside the program an address is
 * the text of a multiaddr in its one canonical form, so that two texts are the same address exactly when they are equal.
 */

/** `dial`: somebody else's, to connect with. `listen`: an own one, to be reached at. */
export type AddressUse = 'dial' | 'listen'

/** Longest address that is read, in characters: a name of 63 and a peer id fit well. */
export const addressCharsMax = 200

/**
 * `192.168.1.20:4001`, `[fe80::1%eth0]:4001`, `[::1]:0`, `name.local:4001`, or a multiaddr such as
 * `/ip4/192.168.1.20/tcp/4001/p2p/12D3KooW…` and `/ip6zone/eth0/ip6/fe80::1/tcp/4001`. The value is a multiaddr.
 * Refused with `address-invalid` (no form of an address), `address-port`, `address-number` (an IP address that is none),
 * `address-name`, `address-zone`, `address-use` (nobody can be dialled or listened for there) or `address-peer`.
 */
export function parseAddress(text: string, use: AddressUse): Parsed<string> {
  if (text.length > addressCharsMax) {
    return refused('address-invalid', `An address has at most ${addressCharsMax} characters.`)
  }
  if (!/^[\x21-\x7e]+$/.test(text)) {
    return refused('address-invalid', `An address is letters, digits and signs without spaces. ${looksLike(use)}`)
  }
  const parts = text.startsWith('/') ? partsOfMultiaddr(text) : partsOfHostAndPort(text)
  if (parts === undefined) return refused('address-invalid', looksLike(use))
  return join(parts, use)
}

/** What an IP address may be used for, by its numbers alone. */
export type IpKind = 'any' | 'loopback' | 'link-local' | 'multicast' | 'usual'

/** The canonical text of an IPv4 or IPv6 address (RFC 5952), and what it is for; `undefined`: it is none. */
export function readIp(text: string): { readonly family: 4 | 6; readonly text: string; readonly kind: IpKind } | undefined {
  const four = readIp4(text)
  if (four !== undefined) return { family: 4, text: four.join('.'), kind: kindOfIp4(four) }
  const six = readIp6(text)
  return six && { family: 6, text: formatIp6(six), kind: kindOfIp6(six) }
}

/** Where an address leads. */
export interface AddressParts {
  readonly host: string
  readonly zone: string | undefined
  readonly port: number
  readonly isName: boolean
}

/** Takes apart what {@link parseAddress} gave. */
export function partsOf(address: string): AddressParts | undefined {
  const parts = partsOfMultiaddr(address)
  if (parts === undefined || !portPattern.test(parts.port)) return undefined
  const { host, zone, port, protocol } = parts
  return { host, zone, port: Number(port), isName: protocol.startsWith('dns') }
}

/** As short as it can be typed, as `192.168.1.20:4001` or `[fe80::1%eth0]:4001`; without the peer id. */
export function addressText(address: string): string {
  const parts = partsOf(address)
  if (parts === undefined) return address
  const { host, zone, port } = parts
  return host.includes(':') ? `[${host}${zone === undefined ? '' : `%${zone}`}]:${port}` : `${host}:${port}`
}

/** The multiaddr of an IP address as the system writes it, as `fe80::1%eth0`. `undefined` where it is none to dial. */
export const dialAddress = (ip: string, port: number): string | undefined => systemAddress(ip, port, 'dial')

/** The same of an address to listen at. */
export const ownAddress = (ip: string, port: number): string | undefined => systemAddress(ip, port, 'listen')

function systemAddress(ip: string, port: number, use: AddressUse): string | undefined {
  const result = parseAddress(ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`, use)
  return result.ok ? result.value : undefined
}

interface Parts {
  readonly protocol: 'ip4' | 'ip6' | 'ip' | 'dns' | 'dns4' | 'dns6'
  readonly host: string
  readonly zone: string | undefined
  readonly port: string
  readonly peer: string | undefined
}

const looksLike = (use: AddressUse): string =>
  use === 'dial'
    ? 'An address looks like 192.168.1.20:4001, [fe80::1%eth0]:4001, name.local:4001 or /ip4/192.168.1.20/tcp/4001.'
    : 'An address to listen at looks like 0.0.0.0:4001, [::]:4001, name.local:4001 or /ip4/0.0.0.0/tcp/4001.'

function partsOfMultiaddr(text: string): Parts | undefined {
  const pattern = /^(?:\/ip6zone\/([^/]+))?\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/([^/]+)(?:\/p2p\/([^/]+))?$/
  const [, zone, protocol, host, port, peer] = pattern.exec(text) ?? []
  if (protocol === undefined || host === undefined || port === undefined) return undefined
  return { protocol: protocol as Parts['protocol'], host, zone, port, peer }
}

function partsOfHostAndPort(text: string): Parts | undefined {
  const [, six, zone, sixPort] = /^\[([^\]%]+)(?:%([^\]]*))?\]:([^:]+)$/.exec(text) ?? []
  if (six !== undefined && sixPort !== undefined) return { protocol: 'ip6', host: six, zone, port: sixPort, peer: undefined }
  const [, host, port] = /^([^:[\]/%]+):([^:]+)$/.exec(text) ?? []
  if (host === undefined || port === undefined) return undefined
  return { protocol: isNumeric(host) ? 'ip4' : 'dns', host, zone: undefined, port, peer: undefined }
}

/** Whether a name would be taken for an IPv4 address by some program: its last label is a number (WHATWG URL, ends in a number). */
const isNumeric = (host: string): boolean => /(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/i.test(host)

const portPattern = /^(?:0|[1-9]\d{0,4})$/

function join({ protocol, host, zone, port, peer }: Parts, use: AddressUse): Parsed<string> {
  if (!portPattern.test(port) || Number(port) > 65_535 || (use === 'dial' && port === '0')) {
    const range = use === 'dial' ? '1 to 65535' : '0 to 65535, where 0 takes any that is free'
    return refused('address-port', `The port of an address is a whole number from ${range}.`)
  }
  if (peer !== undefined && use === 'listen') {
    return refused('address-peer', 'An address to listen at has no peer id: leave out /p2p/… at its end.')
  }
  if (peer !== undefined && !parsePeerId(peer).ok) {
    return refused('address-peer', 'A peer id at the end of an address is 52 characters that start with 12D3KooW.')
  }
  const at = protocol.startsWith('dns') ? joinName(protocol, host, zone) : joinIp(protocol, host, zone, use)
  return at.ok ? parsed(`${at.value}/tcp/${port}${peer === undefined ? '' : `/p2p/${peer}`}`) : at
}

function joinName(protocol: string, host: string, zone: string | undefined): Parsed<string> {
  if (zone !== undefined) return refused('address-zone', 'A name has no zone.')
  const name = host.endsWith('.') ? host.slice(0, -1) : host
  const label = /^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)$/
  if (isNumeric(host) || name.split('.').some((part) => !label.test(part))) {
    return refused(
      'address-name',
      'A name in an address is letters, digits and hyphens, in parts with dots between, as name.local.',
    )
  }
  return parsed(`/${protocol}/${name.toLowerCase()}`)
}

function joinIp(protocol: string, host: string, zone: string | undefined, use: AddressUse): Parsed<string> {
  const ip = readIp(host)
  if (ip === undefined || `ip${ip.family}` !== protocol) {
    return protocol === 'ip4'
      ? refused('address-number', 'An IPv4 address is four numbers from 0 to 255 without leading zeros, as 192.168.1.20.')
      : refused('address-number', 'An IPv6 address is up to eight groups of hex digits, as fe80::1 or 2001:db8::20.')
  }
  if (ip.kind === 'multicast')
    return refused('address-use', 'That address is one of a group: nobody can be connected with there.')
  if (ip.kind === 'any' && use === 'dial') {
    return refused('address-use', `${ip.text} means every address of one’s own machine: give the other’s own address.`)
  }
  const needsZone = /^fe[89ab]/.test(ip.text)
  if (zone !== undefined && (!needsZone || !/^[A-Za-z0-9._~-]{1,32}$/.test(zone))) {
    return refused('address-zone', 'A zone is the name of a network interface behind an address that starts with fe80.')
  }
  if (needsZone && zone === undefined) {
    return refused('address-zone', `${ip.text} needs its network interface, as [${ip.text}%eth0]:4001.`)
  }
  return parsed(`${zone === undefined ? '' : `/ip6zone/${zone}`}/ip${ip.family}/${ip.text}`)
}

function readIp4(text: string): readonly number[] | undefined {
  const octets = text.split('.')
  // A leading zero means octal to some programs: the same text would lead to different machines.
  if (octets.length !== 4 || !octets.every((octet) => /^(?:0|[1-9]\d{0,2})$/.test(octet))) return undefined
  const numbers = octets.map(Number)
  return numbers.every((number) => number <= 255) ? numbers : undefined
}

/** Eight groups of 16 bits (RFC 4291, section 2.2). */
function readIp6(text: string): readonly number[] | undefined {
  const tail = /^(.*:)([^:]*\..*)$/.exec(text)
  const four = tail === null ? undefined : readIp4(tail[2] ?? '')
  if (tail !== null && four === undefined) return undefined
  const [a = 0, b = 0, c = 0, d = 0] = four ?? []
  const hex = tail === null ? text : `${tail[1]}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  const halves = hex.split('::')
  if (halves.length > 2) return undefined
  const [head = [], rest = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const missing = 8 - head.length - rest.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const groups = [...head, ...Array<string>(missing).fill('0'), ...rest]
  return groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) ? groups.map((group) => Number.parseInt(group, 16)) : undefined
}

/** The longest run of at least two zeros is left out, of equal ones the first (RFC 5952, section 4). */
function formatIp6(groups: readonly number[]): string {
  let [start, length] = [0, 1]
  for (let i = 0; i < 8; i++) {
    let end = i
    while (end < 8 && groups[end] === 0) end++
    if (end - i > length) [start, length] = [i, end - i]
  }
  const hex = groups.map((group) => group.toString(16))
  return length < 2 ? hex.join(':') : `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}

function kindOfIp4([a = 0, b = 0]: readonly number[]): IpKind {
  if (a === 0) return 'any'
  if (a === 127) return 'loopback'
  if (a === 169 && b === 254) return 'link-local'
  // Beyond the groups lie addresses that nobody has, and the one of everybody.
  return a >= 224 ? 'multicast' : 'usual'
}

function kindOfIp6(groups: readonly number[]): IpKind {
  const [a = 0] = groups
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    const [g = 0, h = 0] = groups.slice(6)
    return kindOfIp4([g >> 8, g & 255, h >> 8, h & 255])
  }
  if (groups.slice(0, 7).every((group) => group === 0)) {
    if (groups[7] === 0) return 'any'
    if (groups[7] === 1) return 'loopback'
  }
  if ((a & 0xffc0) === 0xfe80) return 'link-local'
  return a >= 0xff00 ? 'multicast' : 'usual'
}
