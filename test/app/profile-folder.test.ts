import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { profileFolder } from '../../src/app/flags.ts'
import { launcher } from '../cli/processes.ts'

const isLinux = process.platform === 'linux'
const flags = new URL('../../src/app/flags.ts', import.meta.url).href
const script = `
  const { profileFolder } = await import(process.argv[1])
  try { process.stdout.write(profileFolder(JSON.parse(process.argv[2]), process.env)) }
  catch (error) { process.stdout.write(error.code + ': ' + error.message) }
`

/** As another process finds it, in this folder and with these variables only. */
function found(
  env: Readonly<Record<string, string>>,
  before: readonly string[] = [],
  given: Readonly<Record<string, string>> = {},
): string {
  const node = [process.execPath, '--input-type=module', '-e', script, flags, JSON.stringify(given)]
  const [file = '', ...args] = [...before, ...node]
  return execFileSync(file, args, { env: { PATH: process.env.PATH ?? '', ...env }, encoding: 'utf8' })
}

test.runIf(isLinux)('is where the system has the data of programs', () => {
  expect(profileFolder({}, { XDG_DATA_HOME: '/data' })).toBe('/data/gavelring')
  expect(profileFolder({}, {})).toBe(join(homedir(), '.local/share/gavelring'))
  expect(found({ HOME: '/home/ana' })).toBe('/home/ana/.local/share/gavelring')
})

test.runIf(isLinux)('never depends on where a command is called from', () => {
  expect(profileFolder({}, { XDG_DATA_HOME: 'data' })).toBe(join(homedir(), '.local/share/gavelring'))
  for (const home of ['', 'here']) expect(found({ HOME: home })).toBe(join(userInfo().homedir, '.local/share/gavelring'))
})

const setpriv = ['setpriv', '--reuid=54321', '--regid=54321', '--clear-groups']
const isRoot = process.getuid?.() === 0

test.skipIf(!isLinux || !isRoot)('is said to be missing where the user has no home', () => {
  expect(found({}, setpriv)).toMatch(/^path-missing: This user has no home folder/)
  expect(found({}, setpriv, { profile: '/somewhere' })).toBe('/somewhere')
})

test.runIf(isLinux)('is said to be missing where it is named from a folder that is gone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-gone-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const inGone = `mkdir ${folder}/x && cd ${folder}/x && rmdir ${folder}/x && exec "$@"`
  const { status, stderr } = spawnSync('sh', ['-c', inGone, 'sh', process.execPath, launcher, 'status', '--profile', 'ana'], {
    encoding: 'utf8',
  })
  expect([status, stderr.split('\n')]).toEqual([
    3,
    ['The folder in which this command was started is gone.', 'Make it, or choose another one with --profile.', ''],
  ])
})
