import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { roomFolder } from '../../src/app/room-folder.ts'
import { gavelring, joinPeer, type Running, startPeer, temporaryFolder } from './processes.ts'
import { run } from './run.ts'

const logOf = (profile: string): string => roomFolder(profile, 'classroom')
const call = (profile: string, ...args: readonly string[]) => run([...args, '--profile', profile])
const json = async (profile: string, ...args: readonly string[]) => {
  const { exitCode, out } = await call(profile, ...args, '--json')
  return { exitCode, value: JSON.parse(out.join('')) as Record<string, unknown> & readonly Record<string, unknown>[] }
}
const filesIn = (folder: string): ReadonlyMap<string, Buffer> =>
  new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]))

/** A start that founds nothing. */
const comeBack = (profile: string, ...more: readonly string[]): Running =>
  gavelring(['peer', '--join', '--no-mdns', '--listen', '127.0.0.1:0', '--profile', profile, ...more])

/** Flips a bit in the middle of everything that LevelDB has written. */
function damage(folder: string): void {
  for (const name of readdirSync(folder).filter((one) => /\.(?:log|ldb)$/.test(one))) {
    const bytes = readFileSync(join(folder, name))
    const at = bytes.length >> 1
    if (bytes.length === 0) continue
    bytes[at] = (bytes[at] ?? 0) ^ 4
    writeFileSync(join(folder, name), bytes)
  }
}

describe('gavelring refound', () => {
  test('of the one that is left of two: what waits goes along, and the old log is kept, listed, and read by all commands', async () => {
    const [first, second] = [temporaryFolder(), temporaryFolder()]
    const ana = await startPeer(first)
    const bob = await joinPeer(ana, second)
    expect(await call(second, 'account', 'open', 'bob')).toMatchObject({ exitCode: 0 })
    expect(await call(second, 'deposit', 'bob', '5')).toMatchObject({ exitCode: 0 })
    ana.child.kill('SIGKILL')
    await ana.finished
    await vi.waitUntil(async () => (await call(second, 'status', '--json')).exitCode === 3, 30_000)
    const old = String(((await json(second, 'status')).value.room as Record<string, unknown>).id)
    const deposit = run(['deposit', 'bob', '2', '--request-id', 'two', '--wait', '60', '--profile', second])
    await vi.waitUntil(async () => (await call(second, 'pending', 'list', '--json')).out.join('').includes('deposit'), 30_000)

    expect(await call(second, 'refound')).toMatchObject({ exitCode: 2 })
    const made = await vi.waitUntil(async () => {
      const tried = await json(second, 'refound', '--yes')
      return tried.exitCode === 0 ? tried.value : undefined
    }, 30_000)
    expect(made).toMatchObject({ archive: expect.stringContaining(old.slice(0, 8)), resubmitted: 1 })
    expect((await deposit).exitCode).toBe(0)
    const { value } = await json(second, 'account', 'show', 'bob')
    expect(JSON.stringify(value)).toContain('7.00')

    const logs = (await json(second, 'log', 'rooms')).value
    expect(logs.map(({ kind, id }) => [kind, id])).toEqual([
      ['room', made.room],
      ['archive', old],
    ])
    for (const isRunning of [true, false]) {
      const verified = await call(second, 'log', 'verify', '--room', old.slice(0, 8))
      expect([verified.exitCode, verified.out[0]]).toEqual([0, expect.stringMatching(`of room ${old.slice(0, 8)}`)])
      const file = join(second, `old-${isRunning}.jsonl`)
      expect(await call(second, 'log', 'export', '--room', old.slice(0, 8), '-o', file)).toMatchObject({ exitCode: 0 })
      expect(await run(['log', 'verify', file])).toMatchObject({ exitCode: 0, out: verified.out })
      const csv = await call(second, 'log', 'export', '--csv', '--room', old.slice(0, 8))
      expect(csv.out.join('\n')).toMatch(/deposit,bob.*5\.00,EUR/)
      const tail = await call(second, 'log', 'tail', '--room', old.slice(0, 8))
      expect([tail.exitCode, tail.out.join('\n')]).toEqual([0, expect.stringMatching(/deposits 5\.00 EUR into bob/)])
      const now = await call(second, 'log', 'tail')
      expect(now.out.join('\n')).toMatch(/2\.00 EUR into bob/)
      if (!isRunning) break
      bob.child.kill('SIGINT')
      await bob.finished
    }
    expect(await call(second, 'log', 'verify', '--room', 'nowhere')).toMatchObject({ exitCode: 3 })
  }, 180_000)
})

