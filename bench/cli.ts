import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readApiAddress } from '../src/api/api-files.ts'
import { connectApi } from '../src/api/client.ts'
import { until } from './room.ts'
import { median } from './statistics.ts'

const launcher = fileURLToPath(new URL('../src/cli/gavelring.mjs', import.meta.url))

/**
 * How long a person waits for the command line: a process from its start to its end, as a shell runs it. `cold`: the first time
 * on a machine, before anything is kept compiled. `node`: the same for a program that does nothing. `banner`: until a founder
 * has said so.
 */
export async function measureCli(runs: number): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-cli-'))
  const profile = join(folder, 'profile')
  const room = ['--create', '--room', `cli-${randomBytes(4).toString('hex')}`, '--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0']
  const peer = spawn(process.execPath, [launcher, 'peer', ...room, '--profile', profile], { stdio: 'ignore' })
  try {
    await until(async () => readApiAddress(profile) !== undefined, 30_000)
    const { api, close } = await connectApi(readApiAddress(profile) ?? { url: '', token: '' })
    await until(async () => (await api.rooms.list()).state === 'in', 30_000)
    close()
    let caches = 0
    const time = (args: readonly string[], cache: string): number => {
      const env = { ...process.env, GAVELRING_PROFILE: profile, XDG_CACHE_HOME: join(folder, cache) }
      const start = performance.now()
      const { status } = spawnSync(process.execPath, args, { env, stdio: 'ignore' })
      const millis = performance.now() - start
      if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`)
      return millis
    }
    const command = (words: readonly string[]) => [launcher, ...words]
    const measured: Record<string, number[]> = { node: [], help: [], helpCold: [], status: [], statusCold: [], banner: [] }
    for (const words of [['--help'], ['status']]) time(command(words), 'warm')
    // In turns, so that whatever else the machine does meets all alike.
    for (let run = 0; run < runs; run++) {
      measured.node?.push(time(['--eval', '0'], 'warm'))
      measured.help?.push(time(command(['--help']), 'warm'))
      measured.status?.push(time(command(['status']), 'warm'))
      measured.helpCold?.push(time(command(['--help']), `cold-${caches++}`))
      measured.statusCold?.push(time(command(['status']), `cold-${caches++}`))
      measured.banner?.push(await bannerMillis(join(folder, `founder-${run}`), join(folder, 'warm')))
    }
    const medians = Object.entries(measured).map(([name, millis]) => [`${name}Millis`, median(millis)] as const)
    return { ...Object.fromEntries(medians), runs: measured }
  } finally {
    peer.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

/** From the start of a peer that founds a room with a code to the moment that it has said so. */
async function bannerMillis(profile: string, cache: string): Promise<number> {
  const flags = ['--create', '--code', 'new', '--no-mdns', '--listen', '127.0.0.1:0', '--profile', profile]
  const start = performance.now()
  const env = { ...process.env, XDG_CACHE_HOME: cache }
  const founder = spawn(process.execPath, [launcher, 'peer', ...flags], { env, stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    let said = ''
    return await new Promise((resolve, reject) => {
      founder.stdout.on('data', (bytes: Buffer) => {
        said += bytes.toString()
        if (said.includes('was founded just now')) resolve(performance.now() - start)
      })
      founder.once('exit', (code) => reject(new Error(`the founder ended with ${code}: ${said}`)))
    })
  } finally {
    founder.removeAllListeners('exit')
    founder.kill('SIGKILL')
  }
}
