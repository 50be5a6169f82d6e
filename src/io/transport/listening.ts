import { lookup } from 'node:dns/promises'
import { type AddressParts, addressText, ownAddress, partsOf, readIp } from '../../core/address.ts'
import { Failure } from '../../core/failure.ts'
import { type Interfaces, zonesOf } from '../discovery/links.ts'
import { familyOf } from './numbers-of.ts'

/**
 * Where to listen, by number. A name stands for those of its addresses that are this machine's: it may have others, of machines
 * that share it. Fails with `address-invalid` where a name is not known, or an address or all those of a name are not this
 * machine's: the system would say no more than that it cannot be.
 */
export async function listensHere(
  wanted: readonly string[],
  interfaces: Interfaces,
  resolve: Resolve = resolveName,
): Promise<readonly string[]> {
  const found = await Promise.all(wanted.map((address) => oneHere(address, interfaces, resolve)))
  return [...new Set(found.flat())]
}

/** The addresses of a name as the system writes them, of one family or of both (0). */
type Resolve = (host: string, family: 0 | 4 | 6) => Promise<readonly string[]>

const resolveName: Resolve = async (host, family) => (await lookup(host, { all: true, family })).map(({ address }) => address)

async function oneHere(address: string, interfaces: Interfaces, resolve: Resolve): Promise<readonly string[]> {
  const parts = partsOf(address)
  // What is no address is refused where the node is made.
  if (parts === undefined) return [address]
  if (!parts.isName) {
    if (isHere(parts, interfaces)) return [address]
    throw refusal(address, `${hostText(parts)} is no address of this machine: ${here(interfaces)}`)
  }
  const { host, port } = parts
  const numbers = await resolve(host, familyOf(address)).catch((error: unknown): never => {
    throw refusal(address, `The name ${host} is not known here, so nothing can be listened at there.`, error)
  })
  const all = numbers.flatMap((number) => ownAddress(number, port) ?? [])
  const own = all.filter((one) => isHere(partsOf(one), interfaces))
  if (own.length > 0) return own
  throw refusal(address, `${host} is ${numbers.join(', ')}, and no address of this machine: ${here(interfaces)}`)
}

const refusal = (address: string, message: string, cause?: unknown): Failure =>
  new Failure('address-invalid', message, { address: addressText(address) }, { cause })

/** All of 127.0.0.0/8 is, though an interface names one of it only. */
function isHere(parts: AddressParts | undefined, interfaces: Interfaces): boolean {
  const ip = parts && readIp(parts.host)
  if (parts === undefined || ip === undefined) return false
  if (ip.kind === 'any' || (ip.family === 4 && ip.kind === 'loopback')) return true
  return Object.entries(interfaces).some(([name, infos = []]) =>
    infos.some(
      (info) => readIp(info.address)?.text === ip.text && (parts.zone === undefined || zonesOf(name, info).includes(parts.zone)),
    ),
  )
}

function here(interfaces: Interfaces): string {
  const own = Object.entries(interfaces).flatMap(([name, infos = []]) =>
    infos.map((info) =>
      readIp(info.address)?.kind === 'link-local' && info.family === 'IPv6' ? `${info.address}%${name}` : info.address,
    ),
  )
  return `it has ${own.join(', ') || 'none'}. Listen at one of these, or at 0.0.0.0 or [::] for all.`
}

const hostText = ({ host, zone }: AddressParts): string => (zone === undefined ? host : `${host}%${zone}`)

/**
 * What discovery makes known: the addresses of `listen`, with the ports that they really have where 0 was asked for.
 * `actual`: where the node listens; it has no 0.0.0.0 and no ::, but all that these stand for, other than addresses of one link.
 */
export function listeningAt(listen: readonly string[], actual: readonly string[]): readonly string[] {
  return listen.flatMap((wanted) => {
    const parts = partsOf(wanted)
    if (parts === undefined || parts.port !== 0) return [wanted]
    const isAny = parts.host === '0.0.0.0' || parts.host === '::'
    const family = wanted.split('/')[1]
    const found = actual.find((address) => address.split('/')[1] === family && (isAny || partsOf(address)?.host === parts.host))
    const port = found && partsOf(found)?.port
    return port === undefined ? [] : [wanted.replace(/\/tcp\/0$/, `/tcp/${port}`)]
  })
}
