import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

/**
 * What both clients of the story speak to, a line at a time: `hello NAME`; `ask NUMBER`, answered by `answer NUMBER`. In `pairs`
 * what one asks is asked of the other one, whose answer goes back: then two clients are each other's servers.
 */
export interface SocketServer {
  readonly port: number
  /** How many requests of a client were open at once, at most. */
  mostOpen(name: string): number
  stop(): Promise<void>
}

export async function startAuctioneer(answerMillis: number, { pairs = false } = {}): Promise<SocketServer> {
  const clients = new Map<string, Socket>()
  const open = new Map<string, number>()
  const most = new Map<string, number>()
  const sockets = new Set<Socket>()
  /** In pairs nobody asks before both are there. */
  const early: { readonly from: string; readonly line: string }[] = []

  const count = (name: string, by: number): void => {
    const now = (open.get(name) ?? 0) + by
    open.set(name, now)
    most.set(name, Math.max(most.get(name) ?? 0, now))
  }
  const passOn = (from: string, line: string): void => {
    const other = [...clients].find(([name]) => name !== from)?.[1]
    if (other === undefined || clients.size < 2) early.push({ from, line })
    else other.write(`${line}\n`)
  }
  const take = (socket: Socket, name: string, line: string): void => {
    if (pairs) return passOn(name, line)
    count(name, 1)
    setTimeout(() => {
      count(name, -1)
      if (!socket.destroyed) socket.write(`${line.replace('ask', 'answer')}\n`)
    }, answerMillis)
  }

  const server = createServer((socket) => {
    let name = ''
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    createInterface({ input: socket }).on('line', (line) => {
      if (line.startsWith('hello ')) {
        name = line.slice('hello '.length)
        clients.set(name, socket)
        if (clients.size === 2) for (const one of early.splice(0)) passOn(one.from, one.line)
      } else take(socket, name, line)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    mostOpen: (name) => most.get(name) ?? 0,
    stop() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
