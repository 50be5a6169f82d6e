import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { connectApi } from '../../src/api/client.ts'
import type { DoorLimits } from '../../src/api/limits.ts'
import { type Ask, type Facts, hostileToken } from './hostile-server.ts'

/** A server in a process of its own, and clients that keep to no rule. */
export interface Victim {
  readonly url: string
  readonly port: number
  ask(ask: Ask): Promise<Facts>
  /** An honest client comes, is answered, and goes; so the process lives. */
  serves(): Promise<void>
  /** Waits until the files that are open, and the listeners, are as few as at the start, and looks at the memory. */
  recovers(): Promise<void>
}

/** `onEnd`: of the test that started it, unless told otherwise. */
export async function startVictim(
  limits: Partial<DoorLimits> = {},
  onEnd: (task: () => void) => void = onTestFinished,
): Promise<Victim> {
  const script = fileURLToPath(new URL('./hostile-server.ts', import.meta.url))
  const child = fork(script, [JSON.stringify(limits)], { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  const words: string[] = []
  child.stderr?.on('data', (chunk) => words.push(String(chunk)))
  onEnd(() => void child.kill('SIGKILL'))
  const gone = once(child, 'exit').then((): never => {
    throw new Error(`the process ended:\n${words.join('')}`)
  })
  gone.catch(() => {})
  // One listener for its end, however often it is asked.
  const nextMessage = async (): Promise<unknown> => (await Promise.race([once(child, 'message'), gone]))[0]
  const { url } = (await nextMessage()) as { url: string }
  const port = Number(new URL(url).port)
  const ask = async (what: Ask): Promise<Facts> => {
    child.send(what)
    return (await nextMessage()) as Facts
  }
  const serves = async (): Promise<void> => {
    if (child.exitCode !== null) throw new Error(`the process ended:\n${words.join('')}`)
    const client = await connectApi({ url, token: hostileToken })
    expect(await client.api.status()).toMatchObject({ name: 'Ana' })
    client.close()
    await client.closed
  }
  await serves()
  const before = await ask({ kind: 'facts' })
  return {
    url,
    port,
    ask,
    serves,
    async recovers() {
      await serves()
      for (;;) {
        const now = await ask({ kind: 'facts' })
        if (now.files <= before.files && now.listeners === 0 && now.memory < before.memory + 16) return
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
  }
}

export interface Rude {
  readonly socket: Socket
  /** All that came back so far. */
  readonly heard: () => string
  /** Resolves when the server has hung up. */
  readonly closed: Promise<void>
}

/** A bare socket that says what it likes. Errors are what it asks for. */
export async function beRude(port: number, text: string | Uint8Array = ''): Promise<Rude> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const chunks: Buffer[] = []
  socket.on('error', () => {})
  socket.on('data', (chunk) => chunks.push(chunk))
  const closed = new Promise<void>((resolve) => {
    socket.once('end', () => resolve())
    socket.once('close', () => resolve())
  })
  onTestFinished(() => void socket.destroy())
  await new Promise<void>((resolve) => {
    socket.once('connect', () => resolve())
    socket.once('close', () => resolve())
  })
  if (text.length > 0) socket.write(text)
  return { socket, heard: () => Buffer.concat(chunks).toString('latin1'), closed }
}

/** What a bare request is answered, and that the server hangs up by itself then. */
export async function answerTo(port: number, text: string | Uint8Array): Promise<string> {
  const { heard, closed, socket } = await beRude(port, text)
  await closed
  socket.destroy()
  return heard()
}

export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])

/** The head of a request, with what is usual unless told otherwise. */
export function head(port: number, line: string, headers: Record<string, string | undefined> = {}): string {
  const all: Record<string, string | undefined> = {
    host: `127.0.0.1:${port}`,
    authorization: `Bearer ${hostileToken}`,
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  return `${line} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

export function upgradeHead(port: number, headers: Record<string, string | undefined> = {}): string {
  return head(port, 'GET /ws', {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'sec-websocket-protocol': 'gavelring',
    ...headers,
  })
}

/** One WebSocket frame of a client, masked with zeros. `first`: FIN, reserved bits and opcode. */
export function frame(first: number, payload: Uint8Array, isMasked = true): Buffer {
  const mask = isMasked ? 0x80 : 0
  const length = payload.length
  const size =
    length < 126
      ? Buffer.from([first, mask | length])
      : length < 65_536
        ? Buffer.from([first, mask | 126, length >> 8, length & 255])
        : Buffer.from([
            first,
            mask | 127,
            0,
            0,
            0,
            0,
            (length >>> 24) & 255,
            (length >>> 16) & 255,
            (length >>> 8) & 255,
            length & 255,
          ])
  return Buffer.concat([size, Buffer.alloc(isMasked ? 4 : 0), payload])
}
