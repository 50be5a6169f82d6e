import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const launcher = fileURLToPath(new URL('../../src/cli/gavelring.mjs', import.meta.url))

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
