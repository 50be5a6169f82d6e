import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { roomFolder } from '../../src/app/room-folder.ts'
import { gavelring, joinPeer, peerArgs, startPeer, temporaryFolder } from './processes.ts'
import { run } from './run.ts'

/** What befalls the log of a peer that does not run. */
const damages: Readonly<Record<string, (folder: string) => void>> = {
  'an emptied journal': (folder) => {
    for (const name of readdirSync(folder)) if (name.endsWith('.log')) truncateSync(join(folder, name), 0)
  },
  'a deleted database': (folder) => {
    for (const name of readdirSync(folder)) if (name !== 'witness') rmSync(join(folder, name))
  },
  'a flipped bit': (folder) => {
    for (const name of readdirSync(folder).filter((one) => /\.(?:log|ldb)$/.test(one))) {
      const bytes = readFileSync(join(folder, name))
      if (bytes.length === 0) continue
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 4
      writeFileSync(join(folder, name), bytes)
    }
  },
  'a deleted witness': (folder) => rmSync(join(folder, 'witness')),
}

const joinArgs = ['peer', '--join', '--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0']
const logOf = (profile: string): string => roomFolder(profile, 'classroom')

const saysWhat =
  /^the log that was here is damaged: [A-Z].*\. (?:Blocks 0 to \d+ are whole|No block of it can be relied on)\. It is/

const filesIn = (folder: string): ReadonlyMap<string, Buffer> =>
  new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]))

const timesIn = (folder: string): readonly number[] => readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs)

async function stoppedPeer(): Promise<string> {
  const profile = temporaryFolder()
  const peer = await startPeer(profile)
  expect(await run(['account', 'open', 'ana', '--profile', profile])).toMatchObject({ exitCode: 0 })
  expect(await run(['deposit', 'ana', '5', '--profile', profile])).toMatchObject({ exitCode: 0 })
  peer.child.kill('SIGINT')
  await peer.finished
  return profile
}

describe.each(Object.entries(damages))('%s', (_name, damage) => {
  test('of one of two: it comes back by itself, and is a member with everything', async () => {
    const [first, second] = [temporaryFolder(), temporaryFolder()]
    const peer = await startPeer(first)
    const other = await joinPeer(peer, second)
    expect(await run(['account', 'open', 'ana', '--profile', second])).toMatchObject({ exitCode: 0 })
    other.child.kill('SIGINT')
    await other.finished
    damage(logOf(second))
    const back = await joinPeer(peer, second)
    await back.said(/the log is damaged/)
    expect(await run(['deposit', 'ana', '5', '--profile', second, '--wait', '30'])).toMatchObject({ exitCode: 0 })
    const status = await run(['status', '--json', '--profile', second])
    const { notices } = JSON.parse(status.out.join('')) as { notices: { code: string; text: string; aside: string }[] }
    const aside = `${logOf(second)}.old`
    expect(notices).toEqual([{ code: 'log-damaged', text: expect.stringMatching(saysWhat), whole: expect.any(Number), aside }])
    expect(notices[0]?.text).toContain(`kept as it was, in ${logOf(second)}.old`)
    expect((await run(['status', '--profile', second])).out.join('\n')).toMatch(/^Beware +the log that was here is damaged: /m)
    expect(readdirSync(`${logOf(second)}.old`).length).toBeGreaterThan(0)
    back.child.kill('SIGINT')
    await back.finished
    expect(await run(['log', 'verify', '--profile', second])).toMatchObject({ exitCode: 0 })
  })

  test('of a peer alone: it refuses at each start anew, however that ends, names the last good block, and keeps all files', async () => {
    const profile = await stoppedPeer()
    damage(logOf(profile))
    const before = filesIn(logOf(profile))
    const killed = gavelring(peerArgs(profile))
    await killed.said(/the log is damaged/)
    // While it looks for the others, too.
    await vi.waitUntil(
      async () => /^Beware +the log .* damaged: /m.test((await run(['status', '--profile', profile])).out.join('\n')),
      20_000,
    )
    killed.child.kill('SIGKILL')
    await killed.finished
    for (let start = 0; start < 2; start++) {
      const { exitCode, errors } = await gavelring([...joinArgs, '--wait', '1', '--profile', profile]).finished
      expect([exitCode, errors]).toEqual([3, expect.stringMatching(/Blocks 0 to \d+ are whole|No block of it/)])
      expect(errors).not.toMatch(/founded|\bat .*:\d+:\d+/)
    }
    expect(filesIn(logOf(profile))).toEqual(before)
    expect(readdirSync(dirname(logOf(profile)))).toEqual([logOf(profile).slice(dirname(logOf(profile)).length + 1)])
  })

  test('of a peer that is stopped: log verify and log export read what is whole, name the first bad block, and change nothing', async () => {
    const profile = await stoppedPeer()
    damage(logOf(profile))
    const before = [filesIn(logOf(profile)), timesIn(logOf(profile))]
    const { exitCode, out } = await run(['log', 'verify', '--json', '--profile', profile])
    expect(exitCode).toBe(1)
    const { error } = JSON.parse(out.join('')) as { error: { index: number; reason: string } }
    expect(error).toMatchObject({ code: 'log-bad', reason: expect.stringContaining(logOf(profile)) })
    expect(error.reason).toContain(error.index === 0 ? 'No block' : `Blocks 0 to ${error.index - 1} are whole`)
    const exported = await run(['log', 'export', '--profile', profile])
    expect([exported.exitCode, exported.out.length]).toEqual([1, error.index])
    expect(exported.notes.join('\n')).toContain(`That is what is whole. Block ${error.index} is bad`)
    expect([filesIn(logOf(profile)), timesIn(logOf(profile))]).toEqual(before)
    expect(readdirSync(dirname(logOf(profile)))).toHaveLength(1)
  })
})

test('log verify of a stopped peer changes nothing there', async () => {
  const profile = await stoppedPeer()
  const before = filesIn(logOf(profile))
  expect(await run(['log', 'verify', '--profile', profile])).toMatchObject({ exitCode: 0 })
  expect(filesIn(logOf(profile))).toEqual(before)
  expect(readdirSync(dirname(logOf(profile)))).toHaveLength(1)
})
