import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from '../cli/processes.ts'

/** Whether the machine has one; where it has not, who asks is told why its tests are skipped. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0
export const whyNoRedis = 'redis-server is not installed (on Debian: apt-get install redis-server)'

/** A real Redis server that keeps nothing on disk: one that is killed has forgotten everything. */
export interface RedisServer {
  readonly port: number
  readonly url: string
  /** Without a word, as by a power cut. */
  kill(): Promise<void>
  /** On the same port again. */
  start(): Promise<void>
  /** The same, with more options. */
  startWith(...options: readonly string[]): Promise<void>
}

export async function startRedis(...more: readonly string[]): Promise<RedisServer> {
  const port = await freePort()
  const folder = temporaryFolder()
  let child: ChildProcess | undefined
  const server: RedisServer = {
    port,
    url: `redis://127.0.0.1:${port}`,
    async kill() {
      if (child === undefined) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
      child = undefined
    },
    start: () => server.startWith(...more),
    async startWith(...options) {
      const args = [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        folder,
        ...options,
      ]
      const started = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
      child = started
      await new Promise<void>((resolve, reject) => {
        started.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)))
        started.stdout.on('data', (chunk) => /eady to accept connections/.test(String(chunk)) && resolve())
      })
    },
  }
  onTestFinished(() => server.kill())
  await server.start()
  return server
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
