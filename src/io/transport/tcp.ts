import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import {
  type ComponentLogger,
  type Connection,
  type CreateListenerOptions,
  type DialTransportOptions,
  type Listener,
  type ListenerEvents,
  type Transport,
  TypedEventEmitter,
  transportSymbol,
} from '@libp2p/interface'
import { getThinWaistAddresses } from '@libp2p/utils'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { dialAddress, partsOf } from '../../core/address.ts'
import { roomMembersMax } from '../../core/limits.ts'
import { SocketConnection } from './socket-connection.ts'

/**
 * TCP, on libp2p's public interfaces and base classes. Its own `@libp2p/tcp` neither dials the addresses of one link
 * (`fe80::1%eth0`: it leaves the zone out) nor lets anybody in from there, has no bound for connections that are not upgraded
 * yet but one that a single host can use up, and sends each piece of a message in a packet of its own.
 */
export function tcp(): (components: { readonly logger: ComponentLogger }) => Transport {
  return ({ logger }) => ({
    [transportSymbol]: true,
    [Symbol.toStringTag]: 'tcp',
    dial: (address, options) => dial(address, options, logger),
    createListener: (options) => new TcpListener(options, logger),
    listenFilter: (addresses) => addresses.filter(isTcp),
    dialFilter: (addresses) => addresses.filter(isTcp),
  })
}

const isTcp = (address: Multiaddr): boolean => partsOf(address.toString()) !== undefined

/** Sockets that have not shown yet that they know the room code. A handshake takes some milliseconds. */
export const handshakesMax = roomMembersMax
/** Beside them: as many connections as a node admits, see node.ts. */
const connectionsMax = 4 * roomMembersMax

async function dial(address: Multiaddr, options: DialTransportOptions, logger: ComponentLogger): Promise<Connection> {
  const socket = connect({ ...hostAndPort(address), noDelay: true, keepAlive: true })
  try {
    await once(socket, 'connect', { signal: options.signal })
    const connection = new SocketConnection(socket, address, 'outbound', logger)
    try {
      return await options.upgrader.upgradeOutbound(connection, options)
    } catch (error) {
      connection.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    }
  } catch (error) {
    socket.destroy()
    throw error
  }
}

/** As Node wants them. */
export function hostAndPort(address: Multiaddr): { readonly host: string; readonly port: number } {
  const parts = partsOf(address.toString())
  if (parts === undefined) throw new TypeError(`no address for TCP: ${address}`)
  const { host, zone, port } = parts
  return { host: zone === undefined ? host : `${host}%${zone}`, port }
}

class TcpListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #options: CreateListenerOptions
  readonly #logger: ComponentLogger
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** In the order in which they came. */
  readonly #shaking = new Set<Socket>()
  readonly #stopping = new AbortController()
  #at: Multiaddr | undefined

  constructor(options: CreateListenerOptions, logger: ComponentLogger) {
    super()
    this.#options = options
    this.#logger = logger
    this.#server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.#accept(socket))
    this.#server.maxConnections = connectionsMax + 2 * handshakesMax
    this.#server.on('error', (error) => this.safeDispatchEvent('error', { detail: error }))
  }

  async listen(address: Multiaddr): Promise<void> {
    this.#server.listen({ ...hostAndPort(address), ipv6Only: true })
    await once(this.#server, 'listening')
    this.#at = address
    this.safeDispatchEvent('listening')
  }

  getAddrs(): Multiaddr[] {
    const bound = this.#server.address()
    return typeof bound === 'object' && bound !== null ? getThinWaistAddresses(this.#at, bound.port) : []
  }

  updateAnnounceAddrs(): void {}

  async close(): Promise<void> {
    this.#stopping.abort()
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
    this.safeDispatchEvent('close')
  }

  #accept(socket: Socket): void {
    const { remoteAddress, remotePort } = socket
    const remote = remoteAddress !== undefined && remotePort !== undefined ? dialAddress(remoteAddress, remotePort) : undefined
    // It has gone again already.
    if (remote === undefined) {
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    this.#shaking.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#shaking.delete(socket)
    })
    this.#makeRoom()
    const connection = new SocketConnection(socket, multiaddr(remote), 'inbound', this.#logger)
    this.#options.upgrader.upgradeInbound(connection, { signal: this.#stopping.signal }).then(
      () => this.#shaking.delete(socket),
      (error: unknown) => connection.abort(error instanceof Error ? error : new Error(String(error))),
    )
  }

  /** Of too many the oldest goes: whoever knows the code is long done by then, and whoever says nothing keeps nobody out. */
  #makeRoom(): void {
    if (this.#shaking.size <= handshakesMax) return
    for (const oldest of this.#shaking) {
      this.#shaking.delete(oldest)
      oldest.destroy()
      return
    }
  }
}
