import { createLan, type Process, whyNoLan } from '../test/namespaces/lan.ts'
import { until } from './room.ts'
import { median } from './statistics.ts'

/**
 * Two hosts (network namespaces) on a switch, without a default route: the time from the start of discovery on the second of
 * them until each has heard the other, and the time from the start of both processes until then. Discovery alone, so that
 * nothing else is measured.
 */
export async function measureDiscovery(runs: number): Promise<object> {
  const reason = whyNoLan()
  if (reason !== undefined) return { notMeasured: reason }
  const fromStart: number[] = []
  const fromSpawn: number[] = []
  for (let run = 0; run < runs; run++) {
    const { startMillis, spawnMillis } = await meet()
    fromStart.push(startMillis)
    fromSpawn.push(spawnMillis)
  }
  return {
    seeEachOtherMillis: median(fromStart),
    seeEachOtherFromProcessStartMillis: median(fromSpawn),
    runs: { seeEachOtherMillis: fromStart, seeEachOtherFromProcessStartMillis: fromSpawn },
  }
}

async function meet(): Promise<{ readonly startMillis: number; readonly spawnMillis: number }> {
  const lan = createLan()
  try {
    const net = lan.addSwitch()
    const hosts = [lan.host('a'), lan.host('b')]
    for (const [i, host] of hosts.entries()) host.plug('eth0', net, `192.168.9.${i + 1}/24`)
    const spawned = Date.now()
    const lookers = hosts.map((host, i) => host.node('test/namespaces/looker.ts', `host ${i}`, '/ip4/0.0.0.0/tcp/4001'))
    await until(async () => lookers.every((looker) => timeOf(looker, 'sighted') !== undefined), 60_000)
    const times = (kind: string): number[] => lookers.map((looker) => timeOf(looker, kind) ?? Number.NaN)
    const seen = Math.max(...times('sighted'))
    return { startMillis: seen - Math.max(...times('started')), spawnMillis: seen - spawned }
  } finally {
    lan.close()
  }
}

/** When a process has first said this, by the clock that all processes here share. */
function timeOf({ lines }: Process, kind: string): number | undefined {
  for (const line of lines) {
    if (!line.startsWith('{')) continue
    const said: { readonly kind: string; readonly at: number } = JSON.parse(line)
    if (said.kind === kind) return said.at
  }
  return undefined
}
