import type { Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { DoorRefusal } from './door.ts'
import type { DoorLimits } from './limits.ts'
import { problemHeaders, statusText, toProblem } from './problem.ts'

/** The connections of a server that every program on this machine can reach. */
export interface Sockets {
  /** A request has come. `false`: its connection was refused before, and nothing that comes over it counts. */
  begin(socket: Duplex, response: ServerResponse): boolean
  /**
   * It has shown a token, whose id it is unless it is the owner's: for one request, or for as long as it lasts. `false`: there are too
   * many of those.
   */
  welcome(socket: Duplex, token: string | undefined, response?: ServerResponse): boolean
  /**
   * Says why and hangs up. What the client is still sending is not read: `isSending` gives it time to read the answer, since
   * a connection that is closed with something unread is reset, and may take the answer with it. `response`: the one that was
   * to be given instead, where Node has made one.
   */
  refuse(socket: Duplex, refusal: DoorRefusal, isSending: boolean, response?: ServerResponse): void
  /** Cuts those that are in here by this token just now. */
  destroyOf(token: string): void
  /** Cuts all of them. */
  destroyAll(): void
  /** How many there are. */
  counts(): { readonly strangers: number; readonly guests: number }
}

interface Connection {
  kind: 'stranger' | 'guest' | 'refused'
  /** By which token it lasts; `undefined`: the owner's, or each request shows one. */
  token?: string | undefined
  /** Answers that are not given yet, of requests that were sent one after the other without waiting, and the token that each showed. */
  readonly waiting: Map<ServerResponse, string | undefined>
}

/** Every connection has an error handler from its first moment on: one without ends the process, whatever is wrong with it. */
export function createSockets(server: Server, limits: DoorLimits, onError: (error: Error) => void): Sockets {
  const connections = new Map<Duplex, Connection>()
  // In the order in which they came: a Set keeps it.
  const strangers = new Set<Duplex>()
  let guests = 0

  server.on('connection', (socket) => {
    socket.on('error', onError)
    socket.on('close', () => {
      strangers.delete(socket)
      if (connections.get(socket)?.kind === 'guest') guests--
      connections.delete(socket)
    })
    connections.set(socket, { kind: 'stranger', waiting: new Map() })
    strangers.add(socket)
    const [oldest] = strangers
    if (strangers.size > limits.strangersMax) oldest?.destroy()
  })

  return {
    begin(socket, response) {
      const connection = connections.get(socket)
      if (connection === undefined || connection.kind === 'refused') return false
      connection.waiting.set(response, undefined)
      response.on('close', () => connection.waiting.delete(response))
      return true
    },
    welcome(socket, token, response) {
      const connection = connections.get(socket)
      if (response === undefined && connection !== undefined) connection.token = token
      else if (response !== undefined) connection?.waiting.set(response, token)
      if (connection?.kind !== 'stranger') return connection?.kind === 'guest'
      if (guests >= limits.guestsMax) return false
      connection.kind = 'guest'
      strangers.delete(socket)
      guests++
      return true
    },
    refuse(socket, refusal, isSending, response) {
      const connection = connections.get(socket)
      if (connection === undefined || connection.kind === 'refused') return
      if (connection.kind === 'guest') guests--
      connection.kind = 'refused'
      strangers.add(socket)
      // In the middle of another answer, or before it, this one would be taken for that. What cannot be read is the end of a
      // request that is not whole.
      const others = [...connection.waiting.keys()].filter((other) =>
        response === undefined ? other.req.complete : other !== response,
      )
      if (others.length > 0 || !socket.writable) {
        socket.destroy()
        return
      }
      socket.pause()
      socket.end(refusalText(refusal, response?.req.method === 'HEAD'), () => {
        if (!isSending) socket.destroy()
      })
      const cut = setTimeout(() => socket.destroy(), limits.lingerMillis)
      socket.on('close', () => clearTimeout(cut))
    },
    destroyOf(token) {
      for (const [socket, connection] of connections) {
        if (connection.token === token || [...connection.waiting.values()].includes(token)) socket.destroy()
      }
    },
    destroyAll() {
      for (const socket of connections.keys()) socket.destroy()
    },
    counts: () => ({ strangers: strangers.size, guests }),
  }
}

function refusalText(refusal: DoorRefusal, isHeadOnly: boolean): string {
  const { status, allow } = refusal
  const body = JSON.stringify(toProblem(refusal))
  const headers = { ...problemHeaders(refusal, allow), connection: 'close', 'content-length': Buffer.byteLength(body) }
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return `HTTP/1.1 ${status} ${statusText(status)}\r\n${head.join('\r\n')}\r\n\r\n${isHeadOnly ? '' : body}`
}
