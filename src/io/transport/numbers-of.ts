import { lookup } from 'node:dns/promises'
import { dialAddress, partsOf } from '../../core/address.ts'

/** Which addresses of a name are asked for; 0: all. */
export function familyOf(address: string): 0 | 4 | 6 {
  const [, protocol] = address.split('/')
  return protocol === 'dns4' ? 4 : protocol === 'dns6' ? 6 : 0
}

/**
 * The addresses by number that a name has just now, as the system resolves it; a laptop's changes with its network, so it is
 * asked for at each try. An address by number is its own. Rejects where the name is not known.
 */
export async function numbersOf(address: string): Promise<readonly string[]> {
  const parts = partsOf(address)
  if (parts?.isName !== true) return [address]
  const found = await lookup(parts.host, { all: true, family: familyOf(address) })
  return found.flatMap((one) => dialAddress(one.address, parts.port) ?? [])
}
