import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { gavelring, type Running } from '../../cli/processes.ts'
import type { RedisServer } from '../../support/redis-server.ts'
import { until } from '../../support/wait.ts'

export interface Notice {
  readonly tipo: string
  readonly productId: string | number | null
  readonly nome: string | null
  readonly valor: number | null
  readonly lanceAtual: number | null
  readonly vencedor: string | null
  readonly mensagem: string
  readonly id?: string
}

/** A bidder in a process of its own. */
export interface Bidder {
  /** All notices that it has heard, in order; `pronto` each time that it begins to listen is left out. */
  readonly heard: readonly Notice[]
  /** How often it has begun to listen. */
  readonly listens: number
  publish(command: object | string): void
  /** The next notice that was not asked for yet. */
  next(): Promise<Notice>
}

export async function startBidder({ url }: RedisServer): Promise<Bidder> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./bidder.mjs', import.meta.url)), url], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const heard: Notice[] = []
  let [rest, listens, at] = ['', 0, 0]
  child.stdout.on('data', (chunk) => {
    const lines = `${rest}${chunk}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const notice = JSON.parse(line) as Notice
      if (notice.tipo === 'pronto') listens++
      else heard.push(notice)
    }
  })
  const bidder: Bidder = {
    heard,
    get listens() {
      return listens
    },
    publish: (command) => void child.stdin.write(`${typeof command === 'string' ? command : JSON.stringify(command)}\n`),
    async next() {
      await until('a notice', () => heard.length > at)
      return heard[at++] as Notice
    },
  }
  await until('the bidder listens', () => listens > 0)
  return bidder
}

/** A bridge that has said that it is open. */
export async function startBridge(profile: string, { url }: RedisServer, ...more: readonly string[]): Promise<Running> {
  const bridge = gavelring(['bridge', 'redis', '--profile', profile, '--url', url, ...more])
  await bridge.said(/^The bridge between room .* is open\.$/)
  return bridge
}
