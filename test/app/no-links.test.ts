import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openGuarded } from '../../src/app/put-aside.ts'
import { Failure } from '../../src/core/failure.ts'
import { createStore } from '../../src/io/store/store.ts'
import { batchOf } from '../io/store-conformance.ts'

// As on exFAT, and on most network disks.
vi.mock('node:fs/promises', async (importOriginal) => ({
  ...(await importOriginal<typeof import('node:fs/promises')>()),
  link: () => Promise.reject(Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' })),
}))

/** A log whose blocks are in a table. */
async function created(): Promise<string> {
  const above = realpathSync(mkdtempSync(join(tmpdir(), 'gavelring-test-')))
  onTestFinished(() => rmSync(above, { recursive: true, force: true }))
  const folder = join(above, 'evening')
  for (let start = 0; start < 3; start++) {
    const store = createStore(folder)
    await store.open()
    await store.write(batchOf([start], `meta ${start}`))
    await store.close()
  }
  return folder
}

const tablesIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.ldb'))
    .map((name) => [name, readFileSync(join(folder, name))] as const)

/** A check that spoils the tables, and fails; whether the log had a copy meanwhile. */
async function checkOf(folder: string): Promise<boolean> {
  let isGuarded = false
  const open = async () => {
    isGuarded = existsSync(`${folder}.before`)
    for (const [name] of tablesIn(folder)) truncateSync(join(folder, name), 1)
    throw new Failure('store-damaged', 'Block 1 is damaged.')
  }
  await expect(openGuarded({ ...createStore(folder), open }, folder)).rejects.toMatchObject({ code: 'store-damaged' })
  return isGuarded
}

test('a log on a disk without second names is copied before it is checked, and comes back as it was', async () => {
  const folder = await created()
  const before = tablesIn(folder)
  expect(before.length).toBeGreaterThan(0)
  expect(await checkOf(folder)).toBe(true)
  expect([tablesIn(folder), readdirSync(join(folder, '..'))]).toEqual([before, ['evening']])
})

test('one that would take long to copy is checked without', async () => {
  const folder = await created()
  writeFileSync(join(folder, '999999.ldb'), '')
  truncateSync(join(folder, '999999.ldb'), 257 * 2 ** 20)
  expect([await checkOf(folder), readdirSync(join(folder, '..'))]).toEqual([false, ['evening']])
})
