import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readApiAddress } from '../src/api/api-files.ts'
import { type Api, type ApiClient, connectApi } from '../src/api/client.ts'
import { until } from './room.ts'
import { median } from './statistics.ts'

const launcher = fileURLToPath(new URL('../src/cli/gavelring.mjs', import.meta.url))
const windowMillis = 10_000

/**
 * Headless peers as people run them, API included, after a short auction: what they take of a core and of memory while
 * nobody asks anything of them.
 */
export async function measureIdle(count: number, runs: number): Promise<object> {
  if (process.platform !== 'linux')
    return { notMeasured: 'processor time and resident memory are read from /proc, which this system lacks' }
  const room = await startPeers(count)
  try {
    await shortAuction(room.clients)
    for (const client of room.clients) client.close()
    await pause(5_000)
    const shares: number[] = []
    for (let run = 0; run < runs; run++) {
      const before = room.processes.map(({ pid }) => cpuMillis(pid))
      await pause(windowMillis)
      const used = room.processes.map(({ pid }, i) => ((cpuMillis(pid) - (before[i] ?? 0)) / windowMillis) * 100)
      shares.push(median(used))
    }
    const resident = room.processes.map(({ pid }) => residentMiB(pid))
    return {
      peers: count,
      cpuPercentOfCore: median(shares),
      residentMiB: median(resident),
      runs: { cpuPercentOfCore: shares, residentMiBByPeer: resident },
    }
  } finally {
    await room.close()
  }
}

async function startPeers(count: number) {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-idle-'))
  const name = `idle-${randomBytes(4).toString('hex')}`
  const processes: ChildProcess[] = []
  const clients: ApiClient[] = []
  const close = async (): Promise<void> => {
    for (const child of processes) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    for (let i = 0; i < count; i++) {
      const profile = join(folder, String(i))
      const first = await clients[0]?.api.status()
      const join0 = first === undefined ? ['--create'] : first.addresses.flatMap((address) => ['--bootstrap', address])
      const flags = [
        '--room',
        name,
        '--code',
        'idle',
        '--profile',
        profile,
        '--listen',
        '/ip4/127.0.0.1/tcp/0',
        '--no-mdns',
        ...join0,
      ]
      processes.push(spawn(process.execPath, [launcher, 'peer', ...flags], { stdio: 'ignore' }))
      await until(async () => readApiAddress(profile) !== undefined, 30_000)
      const client = await connectApi(readApiAddress(profile) ?? { url: '', token: '' })
      clients.push(client)
      await until(async () => (await client.api.rooms.list()).state === 'in', 60_000)
    }
    await until(async () => (await clients[0]?.api.status())?.members.length === count, 60_000)
  } catch (error) {
    await close()
    throw error
  }
  return { processes, clients, close }
}

async function shortAuction(clients: readonly ApiClient[]): Promise<void> {
  const apis = clients.map(({ api }) => api)
  for (const [i, api] of apis.entries()) {
    await api.accounts.open({ account: `idle${i}`, holder: `Idle ${i}` })
    await api.deposit({ account: `idle${i}`, amount: '1000' })
  }
  const [seller, ...bidders] = apis as [Api, ...Api[]]
  const { auction } = await seller.auctions.start({
    item: 'Bench',
    payee: 'idle0',
    startingPrice: '1',
    increment: '1',
    durationMillis: 5_000,
  })
  for (const [i, api] of bidders.entries()) {
    await until(async () => (await api.auctions.list()).some((known) => known.auction === auction), 10_000)
    const raise = { least: '1', most: '10' }
    await api.bidders.start({ auction, account: `idle${i + 1}`, raise, paceMillis: 200, maximum: '500' })
  }
  await until(async () => (await seller.auctions.show({ auction })).ended !== undefined, 30_000)
}

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))

/** User and system time of a process; Linux counts it in hundredths of a second. */
function cpuMillis(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

function residentMiB(pid: number | undefined): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(match?.[1]) / 1024
}
