import { BlockList } from 'node:net'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'
import { partsOf, readIp } from '../../core/address.ts'

/**
 * Which of the addresses that others tell are worth a dial. Whoever knows the room code, and on a local network anybody, can
 * tell any address of anybody: without this a room would knock at doors that have nothing to do with it. `teller`: the address that a connection with whoever told it comes from;
 * `undefined`: discovery heard it, which has left out already what is loopback to another machine.
 */
export type Plausible = (address: string, teller: string | undefined) => boolean

/** From how far away an address can be reached. */
type Reach = 'loopback' | 'link-local' | 'private' | 'public'

const lookMillis = 5_000

/** `own`: where this peer listens. */
export function createPlausible(
  own: () => readonly string[],
  interfaces: typeof networkInterfaces = networkInterfaces,
): Plausible {
  let lookedAt = Number.NEGATIVE_INFINITY
  let reaches: ReadonlySet<Reach | undefined> = new Set()

  const look = (): void => {
    if (performance.now() - lookedAt < lookMillis) return
    lookedAt = performance.now()
    const infos = Object.values(interfaces()).flatMap((list: NetworkInterfaceInfo[] = []) => list)
    reaches = new Set(infos.map(({ address }) => reachOfIp(address)))
  }

  return (address, teller) => {
    const reach = reachOf(address)
    if (reach === undefined || own().includes(address)) return false
    const tellerReach = teller === undefined ? undefined : reachOf(teller)
    // What is loopback to another machine would lead to this one.
    if (reach === 'loopback') return teller === undefined || tellerReach === 'loopback'
    look()
    // On a network of private addresses nobody listens at a public one, unless somebody came from there.
    return reaches.has(reach) || tellerReach === reach
  }
}

/** Whether an address means this very machine, wherever it is read. */
export const isLoopback = (address: string): boolean => reachOf(address) === 'loopback'

/** `undefined`: a name, or no address to dial. */
function reachOf(address: string): Reach | undefined {
  const parts = partsOf(address)
  return parts === undefined || parts.isName || parts.port === 0 ? undefined : reachOfIp(parts.host)
}

function reachOfIp(text: string): Reach | undefined {
  const ip = readIp(text)
  switch (ip?.kind) {
    case undefined:
    case 'any':
    case 'multicast':
      return undefined
    case 'loopback':
    case 'link-local':
      return ip.kind
    case 'usual':
      return locals.check(ip.text, ip.family === 4 ? 'ipv4' : 'ipv6') ? 'private' : 'public'
  }
}

/** RFC 1918, RFC 6598 (overlay networks use it) and RFC 4193. */
const locals = new BlockList()
for (const [network, bits] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
] as const)
  locals.addSubnet(network, bits, 'ipv4')
locals.addSubnet('fc00::', 7, 'ipv6')
