import { describe, expect, it, type TestContext } from 'vitest'
import type { Diagnosis, Findings } from '../../src/app/diagnosis.ts'
import { wireVersion } from '../../src/core/limits.ts'
import { lanFor, started, twoHosts } from './hosts.ts'
import { type Host, whyNoFilter } from './lan.ts'

interface Report {
  readonly findings: Findings
  readonly diagnoses: readonly Diagnosis[]
}

/** What `gavelring doctor` finds on a host: its causes, and all of it. */
async function doctor(host: Host, ...args: string[]): Promise<Report & { readonly codes: readonly string[] }> {
  const process = host.node('src/cli/gavelring.mjs', 'doctor', '--json', '--profile', '/nonexistent', ...args)
  const exitCode = await process.ended
  const line = process.lines.find((text) => text.startsWith('{"findings"'))
  if (line === undefined) throw new Error(process.lines.join('\n'))
  const report: Report = JSON.parse(line)
  expect(exitCode).toBe(report.diagnoses.length === 0 ? 0 : 1)
  return { ...report, codes: report.diagnoses.map(({ code }) => code) }
}

const facts = (more: object = {}): string => JSON.stringify({ name: 'Bruno', ...more })
const room = (id: string, founder: string) => ({ room: { id: id.repeat(16), founder, members: 1, founded: 1_790_000_000_000 } })

/** Two hosts; on the second something that is heard as peers do, and something that listens at their port. */
async function withShouter(context: TestContext, texts: readonly string[], ...needs: (string | undefined)[]) {
  const [a, b] = twoHosts(lanFor(context, ...needs))
  const shouter = b.node('test/namespaces/shout.ts', '192.168.9.2', ...texts)
  await Promise.all([started(shouter), started(b.node('test/namespaces/listener.ts', '4001'))])
  return [a, b] as const
}

describe('gavelring doctor', () => {
  it('finds no network, and says so in words', async (context) => {
    const host = lanFor(context).host('a')
    const inWords = host.node('src/cli/gavelring.mjs', 'doctor', '--profile', '/nonexistent')
    expect((await doctor(host)).codes).toEqual(['no-network'])
    expect(await inWords.ended).toBe(1)
    expect(inWords.lines).toEqual([
      'Network  none is up',
      'Route    none beyond the own networks',
      'Peer     none runs with this profile',
      'Heard    nobody',
      '',
      '1. This machine is in no network: no interface is up with an address.',
      '   Join the Wi-Fi of the others, or plug a cable in. Peers on this machine alone find each other all the same.',
    ])
  })

  it('finds that nobody is there, and that a VPN has taken the routes', async (context) => {
    const [a, b] = twoHosts(lanFor(context))
    b.plug('tun0', undefined, '10.8.0.2/24')
    b.ip('route add default dev tun0')
    const [alone, tunnelled] = await Promise.all([doctor(a), doctor(b)])
    expect(alone.codes).toEqual(['nobody-heard'])
    expect(alone.diagnoses[0]?.cause).toContain('eth0')
    expect(tunnelled.codes).toEqual(['vpn'])
    expect(tunnelled.findings.defaultRoute).toEqual({ interfaceName: 'tun0', isTunnel: true })
  })

  it('finds multicast blocked here, and a given address that can be used instead', async (context) => {
    const [a, b] = twoHosts(lanFor(context, whyNoFilter()))
    a.nft('add table inet test')
    a.nft('add chain inet test out { type filter hook output priority 0; }')
    a.nft('add rule inet test out udp dport 5353 drop')
    await started(b.node('test/namespaces/listener.ts', '4001'))
    const { codes, findings } = await doctor(a, '--bootstrap', '192.168.9.2:4001')
    expect(codes).toEqual(['multicast-blocked'])
    expect(findings.given).toMatchObject([{ outcome: 'open', isNear: true }])
  })

  it('finds nothing where a peer answers; a closed port; and a name that nobody knows', async (context) => {
    const [a] = await withShouter(context, [facts()])
    const [well, closed, unknown] = await Promise.all([
      doctor(a),
      doctor(a, '--bootstrap', '192.168.9.2:4009'),
      doctor(a, '--bootstrap', 'nobody.invalid:4001'),
    ])
    expect([well.codes, well.findings.peers.map(({ name }) => name)]).toEqual([[], ['Bruno']])
    expect(closed.codes).toEqual(['port-closed'])
    expect(closed.diagnoses[0]?.cause).toContain('192.168.9.2:4009')
    expect(unknown.codes).toEqual(['no-such-name'])
  })

  it('finds a firewall on the other side', async (context) => {
    const [a, b] = await withShouter(context, [facts()], whyNoFilter())
    b.nft('add table inet test')
    b.nft('add chain inet test in { type filter hook input priority 0; }')
    b.nft('add rule inet test in tcp dport 4001 drop')
    expect((await doctor(a)).codes).toEqual(['firewall'])
  })

  it('finds a network that keeps its clients apart: heard, but no packet gets there', async (context) => {
    const [a, b] = await withShouter(context, [facts()])
    b.ip('link set eth0 arp off')
    expect((await doctor(a)).codes).toEqual(['client-isolation'])
  })

  it('finds a peer that is in another network', async (context) => {
    const [a, b] = twoHosts(lanFor(context), '192.168.9.1/24', '10.5.5.2/24')
    await started(b.node('test/namespaces/shout.ts', '10.5.5.2', facts()))
    const { codes, diagnoses } = await doctor(a)
    expect(codes).toEqual(['two-networks'])
    expect(diagnoses[0]?.cause).toContain('10.5.5.2:4001')
  })

  it('finds other versions, clocks that are off, rooms of one name, and a code that is missing', async (context) => {
    const [a] = await withShouter(context, [
      facts({ ...room('a', 'Ana'), hasCode: true }),
      facts({ ...room('b', 'Clara'), name: 'Clara', version: wireVersion + 1 }),
      facts({ name: 'Davi', clock: -3_600 }),
      facts({ name: 'Eva', roomName: 'other', version: 99 }),
    ])
    const { codes, diagnoses } = await doctor(a, '--room', 'evening')
    expect(codes).toEqual(['several-rooms', 'code-missing', 'another-version', 'clock-off'])
    expect(diagnoses.map(({ cause }) => cause)).toEqual([
      'There are 2 rooms “evening”: aaaaaaaa (founded by Ana, 1 member) and bbbbbbbb (founded by Clara, 1 member).',
      'The room “evening” has a code, and none was given.',
      `Clara speaks version ${wireVersion + 1} of the protocol, this program ${wireVersion}.`,
      'The clock of Davi is 60 min behind the one of this machine.',
    ])
    expect((await doctor(a, '--room', 'Evening')).codes).toEqual(['room-not-heard'])
  })
})
