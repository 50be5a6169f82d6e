import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findKeptLog, keptLogs } from '../../src/app/kept-logs.ts'
import { roomFolder } from '../../src/app/room-folder.ts'
import type { RoomId } from '../../src/core/ids.ts'
import { openProfile } from '../../src/io/profile.ts'
import { createStore } from '../../src/io/store/store.ts'
import { run } from '../cli/run.ts'
import { writeLongLog } from '../support/long-log.ts'
import { hasNoPipes, makePipe } from '../support/pipe.ts'

function makeProfile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-kept-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

describe('the logs of rooms that the list does not name', () => {
  test('are found by what stands in them, those that the list names before them, and nothing is changed or left behind', async () => {
    const profile = makeProfile()
    for (const room of ['noon', 'Sé – leilão', 'dawn']) await writeLongLog(profile, room, 5)
    // A search that found nothing leaves an empty store.
    const empty = createStore(roomFolder(profile, 'nowhere'))
    await empty.open()
    await empty.close()
    writeFileSync(join(profile, 'rooms', 'notes-12345678'), 'mine')
    mkdirSync(join(profile, 'rooms', 'mine-12345678.old'))
    utimesSync(roomFolder(profile, 'noon'), 1, 1)
    const before = readdirSync(join(profile, 'rooms'), { recursive: true })

    expect((await keptLogs(profile)).map(({ kind, name }) => [kind, name])).toEqual([
      ['room', 'dawn'],
      ['room', 'Sé – leilão'],
      ['room', 'noon'],
    ])
    const { id } = await findKeptLog(profile, undefined)
    expect(id).toMatch(/^[0-9a-f]{64}$/)
    expect(await findKeptLog(profile, id?.slice(0, 8))).toMatchObject({ name: 'dawn' })
    expect(readdirSync(join(profile, 'rooms'), { recursive: true })).toEqual(before)

    await (await openProfile(profile)).rememberRoom({ id: 'a'.repeat(64) as RoomId, name: 'noon', code: '' })
    expect((await keptLogs(profile)).map(({ name }) => name)).toEqual(['noon', 'dawn', 'Sé – leilão'])
    expect(await findKeptLog(profile, undefined)).toMatchObject({ name: 'noon' })
  })

  test.each(['', '[{"id": 7}', undefined])('can be verified and kept where the list says %j', async (list) => {
    const profile = makeProfile()
    await writeLongLog(profile, 'noon', 5)
    if (list !== undefined) writeFileSync(join(profile, 'rooms.json'), list)
    expect(await run(['log', 'verify', '--profile', profile])).toMatchObject({ exitCode: 0 })
    expect(await run(['backup', join(profile, 'noon.backup'), '--profile', profile])).toMatchObject({ exitCode: 0 })
    expect((await run(['log', 'rooms', '--profile', profile])).out.join('\n')).toContain('noon')
  })
})

test('of the archives of one room the newest is meant, which has the highest number', async () => {
  const profile = makeProfile()
  const { folder } = await openProfile(profile)
  const id = 'b'.repeat(64)
  const place = `${roomFolder(folder, 'noon')}.bbbbbbbb`
  const genesis = JSON.stringify({ index: 0, kind: 'genesis', hash: id, time: 5, content: { name: 'noon' } })
  const names = Array.from({ length: 11 }, (_, at) => (at === 0 ? `${place}.jsonl` : `${place}-${at + 1}.jsonl`))
  for (const name of names) writeFileSync(name, `${genesis}\n`)
  // Nobody waits for what is no file.
  if (!hasNoPipes) makePipe(`${place}-12.jsonl`, `${genesis}\n`)
  expect((await keptLogs(profile)).map(({ path }) => path)).toEqual(names.toReversed())
  expect(await findKeptLog(profile, id.slice(0, 8))).toMatchObject({ path: `${place}-11.jsonl` })
})
