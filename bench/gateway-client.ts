import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'

/** Where a gateway listens, and an account of its peer. */
export interface Place {
  readonly address: string
  readonly account: string
}

/** Thin clients in a process of their own, told by the bench what to do. */
export type ClientOrder =
  /** Transfers of one cent, `window` at once on each of so many connections, which are spread over the gateways. */
  | {
      readonly kind: 'rate'
      readonly places: readonly Place[]
      readonly connections: number
      readonly window: number
      readonly millis: number
    }
  /** As the classic client asks: without a newline, one after the other; each login on a connection of its own. */
  | { readonly kind: 'times'; readonly place: Place; readonly count: number }
  /** So many connections that say nothing, until `hang-up`. */
  | { readonly kind: 'idle'; readonly place: Place; readonly connections: number }
  | { readonly kind: 'hang-up' }

export interface RateReport {
  readonly done: number
  readonly millis: number
}

/** Milliseconds, sorted. */
export interface TimesReport {
  readonly login: readonly number[]
  readonly balance: readonly number[]
}

process.on('message', (order: ClientOrder & { readonly id: number }) => {
  carryOut(order).then(
    (answer) => process.send?.({ id: order.id, answer }),
    (error: unknown) => process.send?.({ id: order.id, error: String(error) }),
  )
})

let idle: Socket[] = []

async function carryOut(order: ClientOrder): Promise<unknown> {
  switch (order.kind) {
    case 'rate':
      return rate(order)
    case 'times':
      return times(order)
    case 'idle':
      for (let at = 0; at < order.connections; at += 50) {
        idle.push(...(await Promise.all(Array.from({ length: 50 }, () => open(order.place)))))
      }
      // What they cost shows once the other end has accepted the last of them.
      await ask(await open(order.place), 't:1|op:5')
      return { open: idle.length }
    case 'hang-up':
      for (const socket of idle) socket.destroy()
      idle = []
      return undefined
  }
}

async function open({ address }: Place): Promise<Socket> {
  const [host, port] = address.split(':')
  const socket = connect({ host: host ?? '', port: Number(port), noDelay: true })
  await once(socket, 'connect')
  return socket
}

async function ask(socket: Socket, text: string): Promise<string> {
  socket.write(text)
  const [answer] = await once(socket, 'data')
  return String(answer)
}

async function rate({ places, connections, window, millis }: Extract<ClientOrder, { kind: 'rate' }>): Promise<RateReport> {
  const clients = await Promise.all(
    Array.from({ length: connections }, async (_, index) => {
      const place = places[index % places.length] as Place
      const socket = await open(place)
      await ask(socket, `t:1|op:6|rg:${place.account}\n`)
      return { socket, text: `t:1|op:4|rg_origem:${place.account}|rg_destino:${place.account}.b|valor:0.01\n` }
    }),
  )
  const begin = performance.now()
  const end = begin + millis
  const counts = await Promise.all(clients.map(({ socket, text }) => pay(socket, text, window, end)))
  return { done: counts.reduce((sum, count) => sum + count, 0), millis: performance.now() - begin }
}

/** Keeps `window` requests under way until the time is over; resolves with how many were done when all are answered. */
function pay(socket: Socket, text: string, window: number, end: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let done = 0
    let underWay = window
    socket.on('data', (chunk: Buffer) => {
      if (chunk.includes('|s:1|')) reject(new Error(`refused: ${chunk}`))
      let answered = 0
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) answered++
      done += answered
      underWay -= answered
      if (performance.now() < end) {
        socket.write(text.repeat(answered))
        underWay += answered
      } else if (underWay === 0) {
        socket.destroy()
        resolve(done)
      }
    })
    socket.on('close', () => reject(new Error('the gateway hung up')))
    socket.write(text.repeat(window))
  })
}

async function times({ place, count }: Extract<ClientOrder, { kind: 'times' }>): Promise<TimesReport> {
  const login: number[] = []
  const balance: number[] = []
  for (let turn = 0; turn < count; turn++) {
    const socket = await open(place)
    login.push(await timed(() => ask(socket, `t:1|op:6|rg:${place.account}`)))
    balance.push(await timed(() => ask(socket, `t:4|op:1|rg:${place.account}`)))
    socket.destroy()
  }
  return { login: login.sort((a, b) => a - b), balance: balance.sort((a, b) => a - b) }
}

async function timed(task: () => Promise<string>): Promise<number> {
  const before = performance.now()
  const answer = await task()
  if (!answer.includes('|s:0|')) throw new Error(`refused: ${answer}`)
  return performance.now() - before
}
