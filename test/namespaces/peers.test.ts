import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Diagnosis, Findings } from '../../src/app/diagnosis.ts'
import { until } from '../support/wait.ts'
import { lanFor, twoHosts } from './hosts.ts'
import { type Host, type Process, whyNoFilter } from './lan.ts'

// Whole peers, as people start them, on hosts of their own.
const gavelring = 'src/cli/gavelring.mjs'
const room = ['--room', 'evening', '--code', 'old lamp']

interface Running {
  readonly host: Host
  readonly profile: string
  readonly process: Process
}

function start(host: Host, name: string, ...args: string[]): Running {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-namespaces-'))
  const profile = join(folder, name)
  const process = host.node(gavelring, 'peer', ...room, '--name', name, '--profile', profile, ...args)
  onTestFinished(async () => {
    process.child.kill('SIGKILL')
    await process.ended
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  return { host, profile, process }
}

/** The founder's host knows nobody yet; whoever comes later only joins, so that there is one room whatever happens. */
async function founder(host: Host, ...args: string[]): Promise<Running> {
  const running = start(host, 'Ana', '--create', ...args)
  const { lines, ended } = running.process
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  await until('the room is founded', () => isOver || lines.some((line) => line.startsWith('API at')), 60_000)
  if (isOver) throw new Error(lines.join('\n'))
  return running
}

interface PeerLine {
  readonly name: string
  readonly member: boolean
  readonly connected: boolean
}

/** Asks a running peer for its peers until they are as expected. */
async function peersWhen({ host, profile, process }: Running, expected: (peers: readonly PeerLine[]) => boolean): Promise<void> {
  const deadline = performance.now() + 60_000
  for (;;) {
    const asked = host.node(gavelring, 'peers', '--json', '--profile', profile)
    await asked.ended
    const line = asked.lines.find((text) => text.startsWith('['))
    if (line !== undefined && expected(JSON.parse(line))) return
    if (performance.now() > deadline) throw new Error([...asked.lines, ...process.lines].join('\n'))
  }
}

const isMet = ({ member, connected }: PeerLine): boolean => member && connected

/** Until it is connected with another member. */
const joined = (running: Running): Promise<void> => peersWhen(running, (peers) => peers.some(isMet))

async function doctor(host: Host, ...args: string[]) {
  const asked = host.node(gavelring, 'doctor', '--json', ...args)
  await asked.ended
  const line = asked.lines.find((text) => text.startsWith('{"findings"'))
  if (line === undefined) throw new Error(asked.lines.join('\n'))
  const report: { readonly findings: Findings; readonly diagnoses: readonly Diagnosis[] } = JSON.parse(line)
  return { findings: report.findings, codes: report.diagnoses.map(({ code }) => code) }
}

describe('peers on hosts of their own', () => {
  it('meet on a switch without a default route, and the doctor agrees; with another code it says so', async (context) => {
    const [a, b] = twoHosts(lanFor(context))
    await founder(a)
    const bruno = start(b, 'Bruno', '--join')
    await joined(bruno)
    const nowhere = ['--profile', '/nonexistent', '--room', 'evening']
    // One after the other: each loads a network stack, and has its time.
    const inside = await doctor(b, '--profile', bruno.profile)
    const same = await doctor(b, ...nowhere, '--code', 'old lamp')
    const other = await doctor(b, ...nowhere, '--code', 'new lamp')
    const none = await doctor(b, ...nowhere)
    expect(inside.findings.running).toMatchObject({ roomName: 'evening', connected: 1 })
    expect(same.findings.peers.flatMap(({ tried }) => tried).some(({ handshake }) => handshake === 'same-code')).toBe(true)
    expect([inside, same, other, none].map(({ codes }) => codes)).toEqual([[], [], ['another-code'], ['code-missing']])
  })

  it('are two copies of one folder, and no third: both say so, the later one stops, and nothing is lost', async (context) => {
    const [a, b] = twoHosts(lanFor(context))
    const ana = await founder(a)
    ana.process.child.kill('SIGINT')
    await ana.process.ended
    const folder = mkdtempSync(join(tmpdir(), 'gavelring-namespaces-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
    const copy = join(folder, 'copy')
    cpSync(ana.profile, copy, { recursive: true })
    const runs = (host: Host, profile: string): Process => {
      const process = host.node(gavelring, 'peer', ...room, '--profile', profile)
      onTestFinished(async () => {
        process.child.kill('SIGKILL')
        await process.ended
      })
      return process
    }
    const opens = async (host: Host, profile: string, account: string): Promise<void> => {
      const asked = host.node(gavelring, 'account', 'open', account, '--profile', profile)
      if ((await asked.ended) !== 0) throw new Error(asked.lines.join('\n'))
    }
    const first = runs(a, ana.profile)
    await until('the first is in', () => first.lines.some((line) => line.startsWith('API at')), 60_000)
    await opens(a, ana.profile, 'first')
    const later = runs(b, copy)
    expect(await later.ended).toBe(3)
    expect(later.lines.join('\n')).toMatch(/stopped: a copy of this folder runs elsewhere.*--profile.*log export/)
    await until('the first says so', () => first.lines.some((line) => line.includes('this peer goes on')), 60_000)
    await opens(a, ana.profile, 'second')
    first.child.kill('SIGINT')
    expect(await first.ended).toBe(0)
    for (const profile of [ana.profile, copy]) {
      expect(await a.node(gavelring, 'log', 'verify', '--profile', profile).ended).toBe(0)
    }
  })

  it('meet where a VPN has taken all routes on both', async (context) => {
    const [a, b] = twoHosts(lanFor(context))
    for (const [i, host] of [a, b].entries()) {
      host.withoutIp6()
      host.plug('tun0', undefined, `10.8.0.${i + 2}/24`)
      host.ip('route add default dev tun0')
    }
    await founder(a)
    await joined(start(b, 'Bruno', '--join'))
  })

  it('meet over the addresses of one link alone, where there is only IPv6', async (context) => {
    const lan = lanFor(context)
    const [net, a, b] = [lan.addSwitch(), lan.host('a'), lan.host('b')]
    a.plug('eth0', net)
    b.plug('eth0', net)
    await founder(a, '--listen', '[::]:0')
    await joined(start(b, 'Bruno', '--join', '--listen', '[::]:0'))
  })

  for (const [which, own, expected] of [
    ['of IPv6', [], /^\/ip6zone\/eth0\/ip6\/fe80::[0-9a-f:]+\/tcp\/\d+\/p2p\//],
    ['of IPv4', ['169.254.7.1/16'], /^\/ip4\/169\.254\.7\.1\/tcp\/\d+\/p2p\//],
  ] as const) {
    it(`show their addresses of one link where there are no others: ${which}`, async (context) => {
      const lan = lanFor(context)
      const [net, a] = [lan.addSwitch(), lan.host('a')]
      a.plug('eth0', net, ...own)
      const ana = await founder(a)
      const asked = a.node(gavelring, 'status', '--json', '--profile', ana.profile)
      await asked.ended
      const { addresses, link } = JSON.parse(asked.lines[0] ?? '{}')
      expect(addresses).toEqual(expect.arrayContaining([expect.stringMatching(expected)]))
      expect(link).toMatch(/&at=\/ip(6zone|4)\/(eth0\/ip6\/fe80|169)/)
    })
  }

  it('meet three in a row of two networks: the one in both leads the others to the room', async (context) => {
    const lan = lanFor(context)
    const [left, right] = [lan.addSwitch(), lan.addSwitch()]
    const [a, b, c] = [lan.host('a'), lan.host('b'), lan.host('c')]
    a.plug('eth0', left, '192.168.9.1/24')
    b.plug('eth0', left, '192.168.9.2/24')
    b.plug('eth1', right, '10.5.5.2/24')
    c.plug('eth0', right, '10.5.5.3/24')
    const ana = await founder(a)
    await joined(start(b, 'Bruno', '--join'))
    const clara = start(c, 'Clara', '--join')
    const areThree = (peers: readonly PeerLine[]): boolean => peers.filter(({ member }) => member).length === 3
    await Promise.all([ana, clara].map((running) => peersWhen(running, areThree)))
  })

  it('meet by address where multicast is blocked, and the doctor says that it is', async (context) => {
    const [a, b] = twoHosts(lanFor(context, whyNoFilter()))
    for (const host of [a, b]) {
      host.nft('add table inet test')
      host.nft('add chain inet test out { type filter hook output priority 0; }')
      host.nft('add rule inet test out udp dport 5353 drop')
    }
    await founder(a, '--listen', '0.0.0.0:4001')
    const bruno = start(b, 'Bruno', '--bootstrap', '192.168.9.1:4001')
    await joined(bruno)
    const { codes, findings } = await doctor(b, '--profile', bruno.profile)
    expect(codes).toEqual(['multicast-blocked'])
    expect(findings.running?.connected).toBe(1)
  })

  it('find each other again when an address has changed', async (context) => {
    const [a, b] = twoHosts(lanFor(context))
    for (const host of [a, b]) host.withoutIp6()
    await founder(a)
    const bruno = start(b, 'Bruno', '--join')
    await joined(bruno)
    a.ip('addr flush dev eth0')
    await peersWhen(bruno, (peers) => !peers.some(isMet))
    a.ip('addr add 192.168.9.77/24 dev eth0')
    await joined(bruno)
  })
})
