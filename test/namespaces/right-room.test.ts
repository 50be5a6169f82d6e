import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { until } from '../support/wait.ts'
import { lanFor, twoHosts } from './hosts.ts'
import type { Host, Process } from './lan.ts'

// Whole peers that find each other, or do not, by discovery alone.
const gavelring = 'src/cli/gavelring.mjs'

interface Running {
  readonly host: Host
  readonly profile: string
  readonly process: Process
}

function start(host: Host, name: string, ...args: string[]): Running {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-namespaces-'))
  const profile = join(folder, name)
  const process = host.node(gavelring, 'peer', '--room', 'evening', '--name', name, '--profile', profile, ...args)
  onTestFinished(async () => {
    process.child.kill('SIGKILL')
    await process.ended
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  return { host, profile, process }
}

const linesOf = ({ process }: Running): string => process.lines.join('\n')
const says = (running: Running, pattern: RegExp): Promise<void> =>
  until(`${pattern} is said`, () => pattern.test(linesOf(running)), 60_000)

async function ask({ host, profile }: Running, ...args: string[]): Promise<string> {
  const asked = host.node(gavelring, ...args, '--profile', profile)
  await asked.ended
  return asked.lines.join('\n')
}

/** Without a quorum a note stands beside the answer. */
async function roomOf(running: Running): Promise<string> {
  const answer = (await ask(running, 'status', '--json')).split('\n').find((line) => line.startsWith('{'))
  return JSON.parse(answer ?? 'null').room.id
}

describe('the right room', () => {
  it('is not founded anew by somebody who mistyped the code: the other one is named', async (context) => {
    const [a, b] = twoHosts(lanFor(context))
    const ana = start(a, 'Ana', '--code', 'old lamp', '--create')
    await says(ana, /^Room “?evening/m)
    const bob = start(b, 'Bob', '--code', 'old lamb')
    await says(
      bob,
      /the room “evening” of Ana is here but has another code: look at --code again, or found your own with --create/,
    )
    expect(linesOf(bob)).not.toMatch(/founded/)

    const cleo = start(b, 'Cleo', '--code', 'old lamb', '--create')
    const beware =
      /Beware: another room “evening” is in sight: founded by (Ana|Cleo) at \S+, 1 member, with another code\. To go there: gavelring join [0-9a-f]{8} --code CODE/
    await says(cleo, beware)
    await says(ana, beware)
    expect(await ask(cleo, 'status')).toMatch(/^Beware +another room “evening” is in sight: founded by Ana/m)
  })

  it('is found by a peer that founded one alone, since its network came late', async (context) => {
    const lan = lanFor(context)
    const [net, a, b] = [lan.addSwitch(), lan.host('a'), lan.host('b')]
    a.plug('eth0', net, '192.168.9.1/24')
    const ana = start(a, 'Ana', '--create')
    await says(ana, /^API at/m)
    await ask(ana, 'account', 'open', 'ana')
    const bob = start(b, 'Bob')
    await says(bob, /was founded just now by you, Bob/)
    b.plug('eth0', net, '192.168.9.2/24')
    await until('it has given way', () => /room-given-up|gives way/.test(linesOf(bob)), 60_000)
    expect(await roomOf(bob)).toBe(await roomOf(ana))
  })

  it('is told of where both have a history, with the way over', async (context) => {
    const lan = lanFor(context)
    const [net, a, b] = [lan.addSwitch(), lan.host('a'), lan.host('b')]
    a.plug('eth0', net, '192.168.9.1/24')
    const [ana, bob] = [start(a, 'Ana', '--create'), start(b, 'Bob', '--create')]
    for (const one of [ana, bob]) {
      await says(one, /^API at/m)
      await ask(one, 'account', 'open', 'one')
    }
    b.plug('eth0', net, '192.168.9.2/24')
    await says(bob, /Beware: another room “evening” .* founded by Ana .* gavelring join [0-9a-f]{8}/)
    const [, id = ''] = /gavelring join ([0-9a-f]{8})/.exec(linesOf(bob)) ?? []
    expect(await ask(bob, 'join', id)).toMatch(/--force/)
    expect(await ask(bob, 'join', id, '--force')).toMatch(new RegExp(`^This peer is in the room ${id} now\\.`))
    expect(await roomOf(bob)).toBe(await roomOf(ana))
  })
})
