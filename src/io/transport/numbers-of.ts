import { lookup } from 'node:dns/promises'
import { dialAddress, partsOf } from '../../core/address.ts'

const families = { dns: 0, dns4: 4, dns6: 6 } as const

/**
 * The addresses by number that a name has just now, as the system resolves it; a laptop's changes with its network, so it is
 * asked for at each try. An address by number is its own. Rejects where the name is not known.
 */
export async function numbersOf(address: string): Promise<readonly string[]> {
  const parts = partsOf(address)
  if (parts?.isName !== true) return [address]
  const protocol = address.split('/')[1] as keyof typeof families
  const found = await lookup(parts.host, { all: true, family: families[protocol] })
  return found.flatMap((one) => dialAddress(one.address, parts.port) ?? [])
}
