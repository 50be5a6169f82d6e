import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { roomFolder } from '../../src/app/room-folder.ts'
import { gavelring, joinPeer, peerArgs, startPeer, temporaryFolder } from './processes.ts'
import { run } from './run.ts'

/** What befalls the log of a peer that does not run, while its key and the list of its rooms stay. */
const losses: Readonly<Record<string, (profile: string) => void>> = {
  'the folder of the room': (profile) => rmSync(roomFolder(profile, 'classroom'), { recursive: true }),
  'all that is in it': (profile) => {
    const folder = roomFolder(profile, 'classroom')
    for (const name of readdirSync(folder)) rmSync(join(folder, name))
  },
  'the folder of all rooms': (profile) => rmSync(join(profile, 'rooms'), { recursive: true }),
}

const lookArgs = (profile: string, ...more: readonly string[]): string[] => [
  ...['peer', '--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0', '--name', 'Ana', '--profile', profile],
  ...more,
]
const listOf = (profile: string): string => readFileSync(join(profile, 'rooms.json'), 'utf8')

async function stoppedPeer(): Promise<string> {
  const profile = temporaryFolder()
  const peer = await startPeer(profile)
  expect(await run(['account', 'open', 'ana', '--profile', profile])).toMatchObject({ exitCode: 0 })
  peer.child.kill('SIGINT')
  await peer.finished
  return profile
}

describe.each(Object.entries(losses))('%s is gone', (_name, lose) => {
  test('alone the peer founds no room in the place of that one, at no start, and says what is gone and what to do', async () => {
    const profile = await stoppedPeer()
    lose(profile)
    const before = listOf(profile)
    for (let start = 0; start < 2; start++) {
      const { exitCode, out, errors } = await gavelring(lookArgs(profile, '--wait', '4')).finished
      expect([exitCode, errors]).toEqual([3, expect.stringMatching(/^The log of the room “classroom” is gone from /m)])
      expect(errors).toMatch(/another member is in reach.*gavelring restore.*--create/)
      expect(`${out}${errors}`).not.toMatch(/founded (?:just )?now|Room classroom/)
      expect(listOf(profile)).toBe(before)
      expect(readdirSync(join(profile, 'rooms')), 'a backup can be restored here').toEqual([])
    }
  }, 60_000)
})

test('one whose log is gone is killed as it looks for the others: the next start founds no room either', async () => {
  const profile = await stoppedPeer()
  rmSync(join(profile, 'rooms'), { recursive: true })
  const killed = gavelring(lookArgs(profile))
  await killed.said(/the log of this room is gone/)
  await killed.said(/^Waiting for the room/)
  killed.child.kill('SIGKILL')
  await killed.finished
  expect(await gavelring(lookArgs(profile)).finished).toMatchObject({ exitCode: 3, errors: expect.stringContaining('is gone') })
}, 60_000)

test.each(['--join', '--last'])(
  'one whose log is gone, and that waits with %s, says so at its start, and as long as it waits',
  async (how) => {
    const profile = await stoppedPeer()
    rmSync(join(profile, 'rooms'), { recursive: true })
    const waiting = gavelring(lookArgs(profile, how))
    await waiting.said(/the log of this room is gone from the folder/)
    await waiting.said(/^Waiting for the room/)
    const { out } = await run(['status', '--profile', profile])
    expect(out.join('\n')).toMatch(/^Beware +the log of this room is gone from .*rooms.*; the other members/m)
  },
  60_000,
)

test('one whose log is gone founds a new room where a person says so', async () => {
  const profile = await stoppedPeer()
  rmSync(join(profile, 'rooms'), { recursive: true })
  const peer = gavelring(peerArgs(profile))
  await peer.said(/^Room classroom/)
  peer.child.kill('SIGINT')
  await peer.finished
  // And that one is there from then on.
  const again = gavelring(lookArgs(profile))
  await again.said(/^Room classroom/)
}, 60_000)

test('one whose log is gone comes back where another member is in reach, as one that has forgotten', async () => {
  const [first, second] = [temporaryFolder(), temporaryFolder()]
  const peer = await startPeer(first)
  const other = await joinPeer(peer, second)
  expect(await run(['account', 'open', 'ana', '--profile', second])).toMatchObject({ exitCode: 0 })
  other.child.kill('SIGKILL')
  await other.finished
  rmSync(roomFolder(second, 'classroom'), { recursive: true })
  // The founder of peers that are started alike would found the room where it is not there.
  await joinPeer(peer, second, '--name', 'Bob', '--founder', 'Bob')
  expect(await run(['deposit', 'ana', '5', '--profile', second, '--wait', '30'])).toMatchObject({ exitCode: 0 })
  const { out } = await run(['log', 'export', '--profile', first])
  const lost = out.flatMap((line) => (JSON.parse(line) as { content?: { lost?: readonly unknown[] } }).content?.lost ?? [])
  expect(lost).toHaveLength(1)
  await vi.waitUntil(
    async () => (await run(['account', 'show', 'ana', '--profile', first])).out.join('\n').includes('5.00 EUR'),
    30_000,
  )
}, 120_000)
