import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { RoomsView } from '../../src/api/rooms.ts'
import { until } from '../support/wait.ts'
import { lanFor, twoHosts } from './hosts.ts'
import type { Host, Process } from './lan.ts'

// Whole peers that go from room to room by what discovery hears.
const gavelring = 'src/cli/gavelring.mjs'

interface Running {
  readonly process: Process
  /** The exit code, and what was said. */
  call(...args: string[]): Promise<readonly [number | null, string]>
  rooms(): Promise<RoomsView>
  /** `diagnosis`, `cancel`: straight from its API. */
  ask(what: string): Promise<unknown>
}

function start(host: Host, name: string, ...args: string[]): Running {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-namespaces-'))
  const profile = join(folder, name)
  const process = host.node(gavelring, 'peer', '--name', name, '--profile', profile, ...args)
  onTestFinished(async () => {
    process.child.kill('SIGKILL')
    await process.ended
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const call: Running['call'] = async (...args) => {
    const asked = host.node(gavelring, ...args, '--profile', profile)
    const exitCode = await asked.ended
    return [exitCode, asked.lines.join('\n')]
  }
  const ask: Running['ask'] = async (what) => {
    const asked = host.node('test/namespaces/asker.ts', profile, what)
    await asked.ended
    return JSON.parse(asked.lines.join(''))
  }
  return { process, call, ask, rooms: async () => JSON.parse((await call('rooms', '--json'))[1]) }
}

const says = ({ process }: Running, pattern: RegExp): Promise<void> =>
  until(`${pattern} is said`, () => pattern.test(process.lines.join('\n')), 60_000)

/** Until `look` finds what it looks for; asking takes a process each time. */
async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const end = performance.now() + 60_000; performance.now() < end; ) {
    const found = await look()
    if (found !== undefined) return found
  }
  throw new Error(`did not happen: ${what}`)
}

const sees = (running: Running, name: string): Promise<RoomsView['inSight'][number]> =>
  eventually(`${name} is seen`, async () => (await running.rooms()).inSight.find((room) => room.name === name))

const member = /^Peer +\S+ \(\S+\), member$/m

it('a person sees the rooms of a network from none of them, comes into one, leaves it, makes another, and is joined there', async (context) => {
  const [a, b] = twoHosts(lanFor(context))
  const ana = start(a, 'Ana', '--room', 'evening', '--code', 'old lamp', '--create')
  await says(ana, /^Others join with/m)
  const bob = start(b, 'Bob', '--last')
  await says(bob, /^In no room\. You are Bob/m)

  const evening = await sees(bob, 'evening')
  expect(evening).toMatchObject({ founder: 'Ana', size: 1, hasCode: true, speaksOurs: true, people: ['Ana'], isHere: false })
  expect((await bob.rooms()).state).toBe('none')
  expect(await bob.call('status')).toEqual([3, expect.stringMatching(/^Room +none[\s\S]*^In sight +evening \([0-9a-f]{8}\)/m)])

  expect(await bob.call('join', evening.id.slice(0, 8))).toEqual([
    1,
    expect.stringContaining('The room “evening” of Ana has a code: say it to come in.'),
  ])
  expect(await bob.call('join', 'evening', '--code', 'old lamb')).toEqual([
    1,
    expect.stringContaining('The room “evening” of Ana has another code.'),
  ])
  expect((await bob.call('join', 'evening', '--code', 'old lamp'))[0]).toBe(0)
  await eventually('Bob is a member', async () => (member.test((await bob.call('status'))[1]) ? true : undefined))
  expect(await bob.rooms()).toMatchObject({
    state: 'in',
    inSight: [{ name: 'evening', isHere: true, people: expect.arrayContaining(['Ana', 'Bob']) }],
  })

  expect((await bob.call('leave', '--stay'))[0]).toBe(0)
  expect((await bob.rooms()).state).toBe('none')
  expect((await bob.call('account', 'list'))[1]).toContain('In no room yet')
  const made = JSON.parse((await bob.call('create', 'noon', '--code', 'new', '--json'))[1])

  // Ana is in a room of another name and code, and goes by link, in order: her process stays.
  await sees(ana, 'noon')
  expect(await ana.call('join', 'noon')).toEqual([1, expect.stringContaining('The room “noon” of Bob has a code')])
  expect((await ana.call('join', made.link))[0]).toBe(0)
  expect((await ana.rooms()).room).toEqual({ name: 'noon', id: made.room })
  await says(bob, /Ana/)

  // On the way into a room that is nowhere, and called off.
  await bob.call('leave', '--stay')
  const nowhere = bob.call('join', 'attic', '--wait', '60')
  await eventually('it is on its way', async () => ((await bob.rooms()).state === 'entering' ? true : undefined))
  expect((await bob.call('status'))[1]).toMatch(/^Room +attic: on its way into it/m)
  expect(await bob.ask('cancel')).toEqual({})
  expect(await nowhere).toEqual([1, expect.stringContaining('called off')])
  expect(bob.process.child.exitCode).toBeNull()
  expect((await bob.call('leave'))[0]).toBe(0)
  expect(await bob.process.ended).toBe(0)
}, 180_000)

it('two rooms of one name are told apart by their ids, and none is entered by accident', async (context) => {
  const [a, b] = twoHosts(lanFor(context))
  const [ana, cleo] = ['Ana', 'Cleo'].map((name) => start(a, name, '--room', 'evening', '--code', name, '--create')) as [
    Running,
    Running,
  ]
  for (const one of [ana, cleo]) await says(one, /^Others join with/m)
  const bob = start(b, 'Bob', '--last')
  await says(bob, /^In no room/m)
  const found = await eventually('both are seen', async () => {
    const { inSight } = await bob.rooms()
    return inSight.length === 2 ? inSight : undefined
  })
  expect(found.map(({ name, founder }) => [name, founder]).sort()).toEqual([
    ['evening', 'Ana'],
    ['evening', 'Cleo'],
  ])
  const [exitCode, said] = await bob.call('join', 'evening', '--code', 'Ana')
  expect(exitCode).toBe(1)
  expect(said).toMatch(
    /Several rooms fit: “evening” \([0-9a-f]{8}\) of (Ana|Cleo), 1 member; “evening” \([0-9a-f]{8}\) of (Ana|Cleo), 1 member/,
  )
  const of = (founder: string): string => found.find((room) => room.founder === founder)?.id.slice(0, 8) ?? ''
  expect((await bob.call('join', of('Cleo'), '--code', 'Ana'))[1]).toContain('The room “evening” of Cleo has another code.')
  expect((await bob.call('join', of('Cleo'), '--code', 'Cleo'))[0]).toBe(0)
  expect((await bob.rooms()).room?.id?.startsWith(of('Cleo'))).toBe(true)
  const findings = await bob.ask('diagnosis')
  const several = { code: 'several-rooms', severity: 'note', remedy: expect.stringContaining('gavelring join ID') }
  expect(findings).toContainEqual(
    expect.objectContaining({ ...several, text: expect.stringContaining('There are 2 rooms “evening”') }),
  )
  const good = { code: 'multicast', severity: 'good', text: 'Multicast works on eth0.' }
  expect(findings).toContainEqual(expect.objectContaining(good))
}, 120_000)
