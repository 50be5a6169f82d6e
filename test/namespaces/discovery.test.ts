import { describe, expect, it } from 'vitest'
import { until } from '../support/wait.ts'
import { lanFor, started, twoHosts } from './hosts.ts'
import { type Host, type Process, whyNoFilter } from './lan.ts'

const everywhere = ['/ip4/0.0.0.0/tcp/4001', '/ip6/::/tcp/4002']

const look = (host: Host, name: string, ...listening: string[]): Process =>
  host.node('test/namespaces/looker.ts', name, ...(listening.length > 0 ? listening : everywhere))

interface Line {
  readonly kind: string
  readonly name?: string
  readonly addresses?: readonly string[]
  readonly interfaceName?: string
}

const linesOf = (looker: Process): readonly Line[] =>
  looker.lines.filter((line) => line.startsWith('{')).map((line): Line => JSON.parse(line))

/** Addresses of whom it has heard last. */
const seen = (looker: Process, name: string): readonly string[] =>
  linesOf(looker).findLast((line) => line.kind === 'sighted' && line.name === name)?.addresses ?? []

const sees = (looker: Process, name: string, address = /./) =>
  until(`${name} is seen at ${address}`, () => seen(looker, name).some((one) => address.test(one)))

describe('discovery between hosts', () => {
  it('works on a switch without a default route, over IPv4 alone', async (context) => {
    const [a, b] = twoHosts(lanFor(context))
    for (const host of [a, b]) host.withoutIp6()
    const [first, second] = [look(a, 'Ana'), look(b, 'Bruno')]
    await sees(first, 'Bruno', /^\/ip4\/192\.168\.9\.2\/tcp\/4001$/)
    await sees(second, 'Ana', /^\/ip4\/192\.168\.9\.1\/tcp\/4001$/)
  })

  it.for([
    ['self-assigned', '169.254.3.1/16', '169.254.3.2/16'],
    ['public', '141.23.4.1/16', '141.23.4.2/16'],
  ] as const)('works with %s addresses', async ([, one, other], context) => {
    const [a, b] = twoHosts(lanFor(context), one, other)
    for (const host of [a, b]) host.withoutIp6()
    const [first, second] = [look(a, 'Ana'), look(b, 'Bruno')]
    await sees(first, 'Bruno', new RegExp(`^/ip4/${other.split('/')[0]}/tcp/4001$`))
    await sees(second, 'Ana', new RegExp(`^/ip4/${one.split('/')[0]}/tcp/4001$`))
  })

  it('works where a VPN has taken all routes on both', async (context) => {
    const lan = lanFor(context)
    const [net, a, b] = [lan.addSwitch(), lan.host('a'), lan.host('b')]
    for (const [i, host] of [a, b].entries()) {
      host.withoutIp6()
      host.plug('eth0', net, `192.168.9.${i + 1}/24`)
      host.plug('tun0', undefined, `10.8.0.${i + 2}/24`)
      host.ip('route add default dev tun0')
      host.ip('route add 224.0.0.0/4 dev tun0')
    }
    const [first, second] = [look(a, 'Ana'), look(b, 'Bruno')]
    await sees(first, 'Bruno', /192\.168\.9\.2/)
    await sees(second, 'Ana', /192\.168\.9\.1/)
    expect(seen(first, 'Bruno')[0]).not.toMatch(/10\.8\./)
  })

  it('works on two networks at once, and does not join them', async (context) => {
    const lan = lanFor(context)
    const [left, right] = [lan.addSwitch(), lan.addSwitch()]
    const [a, b, c] = [lan.host('a'), lan.host('b'), lan.host('c')]
    for (const host of [a, b, c]) host.withoutIp6()
    a.plug('eth0', left, '192.168.9.1/24')
    a.plug('eth1', right, '10.5.5.1/24')
    b.plug('eth0', left, '192.168.9.2/24')
    c.plug('eth0', right, '10.5.5.3/24')
    const [both, one, other] = [look(a, 'Ana'), look(b, 'Bruno'), look(c, 'Clara')]
    await sees(both, 'Bruno', /192\.168\.9\.2/)
    await sees(both, 'Clara', /10\.5\.5\.3/)
    await sees(one, 'Ana', /192\.168\.9\.1/)
    await sees(other, 'Ana', /10\.5\.5\.1/)
    expect([seen(one, 'Clara'), seen(other, 'Bruno')]).toEqual([[], []])
  })

  it('tells of IPv4 and IPv6, and of both over either', async (context) => {
    const [a, b] = twoHosts(lanFor(context))
    const [first, second] = [look(a, 'Ana'), look(b, 'Bruno')]
    for (const [looker, name, number] of [
      [first, 'Bruno', 2],
      [second, 'Ana', 1],
    ] as const) {
      await sees(looker, name, new RegExp(`^/ip4/192\\.168\\.9\\.${number}/tcp/4001$`))
      await sees(looker, name, /^\/ip6zone\/eth0\/ip6\/fe80::[0-9a-f:]+\/tcp\/4002$/)
    }
  })

  it('works over IPv6 alone, without any address but those of the link', async (context) => {
    const lan = lanFor(context)
    const [net, a, b] = [lan.addSwitch(), lan.host('a'), lan.host('b')]
    a.plug('eth0', net)
    b.plug('wlan0', net)
    const [first, second] = [look(a, 'Ana'), look(b, 'Bruno')]
    await sees(first, 'Bruno', /^\/ip6zone\/eth0\/ip6\/fe80::/)
    await sees(second, 'Ana', /^\/ip6zone\/wlan0\/ip6\/fe80::/)
    expect([...seen(first, 'Bruno'), ...seen(second, 'Ana')].every((address) => address.startsWith('/ip6zone/'))).toBe(true)
  })

  it('goes along when an address changes, and when an interface comes late or again', async (context) => {
    const lan = lanFor(context)
    const [net, a, b] = [lan.addSwitch(), lan.host('a'), lan.host('b')]
    b.plug('eth0', net, '192.168.9.2/24')
    const [first, second] = [look(a, 'Ana'), look(b, 'Bruno')]
    await until('both run', () => [first, second].every((one) => one.lines.length > 0))
    a.plug('eth0', net, '192.168.9.1/24')
    await sees(first, 'Bruno')
    await sees(second, 'Ana', /192\.168\.9\.1\//)
    a.ip('addr del 192.168.9.1/24 dev eth0')
    a.ip('addr add 192.168.9.77/24 dev eth0')
    await sees(second, 'Ana', /192\.168\.9\.77\//)
    a.ip('link set eth0 down')
    a.ip('addr flush dev eth0')
    a.ip('addr add 192.168.9.99/24 dev eth0')
    a.ip('link set eth0 up')
    await sees(second, 'Ana', /192\.168\.9\.99\//)
  })

  it('finds peers of the same host where no network is up', async (context) => {
    const a = lanFor(context).host('a')
    const [first, second] = [look(a, 'Ana'), look(a, 'Bruno')]
    await sees(first, 'Bruno', /^\/ip4\/127\.0\.0\.1\/tcp\/4001$/)
    await sees(second, 'Ana', /^\/ip4\/127\.0\.0\.1\/tcp\/4001$/)
  })

  it('says of which interface it cannot use, and goes on with the others', async (context) => {
    const [a, b] = twoHosts(lanFor(context, whyNoFilter()))
    a.plug('eth1', undefined, '10.5.5.1/24')
    a.nft('add table inet test')
    a.nft('add chain inet test out { type filter hook output priority 0; }')
    a.nft('add rule inet test out oifname eth1 udp dport 5353 reject')
    const [first, second] = [look(a, 'Ana'), look(b, 'Bruno')]
    await sees(first, 'Bruno')
    await sees(second, 'Ana')
    await until('the trouble is told', () => linesOf(first).some(({ kind }) => kind === 'trouble'))
    const troubles = linesOf(first).filter(({ kind }) => kind === 'trouble')
    expect(troubles[0]).toMatchObject({ interfaceName: 'eth1', reason: 'EPERM' })
    expect(troubles.filter(({ interfaceName }) => interfaceName !== 'eth1')).toEqual([])
  })

  it('goes on over IPv6 where another program has the port of IPv4 for itself, and takes it when it is free', async (context) => {
    const [a, b] = twoHosts(lanFor(context))
    const hog = await started(a.node('test/namespaces/hog.ts'))
    const [first, second] = [look(a, 'Ana'), look(b, 'Bruno')]
    await sees(second, 'Ana', /^\/ip4\/192\.168\.9\.1\//)
    await sees(first, 'Bruno')
    await until('the trouble is told', () => linesOf(first).some(({ kind }) => kind === 'trouble'))
    const troubles = () => linesOf(first).filter(({ kind }) => kind === 'trouble')
    expect(troubles()).toMatchObject([
      { interfaceName: 'lo', family: 4, reason: 'EADDRINUSE' },
      { interfaceName: 'eth0', family: 4, reason: 'EADDRINUSE' },
    ])
    hog.child.kill('SIGKILL')
    await hog.ended
    const third = look(a, 'Clara', '/ip4/127.0.0.1/tcp/4009')
    await sees(first, 'Clara', /^\/ip4\/127\.0\.0\.1\/tcp\/4009$/)
    await sees(third, 'Ana')
    expect(troubles()).toHaveLength(2)
  })
})
