import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Ended {
  readonly exitCode: number
  readonly out: string
  readonly errors: string
}

/** Runs a program to its end, with the Node of this test first in the path, as `npm test` has it. */
function execute(file: string, args: readonly string[], cwd: string): Promise<Ended> {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` }
  return new Promise((resolve) => {
    execFile(file, args, { cwd, env, maxBuffer: 64 * 1024 * 1024 }, (error, out, errors) => {
      resolve({ exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, out, errors })
    })
  })
}

/** What npm says where there is no registry to ask. */
const unreachable = /ENOTFOUND|ECONNREFUSED|ECONNRESET|ENETUNREACH|EAI_AGAIN|ETIMEDOUT|ENOTCACHED|ERR_SOCKET_TIMEOUT/

test('the packed program, installed into an empty folder, prints its help and plays the demo', async ({ skip }) => {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-package-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const packed = await execute('npm', ['pack', '--pack-destination', folder], root)
  expect([packed.exitCode, packed.errors]).toEqual([0, ''])
  const [archive = ''] = readdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{}')
  const quiet = ['--omit=dev', '--prefer-offline', '--fetch-retries=0', '--no-audit', '--no-fund']
  const installed = await execute('npm', ['install', ...quiet, `./${archive}`], folder)
  if (installed.exitCode !== 0 && unreachable.test(installed.errors)) skip('no package registry can be reached from here')
  expect([installed.exitCode, installed.exitCode === 0 ? '' : installed.errors]).toEqual([0, ''])

  const inside = readdirSync(join(folder, 'node_modules', 'gavelring')).sort()
  expect(inside).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json'])
  const program = join(folder, 'node_modules', '.bin', 'gavelring')
  expect(await execute(program, ['--help'], folder)).toMatchObject({
    exitCode: 0,
    errors: '',
    out: expect.stringMatching(/^ {2}demo /m),
  })
  const demo = await execute(program, ['demo', '--peers', '3', '--seconds', '10'], folder)
  expect(demo).toMatchObject({ exitCode: 0, errors: '', out: expect.stringMatching(/Every check holds\.\n$/) })
})
