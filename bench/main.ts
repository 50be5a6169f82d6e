import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import { measureCli } from './cli.ts'
import { measureDiscovery } from './discovery.ts'
import { measureGateway } from './gateway.ts'
import { measureHostile } from './hostile.ts'
import { measureIdle } from './idle.ts'
import { againstOther } from './in-turns.ts'
import { measureJoin } from './join.ts'
import { measureLab } from './lab.ts'
import { measureMutants } from './mutants.ts'
import { measureRecording } from './recording.ts'
import { measureRefound } from './refound.ts'
import { measureRenderer } from './renderer.ts'
import { measureLiveScreens } from './renderer-screens.ts'
import { measureExploring, measureSimulator } from './simulator.ts'
import { measureStore } from './store.ts'
import {
  latencyInTurns,
  measureFailover,
  measureLatency,
  measureRestart,
  measureThroughput,
  throughputInTurns,
} from './three-peers.ts'
import { measureWebSocket } from './web-socket.ts'

// `npm run bench` measures all; `npm run bench -- latency throughput` only these. Prints JSON, and keeps it in bench/results.
const benches: Record<string, () => Promise<object>> = {
  simulator: () => measureSimulator(5),
  exploring: () => measureExploring(5),
  latency: async () => ({ ...(await measureLatency(9)), ...againstOther(latencyInTurns) }),
  throughput: async () => ({ ...(await measureThroughput(5, 5)), ...againstOther(throughputInTurns) }),
  websocket: () => measureWebSocket(5, 5),
  gateway: () => measureGateway(5, 5),
  failover: () => measureFailover(20),
  restart: () => measureRestart(5),
  join: () => measureJoin(5, { accounts: 1_000, transfers: 1_000_000, blockOps: 64 }),
  discovery: () => measureDiscovery(10),
  cli: () => measureCli(20),
  hostile: () => measureHostile(),
  idle: () => measureIdle(5, 5),
  renderer: () => measureRenderer({ paints: 7, bids: 100, seconds: 60, blocks: 100_000, scrollSeconds: 10 }),
  screens: () => measureLiveScreens(10, 3),
  recording: () => measureRecording(5),
  lab: () => measureLab(1_000, 3),
  store: () => measureStore(9),
  refound: () => measureRefound({ accounts: 200, entries: 100, pictures: 500 }),
  mutants: () => measureMutants(['ring', 'peer', 'market']),
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in benches))
if (unknown.length > 0) {
  process.stderr.write(`unknown bench: ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}\n`)
  process.exit(2)
}

for (const [name, measure] of Object.entries(benches)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const result = { bench: name, at: new Date().toISOString(), machine: machine(), ...(await measure()) }
  const text = `${JSON.stringify(result, rounded, 2)}\n`
  process.stdout.write(text)
  mkdirSync(new URL('./results/', import.meta.url), { recursive: true })
  writeFileSync(new URL(`./results/${name}.json`, import.meta.url), text)
}

function machine(): object {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    node: process.version,
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
  }
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Math.round(value * 1_000) / 1_000 : value
}
