import { once } from 'node:events'
import { connect } from 'node:net'
import type { Multiaddr } from '@multiformats/multiaddr'
import { hostAndPort } from './tcp.ts'

/** For how long one is waited for, in milliseconds: on a LAN it takes a few. */
const answerMillis = 1_000

/**
 * The first of these addresses that takes a connection; `undefined`: none does soon, or `ended`. A peer tells all of its addresses,
 * and some lead nowhere from here: behind a firewall, or in another network. libp2p tries one after the other, and waits for seconds
 * at each from which nothing comes back.
 */
export async function firstToAnswer(addresses: readonly Multiaddr[], ended: AbortSignal): Promise<Multiaddr | undefined> {
  const found = new AbortController()
  const signal = AbortSignal.any([ended, found.signal, AbortSignal.timeout(answerMillis)])
  const knock = async (address: Multiaddr): Promise<Multiaddr> => {
    const socket = connect(hostAndPort(address))
    try {
      await once(socket, 'connect', { signal })
      return address
    } finally {
      socket.destroy()
    }
  }
  try {
    return await Promise.any(addresses.map(knock))
  } catch {
    return undefined
  } finally {
    found.abort()
  }
}
