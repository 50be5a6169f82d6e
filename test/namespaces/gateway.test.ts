import { expect, it } from 'vitest'
import { until } from '../support/wait.ts'
import { lanFor, started, twoHosts } from './hosts.ts'

it('a thin client whose machine is gone without a word is found out, though nobody says anything to it', async (context) => {
  const lan = lanFor(context)
  const [host, guest] = twoHosts(lan)
  const gateway = await started(host.node('test/namespaces/gateway-host.ts', '5000'))
  const client = await started(guest.node('test/namespaces/gateway-guest.ts', '192.168.9.1', '5000'))
  expect(client.lines).toEqual(['t:3|s:0|resposta:Login realizado com sucesso'])
  await until('it is connected', () => gateway.lines.at(-1) === '1 open')
  guest.ip('link set eth0 down')
  await until('it is gone', () => gateway.lines.at(-1) === '0 open', 60_000)
})
