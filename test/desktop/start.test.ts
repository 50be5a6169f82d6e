import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { electronBinary, whyNoWindow } from '../../build/electron-binary.ts'
import { root } from '../../build/processes.ts'
import { connectApi } from '../../src/api/client.ts'

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gavelring-start-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}

test('without a display `npm start` says so, and shows the interface of a headless peer at an address that opens it', async () => {
  const profile = makeFolder()
  // Without npm nothing is built: others look into `dist` meanwhile.
  const { DISPLAY: _display, WAYLAND_DISPLAY: _wayland, npm_execpath: _npm, ...env } = process.env
  const where = ['--no-mdns', '--listen', '127.0.0.1:0', '--profile', profile]
  const child = spawn(process.execPath, [join(root, 'build', 'start.ts'), '--create', '--room', 'start', ...where], {
    env: { ...env, ELECTRON_OVERRIDE_DIST_PATH: profile },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve))
  onTestFinished(() => void child.kill('SIGKILL'))
  const errors: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line))
  const address = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, found] = /^Gavelring is at (\S+)$/.exec(line) ?? []
      if (found !== undefined) resolve(found)
    })
    void closed.then((code) => reject(new Error(`it ended with ${code}: ${errors.join('\n')}`)))
  })
  const told = process.platform === 'linux' ? 'There is no display here' : 'Electron is not installed'
  expect(errors[0]).toContain(told)

  const { origin, hash } = new URL(address)
  expect(await (await fetch(address)).text()).toContain('Gavelring')
  const client = await connectApi({ url: origin, token: hash.slice('#token='.length) })
  expect(await client.api.status()).toMatchObject({ room: { name: 'start' } })
  client.close()
  child.kill('SIGTERM')
  expect(await closed).toBe(0)
})

test('Electron’s executable is looked for where it would be, and not fetched', () => {
  const folder = makeFolder()
  expect(electronBinary({}, folder)).toBeUndefined()
  writeFileSync(join(folder, 'path.txt'), 'electron')
  expect(electronBinary({}, folder), 'the path alone is not the executable').toBeUndefined()
  mkdirSync(join(folder, 'dist'))
  writeFileSync(join(folder, 'dist', 'electron'), '')
  expect(electronBinary({}, folder)).toBe(join(folder, 'dist', 'electron'))
  expect(electronBinary({ ELECTRON_OVERRIDE_DIST_PATH: join(folder, 'other') }, folder)).toBeUndefined()
})

test.each<[NodeJS.Platform, NodeJS.ProcessEnv, boolean]>([
  ['linux', {}, false],
  ['linux', { DISPLAY: '' }, false],
  ['linux', { DISPLAY: ':0' }, true],
  ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, true],
  ['darwin', {}, true],
  ['win32', {}, true],
])('on %s with %j there can be a window: %s', (platform, env, can) => {
  expect(whyNoWindow(platform, env) === undefined).toBe(can)
})
