import { onTestFinished, type TestContext } from 'vitest'
import { until } from '../support/wait.ts'
import { createLan, type Host, type Lan, type Process, whyNoLan } from './lan.ts'

let probed: { readonly reason: string | undefined } | undefined

/** Hosts for one test. Without namespaces, or something else that it needs, the test is skipped, and says why. */
export function lanFor(context: TestContext, ...needs: (string | undefined)[]): Lan {
  probed ??= { reason: whyNoLan() }
  const missing = [probed.reason, ...needs].find((need) => need !== undefined)
  if (missing !== undefined) context.skip(missing)
  const lan = createLan()
  onTestFinished(() => lan.close())
  return lan
}

/** Two hosts on a switch, with nothing else. */
export function twoHosts(lan: Lan, one = '192.168.9.1/24', other = '192.168.9.2/24'): readonly [Host, Host] {
  const [net, a, b] = [lan.addSwitch(), lan.host('a'), lan.host('b')]
  a.plug('eth0', net, one)
  b.plug('eth0', net, other)
  return [a, b]
}

export async function started(process: Process): Promise<Process> {
  await until('it has started', () => process.lines.length > 0)
  return process
}
