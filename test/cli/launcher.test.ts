import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { launcher, temporaryFolder } from './processes.ts'

test('the launcher starts the command line on this Node', () => {
  expect(execFileSync(process.execPath, [launcher, '--version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+\n$/)
})

const systemNode = '/usr/bin/node'
const systemVersion = spawnSync(systemNode, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout?.trim()
const [major = 99, minor = 0] = (systemVersion || '99.0').split('.').map(Number)
const isOld = major < 22 || (major === 22 && minor < 18)

test.skipIf(!isOld)(`an old Node (${systemNode} is ${systemVersion || 'not there'}) is told which one is needed`, () => {
  const { status, stderr, stdout } = spawnSync(systemNode, [launcher, 'status'], { encoding: 'utf8' })
  expect([status, stdout]).toEqual([2, ''])
  expect(stderr).toBe(
    `gavelring needs Node 22.18 or newer; this is ${systemVersion}. Install a newer one from https://nodejs.org\n`,
  )
})

test('a reader that goes away is no crash', async () => {
  const child = spawn(process.execPath, [launcher, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += String(chunk)
  })
  const [exitCode] = await once(child, 'close')
  expect([exitCode, errors]).toEqual([0, ''])
})

test('what is kept compiled is in a folder of the person’s own; without one it goes on all the same', () => {
  const cache = temporaryFolder()
  const versionWith = (folder: string) =>
    execFileSync(process.execPath, [launcher, '--version'], {
      encoding: 'utf8',
      env: { ...process.env, XDG_CACHE_HOME: folder, LOCALAPPDATA: folder, HOME: folder },
    })
  expect(versionWith(cache)).toMatch(/^\d+\.\d+\.\d+\n$/)
  const folder = process.platform === 'darwin' ? join(cache, 'Library', 'Caches', 'gavelring') : join(cache, 'gavelring')
  expect(readdirSync(folder)).not.toEqual([])
  if (process.platform !== 'win32') expect(statSync(folder).mode & 0o077).toBe(0)
  expect(versionWith('/dev/null/none')).toMatch(/^\d+\.\d+\.\d+\n$/)
})
