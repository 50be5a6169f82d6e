import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
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

describe.skipIf(process.platform === 'win32')('a home that is none', () => {
  const withHome = (home: string) => {
    const { XDG_CACHE_HOME: _, ...env } = process.env
    const folder = temporaryFolder()
    const args = [launcher, 'status', '--profile', join(folder, 'none')]
    // It ends by itself; where it does not, the time is up for this very process.
    const { status, signal, stderr } = spawnSync(process.execPath, args, {
      cwd: folder,
      env: { ...env, HOME: home },
      encoding: 'utf8',
      timeout: 30_000,
      killSignal: 'SIGKILL',
    })
    return { status, signal, stderr, left: readdirSync(folder) }
  }

  test.each([
    ['below a folder that lets nobody make one', '/proc/nope'],
    ['deeper below one', '/proc/nope/deeper'],
    ['that is not there', '/nonexistent/gavelring'],
    ['that is a file', '/dev/null'],
    ['that depends on where one is', 'relative'],
    ['of no name', ''],
  ])(
    '%s: nothing is kept, and the command comes to its end',
    (_title, home) => {
      expect(withHome(home)).toMatchObject({ status: 3, signal: null, stderr: expect.stringMatching(/^No peer/), left: [] })
    },
    60_000,
  )
})
