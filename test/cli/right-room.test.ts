import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { gavelring, type Running, temporaryFolder } from './processes.ts'
import { type Ran, run } from './run.ts'

const local = ['--no-mdns', '--listen', '127.0.0.1:0']
const peerArgs = (name: string, profile: string, ...more: readonly string[]): string[] => [
  ...['peer', ...local, '--name', name, '--profile', profile],
  ...more,
]

interface Person {
  readonly profile: string
  readonly peer: Running
  readonly address: string
  call(...args: readonly string[]): Promise<Ran>
}

/** Somebody whose peer is in its room. */
async function start(name: string, profile: string, ...more: readonly string[]): Promise<Person> {
  const peer = gavelring(peerArgs(name, profile, ...more))
  await peer.said(/^Others join with/)
  const address = /\/ip4\S+/.exec(await peer.said(/^Listening at/))?.[0] ?? ''
  return { profile, peer, address, call: (...args) => run([...args, '--profile', profile]) }
}

const host = (name: string, ...more: readonly string[]): Promise<Person> => start(name, temporaryFolder(), '--create', ...more)

async function statusOf(
  person: Person,
): Promise<{ readonly members: readonly string[]; readonly role: string; readonly room: { readonly id: string } }> {
  return JSON.parse((await person.call('status', '--json')).out.join(''))
}

describe('whoever founds a room', () => {
  test('is told so in a box: the room, its code, and how others come in', async () => {
    const ana = await host('Ana', '--room', 'evening', '--code', 'old lamp')
    ana.peer.child.kill('SIGINT')
    const { out } = await ana.peer.finished
    const box = out.split('\n').slice(0, out.split('\n').findIndex((line) => line.startsWith('└')) + 1)
    expect(new Set(box.map((line) => [...line].length))).toEqual(new Set([80]))
    const said = box
      .slice(1, -1)
      .map((line) => line.slice(1, -1).trim())
      .join(' ')
    const { port } = new URL(`http://127.0.0.1:${ana.address.split('/')[4]}`)
    expect(said).toMatch(/^Room “evening” \([0-9a-f]{8}\) was founded just now by you, Ana\. Its code is old lamp Address 127/)
    expect(said).toMatch(
      new RegExp(`Others come in with: gavelring peer --room evening --code 'old lamp' --bootstrap 127.0.0.1:${port}$`),
    )
    expect(out).toMatch(
      new RegExp(`^Others join with: gavelring peer --room evening --code CODE --bootstrap 127.0.0.1:${port}$`, 'm'),
    )
  })

  test('is told where it has no code; whoever joins or comes back is told neither', async () => {
    const ana = await host('Ana')
    expect(await ana.peer.said(/has no code/)).toMatch(/^│ It has no code: whoever is on this network can come in\. +│$/)
    const bob = await start('Bob', temporaryFolder(), '--bootstrap', ana.address)
    for (const { peer } of [bob, ana]) peer.child.kill('SIGINT')
    expect((await bob.peer.finished).out).not.toMatch(/founded|│/)
    await ana.peer.finished
    const again = await start('Ana', ana.profile)
    again.peer.child.kill('SIGINT')
    expect((await again.peer.finished).out).not.toMatch(/founded|│/)
  })
})

