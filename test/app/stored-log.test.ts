import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { roomFolder } from '../../src/app/room-folder.ts'
import { openCopy } from '../../src/app/stored-log.ts'
import { createStore } from '../../src/io/store/store.ts'
import { hasNoPipes, makePipe } from '../support/pipe.ts'

const room = 'classroom'

/** A profile with a log in it. */
async function createProfile(): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), 'gavelring-test-'))
  onTestFinished(() => rmSync(profile, { recursive: true, force: true }))
  const store = createStore(roomFolder(profile, room))
  await store.open()
  await store.writeValue('name', new Uint8Array([1]))
  await store.close()
  return profile
}

/** A process that looks at the log. */
async function hold(profile: string) {
  const script = fileURLToPath(new URL('./copy-holder.ts', import.meta.url))
  const child = fork(script, [profile, room], { execArgv: [] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child, 'message')
  return child
}

test('a copy that a killed process left behind is removed by the next look at the log, one in use is not', async () => {
  const profile = await createProfile()
  const copies = (): readonly string[] => readdirSync(join(profile, 'rooms')).filter((name) => name.includes('.copy-'))
  const [killed, kept] = [await hold(profile), await hold(profile)]
  expect(copies()).toHaveLength(2)
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  const copy = await openCopy(profile, room)
  expect(copies().filter((name) => name.includes(`.copy-${kept.pid}-`))).toHaveLength(1)
  expect(copies()).toHaveLength(2)
  await copy.close()
  expect(copies()).toHaveLength(1)
})

test.skipIf(hasNoPipes)(
  'what stands in the place of a file of the log is named, not passed over: without it the log seems to be gone',
  async () => {
    const profile = await createProfile()
    const path = join(roomFolder(profile, room), 'CURRENT')
    rmSync(path)
    makePipe(path)
    const told = { code: 'path-taken', message: `Something else stands in the place of this file or folder: ${path}` }
    await expect(openCopy(profile, room)).rejects.toMatchObject(told)
    expect(readdirSync(join(profile, 'rooms'))).toHaveLength(1)
  },
)

test.skipIf(hasNoPipes)('files that stand elsewhere, with links to them in the folder, are copied as the others', async () => {
  const profile = await createProfile()
  const folder = roomFolder(profile, room)
  // Now there is a table.
  await createStore(folder).open()
  const names = readdirSync(folder).filter((name) => name !== 'LOCK')
  expect(names.some((name) => name.endsWith('.ldb'))).toBe(true)
  mkdirSync(join(folder, 'elsewhere'))
  for (const name of names) {
    renameSync(join(folder, name), join(folder, 'elsewhere', name))
    symlinkSync(join('elsewhere', name), join(folder, name))
  }
  const copy = await openCopy(profile, room)
  expect(await copy.open()).toMatchObject({ found: 'clean' })
  await copy.close()
})
