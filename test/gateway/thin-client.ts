import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { until } from '../support/wait.ts'

/** A program that speaks the classic protocol and knows nothing of ours: it writes bytes, and reads bytes. */
export interface ThinClient {
  readonly socket: Socket
  /** All that came and was not taken yet. */
  readonly received: string
  /** The other end has hung up. */
  readonly isClosed: boolean
  send(text: string): void
  /** One byte in a packet of its own after the other, as far as the system lets them. */
  sendBytes(text: string): Promise<void>
  /** As the classic client asks: one write without a newline, and the next thing that comes is the answer. */
  ask(text: string): Promise<string>
  /** The next line, without its newline. */
  line(): Promise<string>
  /** Everything until the other end hangs up. */
  rest(): Promise<string>
}

export async function connectThin(address: string): Promise<ThinClient> {
  const socket = connect({ host: '127.0.0.1', port: Number(address.split(':').at(-1)), noDelay: true })
  socket.on('error', () => {})
  onTestFinished(() => {
    socket.destroy()
  })
  let received = ''
  let isClosed = false
  socket.setEncoding('utf8')
  socket.on('data', (text) => {
    received += String(text)
  })
  socket.on('end', () => {
    isClosed = true
  })
  socket.on('close', () => {
    isClosed = true
  })
  await once(socket, 'connect')
  const take = (length: number): string => {
    const taken = received.slice(0, length)
    received = received.slice(length)
    return taken
  }
  const client: ThinClient = {
    socket,
    get received() {
      return received
    },
    get isClosed() {
      return isClosed
    },
    send: (text) => void socket.write(text),
    async sendBytes(text) {
      for (const byte of Buffer.from(text)) {
        socket.write(Buffer.of(byte))
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
    async ask(text) {
      client.send(text)
      await until(`an answer to ${text}`, () => received !== '' || isClosed)
      return take(received.length)
    },
    async line() {
      await until('a line', () => received.includes('\n') || isClosed)
      return take(received.indexOf('\n') + 1 || received.length).replace(/\n$/, '')
    },
    async rest() {
      await until('the end of the connection', () => isClosed)
      return take(received.length)
    },
  }
  return client
}
