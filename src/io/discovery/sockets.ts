import { createSocket, type Socket } from 'node:dgram'
import { networkInterfaces } from 'node:os'
import { codeOf } from '../files.ts'
import { type Interfaces, type Link, linksOf } from './links.ts'

/** What discovery could not do somewhere. */
export interface DiscoveryTrouble {
  readonly interfaceName: string
  readonly family: 4 | 6
  /** As the system says it: `EADDRINUSE`, `EPERM`, `ENODEV`, … */
  readonly reason: string
}

export interface SocketEvents {
  /** A socket is ready to send on this link. */
  onOpen(link: Link): void
  /** `source`: the sender's address, with its zone where it has one. */
  onPacket(bytes: Buffer, source: string): void
  /** When it has failed a few times in a row; once, until it works again. */
  onTrouble(trouble: DiscoveryTrouble): void
}

/**
 * One socket for each link: each has joined the group on its own interface and sends there, whatever the routes say. All share
 * a port with whoever else speaks multicast DNS on this machine, and most systems give each of them what came for any; so a
 * packet is told from its source, not from the socket, and may come several times.
 */
export interface Sockets {
  /** As of the last look. */
  readonly interfaces: Interfaces
  /** Those that work. */
  readonly links: readonly Link[]
  /** Looks at the interfaces: opens what is new or did not work, closes what is gone. Whether there is one that does not work. */
  look(): boolean
  /** Nothing happens where the link is not open any more. */
  send(link: Link, packet: Buffer): void
  /** When all that was to be sent is gone. */
  close(): Promise<void>
}

const port = 5353
const groups = { 4: '224.0.0.251', 6: 'ff02::fb' } as const
/** RFC 6762, section 11: so that a receiver can tell that nothing came from beyond its own network. */
const hopsMax = 255
/** An address that is only just being set up cannot be used at once, which is no trouble. */
const failuresTold = 3

/** `lookUp`: the machine's interfaces; a test may leave some out. */
export function createSockets(events: SocketEvents, lookUp: () => Interfaces = networkInterfaces): Sockets {
  const open = new Map<string, { readonly link: Link; readonly socket: Socket; isReady: boolean; sending: number }>()
  /** By link: how often in a row it has failed. */
  const failures = new Map<string, number>()
  let interfaces: Interfaces = {}
  let isClosing = false

  const fail = (link: Link, error: unknown): void => {
    drop(link.id)
    if (isClosing) return
    const count = (failures.get(link.id) ?? 0) + 1
    failures.set(link.id, count)
    if (count !== failuresTold) return
    const reason = codeOf(error) ?? String(error)
    events.onTrouble({ interfaceName: link.interfaceName, family: link.family, reason })
  }

  const drop = (id: string): void => {
    const socket = open.get(id)?.socket
    open.delete(id)
    if (socket === undefined) return
    socket.removeAllListeners('message')
    try {
      socket.close()
    } catch {
      // It was closed by its error.
    }
  }

  const add = (link: Link): void => {
    const socket = createSocket(
      link.family === 4 ? { type: 'udp4', reuseAddr: true } : { type: 'udp6', reuseAddr: true, ipv6Only: true },
    )
    const entry = { link, socket, isReady: false, sending: 0 }
    open.set(link.id, entry)
    socket.on('error', (error) => fail(link, error))
    socket.on('message', (bytes, { address }) => events.onPacket(bytes, address))
    socket.bind(port, () => {
      if (open.get(link.id) !== entry) return
      try {
        const at = link.family === 4 ? link.address : `::%${link.zone}`
        socket.addMembership(groups[link.family], at)
        socket.setMulticastInterface(at)
        socket.setMulticastTTL(hopsMax)
        // Others on this machine want to hear it, too.
        socket.setMulticastLoopback(true)
      } catch (error) {
        return fail(link, error)
      }
      entry.isReady = true
      events.onOpen(link)
    })
  }

  return {
    get interfaces() {
      return interfaces
    },
    get links() {
      return [...open.values()].filter(({ isReady }) => isReady).map(({ link }) => link)
    },
    look() {
      interfaces = lookUp()
      const links = linksOf(interfaces)
      for (const id of open.keys()) if (!links.some((link) => link.id === id)) drop(id)
      for (const id of failures.keys()) if (!links.some((link) => link.id === id)) failures.delete(id)
      for (const link of links) if (!open.has(link.id)) add(link)
      return failures.size > 0
    },
    send(link, packet) {
      const entry = open.get(link.id)
      if (entry === undefined || !entry.isReady) return
      entry.sending++
      entry.socket.send(packet, port, groups[link.family], (error) => {
        entry.sending--
        if (open.get(link.id) !== entry) return
        if (error === null) failures.delete(link.id)
        else fail(link, error)
      })
    },
    async close() {
      isClosing = true
      const deadline = performance.now() + 200
      while (performance.now() < deadline && [...open.values()].some(({ sending }) => sending > 0)) {
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      for (const id of open.keys()) drop(id)
    },
  }
}