describe('whoever waits for a room', () => {
  test('never founds it, says for whom it waits, and can be stopped', async () => {
    const bob = gavelring(peerArgs('Bob', temporaryFolder(), '--join'))
    await bob.said(/^Waiting for the room “classroom”: nobody was heard yet/)
    bob.child.kill('SIGINT')
    expect(await bob.finished).toMatchObject({
      exitCode: 0,
      out: '',
      errors: expect.stringMatching(/Stopped before the room was found/),
    })
  })

  test('may say for how long: then it ends with 3, and the reason', async () => {
    const { exitCode, errors, out } = await gavelring(peerArgs('Bob', temporaryFolder(), '--join', '--wait', '1')).finished
    expect([exitCode, out]).toEqual([3, ''])
    expect(errors).toMatch(/^The room “classroom” was not found in 1 s: nobody was heard yet/m)
  })

  test('is told that nobody answers at the address that was given, and founds nothing', async () => {
    const bob = gavelring(peerArgs('Bob', temporaryFolder(), '--bootstrap', '127.0.0.1:1', '--wait', '5'))
    expect(await bob.said(/^Waiting for the room/)).toMatch(/nobody answers at 127.0.0.1:1 \(.*: is a peer running there/)
    expect(await bob.finished).toMatchObject({ exitCode: 3, out: '' })
  })

  test('is told that the code is another one', async () => {
    const ana = await host('Ana', '--room', 'evening', '--code', 'old lamp')
    const args = ['--room', 'evening', '--code', 'old lamb', '--bootstrap', ana.address, '--wait', '5']
    const bob = gavelring(peerArgs('Bob', temporaryFolder(), ...args))
    expect(await bob.said(/^Waiting for the room/)).toMatch(/answers but has another room code/)
    expect(await bob.finished).toMatchObject({ exitCode: 3, out: '' })
  })

  test('with --refetch has its log back when it stops waiting, also where it stops twice', async () => {
    const ana = await host('Ana')
    await ana.call('account', 'open', 'ana')
    ana.peer.child.kill('SIGINT')
    await ana.peer.finished
    for (const times of [1, 2]) {
      const waiting = gavelring(peerArgs('Ana', ana.profile, '--refetch'))
      await waiting.said(/^Waiting for the room/)
      waiting.child.kill('SIGINT')
      expect([times, (await waiting.finished).exitCode]).toEqual([times, 0])
      expect((await ana.call('log', 'verify')).out[0]).toMatch(/good: 3 blocks/)
    }
  })

  test.each([
    [['--create', '--join'], /--create or --join, not both/],
    [['--create', '--wait', '5'], /--create or --wait, not both/],
    [['--join', '--wait', 'soon'], /^--wait: A time is expected/],
    [['--bootstrap', 'nowhere'], /^--bootstrap: An address looks like/],
    [['gavelring://join?code=x'], /^--join: The link names no room/],
    [['evening'], /^--join: a join link is expected/],
  ])('is told what cannot be: %j', async (args, message) => {
    const { exitCode, notes } = await run(['peer', ...args])
    expect([exitCode, notes[0]]).toEqual([2, expect.stringMatching(message)])
  })
})

describe('a join link', () => {
  test('is all that somebody needs: of the status, with the code where it is asked for', async () => {
    const ana = await host('Ana', '--room', 'evening', '--code', 'old lamp')
    const shown = (await ana.call('status')).out.join('\n')
    expect(shown).toMatch(
      /^Link +gavelring:\/\/join\?room=evening&id=[0-9a-f]{64}&at=\S+ \(with its code: gavelring status --link\)$/m,
    )
    expect(shown).not.toContain('lamp')
    const [link = ''] = (await ana.call('status', '--link')).out
    expect(link).toMatch(/^gavelring:\/\/join\?room=evening&code=old%20lamp&id=/)
    const room = (await statusOf(ana)).room.id
    for (const args of [[link], ['--join', link], [`--join=${link}`], ['--bootstrap', link]]) {
      const guest = await start('Bob', temporaryFolder(), ...args)
      expect((await statusOf(guest)).room.id).toBe(room)
      expect(await guest.call('leave')).toMatchObject({ exitCode: 0 })
    }
  })
})

test('`leave` lets the peer go in good order: the others go on, and its process ends with 0', async () => {
  const ana = await host('Ana')
  const bob = await start('Bob', temporaryFolder(), '--bootstrap', ana.address)
  await vi.waitUntil(async () => (await statusOf(ana)).members.length === 2, 30_000)
  expect(await bob.call('leave')).toMatchObject({
    exitCode: 0,
    out: [expect.stringMatching(/^Left the room “classroom” \(\w{8}\)\.$/)],
  })
  expect(await bob.peer.finished).toMatchObject({ exitCode: 0, errors: expect.stringMatching(/Stopped: left the room\./) })
  expect(await statusOf(ana)).toMatchObject({ members: [expect.any(String)], role: 'member' })
  expect(await bob.call('leave')).toMatchObject({ exitCode: 3 })
})

test('two rooms of one name with history tell of each other, and one can be left for the other', async () => {
  const ana = await host('Ana', '--room', 'evening')
  await ana.call('account', 'open', 'ana')
  const alone = await host('Bob', '--room', 'evening')
  await alone.call('account', 'open', 'bob')
  await alone.call('leave')
  await alone.peer.finished
  const bob = await start('Bob', alone.profile, '--room', 'evening', '--bootstrap', ana.address)
  const told = await bob.peer.said(/Beware: /)
  const id = (await statusOf(ana)).room.id
  expect(told).toMatch(
    new RegExp(
      `^\\S+  Beware: another room “evening” is in sight: founded by Ana at \\S+, 1 member, with a history of its own: .* gavelring join ${id.slice(0, 8)}`,
    ),
  )
  expect((await bob.call('status')).out.join('\n')).toMatch(/^Beware +another room “evening” is in sight: founded by Ana/m)
  expect((await bob.call('peers')).notes.join('\n')).toMatch(/^Beware: another room “evening”/m)
  const json = JSON.parse((await bob.call('status', '--json')).out.join(''))
  expect(json.otherRooms).toMatchObject([
    { id: id.slice(0, 16), founder: 'Ana', size: 1, hasCode: false, reason: 'another-room' },
  ])

  const refused = await bob.call('join', id.slice(0, 8))
  expect([refused.exitCode, refused.notes.join(' ')]).toEqual([
    1,
    expect.stringMatching(/^Something was done in the room “evening”.*--force/),
  ])
  const other = await bob.call('join', 'gavelring://join?room=noon', '--wait', '0.2')
  expect([other.exitCode, other.notes[0]]).toEqual([3, 'Nobody who is in the room “noon” was heard.'])
  expect((await bob.call('status')).exitCode, 'nothing is left for a room of which nobody is heard').toBe(0)
  const nobody = await bob.call('join', '00000000', '--wait', '0.2', '--force')
  expect([nobody.exitCode, nobody.notes[0]]).toEqual([3, 'Nobody who is in the room 00000000 was heard.'])

  const moved = await bob.call('join', id.slice(0, 8), '--force')
  expect([moved.exitCode, moved.out[0]]).toEqual([0, `This peer is in the room ${id.slice(0, 8)} now.`])
  const archive = /kept in (\S+\.jsonl):/.exec(moved.out[1] ?? '')?.[1] ?? ''
  expect(existsSync(archive) && archive.startsWith(join(bob.profile, 'rooms'))).toBe(true)
  expect(readFileSync(archive, 'utf8')).toContain('"bob"')
  expect(await run(['log', 'verify', archive])).toMatchObject({ exitCode: 0 })
  await vi.waitUntil(async () => (await statusOf(bob)).role === 'member' && (await statusOf(ana)).members.length === 2, 30_000)
  expect((await bob.call('account', 'list')).out.join('\n')).toMatch(/^ana /m)
  expect((await bob.call('status')).out.join('\n')).not.toMatch(/Beware/)
})
