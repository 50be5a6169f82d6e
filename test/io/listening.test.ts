import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import type { Interfaces } from '../../src/io/discovery/links.ts'
import { createIdentity } from '../../src/io/identity.ts'
import { listeningAt, listensHere } from '../../src/io/transport/listening.ts'
import { createTransport } from '../../src/io/transport/transport.ts'
import { startStation } from './transport-conformance.ts'

describe('where a peer listens', () => {
  const actual = ['/ip4/127.0.0.1/tcp/5001', '/ip4/192.168.1.7/tcp/5002', '/ip6/::1/tcp/5003']

  it.each([
    [['/ip4/0.0.0.0/tcp/4001'], ['/ip4/0.0.0.0/tcp/4001']],
    [['/ip4/192.168.1.7/tcp/0'], ['/ip4/192.168.1.7/tcp/5002']],
    [['/ip6/::/tcp/0'], ['/ip6/::/tcp/5003']],
    [
      ['/ip4/127.0.0.1/tcp/0', '/ip6/::1/tcp/0'],
      ['/ip4/127.0.0.1/tcp/5001', '/ip6/::1/tcp/5003'],
    ],
    [['/ip4/10.0.0.1/tcp/0'], []],
  ])('%j is made known as %j', (listen, expected) => {
    expect(listeningAt(listen, actual)).toEqual(expected)
  })
})

const info = (address: string, family: 'IPv4' | 'IPv6', scopeid?: number) => ({
  ...{ address, family, netmask: '', mac: '', internal: false, cidr: null },
  ...(scopeid !== undefined && { scopeid }),
})
const machine = {
  eth0: [info('192.168.1.7', 'IPv4'), info('fe80::7', 'IPv6', 2)],
  wlan0: [info('169.254.3.4', 'IPv4'), info('fe80::7', 'IPv6', 3)],
} as Interfaces

describe('a peer can listen at', () => {
  it.each([
    ['/ip4/0.0.0.0/tcp/0'],
    ['/ip6/::/tcp/4001'],
    ['/ip4/127.0.0.9/tcp/0'],
    ['/ip4/192.168.1.7/tcp/4001'],
    ['/ip6zone/eth0/ip6/fe80::7/tcp/0'],
    ['/ip6zone/3/ip6/fe80::7/tcp/0'],
  ])('%s as it stands', async (address) => expect(await listensHere([address, address], machine)).toEqual([address]))

  it('a name of its machine, as the numbers that are its own', async () => {
    expect(await listensHere(['/dns4/localhost/tcp/4001'], machine)).toEqual(['/ip4/127.0.0.1/tcp/4001'])
    const transport = createTransport({
      identity: createIdentity(),
      room: { name: 'evening', code: '' },
      listen: ['/dns4/localhost/tcp/0'],
      mdns: false,
      bootstrap: [],
    })
    await startStation(transport, 'hello')
    expect(transport.addresses).toEqual([expect.stringMatching(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+/)])
    await transport.stop()
  })

  it.each([
    ['/ip4/192.168.1.8/tcp/4001', /^192\.168\.1\.8 is no address of this machine: it has 192\.168\.1\.7, fe80::7%eth0, 169/],
    ['/ip6zone/eth1/ip6/fe80::7/tcp/4001', /^fe80::7%eth1 is no address of this machine: it has/],
    ['/ip6zone/4/ip6/fe80::7/tcp/4001', /^fe80::7%4 is no address/],
    ['/dns/nowhere.invalid/tcp/4001', /^The name nowhere\.invalid is not known here/],
  ])('%s only where it is its own', async (address, message) => {
    await expect(listensHere(['/ip4/0.0.0.0/tcp/0', address], machine)).rejects.toMatchObject({
      code: 'address-invalid',
      message: expect.stringMatching(message),
    })
  })

  it('those addresses of a name that are its own, and refuses one that has none of them', async () => {
    const numbers = ['192.168.1.8', '192.168.1.7', 'fe80::7%wlan0', 'fe80::9%wlan0']
    const resolve = async (_name: string, family: 0 | 4 | 6) => (family === 0 ? numbers : ['192.168.1.8', '2001:db8::1'])
    const own = ['/ip4/192.168.1.7/tcp/4001', '/ip6zone/wlan0/ip6/fe80::7/tcp/4001']
    expect(await listensHere(['/dns/here.lan/tcp/4001'], machine, resolve)).toEqual(own)
    await expect(listensHere(['/dns4/there.lan/tcp/4001'], machine, resolve)).rejects.toMatchObject({
      code: 'address-invalid',
      message: expect.stringMatching(
        /^there\.lan is 192\.168\.1\.8, 2001:db8::1, and no address of this machine: it has 192.*Listen at one of these/,
      ),
    })
  })

  it('every address that this machine has', async () => {
    const all = Object.entries(networkInterfaces()).flatMap(([name, infos = []]) =>
      infos.map(({ address, family }) =>
        family === 'IPv4'
          ? `/ip4/${address}/tcp/0`
          : `${address.startsWith('fe80') ? `/ip6zone/${name}` : ''}/ip6/${address}/tcp/0`,
      ),
    )
    expect(await listensHere(all, networkInterfaces())).toEqual([...new Set(all)])
  })
})