describe('a damaged log that nobody else has', () => {
  test('is gone on from at its last good block: all that is lost is said, nothing is deleted', async () => {
    const profile = temporaryFolder()
    const peer = await startPeer(profile)
    expect(await call(profile, 'account', 'open', 'ana')).toMatchObject({ exitCode: 0 })
    for (const amount of ['1', '2', '4', '8']) await call(profile, 'deposit', 'ana', amount)
    peer.child.kill('SIGINT')
    await peer.finished
    expect(await call(profile, 'refound', '--yes')).toMatchObject({ exitCode: 3 })
    damage(logOf(profile))
    const before = filesIn(logOf(profile))

    const refused = await comeBack(profile, '--wait', '1').finished
    expect([refused.exitCode, refused.errors]).toEqual([
      3,
      expect.stringMatching(/Blocks 0 to \d+ are whole[\s\S]*gavelring refound/),
    ])
    const whole = Number(/Blocks 0 to (\d+) are whole/.exec(refused.errors)?.[1]) + 1
    expect(filesIn(logOf(profile))).toEqual(before)

    const file = join(profile, 'good.jsonl')
    const exported = await call(profile, 'log', 'export', '-o', file)
    expect([exported.exitCode, exported.notes.join('\n')]).toEqual([
      1,
      expect.stringMatching(/exported\.\nThat is what is whole\. Block \d+ is bad/),
    ])
    expect(await run(['log', 'verify', file])).toMatchObject({ exitCode: 0 })
    expect(filesIn(logOf(profile))).toEqual(before)

    const unasked = await call(profile, 'refound')
    expect([unasked.exitCode, unasked.notes.join('\n')]).toEqual([
      2,
      expect.stringMatching(/is damaged[\s\S]*are good[\s\S]*lost[\s\S]*--yes/),
    ])
    const no = await run(['refound', '--profile', profile], {}, 'n\n')
    expect([no.exitCode, no.notes.join('\n')]).toEqual([1, expect.stringMatching(/Nothing was done/)])
    expect(filesIn(logOf(profile))).toEqual(before)
    const done = await run(['refound', '--profile', profile], {}, 'y\n')
    expect([done.exitCode, done.out.join('\n')]).toEqual([0, expect.stringMatching(/it goes on from block \d+/)])
    const aside = /nobody touches it: (.*)$/m.exec(done.out.join('\n'))?.[1] ?? ''
    expect(filesIn(aside)).toEqual(before)
    expect(readdirSync(dirname(aside)).filter((name) => /\.(?:put-aside|new|before)/.test(name))).toEqual([])

    const again = comeBack(profile)
    await again.said(/^Others join with/)
    const { value } = await json(profile, 'status')
    expect(value).toMatchObject({ role: 'member', quorum: true })
    const archived = await call(profile, 'log', 'verify', '--room', String((await json(profile, 'log', 'rooms')).value[1]?.id))
    expect(archived.out[0]).toMatch(`${whole} blocks`)
    expect(await call(profile, 'deposit', 'ana', '16')).toMatchObject({ exitCode: whole > 3 ? 0 : 1 })
    again.child.kill('SIGINT')
    await again.finished
    expect(await call(profile, 'log', 'verify')).toMatchObject({ exitCode: 0 })
  }, 180_000)

  test('is gone on with by a peer that waits in no room, too', async () => {
    const profile = temporaryFolder()
    const peer = await startPeer(profile)
    for (const name of ['ana', 'bob', 'cleo']) expect(await call(profile, 'account', 'open', name)).toMatchObject({ exitCode: 0 })
    peer.child.kill('SIGINT')
    await peer.finished
    damage(logOf(profile))
    const again = gavelring(['peer', '--last', '--no-mdns', '--listen', '127.0.0.1:0', '--profile', profile])
    await again.said(/In no room now/)
    const made = await json(profile, 'refound', '--yes')
    expect([made.exitCode, made.value]).toEqual([0, expect.objectContaining({ archive: expect.stringMatching(/\.jsonl$/) })])
    await again.said(/^Others join with/)
    expect((await json(profile, 'status')).value).toMatchObject({ role: 'member', room: { id: made.value.room } })
    again.child.kill('SIGINT')
    expect((await again.finished).exitCode).toBe(0)
  }, 120_000)

  test('of which nothing is left is said to be so', async () => {
    const profile = temporaryFolder()
    const peer = await startPeer(profile)
    expect(await call(profile, 'account', 'open', 'ana')).toMatchObject({ exitCode: 0 })
    peer.child.kill('SIGINT')
    await peer.finished
    for (const name of readdirSync(logOf(profile))) if (/\.(?:log|ldb)$/.test(name)) truncateSync(join(logOf(profile), name), 0)
    const { exitCode, notes } = await call(profile, 'refound', '--yes')
    expect([exitCode, notes.join('\n')]).toEqual([3, expect.stringMatching(/nothing in this log to go on from/)])
    expect(existsSync(logOf(profile))).toBe(true)
  }, 60_000)
})

test.each(['SIGKILL', 'SIGINT'] as const)(
  '%s in the midst of a check destroys nothing',
  async (signal) => {
    const profile = temporaryFolder()
    const peer = await startPeer(profile)
    for (const name of ['a', 'b', 'c']) await call(profile, 'account', 'open', name)
    peer.child.kill('SIGKILL')
    await peer.finished
    damage(logOf(profile))
    const before = filesIn(logOf(profile))
    // At every moment of a start, from its first file on.
    for (const millis of [0, 5, 10, 20, 40, 80, 160]) {
      const start = comeBack(profile, '--wait', '30')
      await vi.waitUntil(() => readdirSync(dirname(logOf(profile))).length > 1, { timeout: 30_000, interval: 1 })
      await new Promise((resolve) => setTimeout(resolve, millis))
      start.child.kill(signal)
      await start.finished
      // What looks at it next finds all that was there.
      const { exitCode } = await call(profile, 'log', 'verify')
      expect(exitCode).toBe(1)
    }
    const { exitCode } = await comeBack(profile, '--wait', '1').finished
    expect(exitCode).toBe(3)
    const after = new Map([...filesIn(logOf(profile))].filter(([name]) => name !== 'opening'))
    expect(after).toEqual(before)
  },
  180_000,
)
